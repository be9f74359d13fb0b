//! The same objects written without an operator: as fast as the API server takes them.

use std::time::{Duration, Instant};

use http::Request;
use k8s_openapi::jiff::Timestamp;
use kube::Client;
use operator_core::{
    render::Desired,
    status::{ClusterStatus, Facts},
};
use serde::de::IgnoredAny;
use serde_json::{Value, json};

use crate::{
    error::{Error, failed},
    kind,
    load::{self, Loader},
    stage::Stage,
};

/// Field manager.
const MANAGER: &str = "plain-loader";

/// Creates clusters and writes all that belongs to them, `parallel` clusters at a time, on a control plane of its own. Returns how long that took.
pub async fn write(clusters: u32, parallel: usize) -> Result<Duration, Error> {
    let stage = Stage::set().await?;
    stage.hold_controllers()?;
    let started = Instant::now();
    load::each(clusters, parallel, |number| write_one(&stage.client, stage.namespace(), number)).await?;
    Ok(started.elapsed())
}

/// Creates a cluster, and writes what an operator would write for it: each child, and a status, by server-side apply.
pub async fn write_one(client: &Client, namespace: &str, number: u32) -> Result<(), Error> {
    let cluster = Loader::new(client.clone(), namespace).create(number).await?;
    let desired = kind::desired(&cluster)?;
    for object in &desired.objects {
        apply(client, &object.kind.url(namespace, &object.name), &object.json).await?;
    }
    let (url, status) = status(namespace, number, &desired);
    apply(client, &url, &status).await
}

fn status(namespace: &str, number: u32, desired: &Desired) -> (String, Value) {
    let (resource, name) = (load::resource(), load::name(number));
    let (api_version, plural) = (&resource.api_version, &resource.plural);
    let status = ClusterStatus::report(&Facts::new(1, Some(desired), &[], Timestamp::now()));
    let url = format!("/apis/{api_version}/namespaces/{namespace}/{plural}/{name}/status");
    let object = json!({
        "apiVersion": api_version,
        "kind": resource.kind,
        "metadata": { "name": name },
        "status": status,
    });
    (url, object)
}

async fn apply(client: &Client, url: &str, object: &Value) -> Result<(), Error> {
    let request = Request::patch(format!("{url}?fieldManager={MANAGER}&force=false"))
        .header("content-type", "application/apply-patch+yaml")
        .body(object.to_string().into_bytes())
        .map_err(failed("a request"))?;
    client.request::<IgnoredAny>(request).await?;
    Ok(())
}
