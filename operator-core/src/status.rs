//! What the operator reports of a cluster. Pure.

use k8s_openapi::jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    desired::Desired,
    observe::{Child, Health},
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
    /// Pods refer to a ConfigMap or Secret that isn't there. What comes in its place is seen at once.
    Waiting,
    /// What the cluster depends on and the operator doesn't run isn't there. Looked for again.
    WaitingForExternal,
}

impl Reason {
    /// As it stands in conditions and events.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::InvalidSpec => "InvalidSpec",
            Self::Refused => "Refused",
            Self::NameTaken => "NameTaken",
            Self::Retrying => "Retrying",
            Self::Waiting => "Waiting",
            Self::WaitingForExternal => "WaitingForExternal",
        }
    }
}

/// Longest message of a condition, in bytes: what the API server says can be long.
const LONGEST: usize = 4096;

impl ClusterStatus {
    /// The status of a cluster at `generation`. `desired` is `None` where the spec gives none; the rows are then the `previous` ones.
    pub fn report(
        generation: i64,
        desired: Option<&Desired>,
        observed: &[Child],
        problem: Option<&Problem>,
        previous: Option<&Self>,
        now: Timestamp,
    ) -> Self {
        let rows: Vec<(NodeStatus, Option<&Health>)> = match desired {
            Some(desired) => desired
                .nodes
                .iter()
                .map(|node| {
                    let child = observed.iter().find(|child| child.kind == node.kind && *child.name == *node.workload);
                    let health = child.and_then(|child| child.health.as_deref());
                    (row(&node.name, node.replicas, &node.revision, health), health)
                })
                .collect(),
            None => previous
                .iter()
                .flat_map(|status| &status.nodes)
                .map(|node| {
                    let child = observed
                        .iter()
                        .find(|child| child.health.is_some() && child.node.as_deref() == Some(&node.name));
                    let health = child.and_then(|child| child.health.as_deref());
                    (row(&node.name, node.replicas, &node.revision, health), health)
                })
                .collect(),
        };
        let summary = Summary::of(&rows, problem);
        let stamp = |(type_, status, reason, message): (&str, bool, &str, String)| {
            let status = if status { "True" } else { "False" };
            let before =
                previous.and_then(|previous| previous.conditions.iter().find(|condition| condition.type_ == type_));
            Condition {
                type_: type_.to_owned(),
                status: status.to_owned(),
                reason: reason.to_owned(),
                message: cut(message),
                last_transition_time: match before {
                    Some(before) if before.status == status => before.last_transition_time.clone(),
                    _ => now.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
                },
                observed_generation: generation,
            }
        };
        let nodes: Vec<NodeStatus> = rows.into_iter().map(|(row, _)| row).collect();
        Self {
            observed_generation: generation,
            ready: format!(
                "{}/{}",
                nodes.iter().map(|node| node.ready.min(node.replicas)).sum::<i32>(),
                nodes.iter().map(|node| node.replicas).sum::<i32>()
            ),
            conditions: summary.conditions().into_iter().map(stamp).collect(),
            nodes,
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
    Failing(String),
    Progressing(String),
    Ready,
}

impl Summary {
    fn of(rows: &[(NodeStatus, Option<&Health>)], problem: Option<&Problem>) -> Self {
        if let Some(problem) = problem {
            return Self::Problem(problem.reason, problem.message.clone());
        }
        let failing: Vec<String> = rows
            .iter()
            .filter_map(|(row, health)| Some(format!("{}: {}", row.name, health.as_ref()?.failure.as_deref()?)))
            .collect();
        if !failing.is_empty() {
            return Self::Failing(failing.join("; "));
        }
        let waiting: Vec<String> = rows
            .iter()
            .filter(|(row, health)| {
                !health.is_some_and(|health| {
                    health.rolled_out() && health.ready == row.replicas && health.replicas == row.replicas
                })
            })
            .map(|(row, health)| format!("{}: {}", row.name, waits_for(row, health.as_deref())))
            .collect();
        if waiting.is_empty() { Self::Ready } else { Self::Progressing(waiting.join("; ")) }
    }

    /// Ready, Progressing, Degraded; the reason of Ready is what `kubectl get` shows as Status.
    fn conditions(self) -> [(&'static str, bool, &'static str, String); 3] {
        match self {
            Self::Problem(reason, message) => [
                ("Ready", false, reason.as_str(), message.clone()),
                (
                    "Progressing",
                    !matches!(reason, Reason::InvalidSpec | Reason::Refused),
                    reason.as_str(),
                    message.clone(),
                ),
                ("Degraded", true, reason.as_str(), message),
            ],
            Self::Failing(message) => [
                ("Ready", false, "Failing", message.clone()),
                ("Progressing", true, "Failing", message.clone()),
                ("Degraded", true, "Failing", message),
            ],
            Self::Progressing(message) => [
                ("Ready", false, "Progressing", message.clone()),
                ("Progressing", true, "Progressing", message),
                ("Degraded", false, "AsExpected", String::new()),
            ],
            Self::Ready => [
                ("Ready", true, "Ready", "every node is ready on its newest configuration".to_owned()),
                ("Progressing", false, "Ready", String::new()),
                ("Degraded", false, "AsExpected", String::new()),
            ],
        }
    }
}

fn waits_for(row: &NodeStatus, health: Option<&Health>) -> String {
    let counts = format!("{} of {} ready, {} updated", row.ready, row.replicas, row.updated);
    match health {
        None => "to be created".to_owned(),
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
