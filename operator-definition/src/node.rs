//! Node types and their attributes.

use crate::{ConfigFile, SecretField};

/// A role in the cluster: a field of the spec marked `#[node_type(…)]`, or a variant of the enum in one marked `#[node_types]`.
#[derive(Clone, Copy, Debug)]
pub struct NodeType {
    /// Name in object names and labels: a DNS label.
    pub name: &'static str,
    /// JSON name of the spec's field.
    pub field: &'static str,
    /// One, none or one, or many nodes.
    pub cardinality: Cardinality,
    /// How a node in the field says that it is of this type, where several types share the field.
    pub tag: Option<Tag>,
    /// Position in upgrades: lower ones first. Node types without one count as 0.
    pub order: i32,
    /// Its attributes, the lowest layer first: `every_node` of the cluster, `#[node_type]` on the field's type and on the field.
    pub layers: [NodeTemplate; 3],
}

/// How a node says its type: the JSON name of a field, and its content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tag {
    /// JSON name, for instance `nodeType`.
    pub field: &'static str,
    /// Content, for instance `historical`.
    pub value: &'static str,
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
    /// `Vec<Named<T>>`: one per item; [`LIST_KEY`] is its key.
    List,
}

impl Cardinality {
    /// Whether nodes have keys.
    pub const fn is_many(self) -> bool {
        matches!(self, Self::Many | Self::List)
    }
}

/// The references in the names of objects and in selectors.
pub const NAMED: [&str; 3] = ["cluster.name", "node.type", "node.key"];

/// JSON name of the field that names an item of a [`Cardinality::List`].
pub const LIST_KEY: &str = "name";

/// A text of the author's for a node's objects or labels, with the values of the references of [`NAMED`] in their place.
pub fn named(text: &str, values: [&str; NAMED.len()]) -> String {
    let references = NAMED.iter().zip(values);
    references.fold(text.to_owned(), |text, (name, value)| text.replace(&format!("${{{name}}}"), value))
}

/// What the number of a node's pods has to be. Where it is odd or fixed, no autoscaler can decide it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReplicaRule {
    /// The fewest.
    pub min: Option<i32>,
    /// The most.
    pub max: Option<i32>,
    /// Whether it is odd, as a quorum's is.
    pub odd: bool,
    /// Why it stays as it is once the node is there; empty: no reason is given.
    pub fixed: Option<&'static str>,
}

/// By how much a node is multiplied: a number in one of its own fields.
#[derive(Clone, Copy, Debug)]
pub struct Copies {
    /// JSON name of the field.
    pub field: &'static str,
    /// Reads it from the node's JSON.
    pub number: fn(&serde_json::Value) -> Result<u32, serde_json::Error>,
}

with_defaults! {
    /// The fixed parts of a node type, or one layer of them. Single values of a higher layer override, and lists are joined by name
    /// (ports, env, storage), by file (configs), or replaced where not empty (command, args, rules).
    #[derive(Debug, Clone, Copy)]
    pub struct NodeTemplate {
        /// Kind of workload. Default: [`Workload::StatefulSet`].
        pub workload: Option<Workload> = None,
        /// Name of a node's workload, of its Service and of what is called after them: a text with the references of [`NAMED`]. Default:
        /// `${cluster.name}-${node.type}`, and `-${node.key}` where there are many.
        pub object_name: Option<&'static str> = None,
        /// Name of the main container. Default: the node type's.
        pub container: Option<&'static str> = None,
        /// Labels by which workloads and Services select the pods, in place of the operator's own: a key, and a text as in `object_name`.
        pub selector: &'static [(&'static str, &'static str)] = &[],
        /// Number of pods, where the custom resource has none. Default: one, and then as many as others ask for.
        pub replicas: Option<i32> = None,
        /// What the number of pods has to be.
        pub replica_rule: Option<ReplicaRule> = None,
        /// Makes so many nodes of each: `<node>-0` and so on.
        pub copies: Option<Copies> = None,
        /// Image of this node type, where the custom resource has none.
        pub image: Option<&'static str> = None,
        /// Ports of the container and of the Service.
        pub ports: &'static [Port] = &[],
        /// Entry point; empty: the image's own.
        pub command: &'static [&'static str] = &[],
        /// Arguments before those of the custom resource.
        pub args: &'static [&'static str] = &[],
        /// Environment variables: name and value.
        pub env: &'static [(&'static str, &'static str)] = &[],
        /// Volumes that every pod claims (StatefulSet only).
        pub storage: &'static [StorageTemplate] = &[],
        /// Readiness probe.
        pub readiness: Option<Probe> = None,
        /// Liveness probe.
        pub liveness: Option<Probe> = None,
        /// Startup probe.
        pub startup: Option<Probe> = None,
        /// Name of the environment variable for the configuration hash.
        pub config_hash_env: Option<&'static str> = None,
        /// Configuration files of this node type.
        pub configs: &'static [ConfigFile] = &[],
        /// Secrets that the nodes of this type read.
        pub secrets: &'static [SecretField] = &[],
        /// Makes the lowest layer of settings, as JSON of a `NodeDefaults`.
        pub defaults: Option<fn() -> serde_json::Value> = None,
        /// Folders that every pod has for itself, empty when it starts.
        pub empty_dirs: &'static [&'static str] = &[],
        /// Whether the container's root file system is read-only. Default: no.
        pub read_only_root: Option<bool> = None,
        /// How the pods are confined. Default: [`Security::Restricted`].
        pub security: Option<Security> = None,
        /// User and group that the container runs as; none: the image's.
        pub run_as: Option<RunAs> = None,
        /// Rights of the pods at the API server: they get a ServiceAccount, a Role, and a token.
        pub rules: &'static [PolicyRule] = &[],
        /// Names of the node types that this one connects to.
        pub talks_to: &'static [&'static str] = &[],
        /// Whether the headless Service publishes pods that aren't ready. Default: no.
        pub publish_not_ready: Option<bool> = None,
        /// Endpoint that Prometheus scrapes.
        pub metrics: Option<Metrics> = None,
    }
}

impl NodeTemplate {
    /// The layers of a node type that has no other attributes.
    pub const fn alone(self) -> [Self; 3] {
        [Self::EMPTY, self, Self::EMPTY]
    }
}

/// Kind of object that runs a node's pods.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Workload {
    /// Pods with stable names and PVCs.
    StatefulSet,
    /// Interchangeable pods.
    Deployment,
    /// A pod per Kubernetes node.
    DaemonSet,
    /// Pods that run to their end, once per configuration and what it runs. Node types of a higher order wait for it.
    Job,
}

impl Workload {
    /// Its kind in Kubernetes.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::StatefulSet => "StatefulSet",
            Self::Deployment => "Deployment",
            Self::DaemonSet => "DaemonSet",
            Self::Job => "Job",
        }
    }
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

/// A rule of a Role.
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
    /// Name of the `volumeClaimTemplate`: a DNS label.
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
    /// The check.
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

/// The check of a probe.
#[derive(Clone, Copy, Debug)]
pub enum Check {
    /// HTTP GET of `path` at the named port.
    Http {
        /// Absolute path.
        path: &'static str,
        /// Name of a port; none: the node type's first.
        port: Option<&'static str>,
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
