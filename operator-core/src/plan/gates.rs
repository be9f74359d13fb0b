//! What must be there before a workload is created or changed. Running workloads stay as they are meanwhile.

use std::fmt;

use super::{Inputs, There};
use crate::{
    model::kind::JOB,
    render::{Desired, Object},
    state::Child,
};

/// A node that waits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waiting {
    /// The node.
    pub node: String,
    /// For what: a sentence about it.
    pub message: String,
}

impl fmt::Display for Waiting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.node, self.message)
    }
}

/// What is in the way of workloads.
pub struct Gates<'a> {
    hold: Option<&'a str>,
    /// Jobs that aren't complete: order, node, and whether they failed.
    jobs: Vec<(i32, &'a str, bool)>,
    /// Jobs that run.
    running: Vec<&'a Child>,
}

impl<'a> Gates<'a> {
    pub fn new(desired: &'a Desired, inputs: &Inputs<'a>, there: &There<'a>) -> Self {
        let jobs = desired.objects.iter().filter(|object| object.kind == &JOB);
        let incomplete = jobs.filter_map(|object| {
            let health = there.get(object).filter(|child| !child.deleting).and_then(|child| child.health.as_deref());
            let complete = health.is_some_and(|health| health.ready >= health.replicas);
            let failed = health.is_some_and(|health| health.failure.is_some());
            (!complete).then(|| (object.order, name(object), failed))
        });
        let running = inputs
            .observed
            .iter()
            .filter(|child| child.kind == &JOB && !child.health.as_ref().is_some_and(|health| health.ended()));
        Self { hold: inputs.hold, jobs: incomplete.collect(), running: running.collect() }
    }

    /// Whether no workload may be created or changed.
    pub fn are_held(&self) -> bool {
        self.hold.is_some()
    }

    /// Why an object can't be created or changed now; empty: it can.
    pub fn shut(&self, object: &Object) -> Vec<Waiting> {
        let mut reasons = self.reasons(object);
        // Two versions of a migration never run at once: the older one is deleted first.
        if object.kind == &JOB {
            let older = self
                .running
                .iter()
                .filter(|child| *child.name != *object.name && child.node.as_deref() == object.node.as_deref());
            reasons.extend(older.map(|child| format!("the earlier Job {} is ended first", child.name)));
        }
        reasons.into_iter().map(|message| Waiting { node: name(object).to_owned(), message }).collect()
    }

    /// The same, earlier Jobs of its node aside.
    pub fn reasons(&self, object: &Object) -> Vec<String> {
        let mut reasons = object.waits_for.clone();
        if object.kind.is_workload() {
            reasons.extend(self.hold.map(str::to_owned));
            reasons.extend(self.jobs.iter().filter(|(order, _, _)| *order < object.order).map(|(_, job, failed)| {
                if *failed { format!("waits for {job}, which failed") } else { format!("waits for {job}") }
            }));
        }
        reasons
    }
}

fn name(object: &Object) -> &str {
    object.node.as_deref().unwrap_or(&object.name)
}
