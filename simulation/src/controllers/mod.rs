//! The controllers of Kubernetes, as functions that do some of their work and say whether anything changed. A test calls them in any order.
//!
//! | function | does |
//! | --- | --- |
//! | [`collect_garbage`] | deletes what has lost its owners, honours `orphan` and `foregroundDeletion` |
//! | [`stateful_sets`] | pods and claims by ordinal, rolling updates |
//! | [`deployments`] | ReplicaSets and their pods |
//! | [`daemon_sets`] | a pod on each node |
//! | [`jobs`] | pods that run to their end |
//! | [`pods`] | starts pods, makes them ready, ends them |
//! | [`claims`] | binds claims, lets them grow, holds those in use |
//! | [`controller`] | tells whose an object is |

mod daemon_set;
mod deployment;
mod garbage;
mod job;
mod owned;
mod pod;
mod stateful_set;

pub use daemon_set::{NODES, daemon_sets};
pub use deployment::deployments;
pub use garbage::collect_garbage;
pub use job::jobs;
pub use owned::controller;
#[cfg(feature = "operator")]
pub(crate) use owned::has_label;
pub use pod::{claims, pods};
pub use stateful_set::stateful_sets;

use crate::server::ApiServer;

/// A controller.
pub type Controller = fn(&mut ApiServer) -> bool;

/// All controllers.
pub const ALL: [Controller; 7] = [collect_garbage, stateful_sets, deployments, daemon_sets, jobs, pods, claims];

/// Runs all controllers until nothing changes, `rounds` times at most. Returns whether they came to rest.
pub fn settle(server: &mut ApiServer, rounds: usize) -> bool {
    (0..rounds).any(|_| ALL.iter().filter(|step| step(server)).count() == 0)
}

/// The field manager of what controllers write.
const MANAGER: &str = "kube-controller-manager";
