//! The registry of watches: one per child kind for all operators of a process, reduced while they are decoded.
//!
//! Kinds that most clusters have are watched from the start, the others from the first time that a cluster wants one until none does. A kind
//! that can't be watched concerns only the clusters that want it.

use std::{
    collections::{BTreeSet, HashMap, HashSet},
    ops::ControlFlow,
    sync::Arc,
    time::Duration,
};

use backon::{BackoffBuilder, ExponentialBuilder};
use kube::{
    Api, Client,
    runtime::watcher::{self, Event},
};
use parking_lot::Mutex;
use tokio::sync::watch;
use tokio_util::task::AbortOnDropHandle;

use super::{
    raw::Raw,
    watch::{First, code, message, watch},
};
use crate::{
    model::{
        Kind,
        kind::{self, Presence, SECRET},
    },
    render::names::MANAGED_BY,
    state::{Availability, Child, Manager, Store},
};

/// First and longest wait until a kind that the API server lacks is looked for again.
const LACKING: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(300));

/// Called with an owner's UID when something changed on which its plan depends; with an empty one, where every cluster is concerned.
pub type Changed = Arc<dyn Fn(&str) + Send + Sync>;

/// All watches of children. They end when this is dropped.
pub struct WatchRegistry {
    /// Who is asked; none: what happens is told by [`WatchRegistry::ingest`].
    client: Option<Client>,
    namespace: Option<String>,
    shared: Arc<Shared>,
    watched: Mutex<HashMap<Kind, Watched>>,
}

/// What all watches work on.
struct Shared {
    managers: Vec<Manager>,
    store: Store,
    changed: Changed,
    /// Kinds that aren't watched from the start, by the UID of the cluster that wants them.
    wanted: Mutex<HashMap<Box<str>, HashSet<Kind>>>,
}

struct Watched {
    reducer: Arc<Reducer>,
    _task: Option<AbortOnDropHandle<()>>,
}

impl WatchRegistry {
    /// Starts a watch for each kind that most clusters have. `changed` is told the owner of every child that changed.
    pub fn start(client: Option<Client>, namespace: Option<&str>, managers: Vec<Manager>, changed: Changed) -> Self {
        let shared = Arc::new(Shared { managers, store: Store::default(), changed, wanted: Mutex::default() });
        let watches = Self { client, namespace: namespace.map(str::to_owned), shared, watched: Mutex::default() };
        let start = kind::ALL.into_iter().filter(|kind| kind.presence == Presence::Start).map(Kind::from);
        *watches.watched.lock() = start.map(|kind| (kind.clone(), watches.watch(kind))).collect();
        watches
    }

    /// Where the children are.
    pub fn store(&self) -> &Store {
        &self.shared.store
    }

    /// Waits until every kind that is watched from the start was listed once, or turned out not to be available.
    pub async fn ready(&self) {
        let waiting: Vec<_> =
            self.watched.lock().values().map(|watched| watched.reducer.availability.subscribe()).collect();
        for mut availability in waiting {
            // Fails only where the watch ended, which is with this registry.
            let _ = availability.wait_for(|availability| *availability != Availability::Pending).await;
        }
    }

    /// What can be said of a kind now.
    pub fn availability(&self, kind: &Kind) -> Availability {
        self.watched
            .lock()
            .get(kind)
            .map_or(Availability::Pending, |watched| watched.reducer.availability.borrow().clone())
    }

    /// Takes in what the watch of a kind shows, and tells whom it concerns. What isn't watched isn't taken in.
    pub fn ingest(&self, kind: &Kind, event: Event<Raw>) {
        let reducer = self.watched.lock().get(kind).map(|watched| watched.reducer.clone());
        if let Some(reducer) = reducer {
            reducer.ingest(event);
        }
    }

    /// The kinds that are watched.
    pub fn watched(&self) -> Vec<Kind> {
        self.watched.lock().keys().cloned().collect()
    }

    /// Says which kinds a cluster has or shall have. What isn't watched yet is watched from now on, what nobody wants any more no longer.
    pub fn want(&self, cluster: &str, kinds: impl IntoIterator<Item = Kind>) {
        let kinds: HashSet<Kind> = kinds.into_iter().filter(|kind| kind.presence != Presence::Start).collect();
        let mut wanted = self.shared.wanted.lock();
        if wanted.get(cluster).map_or(kinds.is_empty(), |before| *before == kinds) {
            return;
        }
        let mut watched = self.watched.lock();
        for kind in &kinds {
            watched.entry(kind.clone()).or_insert_with(|| self.watch(kind.clone()));
        }
        if kinds.is_empty() {
            wanted.remove(cluster);
        } else {
            wanted.insert(cluster.into(), kinds);
        }
        watched.retain(|kind, _| {
            let keep = kind.presence == Presence::Start || wanted.values().any(|wanted| wanted.contains(kind));
            if !keep {
                self.shared.clear(kind);
            }
            keep
        });
    }

    /// Which cluster wants which kinds, as text.
    pub fn memory(&self) -> Vec<String> {
        let wanted = self.shared.wanted.lock();
        wanted.iter().map(|(uid, kinds)| format!("{uid} {:?}", kinds.iter().collect::<BTreeSet<_>>())).collect()
    }

    /// A cluster is gone.
    pub fn forget(&self, cluster: &str) {
        self.want(cluster, []);
    }

    fn watch(&self, kind: Kind) -> Watched {
        let (availability, _) = watch::channel(Availability::Pending);
        let reducer = Arc::new(Reducer { kind: kind.clone(), shared: self.shared.clone(), availability });
        let task = self.client.clone().map(|client| {
            let api: Api<Raw> = match &self.namespace {
                Some(namespace) if kind.namespaced => Api::namespaced_with(client, namespace, &kind),
                _ => Api::all_with(client, &kind),
            };
            AbortOnDropHandle::new(tokio::spawn(reducer.clone().run(api)))
        });
        Watched { reducer, _task: task }
    }
}

impl Shared {
    /// Of a kind that isn't watched, nothing is known. Returns whose children that were.
    fn clear(&self, kind: &Kind) -> Vec<Arc<str>> {
        self.store.begin_list(kind);
        self.store.end_list(kind)
    }
}

/// What the watch of a kind begins with. The hash on pods covers what Secrets hold: of one from before, they would be replaced, and again. A
/// workload from before may be said to be ready on a template that it has again by now, though its pods still roll. And a kind that isn't watched
/// from the start isn't watched any longer where nothing of it is there: an object that was made since would be forgotten.
fn first(kind: &Kind) -> First {
    if *kind == &SECRET || kind.is_workload() || kind.presence != Presence::Start {
        First::Newest
    } else {
        First::Streamed
    }
}

/// Turns the events of one watch into entries of the store.
struct Reducer {
    kind: Kind,
    shared: Arc<Shared>,
    availability: watch::Sender<Availability>,
}

impl Reducer {
    async fn run(self: Arc<Self>, api: Api<Raw>) {
        let names: Vec<&str> = self.shared.managers.iter().map(|manager| manager.name.as_str()).collect();
        let selector = format!("{MANAGED_BY} in ({}){}", names.join(","), self.kind.not_of_others());
        let config = watcher::Config::default().labels(&selector);
        let waits = || {
            let waits = ExponentialBuilder::default().with_min_delay(LACKING.0).with_max_delay(LACKING.1);
            waits.without_max_times().build()
        };
        let first = first(&self.kind);
        let mut wait = waits();
        loop {
            let mut was_listed = false;
            let ingest = |event| {
                was_listed |= matches!(event, Event::InitDone);
                self.ingest(event);
            };
            watch(api.clone(), config.clone(), first, ingest, |error| self.failed(error)).await;
            // Only a kind that is missing or forbidden ends a watch.
            if was_listed {
                wait = waits();
            }
            tokio::time::sleep(wait.next().unwrap_or(LACKING.1)).await;
        }
    }

    /// Whether to go on after an error. A watch that was listed once goes on: what was seen still counts. A kind that was just installed may
    /// take a moment until it is served.
    fn failed(&self, error: &watcher::Error) -> ControlFlow<()> {
        let availability = match code(error) {
            Some(404) => Availability::Missing,
            _ => Availability::Failing(message(error)),
        };
        let is_over = matches!(code(error), Some(403 | 404));
        if !is_over && matches!(*self.availability.borrow(), Availability::Synced | Availability::Missing) {
            return ControlFlow::Continue(());
        }
        let (kind, group) = (&self.kind.kind, &self.kind.group);
        if std::mem::discriminant(&*self.availability.borrow()) != std::mem::discriminant(&availability) {
            tracing::warn!(%kind, %group, error = message(error), "this kind can't be watched");
        }
        // Before what was seen is forgotten: that isn't gone.
        self.publish(availability);
        let owners = if is_over { self.shared.clear(&self.kind) } else { Vec::new() };
        owners.iter().for_each(|owner| (self.shared.changed)(owner));
        if is_over { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }

    /// Tells who wants this kind, where there is something to tell.
    fn publish(&self, availability: Availability) {
        let before = self.availability.send_replace(availability.clone());
        if before == availability {
            return;
        }
        if self.kind.presence == Presence::Start {
            // Nothing is reconciled before the first list of these.
            if before != Availability::Pending {
                (self.shared.changed)("");
            }
            return;
        }
        let wanted = self.shared.wanted.lock();
        let told = wanted.iter().filter(|(_, kinds)| kinds.contains(&self.kind)).map(|(uid, _)| uid.clone());
        let told: Vec<_> = told.collect();
        drop(wanted);
        told.iter().for_each(|cluster| (self.shared.changed)(cluster));
    }

    /// Takes in an event, and tells whom it concerns.
    fn ingest(&self, event: Event<Raw>) {
        self.reduce(event).iter().for_each(|owner| (self.shared.changed)(owner));
    }

    fn reduce(&self, event: Event<Raw>) -> Vec<Arc<str>> {
        let store = &self.shared.store;
        match event {
            Event::Init => {
                store.begin_list(&self.kind);
                Vec::new()
            }
            Event::InitDone => {
                let owners = store.end_list(&self.kind);
                self.publish(Availability::Synced);
                owners
            }
            // Mostly the operator's own write, which its answer told already.
            Event::Apply(raw) | Event::InitApply(raw) if store.has(&self.kind, raw.uid(), raw.version()) => Vec::new(),
            Event::Apply(raw) | Event::InitApply(raw) => {
                let child = Child::read(&self.kind, &self.shared.managers, raw.text());
                child.map_or_else(Vec::new, |child| store.apply(child))
            }
            Event::Delete(raw) => store.gone(raw.uid(), raw.version()).into_iter().collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::kind::{ALL, CONFIG_MAP, HTTP_ROUTE, NETWORK_POLICY, POD_DISRUPTION_BUDGET, SERVICE};

    #[test]
    fn kinds_that_are_not_watched_from_the_start_are_listed_at_their_newest() {
        let of = |kind| first(&Kind::Row(kind));
        assert_eq!([&NETWORK_POLICY, &POD_DISRUPTION_BUDGET, &HTTP_ROUTE, &SECRET].map(of), [First::Newest; 4]);
        assert_eq!([&CONFIG_MAP, &SERVICE].map(of), [First::Streamed; 2]);
        for kind in ALL.into_iter().filter(|kind| kind.presence != Presence::Start) {
            assert_eq!(of(kind), First::Newest, "{}", kind.kind);
        }
    }
}
