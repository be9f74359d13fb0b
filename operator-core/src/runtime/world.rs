//! What a cluster depends on beside its spec and its children: kinds that may be missing, what its pods refer to, what it doesn't run itself.

use std::sync::Arc;

use super::{
    externals::{Externals, Missing},
    references::References,
    watches::{Availability, Watches},
};
use crate::{
    definition::Definition,
    model::kind::{self, ChildKind},
    render::{Content, Desired, Identity, Reference},
    status::{Problem, Reason},
};

/// All of it, for all clusters.
pub struct World {
    pub watches: Watches,
    pub references: Arc<References>,
    pub externals: Externals,
}

/// Whether all is known that a cluster's plan depends on.
pub enum Sight {
    /// It is.
    Clear,
    /// A watch was just begun; what comes of it asks for another reconcile.
    Opening,
    /// A watch fails.
    Blocked(Problem),
}

impl World {
    /// A cluster is gone: nothing of it is kept.
    pub fn forget(&self, uid: &str) {
        self.watches.forget(uid);
        self.references.forget(uid);
        self.externals.forget(uid);
    }

    /// What is known of what a cluster's pods refer to.
    pub fn content(&self, cluster: &Identity, reference: &Reference) -> Content {
        self.references.content(&cluster.namespace, reference)
    }

    /// From now on, changes of what the cluster's pods refer to ask for a reconcile. Returns whether it changed since this was built.
    pub fn refer(&self, cluster: &Identity, desired: &Desired) -> bool {
        self.references.set(&cluster.uid, &cluster.namespace, &desired.references)
    }

    /// Whether what the pods refer to is still as it was when this was built.
    pub fn is_current(&self, cluster: &Identity, desired: &Desired) -> bool {
        desired.references.iter().all(|(reference, known)| self.content(cluster, reference) == *known)
    }

    /// Sees to it that everything is watched that the plan of a cluster depends on, which `had` children of these kinds.
    pub fn sight(&self, identity: &Identity, had: &[&'static ChildKind], desired: &Desired) -> Sight {
        let kinds: Vec<_> = desired.objects.iter().map(|object| object.kind).chain(had.iter().copied()).collect();
        self.watches.want(&identity.uid, kinds.iter().copied());
        let unknown = desired.references.iter().filter(|(_, content)| **content == Content::Unknown);
        let unknown: Vec<&Reference> = unknown.map(|(reference, _)| reference).collect();
        let trouble = unknown.iter().find_map(|reference| self.references.trouble(&identity.namespace, reference));
        if let Some(message) = trouble {
            return Sight::Blocked(Problem { reason: Reason::Retrying, message });
        }
        let pending = kinds.iter().any(|kind| self.watches.available(kind) == Availability::Pending);
        if pending || !unknown.is_empty() { Sight::Opening } else { Sight::Clear }
    }

    /// Whether the API server has a kind.
    pub fn has(&self, kind: &ChildKind) -> bool {
        self.watches.available(kind) != Availability::Missing
    }

    /// Whether all objects of the kind with this id are known. Of what is no kind, there are none.
    pub fn is_listed(&self, id: &str, definition: &Definition) -> bool {
        kind::recorded(id, definition).is_none_or(|kind| self.watches.available(kind) == Availability::Synced)
    }

    /// What a cluster depends on and isn't there.
    pub async fn missing(&self, cluster: &Identity, desired: &Desired) -> Option<Missing> {
        self.externals.missing(&cluster.uid, &desired.externals).await
    }
}
