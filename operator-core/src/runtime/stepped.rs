//! The loop in steps: nothing is watched and nothing happens by itself. What the watches would show is told by the caller, who decides what is
//! late, and a reconcile is a call. An operator that starts anew is a new one of these.

use std::{sync::Arc, time::Duration};

use k8s_openapi::jiff::Timestamp;
use kube::{
    Client,
    runtime::{
        reflector::{self, Store},
        watcher::Event,
    },
};
use serde::de::DeserializeOwned;
use serde_json::Value;

pub use super::references::Referred;
use super::{
    Author,
    clusters::{Clusters, Queue},
    context::{Context, render},
    events,
    pods::Pods,
    probes::Probes,
    reconcile,
    record::{Records, Rendered},
    references::References,
    tracked::{ClusterKind, Tracked},
    watches::{Changed, WatchRegistry},
};
use crate::{
    apply::Writer,
    model::Kind,
    plan::Plan,
    state::{Availability, Manager, Memory, Snapshot, pod::Pod},
};

/// An operator of one kind, in steps. Must be made and used within a Tokio runtime.
pub struct Stepped {
    context: Context,
    clusters: Arc<Clusters>,
    queue: Queue,
    store: reflector::store::Writer<Tracked>,
    reader: Store<Tracked>,
}

impl Stepped {
    /// An operator that has just started and knows nothing. `client` is used for writes only.
    pub fn new(client: Client, author: Author, clock: fn() -> Timestamp) -> Self {
        let kind = ClusterKind(author.definition);
        let (clusters, queue) = Clusters::new(kind);
        let changed: Changed = Arc::new({
            let clusters = clusters.clone();
            move |owner| clusters.request(owner)
        });
        let manager = Manager::of(author.definition);
        let writer = Writer::new(client, manager.clone()).with_clock(clock);
        let context = Context {
            author,
            watches: Arc::new(WatchRegistry::start(None, None, vec![manager], changed.clone())),
            references: Arc::new(References::new(None, changed.clone())),
            probes: Probes::new(None, changed.clone()),
            pods: Pods::new(None, author.definition, changed),
            events: events::Recorder::start(writer.clone(), author.definition),
            writer,
            records: Records::default(),
            threads: None,
            other: Default::default(),
            dump: None,
        };
        let store = reflector::store::Writer::new(kind);
        Self { context, clusters, queue, reader: store.as_reader(), store }
    }

    /// The watch of clusters shows something.
    pub fn cluster(&mut self, event: Event<Value>) {
        let Some(event) = read(event) else { return };
        self.store.apply_watcher_event(&event);
        self.clusters.ingest(event, &self.context);
    }

    /// The watch of a kind of children shows something.
    pub fn child(&self, kind: &Kind, event: Event<Value>) {
        read(event).into_iter().for_each(|event| self.context.watches.ingest(kind, event));
    }

    /// The watch of an object that pods refer to shows something.
    pub fn reference(&self, referred: &Referred, event: Event<Value>) {
        read(event).into_iter().for_each(|event| self.context.references.ingest(referred, event));
    }

    /// A list of pods shows these.
    pub fn pods(&self, cluster: &str, pods: Vec<Value>) {
        let pods: Vec<Pod> = pods.into_iter().filter_map(|pod| serde_json::from_value(pod).ok()).collect();
        self.context.pods.ingest(cluster, Some(&pods), self.context.writer.now());
    }

    /// The kinds of children that it would watch, and what it knows of each.
    pub fn watched(&self) -> Vec<(Kind, Availability)> {
        let kinds = self.context.watches.watched().into_iter();
        kinds.map(|kind| (kind.clone(), self.context.watches.availability(&kind))).collect()
    }

    /// The objects that pods refer to, each of which it would watch, and whether it knows anything of it.
    pub fn referred(&self) -> Vec<(Referred, bool)> {
        self.context.references.watched()
    }

    /// The UIDs of clusters of which a reconcile was asked for since the last call.
    pub fn requested(&mut self) -> Vec<String> {
        let mut asked = Vec::new();
        while let Ok(request) = self.queue.try_recv() {
            asked.extend(self.reader.get(&request.obj_ref).map(|cluster| cluster.uid().to_owned()));
        }
        asked.sort();
        asked.dedup();
        asked
    }

    /// Reconciles a cluster. Returns when it wants to be reconciled again though nothing changes.
    pub async fn reconcile(&self, uid: &str) -> Option<Duration> {
        let cluster = self.tracked(uid)?;
        match reconcile::reconcile(&cluster, &self.context, &self.clusters, 1).await {
            Ok(again) => again,
            Err(error) => Some(reconcile::retry(&cluster, &error, &self.context)),
        }
    }

    /// What it would decide on now, and what it would decide.
    pub fn plan(&self, uid: &str) -> Option<(Snapshot, Plan)> {
        let cluster = self.tracked(uid)?;
        let newest = render(self.context.author, &cluster.identity(), cluster.spec());
        let rendered = Rendered { newest, accepted: None };
        let snapshot = self.context.snapshot(&cluster, &rendered);
        let plan = rendered.plan(None, &snapshot);
        Some((snapshot, plan))
    }

    /// All that it knows and on which depends what it does next, in no order: for the model checker, which takes two operators with equal memories for
    /// one. Failed requests wait for a random time, which isn't in it.
    pub fn memory(&self) -> Vec<Memory> {
        let Context { watches, references, pods, records, .. } = &self.context;
        let cluster = |cluster: &Arc<Tracked>| {
            let troubles = pods.troubles(cluster.uid(), cluster.generation);
            let text = format!(
                "{:?} {} {:?} {:?} {troubles:?}",
                cluster.wanted(),
                cluster.deleting,
                cluster.finalizers,
                cluster.status()
            );
            (cluster.uid().into(), cluster.version, text)
        };
        let about_nothing = |text: String| (Box::default(), 0, text);
        let known = self.watched().into_iter().map(|known| format!("{known:?}"));
        let others = known.chain(watches.memory()).chain(references.memory()).map(about_nothing);
        let clusters = self.reader.state();
        let of_objects = clusters.iter().map(cluster).chain(records.memory()).chain(watches.store().memory());
        of_objects.chain(others).collect()
    }

    fn tracked(&self, uid: &str) -> Option<Arc<Tracked>> {
        self.reader.find(|cluster| cluster.uid() == uid)
    }
}

/// An event as a watch has it; none where the object can't be read.
fn read<K: DeserializeOwned>(event: Event<Value>) -> Option<Event<K>> {
    let object = |object: Value| serde_json::from_str(&object.to_string()).ok();
    Some(match event {
        Event::Init => Event::Init,
        Event::InitDone => Event::InitDone,
        Event::InitApply(value) => Event::InitApply(object(value)?),
        Event::Apply(value) => Event::Apply(object(value)?),
        Event::Delete(value) => Event::Delete(object(value)?),
    })
}
