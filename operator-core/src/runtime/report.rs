//! The status of a cluster, written where it changed.

use std::time::Duration;

use http::Request;
use k8s_openapi::jiff::Timestamp;
use serde_json::json;
use tokio::time::Instant;

use super::{
    memory::Written,
    reconcile::{Context, Step, Transient, previous},
    tracked::Tracked,
};
use crate::{
    render::{Desired, Identity},
    status::{ClusterStatus, Facts},
};

/// The shortest time between two status writes of a cluster.
const STATUS_EVERY: Duration = Duration::from_secs(1);
/// How long a status write may take before it counts as failed.
const STATUS_WITHIN: Duration = Duration::from_secs(30);

/// Writes the status where it changed: the first time at once, then no more often than [`STATUS_EVERY`]. Returns how long to wait where it is too soon.
pub async fn report(
    cluster: &Tracked,
    identity: &Identity,
    desired: Option<&Desired>,
    step: &Step,
    context: &Context,
) -> Result<Option<Duration>, Transient> {
    let observed = context.store.cluster(&identity.uid, &identity.namespace, &identity.name);
    let previous = previous(cluster, context);
    let status = ClusterStatus::report(&Facts {
        problem: step.problem.as_ref(),
        waiting: &step.waiting,
        held: step.held,
        listed: &|id| context.world.is_listed(id, context.definition),
        left_out: &step.left_out,
        previous: previous.as_ref(),
        ..Facts::new(cluster.generation, desired, &observed, Timestamp::now())
    });
    if status.is_ready() {
        context.memory.with(&identity.uid, |memory| memory.outline = None);
    }
    if previous.as_ref() == Some(&status) {
        return Ok(None);
    }
    let written = context.memory.with(&identity.uid, |memory| memory.written.clone());
    if let Some(written) = &written
        && written.at.elapsed() < STATUS_EVERY
    {
        return Ok(Some(STATUS_EVERY - written.at.elapsed()));
    }
    let url = format!(
        "/apis/{}/namespaces/{}/{}/{}/status?fieldManager={}",
        context.definition.api_version(),
        identity.namespace,
        context.definition.plural,
        identity.name,
        context.writer.manager
    );
    // With the UID, a new cluster of the same name doesn't get the status of an old one.
    let patch = json!({ "metadata": { "uid": identity.uid }, "status": status });
    let transient =
        |message: String| Transient { cluster: format!("{}/{}", identity.namespace, identity.name), message };
    let request = Request::patch(url)
        .header("content-type", "application/merge-patch+json")
        .body(patch.to_string().into_bytes())
        .map_err(|error| transient(error.to_string()))?;
    let answer = tokio::time::timeout(STATUS_WITHIN, context.writer.client.request::<Stored>(request)).await;
    let answer = answer.map_err(|_| transient(format!("status: no answer within {} s", STATUS_WITHIN.as_secs())))?;
    match answer {
        Ok(stored) => {
            context.memory.with(&identity.uid, |memory| {
                memory.written = Some(Written {
                    status: Some(status),
                    generation: cluster.generation,
                    version: stored.version(),
                    at: Instant::now(),
                })
            });
            Ok(None)
        }
        // Deleted meanwhile.
        Err(kube::Error::Api(status)) if matches!(status.code, 404 | 409) => Ok(None),
        Err(error) => Err(transient(format!("status: {error}"))),
    }
}

/// The part of the API server's answer that is needed: the rest isn't decoded.
#[derive(serde::Deserialize)]
struct Stored {
    metadata: StoredMetadata,
}

#[derive(serde::Deserialize)]
#[serde(rename_all = "camelCase")]
struct StoredMetadata {
    resource_version: String,
}

impl Stored {
    fn version(&self) -> u64 {
        self.metadata.resource_version.parse().unwrap_or_default()
    }
}
