//! What several of these tests need: a kind, parts of node types, and an API server of a few lines.

use std::collections::{BTreeMap, BTreeSet};

use operator_core::{
    ClusterStatus,
    definition::{Cardinality, Definition, NodeTemplate, NodeType, Port, Power, Protocol, StorageTemplate, Workload},
    model::{
        Content, Digest, Identity, Kind, Mark, Note, Object, Reference, Source,
        kind::{self, CLAIM, ChildKind, DAEMON_SET, DEPLOYMENT, JOB, STATEFUL_SET},
    },
    plan::{Action, Plan, plan},
    render::{Author, Blueprint, render},
    settings::Invalid,
    state::{Answer, Availability, Child, Fact, Manager, Probe, Snapshot, fact::Refusal},
    status,
};
use serde_json::{Value, json};

/// A kind without nodes, whose users may do everything.
pub const DATA: Definition = Definition {
    group: "tests.example.com",
    version: "v1",
    kind: "Data",
    plural: "data",
    singular: "data",
    allow: &[
        Power::ServiceAccount,
        Power::Secrets,
        Power::ImagePullSecrets,
        Power::VolumeClaims,
        Power::HostAccess,
        Power::PodOverrides,
        Power::Annotations(""),
    ],
    image: Some("image"),
    defaults: Some("defaults"),
    ..Definition::EMPTY
};

pub const HTTP: Port = Port { name: "http", number: 80, protocol: Protocol::Tcp };

/// A claim, `data`, of this size.
pub const fn storage(size: &'static str) -> StorageTemplate {
    StorageTemplate { name: "data", mount: "/data", size, class: None }
}

/// A node type of none or one node, in the field of its name.
pub const fn optional(name: &'static str, template: NodeTemplate) -> NodeType {
    NodeType { name, field: name, cardinality: Cardinality::Optional, tag: None, order: 0, layers: template.alone() }
}

/// A node type of many nodes, `store`, in the field `stores`.
pub const fn stores(template: NodeTemplate) -> NodeType {
    NodeType { field: "stores", cardinality: Cardinality::Many, order: 1, ..optional("store", template) }
}

/// Says the workload and nothing else.
pub const fn of(workload: Workload) -> NodeTemplate {
    NodeTemplate { workload: Some(workload), ..NodeTemplate::EMPTY }
}

pub fn cluster(name: &str) -> Identity {
    Identity { namespace: "default".to_owned(), name: name.to_owned(), uid: "uid".to_owned() }
}

/// What the cluster `a` comes to, or what is wrong with the spec.
pub fn built(author: impl Into<Author>, spec: &Value) -> Result<Blueprint, Vec<String>> {
    render(&cluster("a"), spec, author).map_err(|invalid| sentences(&invalid))
}

pub fn sentences(errors: &[Invalid]) -> Vec<String> {
    errors.iter().map(ToString::to_string).collect()
}

/// The ConfigMaps and Secrets to which the specs of these tests refer: all are there.
pub fn references() -> BTreeMap<Reference, Content> {
    let names = ["a-config-hash-key", "a-password", "own", "s", "theirs"].into_iter();
    let keys = names.flat_map(|name| [None, Some("k"), Some("key"), Some("password")].map(|key| (name, key)));
    let both = keys.flat_map(|place| [Source::ConfigMap, Source::Secret].map(|source| (source, place)));
    let there = |(source, (name, key)): (Source, (&str, Option<&str>))| {
        let reference = Reference { source, name: name.to_owned(), key: key.map(str::to_owned) };
        (reference, Content::Present(Digest::of(&Value::Null)))
    };
    both.map(there).collect()
}

/// As `fieldsV1` names the fields of a value.
pub fn fields(value: &Value) -> Value {
    match value {
        Value::Object(map) => map.iter().map(|(key, value)| (format!("f:{key}"), fields(value))).collect(),
        _ => json!({}),
    }
}

/// An entry of managedFields: who owns these fields, and by which operation.
pub fn entry(manager: &str, operation: &str, owned: &Value) -> Value {
    json!({ "manager": manager, "operation": operation, "fieldsV1": fields(owned) })
}

/// What is applied of an object: all but its names.
pub fn body(json: &Value) -> Value {
    let mut body = json.clone();
    body.as_object_mut().unwrap().retain(|key, _| !["apiVersion", "kind", "status"].contains(&key.as_str()));
    body["metadata"]
        .as_object_mut()
        .unwrap()
        .retain(|key, _| !["name", "namespace", "uid", "resourceVersion"].contains(&key.as_str()));
    body
}

/// What is known of the cluster `a` where these are its children: every kind is listed, and everything that it depends on is there.
pub fn snapshot(children: Vec<Child>) -> Snapshot {
    let kinds = kind::ALL.into_iter().chain([&CLAIM]).map(|row| (Kind::from(row), Availability::Synced));
    Snapshot {
        time: "2026-01-01T00:00:00Z".parse().unwrap(),
        cluster: cluster("a"),
        generation: 1,
        children,
        kinds: kinds.collect(),
        references: references(),
        externals: Probe::There,
        ..Snapshot::default()
    }
}

/// An API server that stores what is sent, and the operator's snapshot of it. It refuses changes of what can't be changed and nothing else.
/// What it runs is ready at once.
#[derive(Clone)]
pub struct World {
    pub snapshot: Snapshot,
    /// A kind of which nothing is stored, and what is said of it.
    pub refuses: Option<(&'static ChildKind, Refusal)>,
    stored: BTreeMap<(Kind, String), Stored>,
    uids: usize,
}

/// An object, and who has set which of its fields.
#[derive(Clone)]
struct Stored {
    json: Value,
    uid: String,
    operator: Value,
    others: Value,
}

impl World {
    /// Nothing is there.
    pub fn new() -> Self {
        Self { snapshot: snapshot(Vec::new()), refuses: None, stored: BTreeMap::new(), uids: 0 }
    }

    /// Everything was written as a blueprint has it, and that is recorded.
    pub fn of(blueprint: &Blueprint) -> Self {
        let mut world = Self::new();
        let mut status = ClusterStatus::default();
        for object in blueprint.with(&world.snapshot.references) {
            world.create(&object, None);
            let seen = world.child(&object.kind, &object.name).unwrap().seen;
            status.inventory.set(&object.kind, &object.name, Some(Mark { sent: object.intent, seen }), Note::None);
        }
        world.snapshot.status = Some(status);
        let plan = world.plan(blueprint);
        world.snapshot.status = Some(world.report(blueprint, &plan));
        world
    }

    pub fn plan(&self, blueprint: &Blueprint) -> Plan {
        plan(Ok(blueprint), None, &self.snapshot)
    }

    pub fn report(&self, blueprint: &Blueprint, plan: &Plan) -> ClusterStatus {
        status::report(Some(blueprint), plan, &[], &self.snapshot)
    }

    /// One reconcile, as the loop does it.
    pub fn step(&mut self, blueprint: &Blueprint) -> Plan {
        let plan = self.plan(blueprint);
        if plan.must_record() {
            self.snapshot.status = Some(status::record(blueprint, &plan, &self.snapshot));
        }
        if !self.execute(&plan) {
            self.snapshot.status = Some(self.report(blueprint, &plan));
            // The inventory has these now.
            let inventory = self.snapshot.status.as_ref().unwrap().inventory.clone();
            self.snapshot.facts.retain(|fact| match fact.answer {
                Answer::Stored { .. } => false,
                Answer::Deleted => inventory.has(&fact.kind, &fact.name),
                _ => true,
            });
        }
        plan
    }

    /// Carries out a plan, stage by stage. Returns whether another plan has to decide on an answer.
    pub fn execute(&mut self, plan: &Plan) -> bool {
        let mut actions: Vec<&Action> = plan.actions.iter().collect();
        actions.sort_by_key(|action| (action.stage().is_none(), action.stage()));
        let mut stopped = None;
        for action in actions {
            if stopped.is_some_and(|stage| stage != action.stage()) {
                break;
            }
            if let Action::Release { .. } = action {
                let (kind, name) = action.target();
                let policy = "persistentVolumeClaimRetentionPolicy";
                self.change(kind, name, |json| json["spec"][policy]["whenDeleted"] = "Retain".into());
                self.touch(&STATEFUL_SET, name, &["spec", policy, "whenDeleted"]);
                continue;
            }
            let answer = self.act(action);
            if !matches!(answer, Answer::Stored { .. } | Answer::Deleted) {
                stopped = Some(action.stage());
            }
            self.answers(action, answer);
        }
        stopped.is_some()
    }

    fn act(&mut self, action: &Action) -> Answer {
        let (kind, name) = action.target();
        let key = (kind.clone(), name.to_owned());
        if let Some((_, refusal)) = self.refuses.as_ref().filter(|(refused, _)| kind == refused) {
            match action {
                Action::Create { .. } | Action::Apply { .. } => return Answer::Refused(refusal.clone()),
                Action::Try { .. } => return Answer::WouldBeRefused(refusal.clone()),
                _ => {}
            }
        }
        match action {
            Action::Create { .. } if self.stored.contains_key(&key) => return Answer::Exists,
            Action::Inspect { .. } => {
                let found = self.stored.get(&key).map(|stored| Box::new(stored.child(kind)));
                return found.map_or(Answer::Deleted, Answer::Unowned);
            }
            Action::Create { object, replicas } => self.create(object, *replicas),
            Action::Apply { object, hands_over, generate, .. } => {
                let stored = self.stored.get_mut(&key).unwrap();
                if hands_over.is_some() {
                    stored.others["spec"]["replicas"] = stored.json["spec"]["replicas"].clone();
                }
                if !object.is_posted() && fixed(kind, &stored.json) != fixed(kind, &object.json) {
                    self.sees(kind, name);
                    return Answer::Refused(Refusal { message: "spec: Forbidden".to_owned(), immutable: true });
                }
                stored.apply(object, generate);
            }
            Action::Try { .. } => return Answer::WouldBeStored,
            Action::Grow { size, .. } => {
                self.change(kind, name, |json| json["spec"]["resources"]["requests"]["storage"] = json!(size));
            }
            Action::Release { .. } => panic!("nothing is there: {action:?}"),
            Action::Replace { .. } | Action::Delete { .. } => {
                self.stored.remove(&key);
                self.sees(kind, name);
                return Answer::Deleted;
            }
        }
        self.sees(kind, name);
        let created = matches!(action, Action::Create { .. });
        let child = self.child(kind, name).unwrap();
        Answer::Stored { uid: child.uid.clone(), seen: child.seen, created }
    }

    fn create(&mut self, object: &Object, replicas: Option<i32>) {
        let mut json = object.json.clone();
        if let Some(replicas) = replicas {
            json["spec"]["replicas"] = replicas.into();
        }
        fill(&mut json, &object.generate);
        let operator = body(&json);
        if [&STATEFUL_SET, &DEPLOYMENT].into_iter().any(|row| object.kind == row) && json["spec"]["replicas"].is_null()
        {
            json["spec"]["replicas"] = 1.into();
        }
        self.put(&object.kind, json, operator);
    }

    /// Puts an object there of which the operator has set these fields.
    pub fn put(&mut self, kind: &Kind, json: Value, operator: Value) {
        self.uids += 1;
        let name = json["metadata"]["name"].as_str().unwrap().to_owned();
        let stored = Stored { json, uid: format!("uid-{}", self.uids), operator, others: Value::Null };
        self.stored.insert((kind.clone(), name.clone()), stored);
        self.sees(kind, &name);
    }

    /// Someone puts an object there without label and owner: no watch of children shows it.
    pub fn restore(&mut self, kind: &Kind, json: Value) {
        let name = json["metadata"]["name"].as_str().unwrap().to_owned();
        self.put(kind, json, Value::Null);
        self.snapshot.children.retain(|child| child.kind != *kind || *child.name != *name);
    }

    /// What the API server answers to an action.
    pub fn answers(&mut self, action: &Action, answer: Answer) {
        let (kind, name) = action.target();
        self.snapshot.facts.retain(|fact| (&fact.kind, &*fact.name) != (kind, name));
        self.snapshot.facts.push(Fact {
            kind: kind.clone(),
            name: name.to_owned(),
            sent: action.sent(),
            found: action.found().cloned(),
            at: self.snapshot.time,
            put_back: 0,
            answer,
        });
    }

    pub fn passes(&mut self, seconds: i64) {
        self.snapshot.time += k8s_openapi::jiff::SignedDuration::from_secs(seconds);
    }

    pub fn child(&self, kind: &Kind, name: &str) -> Option<&Child> {
        self.snapshot.child(kind, name)
    }

    /// Someone or something changes an object, and nothing that the operator has set.
    pub fn change(&mut self, kind: &Kind, name: &str, change: impl FnOnce(&mut Value)) {
        change(&mut self.stored.get_mut(&(kind.clone(), name.to_owned())).unwrap().json);
        self.sees(kind, name);
    }

    /// Someone changes or removes a field that the operator has set: the API server takes it from the operator's entry.
    pub fn touch(&mut self, kind: &'static ChildKind, name: &str, path: &[&str]) {
        let stored = self.stored.get_mut(&(Kind::from(kind), name.to_owned())).unwrap();
        let [above @ .., field] = path else { panic!("{path:?}") };
        let map = above.iter().fold(&mut stored.operator, |value, key| &mut value[key]);
        map.as_object_mut().unwrap().remove(*field).unwrap();
        self.sees(&Kind::from(kind), name);
    }

    /// Someone sets the number of pods.
    pub fn scale(&mut self, kind: &'static ChildKind, name: &str, replicas: i32) {
        let stored = self.stored.get_mut(&(Kind::from(kind), name.to_owned())).unwrap();
        if stored.json["spec"]["replicas"] != replicas {
            stored.json["spec"]["replicas"] = replicas.into();
            stored.others["spec"]["replicas"] = replicas.into();
            stored.operator["spec"].as_object_mut().unwrap().remove("replicas");
            self.sees(&Kind::from(kind), name);
        }
    }

    /// The controllers of a kind report this.
    pub fn reports(&mut self, kind: &'static ChildKind, status: &Value) {
        for (_, stored) in self.stored.iter_mut().filter(|((there, _), _)| there == &kind) {
            stored.json["status"] = status.clone();
        }
        self.sees_all(kind);
    }

    /// Someone deletes what there is of a kind.
    pub fn delete(&mut self, kind: &'static ChildKind) {
        self.stored.retain(|(there, _), _| there != &kind);
        self.sees_all(kind);
    }

    /// What there is of a kind isn't there, and never was.
    pub fn never_had(&mut self, kind: &'static ChildKind) {
        self.delete(kind);
        if let Some(status) = &mut self.snapshot.status {
            status.inventory.0.remove(&Kind::from(kind).id());
        }
    }

    /// The operator's watch shows what became of an object.
    fn sees(&mut self, kind: &Kind, name: &str) {
        let children = &mut self.snapshot.children;
        let known = children.iter().position(|child| child.kind == *kind && *child.name == *name);
        let child = self.stored.get(&(kind.clone(), name.to_owned())).map(|stored| stored.child(kind));
        match (known, child) {
            (Some(known), Some(child)) => {
                let deleting = children[known].deleting && children[known].uid == child.uid;
                children[known] = Child { deleting, ..child };
            }
            (Some(known), None) => drop(children.remove(known)),
            (None, child) => children.extend(child),
        }
    }

    fn sees_all(&mut self, kind: &'static ChildKind) {
        let there = self.stored.keys().filter(|(there, _)| there == &kind).map(|(_, name)| name.clone());
        let known =
            self.snapshot.children.iter().filter(|child| child.kind == kind).map(|child| child.name.to_string());
        let names: BTreeSet<String> = there.chain(known).collect();
        names.iter().for_each(|name| self.sees(&Kind::from(kind), name));
    }
}

impl Stored {
    /// As the operator's watch shows it.
    fn child(&self, kind: &Kind) -> Child {
        let mut json = self.json.clone();
        json["metadata"]["uid"] = self.uid.as_str().into();
        json["metadata"]["resourceVersion"] = "7".into();
        json["metadata"]["generation"] = 1.into();
        let entries = [("data-operator", "Apply", &self.operator), ("someone", "Update", &self.others)];
        let entries = entries.into_iter().filter(|(_, _, owned)| !owned.is_null());
        json["metadata"]["managedFields"] = entries.map(|(by, how, owned)| entry(by, how, owned)).collect();
        if json.get("status").is_none() {
            json["status"] = running(kind, &json);
        }
        Child::read(kind, &[Manager::of(&DATA)], &json.to_string()).unwrap()
    }

    fn apply(&mut self, object: &Object, generate: &[(String, u32)]) {
        if object.is_posted() {
            self.json["metadata"] = object.json["metadata"].clone();
            if let (false, Some(data)) = (object.once, object.json["data"].as_object()) {
                self.json["data"].as_object_mut().unwrap().extend(data.clone());
            }
            fill(&mut self.json, generate);
            self.operator = body(&self.json);
            return;
        }
        let mut json = object.json.clone();
        let (before, had) = (self.json["spec"]["replicas"].clone(), !self.operator["spec"]["replicas"].is_null());
        self.operator = body(&json);
        if json["spec"]["replicas"].is_null() && !before.is_null() {
            let is_nobody_s = had && self.others["spec"]["replicas"].is_null();
            json["spec"]["replicas"] = if is_nobody_s { 1.into() } else { before };
        } else if json["spec"]["replicas"] != before {
            self.others = Value::Null;
        }
        self.json = json;
    }
}

/// What is generated, as these tests know it.
fn fill(json: &mut Value, generate: &[(String, u32)]) {
    for (key, _) in generate {
        json["data"][key.as_str()] = "c2VjcmV0".into();
    }
}

/// The part of an object that can't be changed. Source: the validation of StatefulSets, which names what can, and of other workloads.
fn fixed(kind: &Kind, json: &Value) -> Value {
    const CHANGING: [&str; 6] = [
        "replicas",
        "template",
        "updateStrategy",
        "persistentVolumeClaimRetentionPolicy",
        "minReadySeconds",
        "revisionHistoryLimit",
    ];
    let mut spec = json["spec"].clone();
    match spec.as_object_mut() {
        Some(spec) if *kind == &STATEFUL_SET => spec.retain(|key, _| !CHANGING.contains(&key.as_str())),
        Some(spec) if kind.is_workload() => spec.retain(|key, _| key == "selector"),
        _ => return Value::Null,
    }
    spec
}

/// Everything runs and is complete.
fn running(kind: &Kind, json: &Value) -> Value {
    if *kind == &JOB {
        json!({ "conditions": [{ "type": "Complete", "status": "True" }] })
    } else if *kind == &DAEMON_SET {
        json!({ "observedGeneration": 1, "desiredNumberScheduled": 3, "currentNumberScheduled": 3,
                "updatedNumberScheduled": 3, "numberReady": 3 })
    } else {
        let replicas = json["spec"].get("replicas").cloned().unwrap_or_else(|| json!(1));
        json!({ "observedGeneration": 1, "replicas": replicas, "updatedReplicas": replicas, "readyReplicas": replicas })
    }
}
