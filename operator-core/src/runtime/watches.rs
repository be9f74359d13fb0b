//! The registry of watches: one per child kind, whoever asks; reduced while they are decoded.

use std::{collections::HashSet, sync::Arc};

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
            let resource = kind.api_resource();
            let api: Api<Raw> = match namespace {
                Some(namespace) => Api::namespaced_with(client.clone(), namespace, &resource),
                None => Api::all_with(client.clone(), &resource),
            };
            let (done, receiver) = watch::channel(false);
            let reducer = Reducer {
                kind,
                manager: manager.to_owned(),
                node_label: node_label.to_owned(),
                store: store.clone(),
                list: HashSet::new(),
                newest: 0,
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
    /// UIDs of the list that is under way, and the newest version in it.
    list: HashSet<Box<str>>,
    newest: u64,
    done: watch::Sender<bool>,
}

impl Reducer {
    async fn run(mut self, api: Api<Raw>, changed: impl Fn(&str)) {
        let selector = format!("{MANAGED_BY}={}", self.manager);
        watch(api, Some(selector), move |event| {
            for owner in self.take_in(event) {
                changed(&owner);
            }
        })
        .await;
    }

    fn take_in(&mut self, event: Event<Raw>) -> Vec<Box<str>> {
        match event {
            Event::Init => {
                self.list.clear();
                self.newest = 0;
                Vec::new()
            }
            Event::InitApply(raw) => {
                let Some(child) = self.reduce(&raw) else {
                    return Vec::new();
                };
                self.list.insert(child.uid.clone());
                self.newest = self.newest.max(child.version);
                self.store.apply(child)
            }
            Event::InitDone => {
                let owners = self.store.end_of_list(self.kind, &self.list, self.newest);
                self.list = HashSet::new();
                self.done.send_replace(true);
                owners
            }
            Event::Apply(raw) => self.reduce(&raw).map_or_else(Vec::new, |child| self.store.apply(child)),
            Event::Delete(raw) => {
                let uid = raw.object.pointer("/metadata/uid").and_then(serde_json::Value::as_str).unwrap_or_default();
                self.store.gone(uid).into_iter().collect()
            }
        }
    }

    fn reduce(&self, raw: &Raw) -> Option<Child> {
        Child::reduce(self.kind, &self.manager, &self.node_label, &raw.object)
    }
}
