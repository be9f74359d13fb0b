//! The words of everything that follows.
//!
//! | module | holds |
//! | --- | --- |
//! | `identity` | a cluster's identity |
//! | [`kind`] | the kinds of children: one row for all that is special about a kind |
//! | [`labels`] | the recommended labels |
//! | `invalid` | a mistake in a spec, with its path |
//! | `object` | a child as it shall be |
//! | `reference` | what pods refer to |
//! | `inventory` | what the status remembers of every child |
//! | `status` | the status of a cluster, as its custom resource has it |
//! | `text` | texts of others, as far as they are shown |
//! | [`digest`], [`quantity`] | digests over canonical JSON; Kubernetes' quantities |

pub mod digest;
mod identity;
mod invalid;
mod inventory;
pub mod kind;
pub mod labels;
mod object;
pub mod quantity;
mod reference;
mod status;
pub(crate) mod text;

pub use digest::Digest;
pub use identity::Identity;
pub use invalid::Invalid;
pub use inventory::{Inventory, Mark, Note};
pub use kind::{ChildKind, Kind};
pub use object::{ConfigHash, Node, Object, Scale};
pub use quantity::Quantity;
pub use reference::{Content, Reference, Source};
pub use status::{ClusterStatus, NodeStatus};
