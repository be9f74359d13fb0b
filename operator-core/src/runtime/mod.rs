//! The reconcile loop: watches in, plans out.
//!
//! | module | holds |
//! | --- | --- |
//! | [`client`] | a client that doesn't wait for small packets |
//! | [`tracked`] | a cluster as the loop keeps it |
//! | [`watches`] | one watch per child kind, reduced into a store |
//! | [`references`] | the ConfigMaps and Secrets that pods refer to, as digests |
//! | [`externals`] | whether what clusters depend on is there |
//! | `reconcile` | one cluster: build, plan, execute |
//! | `report` | its status |
//! | `world` | what a cluster depends on beside its spec and its children |
//! | `memory` | what is kept between two reconciles of a cluster |
//! | `events` | Kubernetes events on clusters |

pub mod client;
mod events;
pub mod externals;
mod memory;
mod reconcile;
pub mod references;
mod report;
pub mod tracked;
mod watch;
pub mod watches;
mod world;

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use futures::{Future, FutureExt, StreamExt, channel::mpsc};
use kube::{
    Api, Client,
    runtime::{
        controller::{self, ReconcileRequest},
        reflector::{self, ObjectRef},
        watcher::Event,
    },
};
use serde_json::Value;

use crate::{Cluster, apply::Writer, definition::Definition, render::names, settings::Invalid};
use externals::Externals;
use memory::Memories;
use reconcile::Context;
use references::References;
use tracked::{Kind, Tracked};
use watches::{Changed, Watches};
use world::World;

/// Clusters that are reconciled at once: enough to keep an API server busy.
const CONCURRENCY: u16 = 8;
/// How long a change waits for others of the same cluster: one reconcile for a burst.
const DEBOUNCE: Duration = Duration::from_millis(1);

/// The operator of one kind.
#[derive(Clone)]
pub struct Operator {
    client: Client,
    definition: &'static Definition,
    typed: fn(&Value) -> Result<Value, Invalid>,
    namespace: Option<String>,
    external_checks: bool,
}

impl Operator {
    /// The operator of clusters of kind `K`, in all namespaces.
    pub fn new<K: Cluster>(client: Client) -> Self {
        Self::of(client, K::DEFINITION, typed::<K>)
    }

    /// The operator of a definition, in all namespaces. `typed` reads a spec as its type has it.
    #[doc(hidden)]
    pub fn of(client: Client, definition: &'static Definition, typed: fn(&Value) -> Result<Value, Invalid>) -> Self {
        Self { client, definition, typed, namespace: None, external_checks: true }
    }

    /// Only looks at one namespace.
    #[must_use]
    pub fn namespace(self, namespace: Option<String>) -> Self {
        Self { namespace, ..self }
    }

    /// Whether workloads wait for what their cluster depends on. Default: yes. An operator that runs outside of the network of its clusters
    /// can't see it.
    #[must_use]
    pub fn external_checks(self, external_checks: bool) -> Self {
        Self { external_checks, ..self }
    }

    /// Runs until `shutdown` comes to its end; what is under way is finished then.
    pub async fn run(self, shutdown: impl Future<Output = ()> + Send + 'static) {
        let kind = Kind(self.definition);
        let manager = names::manager(self.definition);
        let (requests, queue) = mpsc::unbounded();
        let clusters = Arc::new(Index::new(kind));
        let changed: Changed = {
            let (requests, clusters) = (requests.clone(), clusters.clone());
            Arc::new(move |owner| clusters.request(owner, &requests))
        };
        let watches = Watches::start(&self.client, self.namespace.as_deref(), self.definition, changed.clone());
        let references = Arc::new(References::new(self.client.clone(), changed));
        let (reader, mut store) = {
            let writer = reflector::store::Writer::<Tracked>::new(kind);
            (writer.as_reader(), writer)
        };
        let context = Arc::new(Context {
            definition: self.definition,
            typed: self.typed,
            store: watches.store(),
            writer: Writer {
                client: self.client.clone(),
                manager: manager.clone(),
                node_label: names::node_label(self.definition),
                wrote: {
                    let references = references.clone();
                    Arc::new(move |kind, object| references.written(kind, object))
                },
            },
            world: World { watches, references, externals: Externals::new(self.external_checks) },
            events: events::Recorder::start(self.client.clone(), &manager),
            memory: Memories::default(),
        });
        context.world.watches.ready().await;
        let api: Api<Tracked> = match &self.namespace {
            Some(namespace) => Api::namespaced_with(self.client.clone(), namespace, &kind),
            None => Api::all_with(self.client.clone(), &kind),
        };
        let of_clusters = tokio::spawn({
            let (context, clusters) = (context.clone(), clusters.clone());
            watch::watch(api, None, move |event| {
                // First, so that what is asked for is found.
                store.apply_watcher_event(&event);
                clusters.take_in(event, &requests, &context);
            })
        });
        let _of_clusters = watch::Task(of_clusters);
        tracing::info!(kind = self.definition.kind, namespace = self.namespace.as_deref().unwrap_or("all"), "running");
        let queue = queue.map(Ok::<_, std::convert::Infallible>).take_until(Box::pin(shutdown));
        controller::applier(
            move |cluster: Arc<Tracked>, context: Arc<Context>| {
                let clusters = clusters.clone();
                async move {
                    let result = reconcile::reconcile(cluster.clone(), context.clone()).await;
                    if !clusters.knows(cluster.uid()) {
                        // Deleted meanwhile: what was kept of it since is kept for nobody.
                        context.forget(cluster.uid());
                    }
                    result
                }
                .boxed()
            },
            reconcile::retry,
            context,
            reader,
            queue,
            controller::Config::default().debounce(DEBOUNCE).concurrency(CONCURRENCY),
        )
        .for_each(|result| async move {
            match result {
                Ok(_) => {}
                // Deleted between the request and now.
                Err(controller::Error::ObjectNotFound(_)) => {}
                Err(error) => tracing::debug!(%error, "reconcile"),
            }
        })
        .await;
        tracing::info!(kind = self.definition.kind, "ended");
    }
}

/// The spec as its type has it: with the author's defaults, and without what the type doesn't know.
pub(crate) fn typed<K: Cluster>(spec: &Value) -> Result<Value, Invalid> {
    let spec = serde_path_to_error::deserialize::<_, K::Spec>(spec)
        .map_err(|error| Invalid { path: error.path().to_string(), message: error.inner().to_string() })?;
    serde_json::to_value(&spec).map_err(|error| Invalid { path: String::new(), message: error.to_string() })
}

type Requests = mpsc::UnboundedSender<ReconcileRequest<Tracked>>;
/// Namespace and name, by UID.
type Known = HashMap<Box<str>, (Box<str>, Box<str>)>;

/// Which cluster has which UID.
struct Index {
    kind: Kind,
    known: Mutex<Known>,
    /// What a list under way has shown so far: the store shows it only once the list is complete.
    listed: Mutex<Known>,
}

impl Index {
    fn new(kind: Kind) -> Self {
        Self { kind, known: Mutex::default(), listed: Mutex::default() }
    }

    /// Asks for a reconcile of the cluster with this UID. Claims have no owner: theirs is named `<namespace>/<instance>`.
    fn request(&self, owner: &str, requests: &Requests) {
        let cluster = {
            let known = lock(&self.known);
            let place = match owner.split_once('/') {
                Some((namespace, instance)) => known
                    .values()
                    .find(|(within, name)| within.as_ref() == namespace && names::instance(name) == instance),
                None => known.get(owner),
            };
            place.map(|(namespace, name)| ObjectRef::new_with(name, self.kind).within(namespace))
        };
        if let Some(cluster) = cluster {
            // Fails only once the loop has ended.
            let _ = requests.unbounded_send(cluster.into());
        }
    }

    fn knows(&self, uid: &str) -> bool {
        lock(&self.known).contains_key(uid)
    }

    /// Asks for a reconcile where a cluster changed in what matters: not for the status that the loop wrote itself.
    fn take_in(&self, event: Event<Tracked>, requests: &Requests, context: &Context) {
        match event {
            Event::Init => lock(&self.listed).clear(),
            Event::InitApply(cluster) => {
                lock(&self.listed).insert(cluster.uid().into(), cluster.place());
            }
            Event::InitDone => {
                let listed = std::mem::take(&mut *lock(&self.listed));
                let uids: Vec<Box<str>> = listed.keys().cloned().collect();
                let before = std::mem::replace(&mut *lock(&self.known), listed);
                before.keys().filter(|uid| !self.knows(uid)).for_each(|uid| context.forget(uid));
                uids.iter().for_each(|uid| self.request(uid, requests));
            }
            Event::Apply(cluster) => {
                let new = lock(&self.known).insert(cluster.uid().into(), cluster.place()).is_none();
                if new || !context.memory.is_own_write(&cluster) {
                    self.request(cluster.uid(), requests);
                }
            }
            Event::Delete(cluster) => {
                lock(&self.known).remove(cluster.uid());
                context.forget(cluster.uid());
            }
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
