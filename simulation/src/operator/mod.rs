//! An operator's own loop against the model: nothing happens by itself, and time stands still unless it is told to pass.
//!
//! | module | holds |
//! | --- | --- |
//! | this one | [`World`]: the model, the operator, and what happens to them |
//! | `wire` | [`Wire`]: the operator's client, which notes every write and loses some |
//! | `watch` | a watch that learns of things late |
//! | `state` | all on which the future depends, as text |

mod state;
mod watch;
mod wire;

use std::{
    cell::Cell,
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

use k8s_openapi::jiff::{SignedDuration, Timestamp};
use operator_core::{
    Cluster,
    model::{Kind, kind::Presence},
    plan::Plan,
    render::names,
    runtime::{
        Author,
        stepped::{Referred, Stepped},
    },
    state::{Availability, Snapshot},
};
use serde_json::Value;
use tokio::time::Instant;

use crate::{
    ApiServer, Rule, Shared,
    client::locked,
    controllers::{self, controller},
    json::text,
};
use watch::{Selector, Watch};
pub use wire::{Fault, Wire, Write};

/// Rounds in which everything that waits happens once; more than any story needs.
const ROUNDS: usize = 400;

thread_local! {
    static STARTED: Cell<Option<Instant>> = const { Cell::new(None) };
}

/// The model's time: it passes with Tokio's, which stands still unless it is told to pass.
fn now() -> Timestamp {
    let passed = STARTED.get().map_or(Duration::ZERO, |started| started.elapsed());
    let start = Timestamp::from_second(1_767_225_600).unwrap_or_default();
    start + SignedDuration::try_from(passed).unwrap_or_default()
}

/// Which watch of the operator.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Of {
    Clusters,
    Children(Kind),
    Reference(Referred),
}

/// The model, an operator of one kind in one namespace, and what happens to them.
pub struct World {
    /// The operator's client.
    pub wire: Wire,
    author: Author,
    namespace: String,
    server: Shared,
    operator: Stepped,
    watches: BTreeMap<Of, Watch>,
    queued: BTreeSet<String>,
    due: BTreeMap<String, Instant>,
}

/// Runs a story of an operator of `K` in a world of its own.
///
/// # Errors
/// Where there can't be another Tokio runtime.
pub fn run<K: Cluster, T>(namespace: &str, story: impl AsyncFnOnce(World) -> T) -> std::io::Result<T> {
    run_on::<K, T>(ApiServer::new(), namespace, story)
}

/// The same, on an API server that has some objects already.
///
/// # Errors
/// Where there can't be another Tokio runtime.
pub fn run_on<K: Cluster, T>(
    server: ApiServer,
    namespace: &str,
    story: impl AsyncFnOnce(World) -> T,
) -> std::io::Result<T> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build()?;
    Ok(runtime.block_on(async {
        STARTED.set(Some(Instant::now()));
        tokio::time::advance(Duration::from_secs(server.seconds())).await;
        story(World::new(Author::of::<K>(), namespace, server)).await
    }))
}

impl World {
    fn new(author: Author, namespace: &str, mut server: ApiServer) -> Self {
        let definition = author.definition;
        let (group, version) = (definition.group, definition.version);
        server.serve(crate::Kind::custom(group, version, definition.kind, definition.plural, STATUS));
        let (server, wire) = (Arc::new(Mutex::new(server)), Wire::default());
        let operator = Stepped::new(wire.client(server.clone(), namespace), author, now);
        let (watches, queued, due) = Default::default();
        Self { wire, author, namespace: namespace.to_owned(), server, operator, watches, queued, due }
    }

    /// The model.
    pub fn server(&self) -> MutexGuard<'_, ApiServer> {
        locked(&self.server)
    }

    /// The model, to be shared.
    pub fn shared(&self) -> Shared {
        self.server.clone()
    }

    /// The kind of clusters, as the model calls it.
    pub fn clusters(&self) -> String {
        format!("{}.{}", self.author.definition.plural, self.author.definition.group)
    }

    /// The objects that an object controls: kind as the model calls it, and name.
    pub fn children(&self, uid: &str) -> Vec<(String, String, Arc<Value>)> {
        let server = self.server();
        let owned = server.all().filter(|(_, object)| controller(object) == Some(uid));
        owned
            .map(|(kind, object)| (kind.to_owned(), text(object, "/metadata/name").to_owned(), object.clone()))
            .collect()
    }

    /// What the operator sees of a cluster, and would do.
    pub fn plan(&self, uid: &str) -> Option<(Snapshot, Plan)> {
        self.operator.plan(uid)
    }

    /// The operator starts anew, with an empty memory.
    pub fn restart(&mut self) {
        self.operator = Stepped::new(self.wire.client(self.server.clone(), &self.namespace), self.author, now);
        self.watches.clear();
        self.queued.clear();
        self.due.clear();
    }

    /// What the operator's watches are of, as the model calls it, in their order; and whether each has something new to show.
    pub fn views(&mut self) -> Vec<(String, bool)> {
        self.rewatch();
        let server = locked(&self.server);
        let kind = |of: &Of| match of {
            Of::Clusters => self.clusters(),
            Of::Children(kind) => id(kind),
            Of::Reference((_, source, _)) => id(&source.kind().into()),
        };
        self.watches.iter().map(|(of, watch)| (kind(of), !watch.listed || watch.is_behind(&server))).collect()
    }

    /// Whether a watch has shown its first list.
    pub fn is_listed(&mut self, watch: usize) -> bool {
        self.rewatch();
        self.watches.values().nth(watch).is_some_and(|watch| watch.listed)
    }

    /// Number of the operator's watches.
    pub fn watched(&mut self) -> usize {
        self.rewatch();
        self.watches.len()
    }

    /// A watch shows what comes next, `count` events at most; one that is new, or breaks now, shows a list that is as old as so many writes.
    pub fn deliver(&mut self, watch: usize, count: usize, relists: Option<usize>) -> bool {
        self.rewatch();
        let Some(of) = self.watches.keys().nth(watch).cloned() else { return false };
        let events = {
            let server = locked(&self.server);
            let Some(watch) = self.watches.get_mut(&of) else { return false };
            match relists {
                None if watch.listed => watch.next(&server, count),
                // What pods refer to is never listed from an API server that lags.
                Some(_) if matches!(of, Of::Reference(_)) => watch.list(&server, 0),
                age => watch.list(&server, age.unwrap_or(0)),
            }
        };
        let is_news = !events.is_empty();
        for event in events {
            match &of {
                Of::Clusters => self.operator.cluster(event),
                Of::Children(kind) => self.operator.child(kind, event),
                Of::Reference(referred) => self.operator.reference(referred, event),
            }
        }
        self.queued.extend(self.operator.requested());
        is_news
    }

    /// The operator has opened watches, and closed others.
    fn rewatch(&mut self) {
        let label = Selector::Label(names::MANAGED_BY, names::manager(self.author.definition));
        let watched = self.operator.watched();
        let children = watched.into_iter().map(|(kind, at)| (Of::Children(kind), at == Availability::Pending));
        let references =
            self.operator.referred().into_iter().map(|(referred, known)| (Of::Reference(referred), !known));
        let wanted: BTreeMap<Of, bool> = children.chain(references).chain([(Of::Clusters, false)]).collect();
        self.watches.retain(|of, _| wanted.contains_key(of));
        let clusters = self.clusters();
        for (of, is_new) in wanted {
            let watch = match &of {
                Of::Clusters => Watch::new(&clusters, Selector::All),
                Of::Children(kind) => Watch::new(&id(kind), label.clone()),
                Of::Reference((_, source, name)) => {
                    Watch::new(&id(&source.kind().into()), Selector::Name(name.clone()))
                }
            };
            let watch = self.watches.entry(of).or_insert(watch);
            watch.listed &= !is_new;
        }
    }

    /// Reconciles what was asked for. Returns whether anything was.
    pub async fn reconcile(&mut self) -> bool {
        let Some(uid) = self.asked().pop_first() else { return false };
        self.reconcile_now(&uid).await;
        true
    }

    /// The UIDs of the clusters that the operator would reconcile now.
    pub fn asked(&self) -> BTreeSet<String> {
        let due = self.due.iter().filter(|(_, at)| **at <= Instant::now()).map(|(uid, _)| uid);
        if self.is_ready() { self.queued.iter().chain(due).cloned().collect() } else { BTreeSet::new() }
    }

    /// Time until the operator reconciles something though nothing changes.
    pub fn next_due(&self) -> Option<Duration> {
        self.due.values().min().map(|at| *at - Instant::now())
    }

    /// Whether the kinds that are watched from the start were listed: the operator waits for that before it does anything.
    fn is_ready(&self) -> bool {
        let watched = self.operator.watched();
        !watched.iter().any(|(kind, at)| kind.presence == Presence::Start && *at == Availability::Pending)
    }

    /// Reconciles a cluster, whether or not that was asked for.
    pub async fn reconcile_now(&mut self, uid: &str) {
        if !self.is_ready() {
            return;
        }
        self.queued.remove(uid);
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
            // Failed writes wait for a random part of a second: that is rounded up.
            let again = again.as_secs() + u64::from(again.subsec_nanos() > 0);
            self.due.insert(uid.to_owned(), Instant::now() + Duration::from_secs(again));
        }
        self.queued.extend(self.operator.requested());
    }

    /// The operator looks at the pods of a cluster, as it does of its own accord while that isn't ready.
    pub fn look(&mut self, cluster: &str) {
        let children = self.children(cluster);
        let pods =
            self.server().list("pods", &self.namespace).into_iter().filter(|pod| {
                children.iter().any(|(_, _, child)| controller(pod) == Some(text(child, "/metadata/uid")))
            });
        let pods = pods.map(|pod| Value::clone(&pod)).collect();
        self.operator.pods(cluster, pods);
        self.queued.extend(self.operator.requested());
    }

    /// A controller takes a step. Returns whether anything changed.
    pub fn control(&mut self, controller: usize) -> bool {
        controllers::ALL.iter().cycle().nth(controller).is_some_and(|step| step(&mut self.server()))
    }

    /// Lets time pass.
    pub async fn pass(&mut self, time: Duration) {
        tokio::time::advance(time).await;
        self.server().pass(time.as_secs());
    }

    /// Lets everything happen that waits, until nothing does or so much time has passed. Returns whether it came to rest.
    pub async fn settle(&mut self, within: Duration) -> bool {
        let end = Instant::now() + within;
        for _ in 0..ROUNDS {
            if let Some(rests) = self.go_on(end).await {
                return rests;
            }
        }
        false
    }

    /// Lets everything happen once that waits; where nothing does, lets time pass until the operator wants to look again. Returns whether it rests:
    /// true where nothing is left to happen, false where nothing happens before `end`.
    pub async fn go_on(&mut self, end: Instant) -> Option<bool> {
        let mut moved = self.wire.clone().arrive(&mut self.server());
        moved |= (0..controllers::ALL.len()).filter(|at| self.control(*at)).count() > 0;
        moved |= (0..self.watched()).filter(|at| self.deliver(*at, usize::MAX, None)).count() > 0;
        moved |= self.reconcile().await;
        // Events are written beside the loop.
        tokio::task::yield_now().await;
        if moved {
            return None;
        }
        match self.due.values().min() {
            None => Some(true),
            Some(at) if *at > end => Some(false),
            Some(at) => {
                self.pass(*at - Instant::now()).await;
                None
            }
        }
    }
}

/// The lists of a status whose items have names.
const STATUS: crate::Rules = &[("status.conditions", Rule::Keys(&["type"])), ("status.nodes", Rule::Keys(&["name"]))];

/// A kind as the model calls it.
pub fn id(kind: &Kind) -> String {
    if kind.group.is_empty() { kind.plural.to_string() } else { format!("{}.{}", kind.plural, kind.group) }
}
