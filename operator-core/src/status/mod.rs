//! What the operator reports of a cluster. Pure.
//!
//! | module | holds |
//! | --- | --- |
//! | `row` | a node's row |
//! | `summary` | what the conditions say |

mod row;
mod summary;

use std::collections::BTreeSet;

use k8s_openapi::jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    model::kind::{self, ChildKind},
    plan::{LeftOut, Waiting},
    render::Desired,
    state::Child,
};
use row::Row;
use summary::Summary;

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
    /// Wanted pods of all nodes, for a scale subresource of kinds with one node type.
    #[serde(default)]
    pub replicas: i32,
    /// `Ready`, `Progressing` and `Degraded`.
    #[serde(default)]
    #[schemars(extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["type"]))]
    pub conditions: Vec<Condition>,
    /// A row per node.
    #[serde(default)]
    #[schemars(extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["name"]))]
    pub nodes: Vec<NodeStatus>,
    /// Kinds of children beside the usual ones, as `batch/v1/CronJob/cronjobs`, of which there is something.
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
        let replicas = nodes.iter().map(|node| node.replicas).sum();
        Self {
            observed_generation: facts.generation,
            ready: format!("{}/{replicas}", nodes.iter().map(|node| node.ready.min(node.replicas)).sum::<i32>()),
            replicas,
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
    let known = desired.chain(observed).filter(|kind| !kind::is_always_watched(kind)).map(ChildKind::id);
    let before = facts.previous.into_iter().flat_map(|previous| &previous.kinds);
    let unsure = before.filter(|id| facts.desired.is_none() || !(facts.listed)(id)).cloned();
    known.chain(unsure).collect::<BTreeSet<_>>().into_iter().collect()
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
