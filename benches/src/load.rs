//! Clusters: create, change.

use std::time::Duration;

use futures::{StreamExt, TryStreamExt, stream};
use kube::{
    Api, Client,
    api::{ApiResource, DynamicObject, Patch, PatchParams, PostParams},
};
use serde_json::{Value, json};

use crate::{error::Error, kind::Bench};

/// Requests of the loader that are under way at once.
pub const PARALLEL: usize = 8;
/// A refused connection or the like is an error at once: what was measured would be something else.
const TIMEOUT: Duration = Duration::from_secs(30);

/// The kind, as kube wants it.
pub fn resource() -> ApiResource {
    ApiResource::erase::<Bench>(&())
}

/// Name of a cluster.
pub fn name(number: u32) -> String {
    format!("bench-{number:04}")
}

/// A cluster that runs no pods. `common` tells apart the versions of what both nodes read.
fn cluster(number: u32, common: &str) -> Value {
    json!({
        "apiVersion": resource().api_version,
        "kind": resource().kind,
        "metadata": { "name": name(number) },
        "spec": {
            "image": "registry.example.com/bench:1.0.0",
            "common": {
                "bench.version": common,
                "bench.cluster": name(number),
                "bench.storage.type": "s3",
                "bench.storage.bucket": "deep-storage",
            },
            "stores": {
                "replicas": 0,
                "resources": { "requests": { "cpu": "500m", "memory": "2Gi" }, "limits": { "memory": "2Gi" } },
                "runtime": { "bench.server.threads": "16", "bench.cache.bytes": "268435456" },
            },
            "fronts": { "replicas": 0, "env": [{ "name": "JAVA_OPTS", "value": "-Xmx1g" }] },
        },
    })
}

/// Creates and changes the clusters of one namespace.
#[derive(Clone)]
pub struct Loader {
    clusters: Api<DynamicObject>,
}

impl Loader {
    /// In `namespace`.
    pub fn new(client: Client, namespace: &str) -> Self {
        Self { clusters: Api::namespaced_with(client, namespace, &resource()) }
    }

    /// Creates a cluster.
    pub async fn create(&self, number: u32) -> Result<DynamicObject, Error> {
        let cluster = serde_json::from_value(cluster(number, "0")).map_err(crate::error::failed("a cluster"))?;
        let parameters = PostParams::default();
        within(self.clusters.create(&parameters, &cluster)).await
    }

    /// Changes what both nodes of a cluster read.
    pub async fn change(&self, number: u32, common: &str) -> Result<DynamicObject, Error> {
        let patch = Patch::Merge(json!({ "spec": { "common": { "bench.version": common } } }));
        let (name, parameters) = (name(number), PatchParams::default());
        within(self.clusters.patch(&name, &parameters, &patch)).await
    }
}

async fn within<T>(request: impl Future<Output = kube::Result<T>>) -> Result<T, Error> {
    match tokio::time::timeout(TIMEOUT, request).await {
        Ok(answer) => Ok(answer?),
        Err(_) => Err(Error::Text(format!("no answer within {} s", TIMEOUT.as_secs()))),
    }
}

/// Does something for each of `clusters` clusters, `parallel` at a time.
pub async fn each<T, F>(clusters: u32, parallel: usize, work: impl Fn(u32) -> F) -> Result<Vec<T>, Error>
where
    F: Future<Output = Result<T, Error>>,
{
    stream::iter(0..clusters).map(work).buffer_unordered(parallel).try_collect().await
}
