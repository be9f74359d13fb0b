//! The row of a node in the status.

use crate::{
    model::{Node, NodeStatus, Object, Scale, kind::JOB},
    render::Blueprint,
    state::{Child, Health, Snapshot, health},
};

/// A node's row, and where it comes from.
pub struct Row<'a> {
    pub status: NodeStatus,
    pub health: Option<&'a Health>,
    pub is_job: bool,
}

/// The rows of all nodes, in the order of the spec.
pub fn of_all<'a>(blueprint: &Blueprint, snapshot: &'a Snapshot) -> Vec<Row<'a>> {
    let wanted = blueprint.with(&snapshot.references);
    let workload =
        |node: &Node| wanted.iter().find(|object| object.kind == node.kind && object.node_name() == Some(&node.name));
    blueprint.nodes.iter().map(|node| Row::of(node, workload(node).map(|object| &**object), snapshot)).collect()
}

impl<'a> Row<'a> {
    fn of(node: &Node, workload: Option<&Object>, snapshot: &'a Snapshot) -> Self {
        let child = workload.and_then(|workload| snapshot.child(&workload.kind, &workload.name));
        // One that is being replaced is as good as gone.
        let health = child.filter(|child| !child.deleting).and_then(|child| child.health.as_deref());
        let is_done = |workload: &Object| snapshot.is_done(&workload.kind, &workload.name).then_some(&*health::DONE);
        let health = health.or_else(|| workload.and_then(is_done));
        let rows = snapshot.status.iter().flat_map(|status| &status.nodes);
        let before = rows.into_iter().find(|row| row.name == node.name);
        let replicas = match (node.scale, health) {
            (Scale::Fixed(replicas), _) => replicas,
            (_, Some(health)) => health.replicas,
            // While a workload is being replaced, this is where its number is kept.
            (Scale::Initial, None) => before.map_or(node.replicas, |before| before.replicas),
            // With one it begins; then the autoscaler decides.
            (Scale::Autoscaled, None) => before.map_or(1, |before| before.replicas),
            (Scale::Unscaled, None) => node.replicas,
        };
        let hash = workload.and_then(|workload| workload.hash.as_ref());
        let config_hash = hash.map(|hash| hash.value(&snapshot.references)).unwrap_or_default();
        Self { status: row(&node.name, replicas, config_hash, health), health, is_job: node.kind == &JOB }
    }

    /// A row as it was, with what is there now.
    pub fn again(before: &NodeStatus, snapshot: &'a Snapshot) -> Self {
        let of_node = |child: &&Child| child.health.is_some() && child.node.as_deref() == Some(&before.name);
        let child = snapshot.children.iter().find(of_node);
        let health = child.and_then(|child| child.health.as_deref());
        let is_job = child.is_some_and(|child| child.kind == &JOB);
        Self { status: row(&before.name, before.replicas, before.config_hash.clone(), health), health, is_job }
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

fn row(name: &str, replicas: i32, config_hash: String, health: Option<&Health>) -> NodeStatus {
    NodeStatus {
        name: name.to_owned(),
        replicas,
        ready: health.map_or(0, |health| health.ready),
        updated: health.map_or(0, |health| health.updated),
        config_hash,
    }
}
