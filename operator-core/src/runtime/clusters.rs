//! Which clusters there are, and what asks for their reconciles.

use std::{collections::HashMap, sync::Arc};

use futures::channel::mpsc;
use kube::runtime::{controller::ReconcileRequest, reflector::ObjectRef, watcher::Event};
use parking_lot::Mutex;

use super::{
    context::Context,
    tracked::{ClusterKind, Tracked},
};
use crate::{render::names, state::claims};

/// Requests of reconciles.
pub type Queue = mpsc::UnboundedReceiver<ReconcileRequest<Tracked>>;
/// Namespace and name, by UID.
type Known = HashMap<Box<str>, (Box<str>, Box<str>)>;

/// Which cluster has which UID.
pub struct Clusters {
    kind: ClusterKind,
    manager: String,
    requests: mpsc::UnboundedSender<ReconcileRequest<Tracked>>,
    known: Mutex<Known>,
    /// What a list under way has shown so far: the store shows it only once the list is complete.
    listed: Mutex<Known>,
}

impl Clusters {
    /// None yet; with the queue of what is asked for.
    pub fn new(kind: ClusterKind) -> (Arc<Self>, Queue) {
        let (requests, queue) = mpsc::unbounded();
        let manager = names::manager(kind.0);
        (Arc::new(Self { kind, manager, requests, known: Mutex::default(), listed: Mutex::default() }), queue)
    }

    /// Asks for a reconcile of the cluster with this UID, where it is one of these; where it is empty, of all. Claims have no owner: theirs is
    /// [named](claims::owner).
    pub fn request(&self, owner: &str) {
        let cluster = |namespace: &str, name: &str| ObjectRef::<Tracked>::new_with(name, self.kind).within(namespace);
        let clusters: Vec<_> = if let Some((namespace, name)) = claims::cluster(&self.manager, owner) {
            vec![cluster(namespace, name)]
        } else {
            let known = self.known.lock();
            let places = known.get(owner).into_iter().chain(known.values().filter(|_| owner.is_empty()));
            places.map(|(namespace, name)| cluster(namespace, name)).collect()
        };
        for cluster in clusters {
            // Fails only once the loop has ended.
            let _ = self.requests.unbounded_send(cluster.into());
        }
    }

    /// Whether there is a cluster with this UID.
    pub fn knows(&self, uid: &str) -> bool {
        self.known.lock().contains_key(uid)
    }

    /// Asks for a reconcile where a cluster changed in what matters: not for the status that the loop wrote itself.
    pub fn ingest(&self, event: Event<Tracked>, context: &Context) {
        match event {
            Event::Init => self.listed.lock().clear(),
            Event::InitApply(cluster) => {
                self.listed.lock().insert(cluster.uid().into(), cluster.place());
            }
            Event::InitDone => {
                let listed = std::mem::take(&mut *self.listed.lock());
                let uids: Vec<Box<str>> = listed.keys().cloned().collect();
                let before = std::mem::replace(&mut *self.known.lock(), listed);
                before.keys().filter(|uid| !self.knows(uid)).for_each(|uid| context.forget(uid));
                uids.iter().for_each(|uid| self.request(uid));
            }
            Event::Apply(cluster) => {
                let is_new = self.known.lock().insert(cluster.uid().into(), cluster.place()).is_none();
                if is_new || !context.records.is_own_write(&cluster) {
                    context.look_for_others(&cluster);
                    self.request(cluster.uid());
                }
            }
            Event::Delete(cluster) => {
                self.known.lock().remove(cluster.uid());
                context.forget(cluster.uid());
            }
        }
    }
}
