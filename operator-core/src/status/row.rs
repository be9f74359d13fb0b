//! The row of a node in the status.

use super::{Facts, NodeStatus};
use crate::{
    model::kind::JOB,
    render::Node,
    settings::Scale,
    state::{Child, Health},
};

/// A node's row, and where it comes from.
pub struct Row<'a> {
    pub status: NodeStatus,
    pub health: Option<&'a Health>,
    pub is_job: bool,
}

impl<'a> Row<'a> {
    pub fn of(node: &Node, facts: &Facts<'a>) -> Self {
        let child = facts.observed.iter().find(|child| child.kind == node.kind && *child.name == *node.workload);
        // One that is being made anew is as good as gone.
        let child = child.filter(|child| !child.deleting);
        let health = child.and_then(|child| child.health.as_deref());
        let before = facts.previous.and_then(|previous| previous.nodes.iter().find(|row| row.name == node.name));
        let replicas = match (node.scale, health) {
            (Scale::Fixed(replicas), _) => replicas,
            // The operator's own number, which may be about to change.
            (Scale::Initial, Some(health)) if health.replicas_by.ours => node.replicas,
            (_, Some(health)) => health.replicas,
            // While a workload is being replaced, this is where its number is kept.
            (Scale::Initial, None) => before.map_or(node.replicas, |before| before.replicas),
            // With one it begins; then the autoscaler decides.
            (Scale::Autoscaled, None) => before.map_or(1, |before| before.replicas),
            (Scale::Unscaled, None) => node.replicas,
        };
        Self { status: row(&node.name, replicas, &node.revision, health), health, is_job: node.kind == &JOB }
    }

    /// A row as it was, with what is there now.
    pub fn again(before: &NodeStatus, facts: &Facts<'a>) -> Self {
        let of_node = |child: &&Child| child.health.is_some() && child.node.as_deref() == Some(&before.name);
        let child = facts.observed.iter().find(of_node);
        let health = child.and_then(|child| child.health.as_deref());
        let is_job = child.is_some_and(|child| child.kind == &JOB);
        Self { status: row(&before.name, before.replicas, &before.revision, health), health, is_job }
    }

    /// Pods that an update strategy leaves on an earlier template, in a sentence.
    pub fn left(&self) -> Option<String> {
        let left = self.health.filter(|health| health.leaves > 0 && !health.rolled_out())?;
        let NodeStatus { name, replicas, updated, .. } = &self.status;
        let count = replicas - updated.min(&left.replicas);
        (count > 0).then(|| format!("{name}: {count} of {replicas} left on an earlier template by its update strategy"))
    }

    pub fn is_ready(&self) -> bool {
        let wanted = self.status.replicas;
        self.health.is_some_and(|health| health.came_to_rest() && health.ready == wanted && health.replicas == wanted)
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
