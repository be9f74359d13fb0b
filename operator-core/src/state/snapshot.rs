//! Everything that one decision depends on, taken once. Two plans from equal snapshots are equal; a bug report is a snapshot in a file.

use std::collections::BTreeMap;

use k8s_openapi::jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Child, Fact, Member, Trouble};
use crate::model::{ClusterStatus, Content, Identity, Kind, Mark, Object, Reference, kind::JOB};

/// What is known of a cluster at one time. It has no value of any Secret.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Snapshot {
    /// When it was taken.
    pub time: Timestamp,
    /// The cluster.
    pub cluster: Identity,
    /// Generation of its spec.
    pub generation: i64,
    /// How it is being deleted, if it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deletion: Option<Deletion>,
    /// Whether the operator's finalizer keeps it.
    #[serde(default)]
    pub held: bool,
    /// Whether it takes over objects of its children's names that nobody owns: its user asked for that.
    #[serde(default)]
    pub adopts: bool,
    /// Its children, with the claims of its pods.
    pub children: Vec<Child>,
    /// Its status, as last written; none: there never was one.
    pub status: Option<ClusterStatus>,
    /// What can be said of each kind that it has, had or wants.
    pub kinds: BTreeMap<Kind, Availability>,
    /// What its pods refer to.
    pub references: BTreeMap<Reference, Content>,
    /// Whether what it depends on is there.
    pub externals: Probe,
    /// Why pods of nodes that aren't ready aren't, as far as somebody has looked; none: nobody has, and what the status says of failing pods
    /// still stands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub troubles: Option<Vec<Trouble>>,
    /// All pods of the StatefulSets of nodes that aren't ready, by workload and number, as far as somebody has looked.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub members: Vec<Member>,
    /// What the API server answered to earlier writes.
    pub facts: Vec<Fact>,
}

/// What becomes of the children of a cluster that is being deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Deletion {
    /// They are deleted once it is gone, or before.
    Background,
    /// They stay.
    Orphan,
}

/// What can be said of the objects of a kind.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Availability {
    /// They aren't listed yet.
    Pending,
    /// All are known.
    Synced,
    /// The API server has no such kind.
    Missing,
    /// They can't be listed, and why.
    Failing(String),
}

/// Whether what a cluster depends on is there.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Probe {
    /// Nobody has looked lately.
    #[default]
    Unknown,
    /// All of it is, or it depends on nothing.
    There,
    /// Something isn't: what is said of each.
    Missing(Vec<String>),
}

impl Snapshot {
    /// The child in an object's place.
    pub fn child(&self, kind: &Kind, name: &str) -> Option<&Child> {
        self.children.iter().find(|child| child.kind == *kind && *child.name == *name)
    }

    /// What was answered to the last write of an object.
    pub fn fact(&self, kind: &Kind, name: &str) -> Option<&Fact> {
        self.facts.iter().find(|fact| fact.kind == *kind && fact.name == name)
    }

    /// What the last write of an object came to: as answered, else as the status remembers it.
    pub fn mark(&self, kind: &Kind, name: &str) -> Option<Mark> {
        let recorded = || self.status.as_ref()?.inventory.mark(kind, name);
        self.fact(kind, name).and_then(Fact::mark).or_else(recorded)
    }

    /// Whether a Job came to its good end, be it that it is gone since.
    pub fn is_done(&self, kind: &Kind, name: &str) -> bool {
        let was_done = || self.status.as_ref().is_some_and(|status| status.inventory.is_done(kind, name));
        *kind == &JOB && self.child(kind, name).filter(|child| !child.deleting).map_or_else(was_done, Child::is_done)
    }

    /// The workloads that were deleted to be created anew, and aren't there again, or that their controller hasn't seen yet, which takes over the
    /// pods before it says so: their pods belong to nobody.
    pub fn open(&self) -> impl Iterator<Item = (Kind, &str)> {
        let recorded = self.status.iter().flat_map(|status| status.inventory.open());
        recorded
            .filter(|(kind, name)| self.child(kind, name).is_none_or(|child| child.deleting || !child.is_observed()))
    }

    /// Whether it has cluster-scoped objects, or had some, of which a late write may bring one back.
    pub fn has_cluster_scoped(&self) -> bool {
        let mut recorded = self.status.iter().flat_map(|status| status.inventory.kinds());
        recorded.any(|kind| !kind.namespaced) || self.children.iter().any(|child| !child.kind.namespaced)
    }

    /// The cluster-scoped kinds that it has, had or may have: no garbage collector deletes their objects after the cluster.
    pub fn cluster_scoped(&self) -> impl Iterator<Item = (&Kind, &Availability)> {
        self.kinds.iter().filter(|(kind, _)| !kind.namespaced)
    }

    /// What can be said of a kind.
    pub fn availability(&self, kind: &Kind) -> &Availability {
        self.kinds.get(kind).unwrap_or(&Availability::Pending)
    }

    /// Whether what is there is what shall be: as it was sent, and untouched since.
    pub fn is_in_sync(&self, object: &Object, child: &Child) -> bool {
        self.mark(&object.kind, &object.name) == Some(Mark { sent: object.intent, seen: child.seen })
    }
}
