//! `plan`: what the operator would do for a file, against the cluster.

use std::path::Path;

use kube::{
    Api, Config,
    api::{DynamicObject, PostParams},
};
use serde_json::Value;

use super::file::File;
use crate::{
    Cluster, Error, Result,
    model::Identity,
    plan::{Verb, plan as decide},
    render::render,
    runtime::{Author, client::client, look::look},
    status::sentence,
};

/// Stands for the UID of a cluster that isn't there yet.
const NO_UID: &str = "00000000-0000-0000-0000-000000000000";

/// Prints the plan for the custom resource in `path`. The API server judges the file first, as `kubectl replace --dry-run=server` would.
pub async fn plan<K: Cluster>(path: &Path) -> Result<()> {
    let author = Author::of::<K>();
    let file = File::read(path, author.definition)?;
    let name = file.object.pointer("/metadata/name").and_then(Value::as_str);
    let name = name.ok_or_else(|| file.wrong("has no metadata.name"))?;
    let config = Config::infer().await.map_err(|error| Error::NoCluster(Box::new(error)))?;
    let given = file.object.pointer("/metadata/namespace").and_then(Value::as_str);
    let namespace = given.unwrap_or(&config.default_namespace).to_owned();
    let client = client(config)?;
    super::is_installed::<K>(&client, Some(&namespace)).await?;

    let clusters = Api::<DynamicObject>::namespaced_with(client.clone(), &namespace, &K::api_resource());
    let there = clusters.get_opt(name).await?;
    let mut object: DynamicObject = serde_json::from_value(file.object.clone()).map_err(|error| file.wrong(error))?;
    let dry_run = PostParams { dry_run: true, ..PostParams::default() };
    let judged = match &there {
        Some(there) => {
            object.metadata.resource_version.clone_from(&there.metadata.resource_version);
            clusters.replace(name, &dry_run, &object).await?
        }
        None => clusters.create(&dry_run, &object).await?,
    };
    let uid = there.as_ref().and_then(|there| there.metadata.uid.clone()).unwrap_or_else(|| NO_UID.to_owned());
    let status = there.and_then(|there| serde_json::from_value(there.data.get("status")?.clone()).ok());
    let cluster = Identity { namespace, name: name.to_owned(), uid };
    let spec = judged.data.get("spec").cloned().unwrap_or_default();
    let spec = (author.read)(&spec).map_err(|invalid| file.invalid(&[invalid]))?;
    let blueprint = render(&cluster, &spec, author.definition).map_err(|invalid| file.invalid(&invalid))?;
    let generation = judged.metadata.generation.unwrap_or_default();
    let snapshot = look(&client, author.definition, cluster, generation, status, Some(&blueprint)).await?;
    let plan = decide(Ok(&blueprint), &snapshot);
    if !plan.invalid.is_empty() {
        return Err(file.invalid(&plan.invalid));
    }
    for action in &plan.actions {
        let (kind, name) = action.target();
        let sign = match action.verb() {
            Verb::Create | Verb::Inspect => '+',
            Verb::Apply | Verb::Grow => '~',
            Verb::Replace | Verb::Try => '!',
            Verb::Delete => '-',
        };
        println!("{sign} {} {name}", kind.kind);
    }
    plan.gates.iter().for_each(|gate| println!("? {}", sentence::message(gate)));
    Ok(())
}
