//! Assertions about fields and node types, evaluated by the compiler: a field's attributes and its type's are only known
//! together here.
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
//! | `joined`, `text` | what a field and its type say together; strings in constants |

mod joined;
mod mounts;
mod names;
mod ports;
mod references;
mod text;
mod variables;

pub use mounts::{files, mounts, secret_files};
pub use names::{list_items, names, own_field, referred_to, repeated, talks_to, unnamed};
pub use ports::{metrics, ports, probes};
pub use references::references;
pub use variables::variables;

use crate::{NodeType, Workload};
use text::Message;

/// Only a StatefulSet's pods have storage of their own.
#[track_caller]
pub const fn workload(node_type: &NodeType) {
    let workload = match node_type.place.workload {
        Some(workload) => Some(workload),
        None => node_type.template.workload,
    };
    let Some(workload @ (Workload::Deployment | Workload::DaemonSet | Workload::Job)) = workload else { return };
    if !node_type.place.storage.is_empty() || !node_type.template.storage.is_empty() {
        Message::new("the pods of a ")
            .and(workload.as_str())
            .and(" have no storage of their own: make this node type a StatefulSet, or leave out the storage")
            .report();
    }
}
