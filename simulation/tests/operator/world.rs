//! A world with clusters of the kind under test, what users do in it, and a policy that refuses some kinds.

use std::{
    collections::BTreeSet,
    ops::{Deref, DerefMut},
    sync::{Arc, Mutex},
};

use operator_core::{
    Cluster,
    model::Identity,
    plan::Plan,
    render::{Blueprint, render},
    runtime::Author,
    state::Snapshot,
};
use operator_simulation::{ApiServer, Deletion, operator};
use serde_json::{Value, json};

use crate::{kinds::Data, specs::Spec};

pub const NAMESPACE: &str = "test";
/// The kind of clusters, as the model calls it.
pub const CLUSTERS: &str = "datas.simulation.example.com";

pub struct World {
    world: operator::World,
    /// Kinds whose objects a policy refuses.
    pub refused: Arc<Mutex<BTreeSet<&'static str>>>,
    /// The cluster that is spoken of.
    pub name: &'static str,
}

impl Deref for World {
    type Target = operator::World;

    fn deref(&self) -> &Self::Target {
        &self.world
    }
}

impl DerefMut for World {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.world
    }
}

/// Runs a story in a world of its own.
pub fn run<T>(story: impl AsyncFnOnce(&mut World) -> T) -> T {
    run_on(ApiServer::new(), story)
}

/// Runs a story on an API server that has some objects already.
pub fn run_on<T>(server: ApiServer, story: impl AsyncFnOnce(&mut World) -> T) -> T {
    operator::run_on::<Data, T>(server, NAMESPACE, async |world| story(&mut World::new(world)).await).unwrap()
}

impl World {
    fn new(world: operator::World) -> Self {
        let refused = Arc::new(Mutex::new(BTreeSet::new()));
        world.server().admit(Arc::new({
            let refused = refused.clone();
            move |kind, _| match refused.lock().unwrap().contains(kind.kind.as_str()) {
                true => Err("a policy denied the request".to_owned()),
                false => Ok(()),
            }
        }));
        Self { world, refused, name: "a" }
    }

    /// Applies the cluster.
    pub fn apply(&mut self, spec: &Spec) {
        let Data { .. } = serde_json::from_value(json!({ "metadata": {}, "spec": spec.to_json() })).unwrap();
        let (name, mut server) = (self.name, self.server());
        if server.get(CLUSTERS, NAMESPACE, name).is_some() {
            let spec = spec.to_json();
            server.update(CLUSTERS, (NAMESPACE, name), "", "user", |object| object["spec"] = spec).unwrap();
        } else {
            let api_version = Data::DEFINITION.api_version();
            let object = json!({ "apiVersion": api_version, "kind": Data::DEFINITION.kind, "metadata": { "name": name },
                "spec": spec.to_json() });
            server.create(CLUSTERS, NAMESPACE, object, "user").unwrap();
        }
    }

    pub fn delete(&mut self, kind: &str, name: &str) {
        let _ = self.server().delete(kind, (NAMESPACE, name), &Deletion::default());
    }

    /// Changes an object as a person or a controller.
    pub fn change(&mut self, kind: &str, name: &str, subresource: &str, change: impl FnOnce(&mut Value)) {
        self.server().update(kind, (NAMESPACE, name), subresource, "someone", change).unwrap();
    }

    pub fn get(&self, kind: &str, name: &str) -> Option<Arc<Value>> {
        self.server().get(kind, NAMESPACE, name)
    }

    pub fn cluster(&self) -> Arc<Value> {
        self.get(CLUSTERS, self.name).unwrap()
    }

    pub fn uid(&self) -> String {
        self.cluster()["metadata"]["uid"].as_str().unwrap().to_owned()
    }

    /// The cluster's objects: kind as the model calls it, and name.
    pub fn children(&self) -> Vec<(String, String, Arc<Value>)> {
        let is_there = self.get(CLUSTERS, self.name).is_some();
        if is_there { self.world.children(&self.uid()) } else { Vec::new() }
    }

    /// What the cluster shall consist of.
    pub fn blueprint(&self) -> Blueprint {
        let spec = (Author::of::<Data>().read)(&self.cluster()["spec"]).unwrap();
        let identity = Identity { namespace: NAMESPACE.to_owned(), name: self.name.to_owned(), uid: self.uid() };
        render(&identity, &spec, Data::DEFINITION).unwrap()
    }

    /// What the operator sees, and would do.
    pub fn plan(&self) -> (Snapshot, Plan) {
        self.world.plan(&self.uid()).unwrap()
    }
}

pub fn name(object: &Value) -> String {
    object["metadata"]["name"].as_str().unwrap_or_default().to_owned()
}
