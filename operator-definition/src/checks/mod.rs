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
pub use names::{named, named_kinds, names, own_field, readers, referred_to, tag, talks_to};
pub use ports::{metrics, ports, probes};
pub use references::references;
pub use variables::variables;

use crate::{
    ConfigFile, External, NodeType, SecretField, Workload,
    text::{report_if, same},
};

/// All rules, of the node types that share a field.
#[track_caller]
pub const fn shared(
    node_types: &[NodeType],
    field: &str,
    (configs, secrets, externals): (&[ConfigFile], &[SecretField], &[External]),
) {
    let mut index = 0;
    while index < node_types.len() {
        let node_type = &node_types[index];
        if same(node_type.field, field) {
            workload(node_type);
            ports(node_type);
            probes(node_type);
            metrics(node_type);
            mounts(node_type, configs);
            files(node_type, configs);
            secret_files(node_type, secrets, configs);
            variables(node_type, secrets);
            references(node_type, node_types, externals);
            names(node_types, index);
            talks_to(node_types, index);
        }
        index += 1;
    }
}

/// Only a StatefulSet's pods have storage of their own, and only some workloads a number of pods.
#[track_caller]
pub const fn workload(node_type: &NodeType) {
    let workload = node_type.workload();
    let has_storage = any!(&node_type.layers, |layer| !layer.storage.is_empty());
    report_if(
        has_storage && !matches!(workload, Workload::StatefulSet),
        "the pods of a {} have no storage of their own: make the node type `{}` a StatefulSet, or leave out the storage",
        &[workload.as_str(), node_type.name],
    );
    report_if(
        node_type.replicas().is_some() && !matches!(workload, Workload::StatefulSet | Workload::Deployment),
        "a {} has no number of replicas: make the node type `{}` a StatefulSet or Deployment, or leave out `replicas`",
        &[workload.as_str(), node_type.name],
    );
}
