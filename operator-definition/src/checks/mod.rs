//! Assertions about node types, evaluated by the compiler: a field's attributes and its type's are only known together here.
//!
//! Generated code calls one function per rule and field. Mistakes within one attribute are reported by the macros.
//!
//! | module | rules about |
//! | --- | --- |
//! | `names` | names of node types and of their fields |
//! | `ports` | ports, and attributes that name them |
//! | `mounts` | folders and files |
//! | `variables` | environment variables |
//! | `references` | `${…}` |

mod mounts;
mod names;
mod ports;
mod references;
mod variables;

pub use mounts::{files, mounts, secret_files};
pub use names::{list_items, names, own_field, referred_to, repeated, talks_to, unnamed};
pub use ports::{metrics, ports, probes};
pub use references::references;
pub use variables::variables;

use crate::{NodeType, Workload, text::report_if};

/// Only a StatefulSet's pods have storage of their own, and only some workloads a number of pods.
#[track_caller]
pub const fn workload(node_type: &NodeType) {
    let workload = node_type.workload();
    let has_storage = any!(&node_type.layers, |layer| !layer.storage.is_empty());
    report_if(
        has_storage && !matches!(workload, Workload::StatefulSet),
        "the pods of a {} have no storage of their own: make this node type a StatefulSet, or leave out the storage",
        &[workload.as_str()],
    );
    report_if(
        node_type.replicas().is_some() && !matches!(workload, Workload::StatefulSet | Workload::Deployment),
        "a {} has no number of replicas: make this node type a StatefulSet or Deployment, or leave out `replicas`",
        &[workload.as_str()],
    );
}
