//! What anyone can see of a history: one watch per kind for all namespaces, by which nothing is lost.

use std::{
    collections::{BTreeMap, HashMap},
    fmt::Debug,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use futures::StreamExt;
use k8s_openapi::api::{
    apps::v1::{Deployment, StatefulSet},
    core::v1::{PersistentVolumeClaim, Pod},
};
use kube::{
    Api, Client, Resource, ResourceExt,
    core::PartialObjectMeta,
    runtime::{
        WatchStreamExt,
        watcher::{self, Event, watcher},
    },
};
use operator_core::{Cluster, render::names};
use serde::de::DeserializeOwned;
use tokio::{sync::watch, task::JoinSet, time::Instant};

use crate::kinds::Data;

/// What was seen of one namespace.
#[derive(Clone, Debug, Default)]
pub struct Seen {
    /// The cluster, where there is one.
    pub cluster: Option<ClusterSeen>,
    /// The numbers of pods that workloads asked for, by their names, in order.
    pub replicas: Vec<(String, i64)>,
    /// By UID.
    pub pods: BTreeMap<String, ObjectSeen>,
    /// By UID.
    pub claims: BTreeMap<String, ObjectSeen>,
}

/// What was seen of the custom resource.
#[derive(Clone, Debug)]
pub struct ClusterSeen {
    pub uid: String,
    pub observed: i64,
    pub ready: bool,
}

/// A pod or a claim.
#[derive(Clone, Debug)]
pub struct ObjectSeen {
    pub name: String,
    /// By the operator's label.
    pub node: String,
    /// Whether it was deleted, or is being deleted.
    pub deleted: bool,
}

impl Seen {
    /// Whether the cluster with this UID is ready, and its status is about this generation.
    pub fn is_ready(&self, (uid, generation): &(String, i64)) -> bool {
        let cluster = self.cluster.as_ref().filter(|cluster| cluster.uid == *uid);
        cluster.is_some_and(|cluster| cluster.ready && cluster.observed >= *generation)
    }
}

/// Watches all namespaces.
pub struct Witness {
    seen: Arc<Mutex<HashMap<String, Seen>>>,
    /// Told about every change.
    changed: watch::Sender<u64>,
    _watches: JoinSet<()>,
}

impl Witness {
    /// Begins to watch.
    pub fn start(client: &Client) -> Arc<Self> {
        let (seen, changed) = (Arc::default(), watch::channel(0).0);
        let mut watches = JoinSet::new();
        let note = Note { seen: Arc::clone(&seen), changed: changed.clone() };
        watches.spawn(note.clone().of_clusters(client.clone()));
        watches.spawn(note.clone().of_workloads::<StatefulSet>(client.clone(), |set| set.spec.as_ref()?.replicas));
        watches.spawn(note.clone().of_workloads::<Deployment>(client.clone(), |set| set.spec.as_ref()?.replicas));
        watches.spawn(note.clone().of_objects::<Pod>(client.clone(), |seen| &mut seen.pods));
        watches.spawn(note.of_objects::<PersistentVolumeClaim>(client.clone(), |seen| &mut seen.claims));
        Arc::new(Self { seen, changed, _watches: watches })
    }

    /// From now on, what happens in this namespace is kept.
    pub fn expect(&self, namespace: &str) {
        lock(&self.seen).insert(namespace.to_owned(), Seen::default());
    }

    /// What was seen of a namespace.
    pub fn seen(&self, namespace: &str) -> Seen {
        lock(&self.seen).get(namespace).cloned().unwrap_or_default()
    }

    /// Nobody asks about a namespace any more.
    pub fn forget(&self, namespace: &str) {
        lock(&self.seen).remove(namespace);
    }

    /// Waits until a namespace is as wanted. Returns whether it is.
    pub async fn until(&self, namespace: &str, within: Duration, is: impl Fn(&Seen) -> bool) -> bool {
        let end = Instant::now() + within;
        let mut changed = self.changed.subscribe();
        loop {
            if lock(&self.seen).get(namespace).is_some_and(&is) {
                return true;
            }
            let is_over = tokio::time::timeout_at(end, changed.changed()).await.is_err();
            if is_over {
                return false;
            }
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[derive(Clone)]
struct Note {
    seen: Arc<Mutex<HashMap<String, Seen>>>,
    changed: watch::Sender<u64>,
}

impl Note {
    fn note(&self, namespace: Option<String>, note: impl FnOnce(&mut Seen)) {
        let Some(namespace) = namespace else { return };
        lock(&self.seen).get_mut(&namespace).map(note);
        self.changed.send_modify(|changed| *changed += 1);
    }

    async fn of_clusters(self, client: Client) {
        each::<Data>(Api::all(client), |cluster, is_gone| {
            let meta = cluster.meta().clone();
            let status = cluster.status().cloned().unwrap_or_default();
            let seen = ClusterSeen {
                uid: meta.uid.unwrap_or_default(),
                observed: status.observed_generation,
                ready: status.is_ready(),
            };
            self.note(meta.namespace, |all| all.cluster = (!is_gone).then_some(seen));
        })
        .await;
    }

    async fn of_workloads<K>(self, client: Client, replicas: fn(&K) -> Option<i32>)
    where
        K: Resource<DynamicType = ()> + Clone + DeserializeOwned + Debug + Send + 'static,
    {
        each::<K>(Api::all(client), |workload, is_gone| {
            let (name, replicas) = (workload.name_any(), replicas(&workload).unwrap_or_default().into());
            if !is_gone {
                self.note(workload.namespace(), |seen| {
                    let before = seen.replicas.iter().rev().find(|(other, _)| *other == name);
                    if before.is_none_or(|(_, before)| *before != replicas) {
                        seen.replicas.push((name, replicas));
                    }
                });
            }
        })
        .await;
    }

    async fn of_objects<K>(self, client: Client, of: fn(&mut Seen) -> &mut BTreeMap<String, ObjectSeen>)
    where
        K: Resource<DynamicType = ()> + Clone + DeserializeOwned + Debug + Send + 'static,
    {
        let label = names::node_label(Data::DEFINITION.group);
        each::<PartialObjectMeta<K>>(Api::all(client), |object, is_gone| {
            let meta = object.metadata;
            let node = meta.labels.as_ref().and_then(|labels| labels.get(&label)).cloned().unwrap_or_default();
            let deleted = is_gone || meta.deletion_timestamp.is_some();
            let seen = ObjectSeen { name: meta.name.unwrap_or_default(), node, deleted };
            self.note(meta.namespace, |all| drop(of(all).insert(meta.uid.unwrap_or_default(), seen)));
        })
        .await;
    }
}

async fn each<K>(api: Api<K>, ingest: impl Fn(K, bool))
where
    K: Resource<DynamicType = ()> + Clone + DeserializeOwned + Debug + Send + 'static,
{
    let mut events = watcher(api, watcher::Config::default()).default_backoff().boxed();
    while let Some(event) = events.next().await {
        match event {
            Ok(Event::Apply(object) | Event::InitApply(object)) => ingest(object, false),
            Ok(Event::Delete(object)) => ingest(object, true),
            _ => {}
        }
    }
}
