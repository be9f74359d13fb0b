//! The static data that an operator is made of: a [`Definition`], which is a kind of cluster and its node types.
//!
//! The macros of operator-macros write it from the author's struct. operator-core reads it, and exports this crate as
//! `operator_core::definition`. Rules that both need stand here. All data can be made in a constant:
//!
//! ```
//! use operator_definition::{Cardinality, Definition, NodeTemplate, NodeType, Port, Protocol, Workload};
//!
//! static CACHE: Definition = Definition {
//!     group: "cache.example.com",
//!     version: "v1alpha1",
//!     kind: "Cache",
//!     plural: "caches",
//!     singular: "cache",
//!     node_types: &[NodeType {
//!         name: "server",
//!         field: "servers",
//!         cardinality: Cardinality::Many,
//!         tag: None,
//!         order: 0,
//!         layers: NodeTemplate {
//!             ports: &[Port { name: "cache", number: 6379, protocol: Protocol::Tcp }],
//!             ..NodeTemplate::EMPTY
//!         }
//!         .alone(),
//!     }],
//!     ..Definition::EMPTY
//! };
//! assert_eq!(CACHE.node_types[0].workload(), Workload::StatefulSet);
//! ```
//!
//! | module | subject |
//! | --- | --- |
//! | this one | the kind, and what belongs to the whole cluster |
//! | `node` | node types and their attributes |
//! | `joined` | what the layers of a node type are together |
//! | `config` | configuration files |
//! | `kind` | the types that can hold nodes |
//! | `power` | what a cluster's user may do only where the author allows it |
//! | `secret` | secrets, and where they are in the container |
//! | `surroundings` | what functions of the author may know of the cluster |
//! | [`names`] | names as Kubernetes wants them |
//! | [`mod@reference`] | references `${…}` in texts |
//! | [`checks`] | the assertions that the compiler evaluates |
//! | `defaults`, `each`, `text` | default values, loops and texts in constants |

#[macro_use]
mod defaults;
#[macro_use]
mod each;
pub mod checks;
mod config;
mod joined;
mod kind;
pub mod names;
mod node;
mod power;
pub mod reference;
mod secret;
mod surroundings;
mod text;

pub use config::{Compute, ConfigFile, FileClash, Format, Reload};
pub use kind::{NamedNode, NodeField, NodeKind, NodeKinds, Variant, joined, number, shared};
pub use node::{
    Cardinality, Check, Copies, LIST_KEY, Metrics, NAMED, NodeTemplate, NodeType, PolicyRule, Port, Probe, Protocol,
    ReplicaRule, RunAs, Security, StorageTemplate, Tag, Workload, named,
};

pub use power::Power;
pub use secret::{SecretField, SecretPath};
pub use surroundings::{Peer, Surroundings, Unnamed};

use std::pin::Pin;

with_defaults! {
    /// A kind of cluster: its names and its node types.
    #[derive(Debug)]
    pub struct Definition {
        /// API group, for instance `druid.example.com`.
        pub group: &'static str = "",
        /// API version, for instance `v1alpha1`.
        pub version: &'static str = "",
        /// Kind, for instance `Druid`.
        pub kind: &'static str = "",
        /// Plural name, lower case: the resource in URLs.
        pub plural: &'static str = "",
        /// Singular name, lower case.
        pub singular: &'static str = "",
        /// Short names for `kubectl`.
        pub short_names: &'static [&'static str] = &[],
        /// Categories, such as `all`, under which `kubectl get` lists the kind.
        pub categories: &'static [&'static str] = &[],
        /// The struct's doc comment: the description of the kind.
        pub doc: &'static str = "",
        /// Annotations of the CustomResourceDefinition.
        pub annotations: &'static [(&'static str, &'static str)] = &[],
        /// Labels of the CustomResourceDefinition.
        pub labels: &'static [(&'static str, &'static str)] = &[],
        /// Whether the API server serves this version. Default: yes.
        pub served: bool = true,
        /// Whether objects are stored in this version. Default: yes.
        pub storage: bool = true,
        /// Warning that the API server sends to users of this version; empty: Kubernetes' own sentence.
        pub deprecated: Option<&'static str> = None,
        /// Makes `kubectl scale` work.
        pub scale: Option<ScaleSubresource> = None,
        /// Paths by which `kubectl get --field-selector` selects, for instance `.spec.image`.
        pub selectable: &'static [&'static str] = &[],
        /// Print columns of the author's own, shown between Status and Age; one with the same heading as core's replaces it.
        pub print_columns: &'static [PrintColumn] = &[],
        /// CEL rules of the author's own over `self.spec`; see kube's `validation`.
        pub validations: &'static [Validation] = &[],
        /// Powers of those who may create a cluster. Default: none.
        pub allow: &'static [Power] = &[],
        /// JSON name of the spec's field that holds the cluster-wide image.
        pub image: Option<&'static str> = None,
        /// JSON name of the spec's field that holds the cluster-wide `NodeDefaults`.
        pub defaults: Option<&'static str> = None,
        /// Named `NodeDefaults`, which nodes refer to.
        pub config_groups: Option<Groups> = None,
        /// Named values of node types' own fields, which nodes refer to.
        pub app_config_groups: Option<Groups> = None,
        /// JSON name of the spec's field that lists node types in the order of upgrades; it overrides `order`.
        pub deployment_order: Option<&'static str> = None,
        /// Configuration files that the nodes of every type read.
        pub configs: &'static [ConfigFile] = &[],
        /// Secrets that the nodes of every type read.
        pub secrets: &'static [SecretField] = &[],
        /// Dependencies that the operator doesn't run.
        pub externals: &'static [External] = &[],
        /// The node types: those with fields of their own, then those of enums, each in the order of the struct.
        pub node_types: &'static [NodeType] = &[],
    }
}

impl Definition {
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

/// A dependency: a field marked `#[external(…)]`.
#[derive(Clone, Copy, Debug)]
pub struct External {
    /// Name, for messages and `${external.<name>}`.
    pub name: &'static str,
    /// Path from the spec to its address, as JSON names: a string `host:port`, or several separated by commas. A function gets the value at
    /// the path, of any type.
    pub at: &'static [&'static str],
    /// How the operator checks that it is ready.
    pub check: ExternalCheck,
}

/// A readiness check of an external; the nodes wait for it. It has five seconds.
#[derive(Clone, Copy, Debug)]
pub enum ExternalCheck {
    /// One of the addresses accepts a TCP connection.
    Tcp,
    /// GET of this path at one of the addresses, over plain HTTP, is answered with 2xx.
    Http(&'static str),
    /// A function of the value at the path. The error says what is missing.
    Function(AsyncCheck),
}

/// See [`ExternalCheck::Function`].
pub type AsyncCheck = fn(serde_json::Value) -> Pin<Box<dyn Future<Output = Result<(), String>> + Send>>;

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
    /// The message where the rule doesn't hold.
    pub message: &'static str,
}
