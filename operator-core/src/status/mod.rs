//! What the operator reports of a cluster. Pure.
//!
//! | module | holds |
//! | --- | --- |
//! | `row` | a node's row |
//! | `summary` | what the conditions say |
//! | [`sentence`] | what a gate says, for people |
//! | `trouble` | what a node's failure says, for people |
//! | `inventory` | what has to be remembered of every child |
//! | `patch` | the part of a status that changed |

mod inventory;
mod patch;
mod row;
pub mod sentence;
mod summary;
mod trouble;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::{Condition, Time};

pub(crate) use crate::model::text::cut;
use crate::{
    model::{ClusterStatus, NodeStatus},
    plan::{Gate, Plan},
    render::Blueprint,
    state::{Health, Snapshot, fact::Failed},
};
pub use patch::patch;
use row::Row;
use summary::{Said, Summary, WHILE_TRUE};

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
    /// The API server refuses a child. Terminal, and tried again every five minutes.
    Refused,
    /// A generated value of a Secret is gone. Looked for again every 15 seconds.
    SecretLost,
    /// An object of a child's name belongs to someone else. Tried again every 15 seconds.
    NameTaken,
    /// Someone else changes a child again and again. Put back every 15 seconds to 5 minutes.
    Contested,
    /// A request failed. Tried again.
    Retrying,
}

impl Reason {
    /// As it stands in conditions and events.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::InvalidSpec => "InvalidSpec",
            Self::Refused => "Refused",
            Self::SecretLost => "SecretLost",
            Self::NameTaken => "NameTaken",
            Self::Contested => "Contested",
            Self::Retrying => "Retrying",
        }
    }
}

/// Longest message of a condition, in bytes: what the API server says can be long.
const LONGEST: usize = 4096;

/// The status of a cluster: what `plan` is about, as it stands in `snapshot`. Without a blueprint, the rows are the earlier ones.
pub fn report(blueprint: Option<&Blueprint>, plan: &Plan, failed: &[Failed], snapshot: &Snapshot) -> ClusterStatus {
    let before = snapshot.status.as_ref();
    let rows = rows(blueprint, snapshot);
    let problem = problem(plan, failed);
    let summary = Summary::of(&rows, plan, problem.as_ref(), snapshot);
    let said = summary.conditions(plan, is_carried_out(&rows, plan, snapshot));
    let stamp = |(type_, is_true, reason, message): Said| {
        let status = if is_true { "True" } else { "False" };
        let since = before.and_then(|before| before.condition(type_)).filter(|before| before.status == status);
        Condition {
            type_: type_.to_owned(),
            status: status.to_owned(),
            reason: reason.to_owned(),
            message: cut(message, LONGEST),
            last_transition_time: since
                .map_or(Time(whole_seconds(snapshot)), |before| before.last_transition_time.clone()),
            observed_generation: Some(snapshot.generation),
        }
    };
    // Others may have something to say, too.
    let mut conditions = before.map(|before| before.conditions.clone()).unwrap_or_default();
    let is_over = |type_: &str| WHILE_TRUE.contains(&type_) && said.iter().all(|(now, ..)| *now != type_);
    conditions.retain(|condition| !is_over(&condition.type_));
    for condition in said.into_iter().map(stamp) {
        match conditions.iter_mut().find(|before| before.type_ == condition.type_) {
            Some(before) => *before = condition,
            None => conditions.push(condition),
        }
    }
    let nodes: Vec<NodeStatus> = rows.into_iter().map(|row| row.status).collect();
    let replicas = nodes.iter().map(|node| node.replicas).sum();
    ClusterStatus {
        observed_generation: snapshot.generation,
        ready: format!("{}/{replicas}", nodes.iter().map(|node| node.ready.min(node.replicas)).sum::<i32>()),
        replicas,
        selector: blueprint.map_or_else(
            || before.map(|before| before.selector.clone()).unwrap_or_default(),
            |blueprint| blueprint.selector.clone(),
        ),
        conditions,
        nodes,
        inventory: inventory::inventory(blueprint, None, snapshot),
        // Another process is no reason to write.
        operator: before.map(|before| before.operator.clone()).unwrap_or_default(),
    }
}

/// Whether all that this generation asks for was done once and still stands, however its pods are doing.
fn is_carried_out(rows: &[Row<'_>], plan: &Plan, snapshot: &Snapshot) -> bool {
    let before = snapshot.status.as_ref().filter(|before| before.observed_generation == snapshot.generation);
    before.is_some_and(|before| before.condition(WHILE_TRUE[0]).is_none())
        && plan.gates.iter().all(Gate::is_remark)
        && rows.iter().all(|row| row.health.is_some_and(Health::came_to_rest))
}

/// The nodes that aren't ready though their workload's controller has acted: only their pods can say why.
pub fn unready(blueprint: Option<&Blueprint>, snapshot: &Snapshot) -> Vec<NodeStatus> {
    let rows = rows(blueprint, snapshot).into_iter();
    rows.filter(|row| row.health.is_some_and(|health| health.observed) && !row.is_ready())
        .map(|row| row.status)
        .collect()
}

fn rows<'a>(blueprint: Option<&Blueprint>, snapshot: &'a Snapshot) -> Vec<Row<'a>> {
    let again = || {
        let before = snapshot.status.iter().flat_map(|status| &status.nodes);
        before.map(|row| Row::again(row, snapshot)).collect()
    };
    blueprint.map_or_else(again, |blueprint| row::of_all(blueprint, snapshot))
}

/// The status with what has to be recorded before a plan is carried out, and nothing else new.
pub fn record(blueprint: &Blueprint, plan: &Plan, snapshot: &Snapshot) -> ClusterStatus {
    let mut status = snapshot.status.clone().unwrap_or_default();
    status.inventory = inventory::inventory(Some(blueprint), Some(plan), snapshot);
    if plan.record_replaced {
        status.nodes = row::of_all(blueprint, snapshot).into_iter().map(|row| row.status).collect();
    }
    status
}

/// What is wrong, the worst first.
pub fn problem(plan: &Plan, failed: &[Failed]) -> Option<Problem> {
    let of = |reason: Reason, messages: Vec<String>| {
        (!messages.is_empty()).then(|| Problem { reason, message: cut(messages.join("; "), LONGEST) })
    };
    let gates = |reason: Reason| {
        plan.gates.iter().filter(|gate| sentence::reason(gate) == Some(reason)).map(sentence::message).collect()
    };
    let failed = failed.iter().map(|failed| failed.message.clone());
    let retrying: Vec<String> = failed.chain(gates(Reason::Retrying)).collect();
    let kept = plan.keeps_up.then(|| "what was accepted before is kept up".to_owned());
    of(Reason::InvalidSpec, plan.invalid.iter().map(ToString::to_string).chain(kept).collect())
        .or_else(|| of(Reason::Refused, gates(Reason::Refused)))
        .or_else(|| of(Reason::SecretLost, gates(Reason::SecretLost)))
        .or_else(|| of(Reason::NameTaken, gates(Reason::NameTaken)))
        .or_else(|| of(Reason::Contested, gates(Reason::Contested)))
        .or_else(|| of(Reason::Retrying, retrying))
}

/// As the API server stores times of conditions.
fn whole_seconds(snapshot: &Snapshot) -> k8s_openapi::jiff::Timestamp {
    k8s_openapi::jiff::Timestamp::from_second(snapshot.time.as_second()).unwrap_or(snapshot.time)
}
