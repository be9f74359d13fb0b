//! The registry of watches: one per child kind, whoever asks; reduced while they are decoded.
//!
//! Kinds that the API server may lack are watched from the first time a cluster wants one until none does.

use std::{
    collections::HashMap,
    ops::ControlFlow,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use kube::{Api, Client, runtime::watcher::Event};
use tokio::sync::watch;

use super::{
    lock,
    watch::{Task, code, watch_while},
};
use crate::{
    definition::Definition,
    model::kind::{self, ChildKind},
    render::names::{self, MANAGED_BY},
    state::{Child, Raw, Store},
};

/// First and longest wait until a kind that the API server lacks is looked for again.
const LACKING: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(300));

/// Is told the UID of an owner of whose world something changed.
pub type Changed = Arc<dyn Fn(&str) + Send + Sync>;

/// What can be said of the objects of a kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Availability {
    /// All are known.
    Synced,
    /// They aren't listed yet. Who wants the kind is told when they are, or when it turns out to be missing.
    Pending,
    /// The API server has no such kind, or the operator may not see it. Looked for again now and then; who wants it is told.
    Missing,
}

/// All watches of children. They end when this is dropped.
pub struct Watches {
    client: Client,
    namespace: Option<String>,
    manager: String,
    node_label: String,
    store: Arc<Store>,
    changed: Changed,
    /// Kinds that are watched whether or not anyone wants them.
    always: Vec<&'static ChildKind>,
    watched: Mutex<HashMap<&'static ChildKind, Watched>>,
    wanted: Arc<Wanted>,
}

/// The other kinds, by the UID of the cluster that wants them.
type Wanted = Mutex<HashMap<Box<str>, Vec<&'static ChildKind>>>;

struct Watched {
    availability: watch::Receiver<Availability>,
    _task: Task,
}

impl Watches {
    /// Starts a watch for each kind of child that every API server has, for claims, and for those that the author's hook adds. `changed`
    /// is told the owner of every child that changed.
    pub fn start(client: &Client, namespace: Option<&str>, definition: &'static Definition, changed: Changed) -> Self {
        let watches = Self {
            client: client.clone(),
            namespace: namespace.map(str::to_owned),
            manager: names::manager(definition),
            node_label: names::node_label(definition),
            store: Arc::default(),
            changed,
            always: always(definition),
            watched: Mutex::default(),
            wanted: Arc::default(),
        };
        let started = watches.always.iter().map(|kind| (*kind, watches.watch(kind))).collect();
        *lock(&watches.watched) = started;
        watches
    }

    /// Where the children are.
    pub fn store(&self) -> Arc<Store> {
        self.store.clone()
    }

    /// Waits until every kind that is always watched was listed once, or turned out to be missing where that may be.
    pub async fn ready(&self) {
        let waiting: Vec<_> = lock(&self.watched).values().map(|watched| watched.availability.clone()).collect();
        for mut availability in waiting {
            // Fails only where the watch ended, which is with this registry.
            let _ = availability.wait_for(|availability| *availability != Availability::Pending).await;
        }
    }

    /// What can be said of a kind now.
    pub fn available(&self, kind: &ChildKind) -> Availability {
        lock(&self.watched).get(kind).map_or(Availability::Pending, |watched| *watched.availability.borrow())
    }

    /// Says which kinds a cluster has or shall have. What isn't watched yet is watched from now on, what nobody wants any more no longer.
    pub fn want(&self, cluster: &str, kinds: impl IntoIterator<Item = &'static ChildKind>) {
        let mut kinds: Vec<_> = kinds.into_iter().filter(|kind| !self.always.contains(kind)).collect();
        kinds.sort_by_key(|kind| (kind.group, kind.kind, kind.version));
        kinds.dedup();
        let mut wanted = lock(&self.wanted);
        if wanted.get(cluster).map(Vec::as_slice).unwrap_or_default() == kinds {
            return;
        }
        let mut watched = lock(&self.watched);
        for kind in &kinds {
            watched.entry(kind).or_insert_with(|| self.watch(kind));
        }
        if kinds.is_empty() {
            wanted.remove(cluster);
        } else {
            wanted.insert(cluster.into(), kinds);
        }
        watched.retain(|kind, _| {
            let keep = self.always.contains(kind) || wanted.values().flatten().any(|wanted| wanted == kind);
            if !keep {
                clear(&self.store, kind);
            }
            keep
        });
    }

    /// A cluster is gone.
    pub fn forget(&self, cluster: &str) {
        self.want(cluster, []);
    }

    fn watch(&self, kind: &'static ChildKind) -> Watched {
        let api: Api<Raw> = match &self.namespace {
            Some(namespace) => Api::namespaced_with(self.client.clone(), namespace, &kind),
            None => Api::all_with(self.client.clone(), &kind),
        };
        let (sender, availability) = watch::channel(Availability::Pending);
        let reducer = Reducer {
            kind,
            manager: self.manager.clone(),
            node_label: self.node_label.clone(),
            store: self.store.clone(),
            changed: self.changed.clone(),
            wanted: self.wanted.clone(),
            availability: sender,
            tried: AtomicU32::new(0),
        };
        Watched { availability, _task: Task(tokio::spawn(reducer.run(api))) }
    }
}

/// A kind that a definition declares but that is one of the usual ones is watched once.
fn always(definition: &Definition) -> Vec<&'static ChildKind> {
    kind::of(definition).into_iter().filter(|kind| !kind.optional).chain([&kind::CLAIM]).collect()
}

/// Of a kind that is no longer watched, nothing is known.
fn clear(store: &Store, kind: &'static ChildKind) -> Vec<Arc<str>> {
    store.begin_list(kind);
    store.end_list(kind)
}

/// Turns the events of one watch into entries of the store.
struct Reducer {
    kind: &'static ChildKind,
    manager: String,
    node_label: String,
    store: Arc<Store>,
    changed: Changed,
    wanted: Arc<Wanted>,
    availability: watch::Sender<Availability>,
    /// How often in a row the kind was looked for and missing.
    tried: AtomicU32,
}

impl Reducer {
    async fn run(self, api: Api<Raw>) {
        let selector = format!("{MANAGED_BY}={}", self.manager);
        loop {
            let take_in = |event| self.take_in(event).iter().for_each(|owner| (self.changed)(owner));
            watch_while(api.clone(), Some(selector.clone()), take_in, |error| self.failed(code(error))).await;
            // Only a missing kind ends a watch.
            let tried = self.tried.fetch_add(1, Ordering::Relaxed);
            tokio::time::sleep(LACKING.0.saturating_mul(1 << tried.min(16)).min(LACKING.1)).await;
        }
    }

    /// Whether to go on after an error. The usual kinds are there; a server that says otherwise is ill.
    fn failed(&self, code: Option<u16>) -> ControlFlow<()> {
        let usual = kind::is_always_watched(self.kind);
        let (kind, group) = (self.kind.kind, self.kind.group);
        let is_news = *self.availability.borrow() != Availability::Missing;
        match code {
            Some(404) if !usual && is_news => {
                tracing::info!(kind, group, "the API server has no such kind; going on without it");
            }
            Some(403) if !usual && is_news => {
                tracing::warn!(kind, group, "the operator may not watch this kind; going on without it");
            }
            Some(403 | 404) if !usual => {}
            _ => return ControlFlow::Continue(()),
        }
        let owners = clear(&self.store, self.kind);
        self.tell(Availability::Missing);
        owners.iter().for_each(|owner| (self.changed)(owner));
        ControlFlow::Break(())
    }

    /// Tells who waits for this kind, where there is something to tell.
    fn tell(&self, availability: Availability) {
        if self.availability.send_replace(availability) != availability {
            let wanting = |kinds: &Vec<&ChildKind>| kinds.contains(&self.kind);
            let wanted = lock(&self.wanted);
            let told: Vec<_> = wanted.iter().filter(|(_, kinds)| wanting(kinds)).map(|(uid, _)| uid.clone()).collect();
            drop(wanted);
            told.iter().for_each(|cluster| (self.changed)(cluster));
        }
    }

    fn take_in(&self, event: Event<Raw>) -> Vec<Arc<str>> {
        match event {
            Event::Init => {
                self.store.begin_list(self.kind);
                Vec::new()
            }
            Event::InitDone => {
                let owners = self.store.end_list(self.kind);
                self.tried.store(0, Ordering::Relaxed);
                self.tell(Availability::Synced);
                owners
            }
            // Mostly the operator's own write, which its answer told already.
            Event::Apply(raw) | Event::InitApply(raw) if self.store.has(self.kind, raw.uid(), raw.version()) => {
                Vec::new()
            }
            Event::Apply(raw) | Event::InitApply(raw) => {
                let child = Child::reduce(self.kind, &self.manager, &self.node_label, &raw.object());
                child.map_or_else(Vec::new, |child| self.store.apply(child))
            }
            Event::Delete(raw) => self.store.gone(raw.uid(), raw.version()).into_iter().collect(),
        }
    }
}
