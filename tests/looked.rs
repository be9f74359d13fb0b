//! What an operator that has just started sees of a cluster, and what it would do. For `e2e` and for `faults`.

use std::sync::Arc;

use kube::{Api, Client};
use operator_core::{
    Cluster,
    apply::Writer,
    model::Object,
    plan::{Action, Plan, plan},
    render::render,
    runtime::{
        Author,
        look::look,
        tracked::{ClusterKind, Tracked},
    },
    state::{Manager, Snapshot},
    status,
};
use serde_json::Value;

pub struct Looked {
    pub snapshot: Snapshot,
    pub plan: Plan,
    /// What it would change of the status.
    pub status: Option<Value>,
    /// What shall be there.
    pub objects: Vec<Arc<Object>>,
}

impl Looked {
    /// Looks at a cluster, of which the error says why that can't be done.
    pub async fn at<K: Cluster>(client: &Client, namespace: &str, name: &str) -> Result<Self, String> {
        let author = Author::of::<K>();
        let clusters = Api::<Tracked>::namespaced_with(client.clone(), namespace, &ClusterKind(author.definition));
        let cluster = clusters.get(name).await.map_err(text)?;
        let spec = cluster.spec().map_err(|invalid| format!("{invalid:?}"))?;
        let blueprint = (author.read)(&spec).and_then(|spec| render(&cluster.identity(), &spec, author));
        let blueprint = blueprint.map_err(|invalid| format!("the spec is invalid: {invalid:?}\n{spec:#}"))?;
        let mut snapshot = look(client, author.definition, &cluster, Some(&blueprint)).await.map_err(text)?;
        let mut decided = plan(Ok(&blueprint), None, &snapshot);
        // It looks for what may only be out of sight, and decides on what it finds.
        let is_sought = |action: &&Action| matches!(action, Action::Inspect { .. });
        let sought: Vec<Action> = decided.actions.iter().filter(is_sought).cloned().collect();
        if !sought.is_empty() {
            let writer = Writer::new(client.clone(), Manager::of(author.definition));
            let found = writer.execute(&Plan { actions: sought, ..Plan::default() }, &snapshot.cluster).await;
            snapshot.children.extend(found.children);
            snapshot.facts.extend(found.facts);
            decided = plan(Ok(&blueprint), None, &snapshot);
        }
        let status = status::report(Some(&blueprint), &decided, &[], &snapshot);
        let status = status::patch(snapshot.status.as_ref(), &status);
        Ok(Self { objects: blueprint.with(&snapshot.references), snapshot, plan: decided, status })
    }
}

fn text(error: impl ToString) -> String {
    error.to_string()
}
