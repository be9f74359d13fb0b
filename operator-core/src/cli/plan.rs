//! `plan`: what the operator would do for a file, against the cluster.

use std::{collections::HashMap, path::Path};

use kube::{
    Api, Client, Config,
    api::{ListParams, Patch, PatchParams},
};
use serde_json::Value;

use super::{diff::differences, file::File};
use crate::{
    Cluster, Error, Result,
    model::kind::{self, ChildKind},
    plan::{self, Action, Inputs, Verb},
    render::{self, Content, Identity, Reference, Revisions, names, references},
    runtime::client::client,
    state::{Child, Raw, claims, owned},
};

/// Stands for the UID of a cluster that isn't there yet.
const NO_UID: &str = "00000000-0000-0000-0000-000000000000";

/// Prints the plan for the custom resource in `path`. The API server judges the file first, as `kubectl apply --dry-run=server` would.
pub async fn plan<K: Cluster>(path: &Path) -> Result<()> {
    let file = File::read(path, K::DEFINITION)?;
    let object = &file.object;
    let name =
        object.pointer("/metadata/name").and_then(Value::as_str).ok_or_else(|| file.wrong("has no metadata.name"))?;
    let config = Config::infer().await.map_err(|error| Error::NoCluster(Box::new(error)))?;
    let given = object.pointer("/metadata/namespace").and_then(Value::as_str);
    let namespace = given.unwrap_or(&config.default_namespace).to_owned();
    let client = client(config)?;

    super::is_installed::<K>(&client, Some(&namespace)).await?;
    let clusters = Api::<K>::namespaced(client.clone(), &namespace);
    let dry_run = PatchParams::apply("plan").dry_run().force();
    let judged = clusters.patch(name, &dry_run, &Patch::Apply(object)).await?;
    let there = clusters.get_metadata_opt(name).await?;
    let uid = there.and_then(|there| there.metadata.uid).unwrap_or_else(|| NO_UID.to_owned());
    let cluster = Identity { namespace, name: name.to_owned(), uid };
    let spec = serde_json::to_value(judged.spec()).map_err(|error| file.wrong(error))?;
    let wrong = |invalid: Vec<crate::settings::Invalid>| file.invalid(&invalid);
    let build = |contents: &dyn Fn(&Reference) -> Content| {
        render::build(&cluster, Revisions { newest: &spec }, K::DEFINITION, contents).map_err(wrong)
    };
    // What the pods refer to is part of their hash: first it is asked what that is.
    let mut contents = HashMap::new();
    for reference in build(&|_| Content::Unknown)?.references.into_keys() {
        contents.insert(reference.clone(), content(&client, &cluster.namespace, &reference).await?);
    }
    let desired = build(&|reference| contents.get(reference).copied().unwrap_or(Content::Unknown))?;

    let manager = names::manager(K::DEFINITION);
    let selector = format!("{}={manager}", names::MANAGED_BY);
    let owners = [cluster.uid.clone(), claims::owner(&cluster.namespace, &cluster.name)];
    let mut live = HashMap::new();
    let mut observed = Vec::new();
    let mut missing = Vec::new();
    let mut kinds = kind::of(K::DEFINITION);
    kinds.push(&kind::CLAIM);
    // What an earlier build declared is pruned.
    for id in judged.status().iter().flat_map(|status| &status.kinds) {
        kinds.extend(kind::recorded(id, K::DEFINITION).filter(|kind| !kinds.contains(kind)));
    }
    for kind in kinds {
        let api = Api::<Raw>::namespaced_with(client.clone(), &cluster.namespace, &kind);
        let listed = match api.list(&ListParams::default().labels(&selector)).await {
            Err(kube::Error::Api(status)) if !kind::is_always_watched(kind) && status.code == 404 => {
                missing.push(kind);
                continue;
            }
            listed => listed?,
        };
        for raw in listed {
            let object = raw.object();
            let child = Child::reduce(kind, &manager, &names::node_label(K::DEFINITION), &object);
            let is_ours = |child: &Child| owners.iter().any(|owner| child.controller.as_deref() == Some(owner));
            let Some(child) = child.filter(is_ours) else {
                continue;
            };
            let applied = owned::applied(&object, &manager).map(|applied| owned::canonical(applied, kind));
            live.insert((kind.kind, child.name.to_string()), applied.unwrap_or_default());
            observed.push(child);
        }
    }
    let available = |kind: &ChildKind| !missing.contains(&kind);
    let inputs = Inputs { available: &available, previous: judged.status(), ..Inputs::new(&observed) };
    let plan = plan::plan(&desired, &inputs).map_err(wrong)?;
    print(&plan, &live);
    Ok(())
}

/// What is known of a ConfigMap or Secret: its values aren't kept.
async fn content(client: &Client, namespace: &str, reference: &Reference) -> Result<Content> {
    let request = http::Request::get(reference.source.kind().url(namespace, &reference.name))
        .body(Vec::new())
        .map_err(|error| Error::Text(format!("{reference}: {error}")))?;
    match client.request::<Value>(request).await {
        Ok(object) => Ok(Content::Present(references::digest(&object))),
        Err(kube::Error::Api(status)) if status.code == 404 => Ok(Content::Missing),
        Err(error) => Err(error.into()),
    }
}

fn print(plan: &plan::Plan<'_>, live: &HashMap<(&'static str, String), Value>) {
    for action in &plan.actions {
        let (kind, name) = action.target();
        let sign = match action.verb() {
            Verb::Create => '+',
            Verb::Apply | Verb::Grow => '~',
            Verb::Replace => '!',
            Verb::Delete => '-',
        };
        println!("{sign} {} {name}", kind.kind);
        if let Action::Grow { claim, size } = action {
            let now = claim.size.as_ref().map_or_else(|| "nothing".to_owned(), |size| size.to_string());
            println!("    spec.resources.requests.storage: {now} -> {size}");
        }
        let (Action::Apply { object, .. } | Action::Replace { object, .. }) = action else {
            continue;
        };
        let there = live.get(&(kind.kind, name.to_owned())).unwrap_or(&Value::Null);
        for difference in differences(there, &owned::canonical(object.json.clone(), object.kind)) {
            let show = |value: Option<Value>| value.map_or_else(|| "nothing".to_owned(), |value| value.to_string());
            println!("    {}: {} -> {}", difference.path, show(difference.from), show(difference.to));
        }
    }
    let count = |verb: Verb| plan.actions.iter().filter(|action| action.verb() == verb).count();
    let [create, apply, grow, replace, delete] =
        [Verb::Create, Verb::Apply, Verb::Grow, Verb::Replace, Verb::Delete].map(count);
    let apply = apply + grow;
    plan.waiting.iter().for_each(|waiting| println!("? {waiting}"));
    plan.left_out.iter().for_each(|left_out| println!("? {left_out}"));
    if plan.actions.is_empty() {
        println!("nothing to do");
    } else {
        println!("{create} to create, {apply} to change, {replace} to replace, {delete} to delete");
    }
}
