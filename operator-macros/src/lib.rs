//! The macros of operator-core: one annotated struct becomes the definition of an operator.
//!
//! [`DataOperator`] makes a kind of cluster out of its spec, [`macro@node_type`] makes a struct a node type of its own.
//! Both write data and thin trait impls; the logic is in operator-core, which re-exports them and is what operators
//! depend on.
//!
//! The way through this crate, each step a module:
//!
//! | step | module | |
//! | --- | --- | --- |
//! | read | `attrs` | the attributes, key by key, each value with its place |
//! | understand | `model` | what they mean together with the struct: names and defaults filled in |
//! | judge | `validate` | the rules, each beside its message |
//! | write | `expand` | the code |
//!
//! Every mistake is collected in `errors`, and none stops the others from being found. Where there are some, stubs are
//! written beside them, so that the compiler doesn't complain of everything else as well. What only types can tell,
//! such as how many nodes a field holds, the compiler checks in constants, with operator-definition's `checks`. Rules on
//! names, files and references that are needed elsewhere too stand in operator-definition.

mod attribute;
mod attrs;
mod derive;
mod errors;
mod expand;
#[cfg(test)]
mod fuzz;
mod model;
#[cfg(test)]
mod tests;
mod validate;

use proc_macro::TokenStream;

/// Makes a kind of cluster out of its spec: the custom resource, and the `Definition` that the operator works from.
///
/// The struct is the `spec` of the custom resource and also derives `Clone`, `Debug`, `Serialize`, `Deserialize` and
/// `JsonSchema`. For `DruidSpec` with `kind = "Druid"` the macro writes `type Druid = CustomResource<DruidSpec>`, with the same
/// visibility and doc comment. `CustomResource` is operator-core's, with the fields `metadata`, `spec` and `status`: an ordinary kube
/// resource (`Resource`, `CustomResourceExt`, `HasSpec`, `HasStatus`), with a constructor `new(name, spec)`. Methods of your own go on the
/// spec.
///
/// Fields have the names in the custom resource that serde gives them (`rename`, `rename_all`).
///
/// # `#[operator(…)]` on the struct
///
/// The keys of kube's `CustomResource` have their names and meaning from there.
///
/// | key | meaning | default |
/// | --- | --- | --- |
/// | `group = "druid.example.com"` | API group: a domain name of your own | required |
/// | `version = "v1alpha1"` | API version | required |
/// | `kind = "Druid"` | kind, in UpperCamelCase | required |
/// | `plural = "druids"` | plural, the resource in URLs | the kind in lower case, in the plural as kube forms it |
/// | `singular = "druid"` | singular | the kind in lower case |
/// | `shortname = "dr"` | short name for `kubectl`; repeatable | none |
/// | `category = "all"` | category under which `kubectl get` lists the kind; repeatable | none |
/// | `printcolumn(…)` | column of `kubectl get`; repeatable | none |
/// | `validation(rule = "…", message = "…")` | CEL rule over `self`, the whole object, and what is said where it doesn't hold; repeatable | none |
/// | `scale(…)` | makes `kubectl scale` work | it doesn't |
/// | `selectable = ".spec.tier"` | field by which `kubectl get --field-selector` selects; at most 8; repeatable | none |
/// | `annotation("key", "value")` | annotation of the CustomResourceDefinition; repeatable | none |
/// | `label("key", "value")` | label of the CustomResourceDefinition; repeatable | none |
/// | `served = false` | whether the API server serves this version | `true` |
/// | `storage = false` | whether objects are stored in this version; of versions that `merge_crds` joins, one is | `true` |
/// | `deprecated`, `deprecated = "use v2"` | the API server warns users of this version, with its own sentence or this one | no warning |
/// | `root = "Name"` | name of the custom resource's type | the kind |
/// | `every_node(…)` | what all node types have in common: the keys of [`macro@node_type`] but `copies`, `config` and `crate` | nothing |
/// | `config(…)` | a configuration file that a function computes: the keys of `#[config(…)]` below, `with` among them; repeatable | none |
/// | `validate = path` | `fn(&S) -> Vec<Invalid>` over this struct: what is wrong with a spec that the schema accepts, each with its path and what to write | no rules |
/// | `form = path` | type of what users write, without parameters, where that isn't this struct: operator-core's `Form` makes this struct of it | this struct |
/// | `allow(host_access, …)` | what those who may create a cluster can have in its pods; see below | nothing |
/// | `crate = path` | where operator-core is found | `::operator_core` |
///
/// Where the struct implements operator-core's `Customize`, that hook is called over the desired objects.
///
/// Keys of `printcolumn(…)`:
///
/// | key | meaning | default |
/// | --- | --- | --- |
/// | `name = "Image"` | heading; a column called `Ready`, `Status`, `Message` or `Age` replaces core's | required |
/// | `type = "string"`, also `type_` | `string`, `integer`, `number`, `boolean` or `date` | required |
/// | `json_path = ".spec.image"` | path in the object | required |
/// | `priority = 0` | 0 is always shown, above only with `-o wide` | 0 |
///
/// Keys of `scale(…)`; the paths are names with dots between them, without items of lists:
///
/// | key | meaning | default |
/// | --- | --- | --- |
/// | `spec_replicas_path = ".spec.brokers.replicas"` | the wanted number | required |
/// | `status_replicas_path = ".status.replicas"` | the number there is | required |
/// | `label_selector_path = ".status.selector"` | the pods' selector, as a string | none |
///
/// Keys of `allow(…)`: powers that the custom resource's user has in what the spec comes to. What the author's attributes, `defaults` and
/// hook ask for needs none. Fields of a node that are a power as a whole aren't in the schema without it; anything else that needs a power is
/// refused as `InvalidSpec`.
///
/// | key | the user can |
/// | --- | --- |
/// | `service_account` | run the pods as any ServiceAccount of the namespace (`serviceAccountName`), and mount tokens |
/// | `secrets` | read any Secret of the namespace, beside those that fields marked `#[secret(…)]` name |
/// | `image_pull_secrets` | pull images with any Secret of the namespace (`imagePullSecrets`) |
/// | `volume_claims` | mount or copy any PVC of the namespace |
/// | `host_access` | have what the `baseline` Pod Security Standard forbids, and `allowPrivilegeEscalation` |
/// | `pod_overrides` | set any other field of the pods (`podOverrides`) |
/// | `annotations("prometheus.io/", …)` | set annotations of pods, Services, Ingresses and HTTPRoutes whose keys begin like this; `""`: all |
///
/// # On fields
///
/// A field has one of these attributes, or none: then it is just part of the spec. `#[external(…)]` may be repeated.
///
/// | attribute | the field holds | its type |
/// | --- | --- | --- |
/// | `#[operator(image)]` | the image of every node that has none of its own; at most one field | `String`, `Option<String>` |
/// | `#[operator(defaults)]` | settings under every node's own; at most one field | `NodeDefaults` |
/// | `#[operator(config_groups)]` | named settings that nodes refer to by `configGroup`, or by what `config_groups(by = "…")` says; at most one field | `BTreeMap<String, NodeDefaults>` |
/// | `#[operator(app_config_groups)]` | named values of node types' own fields, that nodes refer to by `appConfigGroup`, or by what `app_config_groups(by = "…")` says; at most one field | `BTreeMap<String, T>` |
/// | `#[operator(deployment_order)]` | names of node types in the order in which they are upgraded, above their `order`; at most one field | `Vec<String>`, `Option<Vec<String>>` |
/// | `#[config(…)]` | a configuration file that the nodes of every type read | what the format can write |
/// | `#[secret(…)]` | a Secret that the nodes of every type read | `SecretRef`, `Option<SecretRef>` |
/// | `#[external(…)]` | a dependency that the operator doesn't run | see below |
/// | `#[node_type(…)]` | the nodes of a node type | see below |
/// | `#[node_types]` | nodes that say their node type | `E`, `Option<E>`, `BTreeMap<String, E>`, `Vec<Named<E>>`, where `E` is an enum marked [`macro@node_types`] |
///
/// # `#[config(…)]`
///
/// On a field of the spec: for the nodes of every type. On a field of a struct marked [`macro@node_type`]: for nodes of
/// this type. Several fields may be written to one file, also one of the spec and one of a node type: their values are
/// merged, the node type's over the spec's. They have the same format, which isn't `raw`, and the same `reload`.
///
/// | key | meaning | default |
/// | --- | --- | --- |
/// | `file = "runtime.properties"` | name of the file, without a folder | required |
/// | `mount = "/etc/druid"` | folder in the container, absolute; several files may share it | required |
/// | `format = json` | `raw` (a string, as it is), `properties`, `json`, `yaml`, `toml`, `ini`, `env` or `xml` (Hadoop's) | what the file's name ends with, where that is a format; `xml` only for `…-site.xml` |
/// | `reload = pods` | what a change does: `pods` replaces them, `none` leaves it to the application, which watches the file | `pods` |
/// | `with = path` | function that computes what is written: `fn(&S) -> V` or `fn(&S, &Surroundings) -> V`, where `S` is the struct that the field is in and `V` can be serialised; with `Result<V, E>`, the error is that of the field | the field's value is written |
/// | `readers("broker")` | names of the node types that read the file; only on fields of the spec | all |
///
/// # `#[secret(…)]`
///
/// On a field of the spec, or of a struct marked [`macro@node_type`]. The field names a Secret; the container finds one key
/// of it in a variable, in a file, or in both; or all keys in a folder.
///
/// | key | meaning | default |
/// | --- | --- | --- |
/// | `env = "DB_PASSWORD"` | environment variable that carries it; nothing else sets it | none; this, `file` or `folder` is required |
/// | `file = "/etc/app/password"` | file that carries it, absolute; nothing else is there | none; this, `env` or `folder` is required |
/// | `folder = "/etc/app/tls"` | folder with a file of each key of the Secret, absolute; nothing else is there; goes with `readers` only | none |
/// | `key = "password"` | key in the Secret where the custom resource names none | the field's name in kebab-case |
/// | `generate`, `generate(length = 32)` | where the custom resource names no Secret, one is made with so many random letters and digits, 16 to 256, by default 32; the field is an `Option<SecretRef>` | an `Option` that is left out has none |
/// | `readers("broker")` | names of the node types that read it; only on fields of the spec | all |
///
/// # `#[external(…)]`
///
/// On a field of the spec, as often as it holds dependencies. The nodes wait until the check of each has passed. A check is
/// one of `tcp`, `http` and `check`; the first two read an address `host:port` there, or several (at most 16) separated by commas.
///
/// | key | meaning | default |
/// | --- | --- | --- |
/// | `name = "zookeeper"` | name in messages and in `${external.zookeeper}`: a DNS label | the field's name in kebab-case |
/// | `at = "zookeeper.address"` | path to the value below the field, names in the custom resource | the field itself, which is then a `String` or an `Option<String>` for `tcp` and `http` |
/// | `tcp` | one of the addresses takes a connection | |
/// | `http = "/health"` | GET of this path at one of the addresses is answered with 2xx | |
/// | `check = path` | `async fn(T) -> Result<(), E>` over the value, where `T` can be deserialised and `E` displayed; the error says what is missing | |
///
/// # `#[node_type(…)]` on a field
///
/// The field's type says how many nodes there are: `T` one, `Option<T>` none or one, `BTreeMap<String, T>` one for each
/// key, `Vec<Named<T>>` one for each item, where `T` is `NodeSpec` or a struct marked [`macro@node_type`].
///
/// Two keys are for fields alone:
///
/// | key | meaning | default |
/// | --- | --- | --- |
/// | `name = "broker"` | name of the node type in object names and labels: a DNS label | the field's name in kebab-case |
/// | `order = 1` | position in upgrades, lower ones first; may be negative | 0 |
///
/// All others are those of [`macro@node_type`] but `copies`, `config` and `crate`.
///
/// # Layers
///
/// The attributes of a node type are those of `every_node(…)`, over them those of the field's type, and over those the field's own. Single
/// values of a higher layer replace those of a lower one; ports, `env` and storage are joined by name, so that one of the same name
/// replaces the lower one's; `empty_dirs` and `talks_to` are added; `command`, `args` and `rule` replace; `defaults` are merged.
///
/// # References
///
/// The texts in `env`, `command` and `args` may refer to other parts of the cluster. What isn't there is a compile error.
///
/// | reference | value |
/// | --- | --- |
/// | `${cluster.name}`, `${cluster.namespace}` | the cluster's name; its namespace |
/// | `${node.name}`, `${node.type}`, `${node.replicas}` | the name of the node's workload and Service; its node type's; its number of pods |
/// | `${node.key}` | the key of one of many nodes |
/// | `${pod.name}`, `${pod.ip}` | the pod's; the container gets the variable `POD_NAME` or `POD_IP` |
/// | `${pod.ordinal}`, `${pod.host}` | of a StatefulSet's pod: its number, and its host; the container gets `POD_ORDINAL` or `POD_NAME` |
/// | `${service.<field>}` | host name of the Service of the node in this field of the spec, by its name in the custom resource; the field holds one node, or an `Option` of one |
/// | `${service.<field>.<port>}` | the same with the number of that port: `host:port` |
/// | `${external.<name>}` | the address of an external |
///
/// `$${` is a literal `${`, and what begins otherwise, such as `${user.home}` or `${HOME}`, is left alone; but where one letter
/// makes it ours, as in `${clustr.name}`, it is refused.
///
/// # Examples
///
/// Each program in the workspace's `tests/ui/pass` shows one subject; `tests/ui/fail` shows what is said of mistakes.
#[proc_macro_derive(DataOperator, attributes(operator, config, secret, external, node_type, node_types))]
pub fn data_operator(input: TokenStream) -> TokenStream {
    derive::data_operator(input.into()).into()
}

/// Makes a struct with named fields a node type: what every node type has in common, with fields of its own.
///
/// The macro adds
/// - the field `pub node: NodeSpec`, flattened: in the custom resource its fields are next to the struct's own;
/// - those derives of `Clone`, `Debug`, `Serialize`, `Deserialize` and `JsonSchema` that the author hasn't written. The
///   author's are written below `#[node_type]`; above it they would see the struct too early;
/// - `#[serde(rename_all = "camelCase")]`, where the author has no `rename_all`;
/// - impls of operator-core's `NodeKind` and `NodeField`.
///
/// Fields may carry `#[config(…)]` or `#[secret(…)]`, see [`DataOperator`]; in the custom resource none has the name of one of
/// `NodeSpec`'s. On a field of a cluster's spec, `#[node_type(…)]` has the
/// same keys, and two more, also described there.
///
/// | key | meaning | default |
/// | --- | --- | --- |
/// | `workload = StatefulSet` | `StatefulSet`, `Deployment`, `DaemonSet` (a pod per machine) or `Job` (runs once per configuration and what it runs); only a StatefulSet has storage | `StatefulSet` |
/// | `replicas = 3` | number of pods where the custom resource says none | one at first, and then as many as others ask for |
/// | `replicas(default = 3, odd)` | the same number with a rule, which the API server judges: `min = 1`, `max = 9`, `odd`, and `fixed` or `fixed = "why"`, where it stays as it is once the node is there | any number |
/// | `copies = self.shards` | makes as many nodes of each as this field of the struct says, a `u8`, `u16` or `u32`, or an `Option` of one: `<node>-0` and so on; at most 64; only on a struct | one |
/// | `config(…)` | a configuration file that a function computes, see [`DataOperator`]; repeatable; only on a struct | none |
/// | `image = "druid:34"` | image, under whatever the custom resource says | none |
/// | `port(http = 8082)` | port of the container and its Service: its name, at most 15 characters in which `_` stands for `-`, and its number, also a constant; several in one or repeatable; with `protocol = UDP` not `TCP` | none |
/// | `command("java", "-server")` | entry point | the image's own |
/// | `args("broker")` | arguments before those of the custom resource | none |
/// | `env(NAME = "value", …)` | environment variables; repeatable | none |
/// | `storage(…)` | a volume that every pod claims; repeatable | none |
/// | `readiness(…)`, `liveness(…)`, `startup(…)` | probes | none |
/// | `config_hash_env = "CONFIG_HASH"` | environment variable for the configuration hash | none |
/// | `defaults = path` | `fn() -> NodeDefaults`: settings under whatever the custom resource says | none |
/// | `empty_dirs("/tmp", "/var/run")` | folders that every pod has for itself, empty when it starts | none |
/// | `read_only_root` | the container's root file system is read-only; with `= false` on a field it isn't, whatever the type says | it isn't |
/// | `security = restricted` | how the pods are confined: `restricted`, as that Pod Security Standard asks, or `unrestricted` | `restricted` |
/// | `run_as(user = 1000, group = 1000)` | user and group of the container, above 0 | the image's; the group is the user's number |
/// | `rule(…)` | what the pods may do at the API server; repeatable | nothing |
/// | `talks_to("historical", …)` | names of the node types that this one connects to | none |
/// | `publish_not_ready` | the headless Service publishes pods that aren't ready, for systems whose pods must find each other to become ready; `= false` on a field turns it off | it doesn't |
/// | `metrics(port = "http", path = "/metrics")` | where Prometheus finds metrics: the name of a port, and a path | none; the path is `/metrics` |
/// | `object_name = "druid-${cluster.name}-${node.key}"` | what a node's workload and Service are called, and what is called after them; with `${cluster.name}`, `${node.type}` and `${node.key}` | `<cluster>-<node type>[-<key>]` |
/// | `container = "druid"` | name of the main container | the node type's name |
/// | `selector("app", "${cluster.name}")` | a label of the pods, with the same references; with one or more of them, the pods are selected by these labels instead of the operator's own; one has the value `${cluster.name}`; repeatable | the operator's own |
/// | `crate = path` | where operator-core is found; not on fields | `::operator_core` |
///
/// Keys of `storage(…)`:
///
/// | key | meaning | default |
/// | --- | --- | --- |
/// | `data = "/data"` | name of the `volumeClaimTemplate`, a DNS label in which `_` stands for `-`; and its folder in the container, absolute and for this storage alone | required |
/// | `size = "50Gi"` | size where the custom resource says none, a Kubernetes quantity | required |
/// | `class = "fast"` | storage class where the custom resource says none | the Kubernetes cluster's |
///
/// Keys of `rule(…)`, as in a Role:
///
/// | key | meaning | default |
/// | --- | --- | --- |
/// | `groups("apps")` | API groups; `""` is the core group | the core group |
/// | `resources("pods")` | resources, plural | required |
/// | `verbs("get", "list")` | verbs of RBAC, or `*` | required |
///
/// Keys of the probes. A probe asks one thing: `http`, `tcp` or `exec`. What isn't given is left to Kubernetes.
///
/// | key | meaning | default |
/// | --- | --- | --- |
/// | `http = "/ready"`, `port = "http"` | GET of this path at the port of this name; without one, at the first TCP port | |
/// | `tcp = "http"` | connection to the port of this name | |
/// | `exec("command", "argument")` | command in the container | |
/// | `period = 10` | seconds between two probes | Kubernetes': 10 |
/// | `timeout = 1` | seconds after which a probe counts as failed | Kubernetes': 1 |
/// | `failures = 3` | failures in a row until the container counts as failed | Kubernetes': 3 |
/// | `delay = 0` | seconds from the container's start to the first probe | Kubernetes': 0 |
#[proc_macro_attribute]
pub fn node_type(arguments: TokenStream, item: TokenStream) -> TokenStream {
    attribute::node_type(arguments.into(), item.into()).into()
}

/// Makes an enum node types that share a field of a spec: each node says by a tag which it is of.
///
/// The field is marked `#[node_types]`, without keys, and holds `BTreeMap<String, E>`, `Vec<Named<E>>`, `Option<E>` or `E`, where `E` is the
/// enum. Each variant holds the struct of its nodes, `NodeSpec` or one marked [`macro@node_type`], and may have `#[node_type(…)]` with the keys
/// of a field that places a node type: its name, `order`, and a layer over the struct's.
///
/// A node type is called like its variant in kebab-case, and so is the tag's content, where `#[serde(rename = "…")]` on the variant says no
/// other. In the custom resource, a node can have only the fields of its type.
///
/// The macro adds those derives of `Clone`, `Debug`, `Serialize` and `Deserialize` that the author hasn't written, and impls of `JsonSchema` and
/// operator-core's `NodeKinds` and `NodeField`.
///
/// | key | meaning | default |
/// | --- | --- | --- |
/// | `tag = "role"` | name in the custom resource of the field by which a node says its type | `nodeType` |
/// | `crate = path` | where operator-core is found | `::operator_core` |
#[proc_macro_attribute]
pub fn node_types(arguments: TokenStream, item: TokenStream) -> TokenStream {
    attribute::node_types(arguments.into(), item.into()).into()
}
