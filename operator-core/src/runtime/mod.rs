//! The reconcile loop: watches in, plans out.
//!
//! | module | holds |
//! | --- | --- |
//! | [`client`] | a client that doesn't wait for small packets |
//! | [`lease`] | which of several processes works
//! | [`watches`] | the registry of watches: one per child kind |
//! | `references` | the ConfigMaps and Secrets that pods refer to, as digests |
//! | `probes` | whether what clusters depend on is there |
//! | `pods` | why the pods of clusters that aren't ready aren't |
//! | `clusters`, [`tracked`] | which clusters there are, as the loop keeps them |
//! | `reconcile`, `context` | one cluster: render, snapshot, plan, record, execute, report |
//! | `record` | what is kept between two reconciles of a cluster |
//! | `events` | Kubernetes events on clusters |
//! | `threads`, `turns` | functions of the author, which may never end |
//! | [`look`] | a snapshot without watches |
//! | `stepped` | the loop in steps, for the simulation |

pub mod client;
mod clusters;
mod context;
mod events;
pub mod lease;
pub mod look;
mod pods;
mod probes;
mod raw;
mod reconcile;
mod record;
mod references;
#[doc(hidden)]
pub mod stepped;
mod threads;
pub mod tracked;
mod turns;
mod watch;
pub mod watches;

use std::{ops::ControlFlow, path::PathBuf, sync::Arc, time::Duration};

use futures::{
    Future, FutureExt, StreamExt,
    future::{self, Either, join_all},
};
use kube::{
    Api, Client,
    runtime::{
        controller::{self, Action},
        reflector, watcher,
    },
};
use tokio::{
    sync::{oneshot, watch as channel},
    time::Instant,
};
use tokio_util::task::AbortOnDropHandle;

pub use crate::render::cluster::Author;
use crate::{apply::Writer, render::cluster::Cluster, state::Manager, status::cut};
use clusters::{Clusters, Queue};
use context::Context;
use lease::{Lease, LeaseOptions};
use pods::Pods;
pub use probes::ExternalAllow;
use probes::{AllowList, Probes};
use reconcile::Transient;
use record::Records;
use references::References;
use threads::Threads;
use tracked::{ClusterKind, Tracked};
use watches::{Changed, WatchRegistry};

/// Clusters that are reconciled at once: enough to keep an API server busy.
const CONCURRENCY: u16 = 8;
/// Threads for the functions of an author, and those of a namespace: more than clusters are reconciled at once.
const RENDERS: (usize, usize) = (64, 16);
/// How long who waits for such a thread holds up others. Nearly always there is one.
const PATIENCE: Duration = Duration::from_millis(200);
/// Steps of a cluster, one after the other, before others have their turn.
const AT_ONCE: usize = 8;
/// How long a change waits for others of the same cluster: one reconcile for a burst.
const DEBOUNCE: Duration = Duration::from_millis(1);

/// The operator of one kind, or of several that share their watches.
#[derive(Clone)]
pub struct Operator {
    client: Client,
    authors: Vec<Author>,
    namespace: Option<String>,
    /// None: nothing is checked.
    external: Option<AllowList>,
    dump: Option<PathBuf>,
    lease: Option<LeaseOptions>,
    instance: Arc<str>,
}

impl Operator {
    /// The operator of clusters of kind `K`, in all namespaces.
    pub fn new<K: Cluster>(client: Client) -> Self {
        Self::of(client, Author::of::<K>())
    }

    /// The operator of a kind that no type of this program has.
    #[doc(hidden)]
    pub fn of(client: Client, author: Author) -> Self {
        Self {
            client,
            authors: vec![author],
            namespace: None,
            external: Some(AllowList::default()),
            dump: None,
            lease: None,
            instance: instance(),
        }
    }

    /// Runs clusters of kind `K`, too: each kind of child is watched once for all.
    #[must_use]
    pub fn and<K: Cluster>(mut self) -> Self {
        self.authors.push(Author::of::<K>());
        self
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
        Self { external: external_checks.then(|| self.external.unwrap_or_default()), ..self }
    }

    /// Where checks of what clusters depend on may connect to; nothing else. Default, and where `allow` is empty: every address but loopback,
    /// link-local and other special ones, which only who runs the operator can allow: whoever creates a cluster names the addresses.
    #[must_use]
    pub fn external_allow(self, allow: Vec<ExternalAllow>) -> Self {
        Self { external: self.external.map(|_| AllowList(allow)), ..self }
    }

    /// Writes into this folder what each decision was made from, and what was decided, as JSON. Values of Secrets aren't in it.
    #[must_use]
    pub fn dump_snapshots(self, folder: Option<PathBuf>) -> Self {
        Self { dump: folder, ..self }
    }

    /// Works only while this process holds a lease, and stands by while another does. Default: none, it always works. One process of an operator
    /// at a time may do without.
    #[must_use]
    pub fn lease(self, lease: Option<LeaseOptions>) -> Self {
        Self { lease, ..self }
    }

    /// Runs until `shutdown` comes to its end; what is under way is finished then, and after that the lease released.
    pub async fn run(self, shutdown: impl Future<Output = ()> + Send + 'static) {
        let shutdown = shutdown.boxed().shared();
        let (Some(options), Some(author)) = (&self.lease, self.authors.first()) else {
            return self.work(None, shutdown).await;
        };
        let mut name = format!("{}.{}", author.definition.plural, author.definition.group);
        // Operators of different clusters stand in nobody's way.
        if let Some(namespace) = self.namespace.as_ref().filter(|namespace| **namespace != options.namespace) {
            name = format!("{name}.{namespace}");
        }
        let mut lease = Lease::new(self.client.clone(), name, self.instance.to_string(), options);
        loop {
            let held = tokio::select! {
                // A request under way may have taken it.
                () = shutdown.clone() => return lease.release().await,
                held = lease.acquire() => held,
            };
            let (until, may_write) = channel::channel(held);
            let (lost, is_lost) = oneshot::channel::<()>();
            let end = future::select(shutdown.clone(), is_lost).map(drop).boxed().shared();
            let mut work = std::pin::pin!(self.work(Some(may_write), end));
            // It is renewed until what is under way has ended.
            let is_over = tokio::select! {
                () = &mut work => true,
                () = lease.renew(&until) => false,
            };
            if is_over {
                return lease.release().await;
            }
            // From now on nothing is written.
            drop(lost);
            work.await;
        }
    }

    /// Reconciles until `shutdown`.
    async fn work(
        &self,
        may_write: Option<channel::Receiver<Instant>>,
        shutdown: impl Future<Output = ()> + Clone + Send + Unpin + 'static,
    ) {
        let (clusters, queues): (Vec<Arc<Clusters>>, Vec<Queue>) =
            self.authors.iter().map(|author| Clusters::new(ClusterKind(author.definition))).unzip();
        let changed: Changed = {
            let clusters = clusters.clone();
            Arc::new(move |owner| clusters.iter().for_each(|clusters| clusters.request(owner)))
        };
        let managers = self.authors.iter().map(|author| Manager::of(author.definition)).collect();
        let namespace = self.namespace.as_deref();
        let watches = Arc::new(WatchRegistry::start(Some(self.client.clone()), namespace, managers, changed.clone()));
        let references = Arc::new(References::new(Some(self.client.clone()), changed.clone()));
        let probes = Probes::new(self.external.clone(), changed.clone());
        future::select(std::pin::pin!(watches.ready()), shutdown.clone()).await;
        let loops = self.authors.iter().zip(clusters).zip(queues).map(|((author, clusters), queue)| {
            let writer = Writer::new(self.client.clone(), Manager::of(author.definition));
            let writer = writer.as_instance(&self.instance, may_write.clone());
            let context = Arc::new(Context {
                author: *author,
                watches: watches.clone(),
                references: references.clone(),
                probes: probes.clone(),
                pods: Pods::new(Some(self.client.clone()), author.definition, changed.clone()),
                events: events::Recorder::start(writer.clone(), author.definition),
                writer,
                records: Records::default(),
                threads: Some(Threads::new(RENDERS, PATIENCE)),
                other: Default::default(),
                dump: self.dump.clone(),
            });
            self.run_kind(context, clusters, queue, shutdown.clone())
        });
        join_all(loops).await;
    }

    async fn run_kind(
        &self,
        context: Arc<Context>,
        clusters: Arc<Clusters>,
        queue: Queue,
        shutdown: impl Future<Output = ()> + Clone + Send + Unpin + 'static,
    ) {
        let kind = ClusterKind(context.author.definition);
        let (reader, mut store) = {
            let writer = reflector::store::Writer::<Tracked>::new(kind);
            (writer.as_reader(), writer)
        };
        let api: Api<Tracked> = match &self.namespace {
            Some(namespace) => Api::namespaced_with(self.client.clone(), namespace, &kind),
            None => Api::all_with(self.client.clone(), &kind),
        };
        let _watch = AbortOnDropHandle::new(tokio::spawn({
            let (context, clusters) = (context.clone(), clusters.clone());
            let ingest = move |event| {
                // First, so that what is asked for is found.
                store.apply_watcher_event(&event);
                clusters.ingest(event, &context);
            };
            watch::watch(api, watcher::Config::default(), watch::First::Newest, ingest, |_| ControlFlow::Continue(()))
        }));
        tracing::info!(kind = kind.0.kind, namespace = self.namespace.as_deref().unwrap_or("all"), "running");
        // Of an applier whose store isn't ready, not even the end of its queue is heard.
        if let Either::Right(_) = future::select(std::pin::pin!(reader.wait_until_ready()), shutdown.clone()).await {
            return;
        }
        let reconcile = move |cluster: Arc<Tracked>, context: Arc<Context>| {
            let clusters = clusters.clone();
            async move {
                let again = reconcile::reconcile(&cluster, &context, &clusters, AT_ONCE).await?;
                Ok(again.map_or_else(Action::await_change, Action::requeue))
            }
            .boxed()
        };
        let retry = |cluster: Arc<Tracked>, error: &Transient, context: Arc<Context>| {
            Action::requeue(reconcile::retry(&cluster, error, &context))
        };
        let queue = queue.map(Ok::<_, std::convert::Infallible>).take_until(shutdown);
        let config = controller::Config::default().debounce(DEBOUNCE).concurrency(CONCURRENCY);
        controller::applier(reconcile, retry, context, reader, queue, config)
            .for_each(|result| async move {
                match result {
                    // Deleted between the request and now.
                    Ok(_) | Err(controller::Error::ObjectNotFound(_)) => {}
                    Err(error) => tracing::debug!(%error, "reconcile"),
                }
            })
            .await;
        tracing::info!(kind = kind.0.kind, "ended");
    }
}

/// The name of this process: the host's, which in a pod is the pod's, and a few letters, since a host may run several.
fn instance() -> Arc<str> {
    let host = std::env::var("HOSTNAME").unwrap_or_else(|_| "operator".to_owned());
    let mut random = [0; 4];
    // Without random numbers no operator starts: TLS needs them, too.
    let _ = getrandom::fill(&mut random);
    format!("{}_{:08x}", cut(host, 63), u32::from_ne_bytes(random)).into()
}
