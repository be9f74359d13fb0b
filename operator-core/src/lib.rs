//! Kubernetes operators for data systems, each declared in one struct.
//!
//! The author annotates a struct; the macros of operator-macros turn it into static data, a [`Definition`](definition::Definition), and this
//! crate does the rest: the CustomResourceDefinition, every child object, the hashes that roll pods, and a reconcile loop that is quiet when
//! it is done.
//!
//! ```no_run
//! use operator_core::prelude::*;
//!
//! /// A cache.
//! #[derive(DataOperator, Clone, Debug, Serialize, Deserialize, JsonSchema)]
//! #[operator(group = "cache.example.com", version = "v1alpha1", kind = "Cache")]
//! pub struct CacheSpec {
//!     /// Image of every node.
//!     #[operator(image)]
//!     pub image: String,
//!     /// Nodes, by zone.
//!     #[node_type(name = "server", port(cache = 6379))]
//!     pub servers: BTreeMap<String, NodeSpec>,
//! }
//!
//! #[tokio::main(flavor = "current_thread")]
//! async fn main() -> operator_core::Result<()> {
//!     operator_core::cli::<Cache>().await // run | crd | plan -f cache.yaml
//! }
//! ```
//!
//! # The way of the data
//! ```text
//! (Definition, spec) ─► render ─► Blueprint            pure: every child object
//! watches, probes, references, status ─► Snapshot      everything that one decision depends on
//! (Blueprint, Snapshot) ─► plan ─► Plan                pure: the only place that decides
//! Plan ─► writer ─► API server                         the only place that writes; each answer is a fact for the next Snapshot
//! (Blueprint, Plan, answers) ─► status                 one patch, where it changed
//! ```
//!
//! # Map
//! Each layer uses only those before it; [`definition`], a crate of its own, is what the macros emit, and what the compiler checks of it.
//!
//! | layer | subject |
//! | --- | --- |
//! | [`model`] | the words of everything that follows |
//! | [`settings`] | `NodeSpec`, its layers, and what they come to |
//! | [`crd`] | the CustomResourceDefinition |
//! | [`render`] | the blueprint: every child object; a file per kind |
//! | [`check()`] | what the compiler can't see of a definition |
//! | [`state`] | the snapshot: children, health, facts |
//! | [`plan`] | what is to be done |
//! | [`status`] | what is reported |
//! | [`apply`] | the writer |
//! | [`runtime`] | watches and the reconcile loop |
//! | [`cli()`] | the command line |
//!
//! [`prelude`] is what an author needs in scope.

pub mod apply;
mod check;
mod cli;
pub mod crd;
mod error;
pub mod model;
pub mod plan;
pub mod prelude;
pub mod render;
pub mod runtime;
pub mod settings;
pub mod state;
pub mod status;

#[doc(hidden)]
pub mod __private;

pub use check::{Finding, Findings, check};
pub use cli::cli;
pub use error::{Error, Result};
pub use model::ClusterStatus;
pub use operator_definition as definition;
pub use operator_macros::{DataOperator, node_type, node_types};
pub use render::CustomResource;
pub use render::cluster::{Cluster, DataOperator};
pub use settings::{Named, NodeDefaults, NodeSpec, SecretRef};
pub use settings::{freeform::Freeform, properties::Properties};
