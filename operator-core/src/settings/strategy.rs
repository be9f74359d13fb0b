//! Which update strategies each kind of workload has.

use serde_json::{Value, json};

use crate::definition::Workload;

/// The update strategies of a kind of workload.
pub(crate) struct Known {
    /// The type beside `RollingUpdate`.
    pub other: &'static str,
    /// Fields of a rolling update, with Kubernetes' defaults. A field whose default is `null` is sent only where it is given.
    pub rolling: [(&'static str, Value); 2],
}

pub(crate) fn known(workload: Workload) -> Option<Known> {
    let (other, rolling) = match workload {
        // maxUnavailable: behind a feature gate, so that not every API server stores it.
        Workload::StatefulSet => ("OnDelete", [("partition", json!(0)), ("maxUnavailable", Value::Null)]),
        Workload::Deployment => ("Recreate", [("maxSurge", json!("25%")), ("maxUnavailable", json!("25%"))]),
        Workload::DaemonSet => ("OnDelete", [("maxSurge", json!(0)), ("maxUnavailable", json!(1))]),
        Workload::Job => return None,
    };
    Some(Known { other, rolling })
}
