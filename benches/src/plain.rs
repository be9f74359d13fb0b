//! The same objects written without an operator: as fast as the API server takes them.

use std::time::{Duration, Instant};

use kube::{
    Api, Client,
    api::{ApiResource, DynamicObject, Patch, PatchParams},
};
use operator_core::{plan::Plan, render::Blueprint, state::Snapshot, status::report};
use serde_json::json;

use crate::{
    error::Error,
    kind,
    load::{self, Loader},
    stage::Stage,
    watched,
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
    let blueprint = kind::blueprint(&cluster)?;
    let params = PatchParams::apply(MANAGER);
    for object in &blueprint.objects {
        let api = api(client, namespace, &watched::api_resource(&object.kind));
        api.patch(&object.name, &params, &Patch::Apply(&object.json)).await?;
    }
    let status = json!({
        "apiVersion": load::resource().api_version,
        "kind": load::resource().kind,
        "metadata": { "name": load::name(number) },
        "status": status(&blueprint),
    });
    let clusters = api(client, namespace, &load::resource());
    clusters.patch_status(&load::name(number), &params, &Patch::Apply(&status)).await?;
    Ok(())
}

fn status(blueprint: &Blueprint) -> operator_core::ClusterStatus {
    report(Some(blueprint), &Plan::default(), &[], &Snapshot { generation: 1, ..Snapshot::default() })
}

fn api(client: &Client, namespace: &str, resource: &ApiResource) -> Api<DynamicObject> {
    Api::namespaced_with(client.clone(), namespace, resource)
}
