//! What the operator reports of a cluster. Pure.

use std::collections::BTreeSet;

use k8s_openapi::jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    desired::{Desired, Node},
    kinds::{self, ChildKind, JOB},
    node::Scale,
    observe::{Child, Health},
    plan::{LeftOut, Waiting},
};

/// The observed state of a cluster.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ClusterStatus {
    /// Generation of the spec that this status is about.
    #[serde(default)]
    pub observed_generation: i64,
    /// Ready pods and wanted pods of all nodes, as `5/6`.
    #[serde(default)]
    pub ready: String,
    /// `Ready`, `Progressing` and `Degraded`.
    #[serde(default)]
    #[schemars(extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["type"]))]
    pub conditions: Vec<Condition>,
    /// A row per node.
    #[serde(default)]
    #[schemars(extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["name"]))]
    pub nodes: Vec<NodeStatus>,
    /// Kinds of children beside the usual ones, as `HTTPRoute.gateway.networking.k8s.io`, of which there is something.
    #[serde(default)]
    #[schemars(extend("x-kubernetes-list-type" = "set"))]
    pub kinds: Vec<String>,
}

/// A condition, as in the Kubernetes API conventions.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(inline)]
pub struct Condition {
    /// `Ready`, `Progressing` or `Degraded`.
    #[serde(rename = "type")]
    pub type_: String,
    /// `True`, `False` or `Unknown`.
    #[schemars(extend("enum" = ["True", "False", "Unknown"]))]
    pub status: String,
    /// Why, in one word for machines.
    pub reason: String,
    /// Why, in a sentence for people.
    pub message: String,
    /// When `status` last changed.
    #[schemars(extend("format" = "date-time"))]
    pub last_transition_time: String,
    /// Generation of the spec that the condition is about.
    #[serde(default)]
    pub observed_generation: i64,
}

/// State of one node.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(inline)]
pub struct NodeStatus {
    /// Node type and node, as in object names: `historical-hot`.
    pub name: String,
    /// Wanted pods.
    pub replicas: i32,
    /// Ready pods.
    pub ready: i32,
    /// Pods on the newest template.
    pub updated: i32,
    /// Hash of the configuration that the node shall be on.
    pub revision: String,
}

/// What keeps a cluster from its desired state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Which sort.
    pub reason: Reason,
    /// What is wrong and what to change.
    pub message: String,
}

/// Sorts of problems; each is a condition's reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// The spec can't be read, or is wrong once its layers are merged. Terminal: nothing is applied.
    InvalidSpec,
    /// The API server refuses a child. Terminal.
    Refused,
    /// An object of a child's name belongs to someone else. Tried again now and then.
    NameTaken,
    /// A request failed. Tried again.
    Retrying,
}

impl Reason {
    /// As it stands in conditions and events.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::InvalidSpec => "InvalidSpec",
            Self::Refused => "Refused",
            Self::NameTaken => "NameTaken",
            Self::Retrying => "Retrying",
        }
    }
}

/// Longest message of a condition, in bytes: what the API server says can be long.
const LONGEST: usize = 4096;

impl ClusterStatus {
    /// The status of a cluster.
    pub fn report(facts: &Facts<'_>) -> Self {
        let rows: Vec<Row<'_>> = match facts.desired {
            Some(desired) => desired.nodes.iter().map(|node| Row::of(node, facts)).collect(),
            None => facts.previous.iter().flat_map(|status| &status.nodes).map(|row| Row::again(row, facts)).collect(),
        };
        let summary = Summary::of(&rows, facts);
        let stamp = |(type_, status, reason, message): (&str, bool, &str, String)| {
            let status = if status { "True" } else { "False" };
            let before = facts
                .previous
                .and_then(|previous| previous.conditions.iter().find(|condition| condition.type_ == type_));
            Condition {
                type_: type_.to_owned(),
                status: status.to_owned(),
                reason: reason.to_owned(),
                message: cut(message),
                last_transition_time: match before {
                    Some(before) if before.status == status => before.last_transition_time.clone(),
                    _ => facts.now.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
                },
                observed_generation: facts.generation,
            }
        };
        let nodes: Vec<NodeStatus> = rows.into_iter().map(|row| row.status).collect();
        Self {
            observed_generation: facts.generation,
            ready: format!(
                "{}/{}",
                nodes.iter().map(|node| node.ready.min(node.replicas)).sum::<i32>(),
                nodes.iter().map(|node| node.replicas).sum::<i32>()
            ),
            conditions: summary.conditions().into_iter().map(stamp).collect(),
            nodes,
            kinds: kinds(facts),
        }
    }

    /// The condition of this type.
    pub fn condition(&self, type_: &str) -> Option<&Condition> {
        self.conditions.iter().find(|condition| condition.type_ == type_)
    }

    /// Whether the condition `Ready` is true.
    pub fn is_ready(&self) -> bool {
        self.condition("Ready").is_some_and(|condition| condition.status == "True")
    }
}

/// What a status is made from.
pub struct Facts<'a> {
    /// Generation of the spec.
    pub generation: i64,
    /// `None` where the spec gives none; the rows are then the previous ones.
    pub desired: Option<&'a Desired>,
    /// What is there.
    pub observed: &'a [Child],
    /// What keeps the cluster from its desired state.
    pub problem: Option<&'a Problem>,
    /// What the plan says of nodes that wait.
    pub waiting: &'a [Waiting],
    /// Whether what they wait for is something that the operator doesn't run.
    pub held: bool,
    /// What the plan says of objects whose kind is missing.
    pub left_out: &'a [LeftOut],
    /// The status as it was last written.
    pub previous: Option<&'a ClusterStatus>,
    /// Whether `observed` has all there is of a kind, by its [id](ChildKind::id): of the others the status goes on to remember that there
    /// may be some.
    pub listed: &'a dyn Fn(&str) -> bool,
    /// The time of a condition that changes.
    pub now: Timestamp,
}

impl<'a> Facts<'a> {
    /// Nothing is wrong, waits or is left out, and every kind was listed.
    pub fn new(generation: i64, desired: Option<&'a Desired>, observed: &'a [Child], now: Timestamp) -> Self {
        Self {
            generation,
            desired,
            observed,
            problem: None,
            waiting: &[],
            held: false,
            left_out: &[],
            previous: None,
            listed: &|_| true,
            now,
        }
    }
}

/// The kinds that the status remembers: those that aren't always watched and of which there is something, or shall be.
fn kinds(facts: &Facts<'_>) -> Vec<String> {
    let desired = facts.desired.into_iter().flat_map(|desired| &desired.objects).map(|object| object.kind);
    let observed = facts.observed.iter().map(|child| child.kind);
    let known = desired.chain(observed).filter(|kind| !kinds::is_always_watched(kind)).map(ChildKind::id);
    let before = facts.previous.into_iter().flat_map(|previous| &previous.kinds);
    let unsure = before.filter(|id| facts.desired.is_none() || !(facts.listed)(id)).cloned();
    known.chain(unsure).collect::<BTreeSet<_>>().into_iter().collect()
}

/// A node's row, and where it comes from.
struct Row<'a> {
    status: NodeStatus,
    health: Option<&'a Health>,
    is_job: bool,
}

impl<'a> Row<'a> {
    fn of(node: &Node, facts: &Facts<'a>) -> Self {
        let child = facts.observed.iter().find(|child| child.kind == node.kind && *child.name == *node.workload);
        let health = child.and_then(|child| child.health.as_deref());
        let before = facts.previous.and_then(|previous| previous.nodes.iter().find(|row| row.name == node.name));
        let replicas = match (node.scale, health) {
            (Scale::Fixed(replicas), _) => replicas,
            // The operator's own number, which may be about to change.
            (Scale::Initial, Some(health)) if health.replicas_by.ours => node.replicas,
            (_, Some(health)) => health.replicas,
            // While a workload is being replaced, this is where its number is kept.
            (Scale::Autoscaled | Scale::Initial, None) => before.map_or(node.replicas, |before| before.replicas),
            (Scale::Unscaled, None) => node.replicas,
        };
        Self { status: row(&node.name, replicas, &node.revision, health), health, is_job: node.kind == &JOB }
    }

    /// A row as it was, with what is there now.
    fn again(before: &NodeStatus, facts: &Facts<'a>) -> Self {
        let of_node = |child: &&Child| child.health.is_some() && child.node.as_deref() == Some(&before.name);
        let child = facts.observed.iter().find(of_node);
        let health = child.and_then(|child| child.health.as_deref());
        let is_job = child.is_some_and(|child| child.kind == &JOB);
        Self { status: row(&before.name, before.replicas, &before.revision, health), health, is_job }
    }

    fn is_ready(&self) -> bool {
        let wanted = self.status.replicas;
        self.health.is_some_and(|health| health.rolled_out() && health.ready == wanted && health.replicas == wanted)
    }
}

fn row(name: &str, replicas: i32, revision: &str, health: Option<&Health>) -> NodeStatus {
    NodeStatus {
        name: name.to_owned(),
        replicas,
        ready: health.map_or(0, |health| health.ready),
        updated: health.map_or(0, |health| health.updated),
        revision: revision.to_owned(),
    }
}

/// What the three conditions say.
enum Summary {
    Problem(Reason, String),
    /// What fails, and that with what waits.
    Failing(String, String),
    Waiting(&'static str, String),
    Progressing(String),
    Ready(String),
}

impl Summary {
    fn of(rows: &[Row<'_>], facts: &Facts<'_>) -> Self {
        if let Some(problem) = facts.problem {
            return Self::Problem(problem.reason, problem.message.clone());
        }
        let failing: Vec<String> = rows
            .iter()
            .filter_map(|row| Some(format!("{}: {}", row.status.name, row.health?.failure.as_deref()?)))
            .collect();
        let mut going: Vec<String> = together(facts.waiting);
        if !failing.is_empty() {
            let failing = failing.join("; ");
            going.insert(0, failing.clone());
            return Self::Failing(failing, going.join("; "));
        }
        let waits = |row: &Row<'_>| facts.waiting.iter().any(|waiting| waiting.node == row.status.name);
        going.extend(
            rows.iter()
                .filter(|row| !row.is_ready() && !waits(row))
                .map(|row| format!("{}: {}", row.status.name, waits_for(row))),
        );
        if !facts.waiting.is_empty() {
            let reason = if facts.held { "WaitingForExternal" } else { "Waiting" };
            return Self::Waiting(reason, going.join("; "));
        }
        if !going.is_empty() {
            return Self::Progressing(going.join("; "));
        }
        let ready = "every node is ready on its newest configuration".to_owned();
        Self::Ready(
            std::iter::once(ready).chain(facts.left_out.iter().map(LeftOut::to_string)).collect::<Vec<_>>().join("; "),
        )
    }

    /// Ready, Progressing, Degraded; the reason of Ready is what `kubectl get` shows as Status.
    fn conditions(self) -> [(&'static str, bool, &'static str, String); 3] {
        let going = |reason: &'static str, message: String| {
            [
                ("Ready", false, reason, message.clone()),
                ("Progressing", true, reason, message),
                ("Degraded", false, "AsExpected", String::new()),
            ]
        };
        match self {
            Self::Problem(reason, message) => [
                ("Ready", false, reason.as_str(), message.clone()),
                (
                    "Progressing",
                    matches!(reason, Reason::NameTaken | Reason::Retrying),
                    reason.as_str(),
                    message.clone(),
                ),
                ("Degraded", true, reason.as_str(), message),
            ],
            Self::Failing(failing, all) => [
                ("Ready", false, "Failing", failing.clone()),
                ("Progressing", true, "Failing", all),
                ("Degraded", true, "Failing", failing),
            ],
            Self::Waiting(reason, message) => going(reason, message),
            Self::Progressing(message) => going("Progressing", message),
            Self::Ready(message) => [
                ("Ready", true, "Ready", message),
                ("Progressing", false, "Ready", String::new()),
                ("Degraded", false, "AsExpected", String::new()),
            ],
        }
    }
}

/// What waits for the same in one sentence: `broker, router: Secret db is not there yet`.
fn together(waiting: &[Waiting]) -> Vec<String> {
    let mut messages: Vec<(&str, Vec<&str>)> = Vec::new();
    for Waiting { node, message } in waiting {
        match messages.iter_mut().find(|(known, _)| known == message) {
            Some((_, nodes)) => nodes.push(node),
            None => messages.push((message, vec![node])),
        }
    }
    messages.into_iter().map(|(message, nodes)| format!("{}: {message}", nodes.join(", "))).collect()
}

fn waits_for(Row { status: row, health, is_job }: &Row<'_>) -> String {
    let counts = format!("{} of {} ready, {} updated", row.ready, row.replicas, row.updated);
    match health {
        None => "to be created".to_owned(),
        Some(_) if *is_job => "its Job is running".to_owned(),
        Some(health) if !health.observed => format!("{counts}, its controller has not seen the newest spec yet"),
        Some(health) if health.current > row.replicas => {
            format!("{counts}, {} surplus to end", health.current - row.replicas)
        }
        Some(_) => counts,
    }
}

fn cut(mut message: String) -> String {
    if message.len() > LONGEST {
        let mut end = LONGEST;
        while !message.is_char_boundary(end) {
            end -= 1;
        }
        message.truncate(end);
        message.push('…');
    }
    message
}
