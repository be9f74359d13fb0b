//! What anyone can see of a history: one watch per kind for all namespaces, by which nothing is lost.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    fmt::Debug,
    hash::{DefaultHasher, Hash, Hasher},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use futures::{Stream, StreamExt};
use k8s_openapi::{
    api::{
        apps::v1::{DaemonSet, Deployment, StatefulSet},
        core::v1::{PersistentVolumeClaim, Pod, PodTemplateSpec},
    },
    jiff::Timestamp,
};
use kube::{
    Api, Client, Resource, ResourceExt,
    api::{DynamicObject, ObjectMeta},
    core::PartialObjectMeta,
    runtime::{
        WatchStreamExt,
        watcher::{self, Event, watcher},
    },
};
use operator_core::{Cluster, render::names};
use serde::de::DeserializeOwned;
use tokio::{sync::watch, task::JoinSet, time::Instant};

use crate::{checks, kinds::Data};

/// What was seen of one namespace.
#[derive(Clone, Debug, Default)]
pub struct Seen {
    /// The cluster, where there is one.
    pub cluster: Option<ClusterSeen>,
    /// By name: what is the same for all workloads of a name, one after the other.
    pub workloads: BTreeMap<String, WorkloadSeen>,
    /// By UID.
    pub pods: BTreeMap<String, ObjectSeen>,
    /// By UID.
    pub claims: BTreeMap<String, ObjectSeen>,
    /// The children that there are: name by UID.
    pub children: BTreeMap<String, String>,
}

/// What was seen of the custom resource.
#[derive(Clone, Debug)]
pub struct ClusterSeen {
    pub uid: String,
    pub observed: i64,
    pub ready: bool,
}

/// What was seen of the workloads of a name.
#[derive(Clone, Debug, Default)]
pub struct WorkloadSeen {
    /// UIDs, one after the other.
    pub uids: Vec<String>,
    /// The numbers of pods that were asked for, one after the other. A DaemonSet asks for none.
    pub replicas: Vec<i64>,
    /// Digests of the pod templates, one after the other.
    pub templates: Vec<u64>,
    /// When those that are gone were deleted, by UID.
    pub deleted: BTreeMap<String, Timestamp>,
    /// How often what it says of its pods changed.
    changes: u64,
    /// Whether there is one.
    is_there: bool,
    /// The generation of which all pods were ready and of its newest template when it was seen last.
    complete: Option<i64>,
    /// What it said last: of which generation, and numbers of pods.
    says: Says,
}

/// The generation that a workload's status is about, and numbers of pods: wanted, ready, of the newest template.
type Says = (Option<i64>, [Option<i32>; 3]);

/// A workload as it is now.
struct Workload<'a> {
    replicas: Option<i32>,
    template: Option<&'a PodTemplateSpec>,
    says: Says,
}

/// A pod or a claim.
#[derive(Clone, Debug)]
pub struct ObjectSeen {
    pub name: String,
    /// By the operator's label.
    pub node: String,
    /// How many of its kind were seen before.
    pub nth: usize,
    /// UIDs of the controllers that it had, the first and the last. Those of a StatefulSet that is replaced stay, and get another one.
    pub controllers: Option<[String; 2]>,
    /// When it was made, to the second.
    pub created: Option<Timestamp>,
    /// The revision of its workload that it is of.
    pub revision: Option<String>,
    /// Whether it was deleted, or is being deleted.
    pub deleted: bool,
    pub gone: bool,
}

impl Seen {
    /// Whether the cluster with this UID is ready, and its status is about this generation.
    pub fn is_ready(&self, (uid, generation): &(String, i64)) -> bool {
        let cluster = self.cluster.as_ref().filter(|cluster| cluster.uid == *uid);
        cluster.is_some_and(|cluster| cluster.ready && cluster.observed >= *generation)
    }

    /// Whether all pods of all workloads are ready and of the newest template.
    pub fn is_complete(&self) -> bool {
        self.workloads.values().all(|workload| !workload.is_there || workload.complete.is_some())
    }

    /// Whether neither children nor pods are there any more.
    pub fn is_empty(&self) -> bool {
        self.children.is_empty() && self.pods.values().all(|pod| pod.gone)
    }

    /// How often what workloads say of their pods changed.
    pub fn changes(&self) -> u64 {
        self.workloads.values().map(|workload| workload.changes).sum()
    }
}

impl WorkloadSeen {
    fn note(&mut self, meta: &ObjectMeta, now: &Workload<'_>) {
        push(&mut self.uids, meta.uid.clone().unwrap_or_default());
        if let (Some(uid), Some(time)) = (&meta.uid, &meta.deletion_timestamp) {
            self.deleted.insert(uid.clone(), time.0);
        }
        self.is_there = true;
        if let Some(replicas) = now.replicas {
            push(&mut self.replicas, replicas.into());
        }
        if let Some(template) = now.template.and_then(|template| serde_json::to_string(template).ok()) {
            let mut hasher = DefaultHasher::new();
            template.hash(&mut hasher);
            push(&mut self.templates, hasher.finish());
        }
        let (observed, pods) = now.says;
        let [wanted, others @ ..] = pods.map(Option::unwrap_or_default);
        let is_complete = observed == meta.generation && others == [wanted; 2];
        self.changes += u64::from(self.says != now.says);
        self.says = now.says;
        self.complete = meta.generation.filter(|_| is_complete);
    }
}

/// Adds what isn't the same as before.
fn push<T: PartialEq>(all: &mut Vec<T>, new: T) {
    if all.last() != Some(&new) {
        all.push(new);
    }
}

/// What a StatefulSet or a Deployment is now: two types with the same fields.
macro_rules! of_replicas {
    ($set:expr) => {{
        let (spec, status) = ($set.spec.as_ref(), $set.status.as_ref());
        let replicas = spec.and_then(|spec| spec.replicas);
        let ready = status.and_then(|status| status.ready_replicas);
        let updated = status.and_then(|status| status.updated_replicas);
        Workload {
            replicas,
            template: spec.map(|spec| &spec.template),
            says: (status.and_then(|status| status.observed_generation), [replicas, ready, updated]),
        }
    }};
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
        watches.spawn(note.clone().of_workloads::<StatefulSet>(client.clone(), |set| of_replicas!(set)));
        watches.spawn(note.clone().of_workloads::<Deployment>(client.clone(), |set| of_replicas!(set)));
        watches.spawn(note.clone().of_workloads::<DaemonSet>(client.clone(), |set| {
            let status = set.status.as_ref();
            Workload {
                replicas: None,
                template: set.spec.as_ref().map(|spec| &spec.template),
                says: (
                    status.and_then(|status| status.observed_generation),
                    [
                        status.map(|status| status.desired_number_scheduled),
                        status.map(|status| status.number_ready),
                        status.and_then(|status| status.updated_number_scheduled),
                    ],
                ),
            }
        }));
        watches.spawn(note.clone().of_objects::<Pod>(client.clone(), |seen| &mut seen.pods));
        watches.spawn(note.clone().of_objects::<PersistentVolumeClaim>(client.clone(), |seen| &mut seen.claims));
        for kind in checks::KINDS {
            let api =
                Api::<PartialObjectMeta<DynamicObject>>::all_with(client.clone(), &checks::resource(&kind.into()));
            watches.spawn(note.clone().of_children(api, checks::selector(kind)));
        }
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
        each(watcher(Api::<Data>::all(client), watcher::Config::default()), |cluster, is_gone| {
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

    async fn of_workloads<K>(self, client: Client, now: fn(&K) -> Workload<'_>)
    where
        K: Resource<DynamicType = ()> + Clone + DeserializeOwned + Debug + Send + 'static,
    {
        each(watcher(Api::<K>::all(client), watcher::Config::default()), |workload, is_gone| {
            self.note(workload.namespace(), |seen| {
                let known = seen.workloads.entry(workload.name_any()).or_default();
                if !is_gone {
                    known.note(workload.meta(), &now(&workload));
                } else if known.uids.last() == workload.meta().uid.as_ref() {
                    known.is_there = false;
                }
            });
        })
        .await;
    }

    async fn of_objects<K>(self, client: Client, of: fn(&mut Seen) -> &mut BTreeMap<String, ObjectSeen>)
    where
        K: Resource<DynamicType = ()> + Clone + DeserializeOwned + Debug + Send + 'static,
    {
        let label = names::node_label(Data::DEFINITION.group);
        each(watcher(Api::<PartialObjectMeta<K>>::all(client), watcher::Config::default()), |object, is_gone| {
            let meta = object.metadata;
            let revision = ["controller-revision-hash", "pod-template-hash"];
            let revision = revision.iter().find_map(|label| meta.labels.as_ref()?.get(*label)).cloned();
            let owners = meta.owner_references.iter().flatten();
            let mut controllers = owners.filter(|owner| owner.controller == Some(true)).map(|owner| owner.uid.clone());
            let controller = controllers.next();
            let node = meta.labels.as_ref().and_then(|labels| labels.get(&label)).cloned().unwrap_or_default();
            self.note(meta.namespace, |all| {
                let (objects, uid) = (of(all), meta.uid.unwrap_or_default());
                let before = objects.get(&uid);
                let seen = ObjectSeen {
                    name: meta.name.unwrap_or_default(),
                    node,
                    nth: before.map_or(objects.len(), |before| before.nth),
                    controllers: match (before.and_then(|before| before.controllers.clone()), controller) {
                        (Some([first, _]), Some(last)) => Some([first, last]),
                        (before, now) => before.or_else(|| now.map(|now| [now.clone(), now])),
                    },
                    created: meta.creation_timestamp.map(|time| time.0),
                    revision,
                    deleted: is_gone || meta.deletion_timestamp.is_some(),
                    gone: is_gone,
                };
                objects.insert(uid, seen);
            });
        })
        .await;
    }

    async fn of_children(self, api: Api<PartialObjectMeta<DynamicObject>>, selector: String) {
        let config = watcher::Config::default().labels(&selector);
        each(watcher(api, config), |object, is_gone| {
            self.note(object.namespace(), |seen| {
                let uid = object.uid().unwrap_or_default();
                if is_gone {
                    seen.children.remove(&uid);
                } else {
                    seen.children.insert(uid, object.name_any());
                }
            });
        })
        .await;
    }
}

/// Ingests each object as it is, and each that is gone, also where it went while nothing was watched: the API server was away.
async fn each<K: ResourceExt + Clone>(events: impl Stream<Item = watcher::Result<Event<K>>>, ingest: impl Fn(K, bool)) {
    let mut events = std::pin::pin!(events.default_backoff());
    let mut live: HashMap<String, K> = HashMap::new();
    let mut listed = HashSet::new();
    while let Some(event) = events.next().await {
        match event {
            Ok(Event::Init) => listed.clear(),
            Ok(Event::InitApply(object)) => {
                let uid = object.uid().unwrap_or_default();
                listed.insert(uid.clone());
                live.insert(uid, object.clone());
                ingest(object, false);
            }
            Ok(Event::InitDone) => {
                let gone = live.extract_if(|uid, _| !listed.contains(uid));
                gone.for_each(|(_, object)| ingest(object, true));
            }
            Ok(Event::Apply(object)) => {
                live.insert(object.uid().unwrap_or_default(), object.clone());
                ingest(object, false);
            }
            Ok(Event::Delete(object)) => {
                live.remove(&object.uid().unwrap_or_default());
                ingest(object, true);
            }
            Err(_) => {}
        }
    }
}
