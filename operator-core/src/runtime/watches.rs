//! The registry of watches: one per child kind, whoever asks; reduced while they are decoded.

use std::sync::Arc;

use kube::{Api, Client, runtime::watcher::Event};
use tokio::sync::watch;

use super::watch::{Task, watch};
use crate::{
    desired::names::MANAGED_BY,
    kinds::{self, ChildKind},
    observe::{Child, Raw, Store},
};

/// All watches of children. They end when this is dropped.
pub struct Watches {
    store: Arc<Store>,
    synced: Vec<watch::Receiver<bool>>,
    _tasks: Vec<Task>,
}

impl Watches {
    /// Starts a watch for each kind of child that the operator `manager` makes. `changed` is told the UID of every owner one of whose children changed.
    pub fn start(
        client: &Client,
        namespace: Option<&str>,
        manager: &str,
        node_label: &str,
        changed: impl Fn(&str) + Clone + Send + 'static,
    ) -> Self {
        let store = Arc::<Store>::default();
        let mut synced = Vec::new();
        let mut tasks = Vec::new();
        for kind in kinds::ALL {
            let api: Api<Raw> = match namespace {
                Some(namespace) => Api::namespaced_with(client.clone(), namespace, &kind),
                None => Api::all_with(client.clone(), &kind),
            };
            let (done, receiver) = watch::channel(false);
            let reducer = Reducer {
                kind,
                manager: manager.to_owned(),
                node_label: node_label.to_owned(),
                store: store.clone(),
                done,
            };
            tasks.push(Task(tokio::spawn(reducer.run(api, changed.clone()))));
            synced.push(receiver);
        }
        Self { store, synced, _tasks: tasks }
    }

    /// Where the children are.
    pub fn store(&self) -> Arc<Store> {
        self.store.clone()
    }

    /// Waits until every kind was listed once.
    pub async fn ready(&self) {
        for synced in &self.synced {
            // Fails only where the watch ended, which is with this registry.
            let _ = synced.clone().wait_for(|synced| *synced).await;
        }
    }
}

/// Turns the events of one watch into entries of the store.
struct Reducer {
    kind: &'static ChildKind,
    manager: String,
    node_label: String,
    store: Arc<Store>,
    done: watch::Sender<bool>,
}

impl Reducer {
    async fn run(self, api: Api<Raw>, changed: impl Fn(&str)) {
        let selector = format!("{MANAGED_BY}={}", self.manager);
        watch(api, Some(selector), move |event| {
            for owner in self.take_in(event) {
                changed(&owner);
            }
        })
        .await;
    }

    fn take_in(&self, event: Event<Raw>) -> Vec<Arc<str>> {
        match event {
            Event::Init => {
                self.store.begin_list(self.kind);
                Vec::new()
            }
            Event::InitDone => {
                let owners = self.store.end_list(self.kind);
                self.done.send_replace(true);
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
            Event::Delete(raw) => self.store.gone(raw.uid()).into_iter().collect(),
        }
    }
}
