//! What is there, seen from outside: by watches of a user whose requests aren't counted.

use std::{collections::HashMap, time::Duration};

use futures::StreamExt;
use kube::{
    Api, Client,
    api::{ApiResource, DynamicObject, GroupVersionKind},
    runtime::{
        WatchStreamExt,
        watcher::{Config, Event, watcher},
    },
};
use operator_core::{
    model::{Kind, kind},
    render::Blueprint,
};
use serde_json::Value;
use tokio::{sync::watch, task::JoinHandle};

use crate::{error::Error, load};

/// How long anything may take to come.
const PATIENCE: Duration = Duration::from_secs(300);

type Objects = HashMap<String, DynamicObject>;

/// All objects of a kind in one namespace, by name.
struct Watched {
    objects: watch::Receiver<Objects>,
    task: JoinHandle<()>,
}

impl Watched {
    fn start(client: Client, namespace: &str, resource: &ApiResource) -> Self {
        let api = Api::<DynamicObject>::namespaced_with(client, namespace, resource);
        let (sender, objects) = watch::channel(Objects::new());
        let task = tokio::spawn(async move {
            let mut events = watcher(api, Config::default()).default_backoff().boxed();
            while let Some(event) = events.next().await {
                let (object, there) = match event {
                    Ok(Event::Apply(object) | Event::InitApply(object)) => (object, true),
                    Ok(Event::Delete(object)) => (object, false),
                    Ok(Event::Init | Event::InitDone) | Err(_) => continue,
                };
                let name = object.metadata.name.clone().unwrap_or_default();
                sender.send_modify(|objects| {
                    if there {
                        objects.insert(name, object);
                    } else {
                        objects.remove(&name);
                    }
                });
            }
        });
        Self { objects, task }
    }

    async fn until(&self, what: &str, done: impl FnMut(&Objects) -> bool) -> Result<(), Error> {
        let mut objects = self.objects.clone();
        match tokio::time::timeout(PATIENCE, objects.wait_for(done)).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(_)) => Err(Error::Text(format!("the watch of {what} ended"))),
            Err(_) => {
                let seconds = PATIENCE.as_secs();
                Err(Error::Text(format!("waited {seconds} s in vain for {what}")))
            }
        }
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// The clusters of a namespace.
pub struct Clusters(Watched);

impl Clusters {
    /// Watches them.
    pub fn watch(client: Client, namespace: &str) -> Self {
        Self(Watched::start(client, namespace, &load::resource()))
    }

    /// Waits until the status of a cluster says that the operator has dealt with this generation of the spec.
    pub async fn dealt_with(&self, name: &str, generation: i64) -> Result<(), Error> {
        let what = format!("the status of {name}");
        let done = |clusters: &Objects| clusters.get(name).is_some_and(|cluster| observed(cluster) >= generation);
        self.0.until(&what, done).await
    }

    /// Waits until a cluster is ready on the newest generation of its spec.
    pub async fn ready(&self, name: &str) -> Result<(), Error> {
        let what = format!("{name} to be ready");
        let done = |clusters: &Objects| clusters.get(name).is_some_and(is_ready);
        self.0.until(&what, done).await
    }

    /// A cluster as it was last seen.
    pub fn get(&self, name: &str) -> Result<DynamicObject, Error> {
        let cluster = self.0.objects.borrow().get(name).cloned();
        cluster.ok_or_else(|| Error::Text(format!("{name} isn't there")))
    }
}

fn observed(cluster: &DynamicObject) -> i64 {
    let generation = cluster.data.pointer("/status/observedGeneration");
    generation.and_then(Value::as_i64).unwrap_or_default()
}

fn is_ready(cluster: &DynamicObject) -> bool {
    let conditions = cluster.data.pointer("/status/conditions").and_then(Value::as_array);
    let says = |condition: &Value, key: &str, value: &str| condition.get(key).and_then(Value::as_str) == Some(value);
    cluster.metadata.generation == Some(observed(cluster))
        && conditions
            .into_iter()
            .flatten()
            .any(|condition| says(condition, "type", "Ready") && says(condition, "status", "True"))
}

/// All children in a namespace.
pub struct Children(Vec<(Kind, Watched)>);

impl Children {
    /// Watches them, those aside whose kinds this control plane lacks.
    pub fn watch(client: &Client, namespace: &str) -> Self {
        let watch = |kind: Kind| {
            let watched = Watched::start(client.clone(), namespace, &api_resource(&kind));
            (kind, watched)
        };
        Self(kind::ALL.into_iter().filter(|kind| !kind.is_optional()).map(Kind::from).map(watch).collect())
    }

    /// Waits until everything that a cluster shall consist of is there, and as it shall be.
    pub async fn there(&self, blueprint: &Blueprint) -> Result<(), Error> {
        for object in &blueprint.objects {
            let what = format!("{} {}", object.kind.kind, object.name);
            let watched = self.0.iter().find(|(kind, _)| *kind == object.kind);
            let (_, watched) = watched.ok_or_else(|| Error::Text(format!("{what} isn't watched")))?;
            let done = |objects: &Objects| objects.get(&object.name).is_some_and(|live| says(live, &object.json));
            watched.until(&what, done).await?;
        }
        Ok(())
    }
}

pub fn api_resource(kind: &Kind) -> ApiResource {
    ApiResource::from_gvk_with_plural(&GroupVersionKind::gvk(&kind.group, &kind.version, &kind.kind), &kind.plural)
}

/// Whether a live object says all that is wanted; what it says besides is its own concern. Objects of a list don't say their kind.
fn says(live: &DynamicObject, wanted: &Value) -> bool {
    let (Ok(live), Some(wanted)) = (serde_json::to_value(live), wanted.as_object()) else {
        return false;
    };
    wanted
        .iter()
        .filter(|(key, _)| !matches!(key.as_str(), "apiVersion" | "kind"))
        .all(|(key, wanted)| live.get(key).is_some_and(|live| contains(live, wanted)))
}

fn contains(live: &Value, wanted: &Value) -> bool {
    match (live, wanted) {
        (Value::Object(live), Value::Object(wanted)) => {
            wanted.iter().all(|(key, wanted)| live.get(key).is_some_and(|live| contains(live, wanted)))
        }
        (Value::Array(live), Value::Array(wanted)) => {
            live.len() == wanted.len() && live.iter().zip(wanted).all(|(live, wanted)| contains(live, wanted))
        }
        (live, wanted) => live == wanted,
    }
}
