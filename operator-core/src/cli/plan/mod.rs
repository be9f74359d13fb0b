//! `plan`: what the operator would do for a file, against the cluster.
//!
//! | module | holds |
//! | --- | --- |
//! | `preview` | the plan, once the API server was asked all that it depends on |
//! | `change` | what a write changes, field by field |
//! | `show` | the plan as text |

mod change;
mod preview;
mod show;

use std::path::Path;

use clap::ValueEnum;
use kube::{
    Api, ResourceExt,
    api::{DynamicObject, PostParams},
};
use serde_json::{Value, json};

use super::{
    file::File,
    output::{print, yaml},
    server::Server,
};
use crate::{
    Cluster, Error, Result,
    apply::Writer,
    render::render,
    runtime::{Author, look::look, tracked::Tracked},
    state::Manager,
};
use preview::Preview;

/// Stands for the UID of a cluster that isn't there yet.
const NO_UID: &str = "00000000-0000-0000-0000-000000000000";

/// How a plan is printed.
#[derive(Clone, Copy, Debug, Default, ValueEnum)]
pub enum Format {
    /// For people
    #[default]
    Text,
    /// The plan, its changes and the snapshot that it was made from, as JSON
    Json,
    /// The same as YAML
    Yaml,
}

/// Prints the plan for the custom resource in `path`. The API server judges the file first, as `kubectl replace --dry-run=server` would.
///
/// # Errors
/// Where the file, the API server or the spec is at fault, or the API server would refuse a write.
pub async fn plan<K: Cluster>(path: &Path, format: Format) -> Result<()> {
    let author = Author::of::<K>();
    let file = File::read(path, author.definition)?;
    let server = Server::infer().await?;
    let cluster = judge::<K>(&file, &server).await?;
    let spec = cluster.spec().map_err(|invalid| vec![invalid]).and_then(|spec| (author.read)(&spec));
    let blueprint = spec.and_then(|spec| render(&cluster.identity(), &spec, author));
    let blueprint = blueprint.map_err(|invalid| file.invalid(&invalid))?;
    let looked = look(&server.client, author.definition, &cluster, Some(&blueprint)).await;
    let snapshot = looked.map_err(|error| server.error(error))?;
    let writer = Writer::new(server.client.clone(), Manager::of(author.definition));
    let preview = Preview::of(&writer, &blueprint, snapshot).await;
    if !preview.plan.invalid.is_empty() {
        return Err(file.invalid(&preview.plan.invalid));
    }
    match format {
        Format::Text => print(&show::text(&preview))?,
        Format::Json => print(&format!("{:#}\n", value(&preview)))?,
        Format::Yaml => print(&yaml(&value(&preview))?)?,
    }
    match preview.refused() {
        0 => Ok(()),
        refused => Err(Error::Refused(refused)),
    }
}

/// The custom resource as the API server would store it. The file replaces the spec: what it no longer has is no longer wanted. Finalizers
/// and annotations of others stay, as with `kubectl apply`.
async fn judge<K: Cluster>(file: &File, server: &Server) -> Result<Tracked> {
    let name = file.metadata("name").ok_or_else(|| file.wrong("its custom resource has no metadata.name"))?;
    let namespace = file.metadata("namespace").unwrap_or(&server.namespace);
    server.require_kind::<K>(Some(namespace)).await?;
    let clusters = Api::<DynamicObject>::namespaced_with(server.client.clone(), namespace, &K::api_resource());
    let there = clusters.get_opt(name).await.map_err(|error| server.error(error))?;
    if there.as_ref().is_some_and(|there| there.metadata.deletion_timestamp.is_some()) {
        return Err(file
            .wrong(format!("{} {namespace}/{name} is being deleted: plan again once it is gone", K::DEFINITION.kind)));
    }
    let mut object: DynamicObject = serde_json::from_value(sent(file)).map_err(|error| file.wrong(error))?;
    let dry_run = PostParams { dry_run: true, ..PostParams::default() };
    let judged = match &there {
        Some(there) => {
            let annotations = there.annotations().clone().into_iter().chain(object.annotations().clone());
            object.metadata.annotations = Some(annotations.collect());
            object.metadata.finalizers.clone_from(&there.metadata.finalizers);
            object.metadata.resource_version.clone_from(&there.metadata.resource_version);
            clusters.replace(name, &dry_run, &object).await
        }
        None => clusters.create(&dry_run, &object).await,
    };
    let mut judged = judged.map_err(|error| server.error(error))?;
    if there.is_none() {
        judged.metadata.uid = Some(NO_UID.to_owned());
    }
    // By its text: that is how the loop reads it.
    serde_json::to_string(&judged).and_then(|text| serde_json::from_str(&text)).map_err(|error| file.wrong(error))
}

/// The custom resource as its author wants it: a file may come from `kubectl get`, with what the API server adds.
fn sent(file: &File) -> Value {
    let mut object = file.object.clone();
    if let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut) {
        metadata.retain(|field, _| ["name", "labels", "annotations"].contains(&field.as_str()));
    }
    object
}

fn value(preview: &Preview) -> Value {
    json!({
        "plan": preview.plan,
        "changes": preview.changes,
        "unknown": preview.unknown,
        "snapshot": preview.snapshot,
    })
}
