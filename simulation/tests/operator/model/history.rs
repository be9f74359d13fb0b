//! The promises that hold at each step, and what has to be remembered to judge them.

use std::{
    any::Any,
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use operator_simulation::{ApiServer, Change, Event, controllers::controller};
use serde_json::Value;

use super::Setup;
use crate::world::{CLUSTERS, NAMESPACE, World};

/// What users were promised, and what the model itself has to keep.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Promise {
    Claims,
    Replicas,
    Pods,
    Orphans,
    Jobs,
    Secrets,
    Rests,
    Quiet,
    States,
}

impl Promise {
    pub fn words(self) -> &'static str {
        match self {
            Self::Claims => "no claim is lost",
            Self::Replicas => "no workload asks for a number of pods that nobody asked for",
            Self::Pods => "no pod is restarted without need",
            Self::Orphans => "every pod has a workload, or one that the status knows of comes back",
            Self::Jobs => "a Job that is done isn't run again",
            Self::Secrets => "a generated Secret isn't made again",
            Self::Rests => "all comes to rest as wanted once nothing disturbs",
            Self::Quiet => "at rest there is no request, and a restart writes nothing",
            Self::States => "equal states have equal futures",
        }
    }
}

/// A promise that was broken, and how.
#[derive(Clone, Debug)]
pub struct Broken {
    pub promise: Promise,
    pub message: String,
}

impl Broken {
    pub fn new(promise: Promise, message: String) -> Self {
        Self { promise, message }
    }

    /// By a check that panicked.
    pub fn by_panic(panic: &(dyn Any + Send)) -> Self {
        let text = panic.downcast_ref::<String>().cloned();
        let text = text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()));
        Self::new(Promise::Rests, text.unwrap_or_default())
    }
}

/// What happened so far, as far as promises depend on it.
#[derive(Clone, Debug)]
pub struct History {
    /// Events of the log that were there at first, and those that were observed.
    pub at_first: usize,
    observed: usize,
    /// The number of pods that was asked for last, by workload.
    replicas: BTreeMap<String, i64>,
    /// Jobs that are done, and Secrets that were made.
    done: BTreeSet<String>,
    secrets: BTreeSet<String>,
    pub broken: Option<Broken>,
}

impl History {
    /// What there is at first.
    pub fn begin(server: &ApiServer) -> Self {
        let (replicas, done, secrets) = Default::default();
        let mut history = Self { at_first: server.log().len(), observed: 0, replicas, done, secrets, broken: None };
        server.log().iter().for_each(|event| history.note(event));
        history.observed = history.at_first;
        history
    }

    /// What there is to remember.
    pub fn text(&self) -> String {
        format!("{:?} {:?} {:?}", self.replicas, self.done, self.secrets)
    }

    /// Takes in what happened since the last time, because somebody asked for it or not.
    pub fn observe(&mut self, server: &ApiServer, setup: &Setup, is_asked_for: bool) -> Result<(), Broken> {
        for event in &server.log()[self.observed..] {
            if !is_asked_for {
                self.judge(event, server, setup)?;
            }
            self.note(event);
        }
        self.observed = server.log().len();
        orphans(server)
    }

    fn note(&mut self, event: &Event) {
        let name = text(&event.object, "/metadata/name").to_owned();
        // What is set on an object that is being deleted is lost with it.
        let goes = event.object.pointer("/metadata/deletionTimestamp").is_some();
        let is_done = || event.object.pointer("/status/conditions/0/type") == Some(&"Complete".into());
        match (&*event.kind, event.object.pointer("/spec/replicas").and_then(Value::as_i64)) {
            ("statefulsets.apps" | "deployments.apps", Some(replicas)) if !goes => {
                _ = self.replicas.insert(name, replicas)
            }
            ("jobs.batch", _) if is_done() => _ = self.done.insert(name),
            ("secrets", _) => _ = self.secrets.insert(name),
            _ => {}
        }
    }

    fn judge(&self, event: &Event, server: &ApiServer, setup: &Setup) -> Result<(), Broken> {
        let Event { kind, change, object, .. } = event;
        let name = text(object, "/metadata/name");
        let goes = *change == Change::Deleted || object.pointer("/metadata/deletionTimestamp").is_some();
        let broken = |promise, message: String| Err(Broken::new(promise, message));
        match &**kind {
            "persistentvolumeclaims" if goes => broken(Promise::Claims, format!("{name} was deleted")),
            "statefulsets.apps" | "deployments.apps" if !goes => {
                let (asked, before) = (object["spec"]["replicas"].as_i64(), self.replicas.get(name));
                match before.filter(|before| Some(**before) != asked) {
                    Some(before) => broken(Promise::Replicas, format!("{name} asks for {asked:?} pods, not {before}")),
                    None => Ok(()),
                }
            }
            "pods" if goes && !setup.rolls && is_wanted(object, server) => {
                broken(Promise::Pods, format!("{name} was deleted"))
            }
            "jobs.batch" if *change == Change::Added && self.done.contains(name) => {
                broken(Promise::Jobs, format!("{name} runs again"))
            }
            "secrets" if *change == Change::Added && self.secrets.contains(name) => {
                broken(Promise::Secrets, format!("{name} was made again"))
            }
            _ => Ok(()),
        }
    }
}

/// Whether a pod's node is in the spec of its cluster. Pods of Jobs come and go with these.
fn is_wanted(pod: &Value, server: &ApiServer) -> bool {
    let label = |key: &str| pod["metadata"]["labels"][key].as_str().unwrap_or_default();
    let cluster = server.get(CLUSTERS, NAMESPACE, label("app.kubernetes.io/instance"));
    let Some(spec) = cluster.as_ref().map(|cluster| &cluster["spec"]) else { return false };
    match label("simulation.example.com/node") {
        "migrate" => false,
        node => match node.strip_prefix("store-") {
            Some(store) => spec["stores"].get(store).is_some(),
            None => spec.get(node).is_some(),
        },
    }
}

/// Each pod has an owner, be it one that is gone, after which the garbage collector deletes it; or the status of its cluster knows of a workload
/// that comes back.
fn orphans(server: &ApiServer) -> Result<(), Broken> {
    let is_orphan = |object: &Arc<Value>| controller(object).is_none();
    for kind in ["pods", "replicasets.apps"] {
        for orphan in server.list(kind, NAMESPACE).into_iter().filter(is_orphan) {
            let label = |key: &str| orphan["metadata"]["labels"][key].as_str().unwrap_or_default();
            let (cluster, node) = (label("app.kubernetes.io/instance"), label("simulation.example.com/node"));
            if node == "migrate" {
                continue;
            }
            let workload = format!("{cluster}-{node}");
            let known = server.get(CLUSTERS, NAMESPACE, cluster);
            let inventory = known.as_ref().and_then(|known| known.pointer("/status/inventory")?.as_object());
            let mut kinds = inventory.into_iter().flatten();
            if !kinds.any(|(kind, names)| kind.starts_with("apps/v1/") && names.get(&workload).is_some()) {
                let name = text(&orphan, "/metadata/name");
                return Err(Broken::new(
                    Promise::Orphans,
                    format!("{name} has no workload, and {workload} isn't known"),
                ));
            }
        }
    }
    Ok(())
}

/// What is generated is the same each time: random values would make each state another.
pub fn fix_generated_values(world: &World) {
    world.server().admit(Arc::new(|kind, object| {
        if kind.kind == "Secret" && object.pointer("/data/password").is_some() {
            object["data"]["password"] = "Z2VuZXJhdGVk".into();
        }
        Ok(())
    }));
}

pub fn text<'a>(object: &'a Value, pointer: &str) -> &'a str {
    object.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}
