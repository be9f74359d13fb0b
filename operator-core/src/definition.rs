//! What the macros emit: static data that says what a kind and its node types are.
//!
//! Everything here can be made in a constant. [`checks`] holds the assertions that the compiler evaluates.

pub mod checks;

/// A kind of cluster: its names and its node types.
#[derive(Debug)]
pub struct Definition {
    /// API group, for instance `druid.example.com`.
    pub group: &'static str,
    /// API version, for instance `v1alpha1`.
    pub version: &'static str,
    /// Kind, for instance `Druid`.
    pub kind: &'static str,
    /// Plural name, lower case: the resource in URLs.
    pub plural: &'static str,
    /// Singular name, lower case.
    pub singular: &'static str,
    /// Short names for `kubectl`.
    pub short_names: &'static [&'static str],
    /// Categories, such as `all`, under which `kubectl get` lists the kind.
    pub categories: &'static [&'static str],
    /// The struct's doc comment: the description of the kind.
    pub doc: &'static str,
    /// Annotations of the CustomResourceDefinition.
    pub annotations: &'static [(&'static str, &'static str)],
    /// Labels of the CustomResourceDefinition.
    pub labels: &'static [(&'static str, &'static str)],
    /// Whether the API server serves this version. Default: yes.
    pub served: bool,
    /// Whether objects are stored in this version. Default: yes.
    pub storage: bool,
    /// Whether the API server warns who uses this version, and what it says; empty: Kubernetes' own sentence.
    pub deprecated: Option<&'static str>,
    /// Makes `kubectl scale` work.
    pub scale: Option<ScaleSubresource>,
    /// Paths by which `kubectl get --field-selector` selects, for instance `.spec.image`.
    pub selectable: &'static [&'static str],
    /// Print columns of the author's own, shown between Status and Age.
    pub print_columns: &'static [PrintColumn],
    /// CEL rules of the author's own over `self.spec`; see kube's `validation`.
    pub validations: &'static [Validation],
    /// JSON name of the spec's field that holds the cluster-wide image.
    pub image: Option<&'static str>,
    /// JSON name of the spec's field that holds the cluster-wide [`NodeDefaults`](crate::NodeDefaults).
    pub defaults: Option<&'static str>,
    /// Named [`NodeDefaults`](crate::NodeDefaults), which nodes refer to.
    pub config_groups: Option<Groups>,
    /// Named values of node types' own fields, which nodes refer to.
    pub app_config_groups: Option<Groups>,
    /// JSON name of the spec's field that lists node types in the order in which they are upgraded; it stands above `order`.
    pub deployment_order: Option<&'static str>,
    /// Configuration files that the nodes of every type read.
    pub configs: &'static [ConfigFile],
    /// Secrets that the nodes of every type read.
    pub secrets: &'static [SecretField],
    /// What the cluster depends on and the operator doesn't run.
    pub externals: &'static [External],
    /// The author's hook over the desired objects.
    pub customize: Option<Customization>,
    /// The node types, as they stand in the struct.
    pub node_types: &'static [NodeType],
}

impl Definition {
    /// Has no name and no nodes.
    pub const EMPTY: Self = Self {
        group: "",
        version: "",
        kind: "",
        plural: "",
        singular: "",
        short_names: &[],
        categories: &[],
        doc: "",
        annotations: &[],
        labels: &[],
        served: true,
        storage: true,
        deprecated: None,
        scale: None,
        selectable: &[],
        print_columns: &[],
        validations: &[],
        image: None,
        defaults: None,
        config_groups: None,
        app_config_groups: None,
        deployment_order: None,
        configs: &[],
        secrets: &[],
        externals: &[],
        customize: None,
        node_types: &[],
    };

    /// `druid.example.com/v1alpha1`.
    pub fn api_version(&self) -> String {
        format!("{}/{}", self.group, self.version)
    }
}

/// The scale subresource; the names are those of kube's `scale`.
#[derive(Clone, Copy, Debug)]
pub struct ScaleSubresource {
    /// Path of the wanted number, for instance `.spec.brokers.replicas`.
    pub spec_replicas_path: &'static str,
    /// Path of the number there is, for instance `.status.replicas`: names alone, no items of lists.
    pub status_replicas_path: &'static str,
    /// Path of the pods' selector, a string in the status.
    pub label_selector_path: Option<&'static str>,
}

/// Named settings that nodes refer to.
#[derive(Clone, Copy, Debug)]
pub struct Groups {
    /// JSON name of the spec's field that holds them, a map by name.
    pub field: &'static str,
    /// JSON name of the field by which a node refers to one.
    pub by: &'static str,
}

/// A role in the cluster: a field of the spec marked `#[node_type(…)]`.
#[derive(Clone, Copy, Debug)]
pub struct NodeType {
    /// Name in object names and labels: a DNS label.
    pub name: &'static str,
    /// JSON name of the spec's field.
    pub field: &'static str,
    /// One, none or one, or many nodes.
    pub cardinality: Cardinality,
    /// Position in upgrades: lower ones first. Node types without one count as 0.
    pub order: i32,
    /// What the type of the field says, by `#[node_type]` on the struct.
    pub template: NodeTemplate,
    /// What the field says itself; it stands above `template`.
    pub place: NodeTemplate,
}

/// How many nodes a field of the spec holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cardinality {
    /// A field of type `T`: always one node, named like its node type.
    One,
    /// `Option<T>`: none or one.
    Optional,
    /// `BTreeMap<String, T>`: one per key.
    Many,
    /// `Vec<T>`: one per item whose `nodeType` is the node type's name; `name` is its key.
    List,
}

/// JSON name of the field by which an item of a [`Cardinality::List`] says its node type.
pub const LIST_TYPE: &str = "nodeType";
/// JSON name of the field that names an item of a [`Cardinality::List`].
pub const LIST_KEY: &str = "name";

/// The fixed parts of a node type. Where a field and its type both say something, single values of the field win, and
/// lists are joined by name (ports, env, storage), by file (configs), or replaced where not empty (command, args).
#[derive(Debug, Clone, Copy)]
pub struct NodeTemplate {
    /// Kind of workload; [`Workload::StatefulSet`] where nobody says one.
    pub workload: Option<Workload>,
    /// Image of this node type, under whatever the custom resource says.
    pub image: Option<&'static str>,
    /// Ports of the container and of the Service.
    pub ports: &'static [Port],
    /// Entry point; empty: the image's own.
    pub command: &'static [&'static str],
    /// Arguments before those of the custom resource.
    pub args: &'static [&'static str],
    /// Environment variables: name and value.
    pub env: &'static [(&'static str, &'static str)],
    /// Claims of every pod (StatefulSet only).
    pub storage: &'static [StorageTemplate],
    /// Readiness probe.
    pub readiness: Option<Probe>,
    /// Liveness probe.
    pub liveness: Option<Probe>,
    /// Startup probe.
    pub startup: Option<Probe>,
    /// Name of an environment variable that shall carry the configuration hash.
    pub config_hash_env: Option<&'static str>,
    /// Configuration files of this node type.
    pub configs: &'static [ConfigFile],
    /// Secrets that the nodes of this type read.
    pub secrets: &'static [SecretField],
    /// Settings under whatever the custom resource says.
    pub defaults: Option<fn() -> crate::NodeDefaults>,
    /// Folders that every pod has for itself, empty when it starts.
    pub empty_dirs: &'static [&'static str],
    /// Whether the container's root file system is read-only. Default: no.
    pub read_only_root: Option<bool>,
    /// How the pods are confined; [`Security::Restricted`] where nobody says it.
    pub security: Option<Security>,
    /// User and group that the container runs as; none: the image's.
    pub run_as: Option<RunAs>,
    /// What the pods may do at the API server: they get a ServiceAccount, a Role, and a token.
    pub rules: &'static [PolicyRule],
    /// Names of the node types that this one connects to.
    pub talks_to: &'static [&'static str],
    /// Whether the headless Service names pods that aren't ready. Default: no.
    pub publish_not_ready: Option<bool>,
    /// Where Prometheus finds metrics.
    pub metrics: Option<Metrics>,
}

impl NodeTemplate {
    /// Says nothing.
    pub const EMPTY: Self = Self {
        workload: None,
        image: None,
        ports: &[],
        command: &[],
        args: &[],
        env: &[],
        storage: &[],
        readiness: None,
        liveness: None,
        startup: None,
        config_hash_env: None,
        configs: &[],
        secrets: &[],
        defaults: None,
        empty_dirs: &[],
        read_only_root: None,
        security: None,
        run_as: None,
        rules: &[],
        talks_to: &[],
        publish_not_ready: None,
        metrics: None,
    };
}

/// Kind of object that runs a node's pods.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Workload {
    /// Stable names and claims.
    StatefulSet,
    /// Interchangeable pods.
    Deployment,
    /// A pod per machine.
    DaemonSet,
    /// Pods that run to their end, once per configuration and what it runs. Node types of a higher order wait for it.
    Job,
}

/// How pods are confined; source: the Pod Security Standards.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Security {
    /// As the `restricted` standard asks: not root, no privileges, no capabilities, the runtime's seccomp profile.
    Restricted,
    /// As the image and the cluster have it.
    Unrestricted,
}

/// User and group of a container's processes; volumes belong to the group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RunAs {
    /// User, above 0.
    pub user: u32,
    /// Group, above 0.
    pub group: u32,
}

/// What a Role allows.
#[derive(Clone, Copy, Debug)]
pub struct PolicyRule {
    /// API groups; `""` is the core group.
    pub groups: &'static [&'static str],
    /// Resources, plural.
    pub resources: &'static [&'static str],
    /// Verbs, such as `get`.
    pub verbs: &'static [&'static str],
}

/// An endpoint that Prometheus scrapes.
#[derive(Clone, Copy, Debug)]
pub struct Metrics {
    /// Name of a port.
    pub port: &'static str,
    /// Absolute path.
    pub path: &'static str,
}

/// A field marked `#[secret(…)]`: it holds a [`SecretRef`](crate::node::SecretRef), or an `Option` of one.
#[derive(Clone, Copy, Debug)]
pub struct SecretField {
    /// JSON name of the field, in the spec or in the node.
    pub field: &'static str,
    /// Key in the Secret where the custom resource says none.
    pub key: &'static str,
    /// Environment variable that carries it.
    pub env: Option<&'static str>,
    /// File that carries it: an absolute path.
    pub file: Option<&'static str>,
    /// Where the custom resource names no Secret, one is made with so many random letters and digits.
    pub generate: Option<u32>,
}

/// A dependency: a field marked `#[external(…)]`.
#[derive(Clone, Copy, Debug)]
pub struct External {
    /// Name, for messages and `${external.<name>}`.
    pub name: &'static str,
    /// Path from the spec to its address, as JSON names: a string `host:port`, or several separated by commas. A check of its own gets
    /// the value at the path, whatever it is.
    pub at: &'static [&'static str],
    /// How it is seen that it is there.
    pub check: ExternalCheck,
}

/// A readiness check of an external; the nodes wait for it. It has five seconds.
#[derive(Clone, Copy, Debug)]
pub enum ExternalCheck {
    /// One of the addresses takes a connection.
    Tcp,
    /// GET of this path at one of the addresses, over plain HTTP, is answered with 2xx.
    Http(&'static str),
    /// A function of the value at the path. The error says what is missing.
    Function(AsyncCheck),
}

/// See [`ExternalCheck::Function`].
pub type AsyncCheck = fn(serde_json::Value) -> futures::future::BoxFuture<'static, Result<(), String>>;

/// The author's [`Customize`](crate::desired::Customize), without its type.
#[derive(Clone, Copy, Debug)]
pub struct Customization {
    /// Kinds of objects that it adds, beside the usual ones.
    pub kinds: &'static [&'static crate::kinds::ChildKind],
    /// Calls it: the spec, the cluster or one of its nodes, and the objects that belong to it.
    pub call: fn(&serde_json::Value, &crate::desired::Scope<'_>, &mut crate::desired::Children) -> Result<(), String>,
}

/// A port of the container, also the Service's.
#[derive(Clone, Copy, Debug)]
pub struct Port {
    /// Name: at most 15 lower-case letters, digits and `-` (IANA service name).
    pub name: &'static str,
    /// 1 to 65535.
    pub number: u16,
    /// Transport protocol.
    pub protocol: Protocol,
}

/// Transport protocol of a port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// `TCP`
    Tcp,
    /// `UDP`
    Udp,
}

impl Protocol {
    /// As Kubernetes writes it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Tcp => "TCP",
            Self::Udp => "UDP",
        }
    }
}

/// A volume that every pod of a node claims.
#[derive(Clone, Copy, Debug)]
pub struct StorageTemplate {
    /// Name of the claim template: a DNS label.
    pub name: &'static str,
    /// Folder in the container.
    pub mount: &'static str,
    /// Default size, a Kubernetes quantity such as `50Gi`.
    pub size: &'static str,
    /// Default storage class; none: the cluster's.
    pub class: Option<&'static str>,
}

/// A probe of the container. Values that are `None` are left to Kubernetes' defaults.
#[derive(Clone, Copy, Debug)]
pub struct Probe {
    /// What is asked.
    pub check: Check,
    /// Seconds between two probes.
    pub period: Option<u32>,
    /// Seconds after which a probe counts as failed.
    pub timeout: Option<u32>,
    /// Failures in a row until the container counts as failed.
    pub failures: Option<u32>,
    /// Seconds from the container's start to the first probe.
    pub delay: Option<u32>,
}

/// What a probe asks.
#[derive(Clone, Copy, Debug)]
pub enum Check {
    /// HTTP GET of `path` at the named port.
    Http {
        /// Absolute path.
        path: &'static str,
        /// Name of a port.
        port: &'static str,
    },
    /// A TCP connection to the named port.
    Tcp {
        /// Name of a port.
        port: &'static str,
    },
    /// A command in the container.
    Exec {
        /// Program and arguments.
        command: &'static [&'static str],
    },
}

/// A configuration file: a field marked `#[config(…)]`.
#[derive(Clone, Copy, Debug)]
pub struct ConfigFile {
    /// JSON name of the field, in the spec or in the node.
    pub field: &'static str,
    /// Name of the file.
    pub file: &'static str,
    /// Folder in the container. Files of the same folder share a volume.
    pub mount: &'static str,
    /// How the field's value is written.
    pub format: Format,
    /// Computes the value from the struct that holds the field (as JSON), instead of taking the field as it is.
    pub with: Option<Compute>,
    /// What a change of the file does to running pods.
    pub reload: Reload,
}

/// What a change of a configuration file does to running pods.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reload {
    /// They are replaced: the file is part of the configuration hash, and its ConfigMap is immutable.
    Pods,
    /// Nothing: the application watches the file, whose ConfigMap keeps its name.
    None,
}

/// Computes a configuration value from the JSON of the struct that declares it. The error says what is wrong with the input.
pub type Compute = fn(&serde_json::Value) -> Result<serde_json::Value, String>;

/// Format of a configuration file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// A string, written as it is.
    Raw,
    /// Java properties: `key=value` lines, sorted.
    Properties,
    /// JSON, indented.
    Json,
    /// YAML.
    Yaml,
    /// `KEY="value"` lines, sorted, as a shell reads them.
    Env,
    /// TOML.
    Toml,
    /// `key = value` lines, sorted, under `[section]`s for maps.
    Ini,
    /// Hadoop's XML: a `<property>` with `<name>` and `<value>` for each, sorted.
    Xml,
}

impl Format {
    /// Whether values of several sources can be laid over each other.
    pub const fn merges(self) -> bool {
        !matches!(self, Self::Raw)
    }
}

/// A column of `kubectl get`; the names are those of kube's `printcolumn`.
#[derive(Clone, Copy, Debug)]
pub struct PrintColumn {
    /// Heading.
    pub name: &'static str,
    /// `string`, `integer`, `number`, `boolean` or `date`.
    pub type_: &'static str,
    /// Path in the object, for instance `.spec.image`.
    pub json_path: &'static str,
    /// 0 is always shown, above only with `-o wide`.
    pub priority: i32,
}

/// A CEL rule of the author's.
#[derive(Clone, Copy, Debug)]
pub struct Validation {
    /// CEL expression over `self`, the whole object.
    pub rule: &'static str,
    /// What is said where the rule doesn't hold.
    pub message: &'static str,
}

/// The type of a node: [`NodeSpec`](crate::NodeSpec), or a struct marked `#[node_type]`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` isn't a node type",
    label = "holds `{Self}`, which isn't a node type",
    note = "use `NodeSpec`, or a struct marked `#[node_type]`"
)]
pub trait NodeKind {
    /// What its attributes say.
    const TEMPLATE: NodeTemplate;
    /// JSON names of its own fields, beside those of [`NodeSpec`](crate::NodeSpec).
    const FIELDS: &'static [&'static str];
}

/// The type of a field that holds nodes: a [`NodeKind`], an `Option`, a `BTreeMap<String, _>` or a `Vec` of one.
#[diagnostic::on_unimplemented(
    message = "`{Self}` can't hold nodes",
    label = "neither a node type nor an `Option`, `BTreeMap<String, _>` or `Vec` of one",
    note = "use `NodeSpec`, or a struct marked `#[node_type]`: itself for one node, in an `Option` for none or one, in a `BTreeMap<String, _>` for many, in a `Vec` for a list"
)]
pub trait NodeField {
    /// One, none or one, or many.
    const CARDINALITY: Cardinality;
    /// What the node's type says.
    const TEMPLATE: NodeTemplate;
    /// JSON names of the node's own fields.
    const FIELDS: &'static [&'static str];
}

impl<T: NodeKind> NodeField for Option<T> {
    const CARDINALITY: Cardinality = Cardinality::Optional;
    const TEMPLATE: NodeTemplate = T::TEMPLATE;
    const FIELDS: &'static [&'static str] = T::FIELDS;
}

impl<T: NodeKind> NodeField for std::collections::BTreeMap<String, T> {
    const CARDINALITY: Cardinality = Cardinality::Many;
    const TEMPLATE: NodeTemplate = T::TEMPLATE;
    const FIELDS: &'static [&'static str] = T::FIELDS;
}

impl<T: NodeKind> NodeField for Vec<T> {
    const CARDINALITY: Cardinality = Cardinality::List;
    const TEMPLATE: NodeTemplate = T::TEMPLATE;
    const FIELDS: &'static [&'static str] = T::FIELDS;
}

impl NodeKind for crate::NodeSpec {
    const TEMPLATE: NodeTemplate = NodeTemplate::EMPTY;
    const FIELDS: &'static [&'static str] = &[];
}

impl NodeField for crate::NodeSpec {
    const CARDINALITY: Cardinality = Cardinality::One;
    const TEMPLATE: NodeTemplate = NodeTemplate::EMPTY;
    const FIELDS: &'static [&'static str] = &[];
}
