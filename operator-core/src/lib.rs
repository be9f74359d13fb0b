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
//!     #[node_type(name = "server", port(name = "cache", number = 6379))]
//!     pub servers: BTreeMap<String, NodeSpec>,
//! }
//!
//! #[tokio::main]
//! async fn main() -> operator_core::Result<()> {
//!     operator_core::cli::<Cache>().await // run | crd | plan -f cache.yaml
//! }
//! ```
//!
//! # The way of the data
//! ```text
//! custom resource ─► desired::build ─► Desired       pure: every child object, with its digest
//! API server ─► observe (watches, reduced) ─► Observed   small: identity, owner, version, digest, health
//! (Desired, Observed) ─► plan::plan ─► Plan          pure: creates, applies, replacements, deletions
//! Plan ─► apply::Writer::execute ─► API server       server-side apply; then events and one status patch
//! ```
//!
//! # Map
//! | module | subject |
//! | --- | --- |
//! | [`prelude`] | what an author needs in scope |
//! | [`definition`] | what the macros emit, and what the compiler checks of it |
//! | [`cluster`] | the trait of a kind of cluster |
//! | [`crd`] | the CustomResourceDefinition |
//! | [`node`] | `NodeSpec`, its layers and what they come to |
//! | [`properties`] | flat configuration |
//! | [`desired`] | every child object; a file per kind |
//! | [`hash`] | digests over canonical JSON |
//! | [`kinds`] | the kinds of children |
//! | [`observe`] | children, reduced while they are decoded |
//! | [`plan`] | what is to be done |
//! | [`apply`] | doing it |
//! | [`status`] | what is reported |
//! | [`runtime`] | watches and the reconcile loop |
//! | [`cli()`] | the command line |

pub mod apply;
mod cli;
pub mod crd;
pub mod definition;
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

pub use cli::cli;
pub use error::{Error, Result};
pub use model::ClusterStatus;
pub use operator_macros::{DataOperator, node_type};
pub use render::cluster::Cluster;
pub use settings::properties::Properties;
pub use settings::{NodeDefaults, NodeSpec, SecretRef};
