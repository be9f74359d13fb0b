//! What an operator that has just started sees of a cluster, and what it would do. For `e2e` and for `faults`.

use std::sync::Arc;

use kube::{Api, Client};
use operator_core::{
    Cluster,
    model::{Identity, Object},
    plan::{Plan, plan},
    render::{names, render},
    runtime::{Author, look::look},
    state::Snapshot,
};

pub struct Looked {
    pub snapshot: Snapshot,
    pub plan: Plan,
    /// What shall be there.
    pub objects: Vec<Arc<Object>>,
}

impl Looked {
    /// Looks at a cluster, of which the error says why that can't be done.
    pub async fn at<K: Cluster>(client: &Client, namespace: &str, name: &str) -> Result<Self, String> {
        let author = Author::of::<K>();
        let cluster = Api::<K>::namespaced(client.clone(), namespace).get(name).await.map_err(text)?;
        let (meta, status) = (cluster.meta().clone(), cluster.status().cloned());
        let (uid, generation) = (meta.uid.unwrap_or_default(), meta.generation.unwrap_or_default());
        let identity = Identity { namespace: namespace.to_owned(), name: name.to_owned(), uid };
        let spec = serde_json::to_value(cluster.spec()).map_err(text)?;
        let invalid = |invalid| format!("the spec is invalid: {invalid:?}\n{spec:#}");
        let blueprint = (author.read)(&spec).and_then(|spec| render(&identity, &spec, author)).map_err(invalid)?;
        let looked = look(client, author.definition, identity, generation, status, Some(&blueprint)).await;
        let finalizer = names::finalizer(author.definition.group);
        let held = meta.finalizers.iter().flatten().any(|held| *held == finalizer);
        let snapshot = Snapshot { held, ..looked.map_err(text)? };
        let plan = plan(Ok(&blueprint), None, &snapshot);
        Ok(Self { objects: blueprint.with(&snapshot.references), snapshot, plan })
    }
}

fn text(error: impl ToString) -> String {
    error.to_string()
}
