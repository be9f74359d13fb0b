//! The model, the operator, and what happens to them: nothing happens by itself.

use std::{
    cell::Cell,
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

use k8s_openapi::jiff::{SignedDuration, Timestamp};
use operator_core::{
    Cluster,
    model::{Identity, Kind, kind::Presence},
    plan::Plan,
    render::{Blueprint, names, render},
    runtime::{Author, stepped::Stepped},
    state::{Availability, Snapshot},
};
use operator_simulation::{ApiServer, Deletion, Shared, controllers};
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::{kinds::Data, specs::Spec, watch::Watch, wire::Wire};

pub const NAMESPACE: &str = "test";
/// The kind of clusters, as the model calls it.
pub const CLUSTERS: &str = "datas.simulation.example.com";
/// Rounds in which everything that waits happens once; more than any story needs.
const ROUNDS: usize = 400;

thread_local! {
    static STARTED: Cell<Option<Instant>> = const { Cell::new(None) };
}

/// The model's time: it passes with Tokio's, which stands still unless it is told to pass.
fn now() -> Timestamp {
    let passed = STARTED.get().map_or(Duration::ZERO, |started| started.elapsed());
    Timestamp::from_second(1_767_225_600).unwrap() + SignedDuration::try_from(passed).unwrap()
}

/// Which watch of the operator.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Of {
    Clusters,
    Children(Kind),
    References(Kind),
}

pub struct World {
    server: Shared,
    pub wire: Wire,
    pub operator: Stepped,
    watches: BTreeMap<Of, Watch>,
    queued: BTreeSet<String>,
    due: BTreeMap<String, Instant>,
    /// Kinds whose objects a policy refuses.
    pub refused: Arc<Mutex<BTreeSet<&'static str>>>,
}

/// Runs a story in a world of its own.
pub fn run<T>(story: impl AsyncFnOnce(&mut World) -> T) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    runtime.block_on(async { story(&mut World::new()).await })
}

impl World {
    fn new() -> Self {
        STARTED.set(Some(Instant::now()));
        let mut server = ApiServer::new();
        let definition = Data::DEFINITION;
        let (group, version) = (definition.group, definition.version);
        server.serve(operator_simulation::Kind::custom(group, version, definition.kind, definition.plural, &[]));
        let refused = Arc::new(Mutex::new(BTreeSet::new()));
        server.admit(Arc::new({
            let refused = refused.clone();
            move |kind, _| match refused.lock().unwrap().contains(kind.kind.as_str()) {
                true => Err("a policy denied the request".to_owned()),
                false => Ok(()),
            }
        }));
        let (server, wire) = (Arc::new(Mutex::new(server)), Wire::default());
        let operator = operator(&server, &wire);
        let (watches, queued, due) = Default::default();
        Self { server, wire, operator, watches, queued, due, refused }
    }

    pub fn server(&self) -> MutexGuard<'_, ApiServer> {
        self.server.lock().unwrap()
    }

    // What users do.

    /// Applies the cluster `a`.
    pub fn apply(&mut self, spec: &Spec) {
        let Data { .. } = serde_json::from_value(json!({ "metadata": {}, "spec": spec.to_json() })).unwrap();
        let mut server = self.server();
        if server.get(CLUSTERS, NAMESPACE, "a").is_some() {
            let spec = spec.to_json();
            server.update(CLUSTERS, (NAMESPACE, "a"), "", "user", |object| object["spec"] = spec).unwrap();
        } else {
            let api_version = Data::DEFINITION.api_version();
            let object = json!({ "apiVersion": api_version, "kind": Data::DEFINITION.kind, "metadata": { "name": "a" },
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
        self.get(CLUSTERS, "a").unwrap()
    }

    /// The cluster's objects: kind as the model calls it, and name.
    pub fn children(&self) -> Vec<(String, String, Arc<Value>)> {
        let Some(cluster) = self.get(CLUSTERS, "a") else { return Vec::new() };
        let server = self.server();
        let owned = server.all().filter(|(_, object)| controller(object) == cluster["metadata"]["uid"].as_str());
        owned.map(|(kind, object)| (kind.to_owned(), name(object), object.clone())).collect()
    }

    /// What the cluster shall consist of.
    pub fn blueprint(&self) -> Blueprint {
        let cluster = self.cluster();
        let spec = (Author::of::<Data>().read)(&cluster["spec"]).unwrap();
        let uid = cluster["metadata"]["uid"].as_str().unwrap().to_owned();
        let identity = Identity { namespace: NAMESPACE.to_owned(), name: "a".to_owned(), uid };
        render(&identity, &spec, Data::DEFINITION).unwrap()
    }

    /// What the operator sees, and would do.
    pub fn plan(&self) -> (Snapshot, Plan) {
        self.operator.plan(self.cluster()["metadata"]["uid"].as_str().unwrap()).unwrap()
    }

    // What happens.

    /// The operator starts anew, with an empty memory.
    pub fn restart(&mut self) {
        self.operator = operator(&self.server, &self.wire);
        self.watches.clear();
        self.queued.clear();
        self.due.clear();
    }

    /// Watches of the operator.
    pub fn watched(&mut self) -> usize {
        self.rewatch();
        self.watches.len()
    }

    /// A watch shows what comes next, `count` events at most; one that is new, or breaks now, shows a list that is as old as so many writes.
    pub fn deliver(&mut self, watch: usize, count: usize, relists: Option<usize>) -> bool {
        self.rewatch();
        let Some(of) = self.watches.keys().nth(watch).cloned() else { return false };
        let events = {
            let server = self.server.lock().unwrap();
            let Some(watch) = self.watches.get_mut(&of) else { return false };
            match relists {
                None if watch.listed => watch.next(&server, count),
                age => watch.list(&server, age.unwrap_or(0)),
            }
        };
        let is_news = !events.is_empty();
        for event in events {
            match &of {
                Of::Clusters => self.operator.cluster(event),
                Of::Children(kind) => self.operator.child(kind, event),
                Of::References(Kind::Row(kind)) => self.operator.reference(kind, NAMESPACE, event),
                Of::References(Kind::Recorded(_)) => {}
            }
        }
        self.queued.extend(self.operator.requested());
        is_news
    }

    /// The operator has opened watches, and closed others.
    fn rewatch(&mut self) {
        let label = Some((names::MANAGED_BY, names::manager(Data::DEFINITION)));
        let watched = self.operator.watched();
        let pending = |kind: &Kind| watched.iter().any(|(known, at)| known == kind && *at == Availability::Pending);
        let mut wanted: BTreeSet<Of> = watched.iter().map(|(kind, _)| Of::Children(kind.clone())).collect();
        wanted.extend(self.operator.referred().into_iter().map(|(kind, _)| Of::References(kind)));
        wanted.insert(Of::Clusters);
        self.watches.retain(|of, _| wanted.contains(of));
        for of in wanted {
            let watch = match &of {
                Of::Clusters => Watch::new(CLUSTERS, None),
                Of::Children(kind) => Watch::new(&id(kind), label.clone()),
                Of::References(kind) => Watch::new(&id(kind), None),
            };
            let is_new = matches!(&of, Of::Children(kind) if pending(kind));
            let watch = self.watches.entry(of).or_insert(watch);
            watch.listed &= !is_new;
        }
    }

    /// Reconciles what was asked for. Returns whether anything was.
    pub async fn reconcile(&mut self) -> bool {
        if !self.is_ready() {
            return false;
        }
        self.queued.extend(self.due.iter().filter(|(_, at)| **at <= Instant::now()).map(|(uid, _)| uid.clone()));
        let Some(uid) = self.queued.pop_first() else { return false };
        self.reconcile_now(&uid).await;
        true
    }

    /// Whether the kinds that are watched from the start were listed: the operator waits for that before it does anything.
    fn is_ready(&self) -> bool {
        let watched = self.operator.watched();
        !watched.iter().any(|(kind, at)| kind.presence == Presence::Start && *at == Availability::Pending)
    }

    /// Reconciles a cluster of which nobody asked that.
    pub async fn reconcile_now(&mut self, uid: &str) {
        if !self.is_ready() {
            return;
        }
        self.due.remove(uid);
        let wire = self.wire.clone();
        let again = tokio::select! {
            biased;
            again = self.operator.reconcile(uid) => again,
            () = wire.died.notified() => {
                self.restart();
                return;
            }
        };
        if let Some(again) = again {
            self.due.insert(uid.to_owned(), Instant::now() + again);
        }
        self.queued.extend(self.operator.requested());
    }

    pub fn control(&mut self, controller: usize) -> bool {
        controllers::ALL.iter().cycle().nth(controller).is_some_and(|step| step(&mut self.server()))
    }

    pub async fn pass(&mut self, time: Duration) {
        tokio::time::advance(time).await;
        self.server().pass(time.as_secs());
    }

    /// Lets everything happen that waits, until nothing does or so much time has passed. Returns whether it came to rest.
    pub async fn settle(&mut self, within: Duration) -> bool {
        let end = Instant::now() + within;
        for _ in 0..ROUNDS {
            let mut moved = (0..controllers::ALL.len()).filter(|at| self.control(*at)).count() > 0;
            moved |= (0..self.watched()).filter(|at| self.deliver(*at, usize::MAX, None)).count() > 0;
            moved |= self.reconcile().await;
            // Events are written beside the loop.
            tokio::task::yield_now().await;
            if !moved {
                match self.due.values().min() {
                    None => return true,
                    Some(at) if *at > end => return false,
                    Some(at) => self.pass(*at - Instant::now() + Duration::from_millis(1)).await,
                }
            }
        }
        false
    }
}

fn operator(server: &Shared, wire: &Wire) -> Stepped {
    Stepped::new(wire.client(server.clone()), Author::of::<Data>(), now)
}

/// A kind as the model calls it.
pub fn id(kind: &Kind) -> String {
    if kind.group.is_empty() { kind.plural.to_string() } else { format!("{}.{}", kind.plural, kind.group) }
}

/// The UID of an object's controller.
pub fn controller(object: &Value) -> Option<&str> {
    let owners = object["metadata"]["ownerReferences"].as_array()?;
    owners.iter().find(|owner| owner["controller"] == true)?["uid"].as_str()
}

pub fn name(object: &Value) -> String {
    object["metadata"]["name"].as_str().unwrap_or_default().to_owned()
}
