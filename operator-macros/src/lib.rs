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
//! such as how many nodes a field holds, the compiler checks in constants, with operator-core's `definition::checks`.

mod attribute;
mod attrs;
mod derive;
mod errors;
mod expand;
mod model;
#[cfg(test)]
mod tests;
mod validate;

use proc_macro::TokenStream;

/// Makes a kind of cluster out of its spec: the custom resource, and the `Definition` that the operator works from.
///
/// The struct is the `spec` of the custom resource and also derives `Clone`, `Debug`, `Serialize`, `Deserialize` and
/// `JsonSchema`. For `DruidSpec` with `kind = "Druid"` the macro writes a struct `Druid` with the fields `metadata`,
/// `spec` and `status`, with the same visibility and doc comment. It is an ordinary kube resource (`Resource`,
/// `CustomResourceExt`, `HasSpec`, `HasStatus`), implements operator-core's `Cluster`, and has a constructor `new(name,
/// spec)`.
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
/// | `root = "Name"` | name of the generated struct | the kind |
/// | `derive = "Trait"` | further derive of the generated struct; repeatable | none |
/// | `crate = path` | where operator-core is found | `::operator_core` |
///
/// Keys of `printcolumn(…)`:
///
/// | key | meaning | default |
/// | --- | --- | --- |
/// | `name = "Image"` | heading | required |
/// | `type = "string"`, also `type_` | `string`, `integer`, `number`, `boolean` or `date` | required |
/// | `json_path = ".spec.image"` | path in the object | required |
/// | `priority = 0` | 0 is always shown, above only with `-o wide` | 0 |
///
/// # On fields
///
/// A field has one of these attributes, or none: then it is just part of the spec.
///
/// | attribute | the field holds | its type |
/// | --- | --- | --- |
/// | `#[operator(image)]` | the image of every node that has none of its own; at most one field | `String`, `Option<String>` |
/// | `#[operator(defaults)]` | settings under every node's own; at most one field | `NodeDefaults` |
/// | `#[operator(config_groups)]` | named settings that nodes refer to; at most one field | `BTreeMap<String, NodeDefaults>` |
/// | `#[config(…)]` | a configuration file that the nodes of every type read | what the format can write |
/// | `#[node_type(…)]` | the nodes of a node type | see below |
///
/// # `#[config(…)]`
///
/// On a field of the spec: for the nodes of every type. On a field of a struct marked [`macro@node_type`]: for nodes of
/// this type.
///
/// | key | meaning | default |
/// | --- | --- | --- |
/// | `file = "runtime.properties"` | name of the file, without a folder | required |
/// | `mount = "/etc/druid"` | folder in the container, absolute; several files may share it | required |
/// | `format = "properties"` | `raw` (a string, as it is), `properties`, `json`, `yaml` or `env` | required |
/// | `with = path` | function that computes what is written: `fn(&S) -> V`, where `S` is the struct that the field is in and `V` can be serialised | the field's value is written |
///
/// # `#[node_type(…)]` on a field
///
/// The field's type says how many nodes there are: `T` one, `Option<T>` none or one, `BTreeMap<String, T>` one for each
/// key, where `T` is `NodeSpec` or a struct marked [`macro@node_type`]. Two keys are for fields alone:
///
/// | key | meaning | default |
/// | --- | --- | --- |
/// | `name = "broker"` | name of the node type in object names and labels: a DNS label | the field's name in kebab-case |
/// | `order = 1` | position in upgrades, lower ones first; may be negative | 0 |
///
/// All others are those of [`macro@node_type`] but `crate`. They stand above what the type says: single values replace
/// the type's; ports, `env` and storage are joined with it by name, so that one of the same name replaces the type's;
/// `command` and `args` replace the type's.
///
/// # Examples
///
/// Each program in the workspace's `tests/ui/pass` shows one subject; `tests/ui/fail` shows what is said of mistakes.
#[proc_macro_derive(DataOperator, attributes(operator, config, node_type))]
pub fn data_operator(input: TokenStream) -> TokenStream {
    derive::data_operator(input.into()).into()
}

/// Makes a struct with named fields a node type: what every node type has in common, with fields of its own.
///
/// The macro adds
/// - the field `pub node: NodeSpec`, flattened: in the custom resource its fields stand beside the struct's own;
/// - those derives of `Clone`, `Debug`, `Serialize`, `Deserialize` and `JsonSchema` that the author hasn't written. The
///   author's stand below `#[node_type]`; above it they would see the struct too early;
/// - `#[serde(rename_all = "camelCase")]`, where the author has no `rename_all`;
/// - impls of operator-core's `NodeKind` and `NodeField`.
///
/// Fields may carry `#[config(…)]`, see [`DataOperator`]. On a field of a cluster's spec, `#[node_type(…)]` has the
/// same keys, and two more, also described there.
///
/// | key | meaning | default |
/// | --- | --- | --- |
/// | `workload = "StatefulSet"` | `StatefulSet`, or `Deployment` (which has no storage) | `StatefulSet` |
/// | `image = "druid:34"` | image, under whatever the custom resource says | none |
/// | `port(name = "http", number = 8082)` | port of the container and its Service; the name has at most 15 characters; repeatable | none |
/// | `command("java", "-server")` | entry point | the image's own |
/// | `args("broker")` | arguments before those of the custom resource | none |
/// | `env(NAME = "value", …)` | environment variables; repeatable | none |
/// | `storage(…)` | a volume that every pod claims; repeatable | none |
/// | `readiness(…)`, `liveness(…)`, `startup(…)` | probes | none |
/// | `config_hash_env = "CONFIG_HASH"` | environment variable that shall carry the configuration's hash | none |
/// | `crate = path` | where operator-core is found; not on fields | `::operator_core` |
///
/// Keys of `storage(…)`:
///
/// | key | meaning | default |
/// | --- | --- | --- |
/// | `name = "data"` | name of the claim: a DNS label | required |
/// | `mount = "/data"` | folder in the container, absolute; for this storage alone | required |
/// | `size = "50Gi"` | size where the custom resource says none, a Kubernetes quantity | required |
/// | `class = "fast"` | storage class where the custom resource says none | the Kubernetes cluster's |
///
/// Keys of the probes. A probe asks one thing: `http`, `tcp` or `exec`. What isn't given is left to Kubernetes.
///
/// | key | meaning | default |
/// | --- | --- | --- |
/// | `http = "/ready"`, `port = "http"` | GET of this path at the port of this name | |
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
