//! What is to be done: the difference between what shall be and what is there. Pure, and in a fixed order.

use std::collections::{HashMap, HashSet};

use serde::Serialize;

use crate::{
    desired::{Desired, Object},
    hash::Digest,
    kinds::{CONFIG_MAP, ChildKind},
    node::Invalid,
    observe::{Child, Health},
};

/// The writes that bring a cluster to its desired state, in order.
#[derive(Clone, Debug, Default)]
pub struct Plan<'a> {
    /// Empty where everything is as it shall be.
    pub actions: Vec<Action<'a>>,
}

impl Plan<'_> {
    /// Whether no object's JSON is needed to carry it out.
    pub fn writes_nothing(&self) -> bool {
        self.actions.iter().all(|action| matches!(action.verb(), Verb::Delete | Verb::Replace))
    }
}

/// A write.
#[derive(Clone, Debug)]
pub enum Action<'a> {
    /// Makes an object that must not be there yet.
    Create(&'a Object),
    /// Brings one of the cluster's objects to what it shall be.
    Apply {
        /// What it shall be.
        object: &'a Object,
        /// UID of the object that is there.
        uid: &'a str,
    },
    /// Deletes an object whose fixed fields shall differ; once it is gone, it is created. Pods of a workload go on running.
    Replace {
        /// What it shall be.
        object: &'a Object,
        /// UID of the object that is there.
        uid: &'a str,
    },
    /// Deletes one of the cluster's objects that shall not be.
    Delete(&'a Child),
}

/// What a [`Action`] does, for people.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Verb {
    /// See [`Action::Create`].
    Create,
    /// See [`Action::Apply`].
    Apply,
    /// See [`Action::Replace`].
    Replace,
    /// See [`Action::Delete`].
    Delete,
}

impl<'a> Action<'a> {
    /// What it does.
    pub fn verb(&self) -> Verb {
        match self {
            Self::Create(_) => Verb::Create,
            Self::Apply { .. } => Verb::Apply,
            Self::Replace { .. } => Verb::Replace,
            Self::Delete(_) => Verb::Delete,
        }
    }

    /// Kind and name of what it is about.
    pub fn target(&self) -> (&'static ChildKind, &'a str) {
        match self {
            Self::Create(object) | Self::Apply { object, .. } | Self::Replace { object, .. } => {
                (object.kind, &object.name)
            }
            Self::Delete(child) => (child.kind, &child.name),
        }
    }
}

/// Objects that a webhook changes on their way in, by UID: the digest that was sent, and the one that came back.
pub type Accepted = HashMap<Box<str>, (Digest, Digest)>;

/// Compares what shall be with what is there.
///
/// # Errors
/// What can't be done to the objects that are there: storage that would shrink.
pub fn plan<'a>(desired: &'a Desired, observed: &'a [Child], accepted: &Accepted) -> Result<Plan<'a>, Vec<Invalid>> {
    let there: HashMap<(&ChildKind, &str), &Child> =
        observed.iter().map(|child| ((child.kind, child.name.as_ref()), child)).collect();
    let shrinking: Vec<Invalid> = desired
        .objects
        .iter()
        .filter_map(|object| Some((object, there.get(&(object.kind, object.name.as_str()))?)))
        .flat_map(|(object, child)| shrinks(object, child))
        .collect();
    if !shrinking.is_empty() {
        return Err(shrinking);
    }
    let mut plan = Plan::default();
    for object in &desired.objects {
        match there.get(&(object.kind, object.name.as_str())) {
            None => plan.actions.push(Action::Create(object)),
            // It comes again once it is gone.
            Some(child) if child.deleting => {}
            Some(child) if is_as_wanted(object, child, accepted) => {}
            Some(child) if child.digest.is_some() && child.immutable != object.immutable => {
                plan.actions.push(Action::Replace { object, uid: &child.uid });
            }
            Some(child) => plan.actions.push(Action::Apply { object, uid: &child.uid }),
        }
    }
    plan.actions.extend(surplus(desired, observed, &there, accepted).map(Action::Delete));
    Ok(plan)
}

fn is_as_wanted(object: &Object, child: &Child, accepted: &Accepted) -> bool {
    child.digest == Some(object.digest)
        || accepted.get(&child.uid).is_some_and(|(sent, back)| *sent == object.digest && child.digest == Some(*back))
}

fn shrinks(object: &Object, child: &Child) -> Vec<Invalid> {
    let claims = child.health.iter().flat_map(|health| &health.claims);
    claims
        .filter_map(|(name, bytes)| {
            let (_, wanted) = object.claims.iter().find(|(wanted, _)| wanted.as_str() == name.as_ref())?;
            (wanted.bytes() < *bytes).then(|| {
                let node = object.node.as_deref().unwrap_or_default();
                let message = format!(
                    "the storage has {bytes} bytes and can't shrink to {wanted}; a PersistentVolumeClaim only grows"
                );
                Invalid::new(format!("{node}.storage.{name}"), message)
            })
        })
        .collect()
}

/// The cluster's objects that shall not be, workloads first. A ConfigMap stays as long as pods of an older template may read it.
fn surplus<'a>(
    desired: &'a Desired,
    observed: &'a [Child],
    there: &HashMap<(&ChildKind, &str), &Child>,
    accepted: &Accepted,
) -> impl Iterator<Item = &'a Child> + use<'a> {
    let wanted: HashSet<(&ChildKind, &str)> =
        desired.objects.iter().map(|object| (object.kind, object.name.as_str())).collect();
    let rolling: HashSet<&str> = desired
        .objects
        .iter()
        .filter(|object| object.kind.is_workload())
        .filter(|object| {
            there.get(&(object.kind, object.name.as_str())).is_none_or(|child| {
                !is_as_wanted(object, child, accepted) || !child.health.as_deref().is_some_and(Health::rolled_out)
            })
        })
        .filter_map(|object| object.node.as_deref())
        .collect();
    let in_use = move |child: &Child| {
        child.kind == &CONFIG_MAP && child.node.as_deref().map_or(!rolling.is_empty(), |node| rolling.contains(node))
    };
    let mut surplus: Vec<&Child> = observed
        .iter()
        .filter(|child| !child.deleting && !wanted.contains(&(child.kind, child.name.as_ref())) && !in_use(child))
        .collect();
    surplus.sort_by_key(|child| (!child.kind.is_workload(), child.kind.kind, &child.name));
    surplus.into_iter()
}
