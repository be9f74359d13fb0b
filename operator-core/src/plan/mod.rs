//! What is to be done: the difference between what shall be and what is there. Pure, and in a fixed order.
//!
//! | module | holds |
//! | --- | --- |
//! | `compare` | whether an object is as wanted, and how many pods a write asks for |
//! | `gates` | what must be there before a workload is created or changed |
//! | `claims` | volumes that grow, and those that can't shrink |
//! | `surplus` | what shall not be any more |

mod drift;
mod gates;
mod prune;
mod volumes;

use std::{collections::HashMap, fmt};

use serde::Serialize;

pub(crate) use drift::{replicas, sent};
pub use gates::Waiting;

use crate::{
    model::Digest,
    model::kind::{CLAIM, ChildKind},
    render::{Desired, Object},
    settings::{Invalid, Quantity},
    state::Child,
    status::ClusterStatus,
};
use gates::Gates;

/// The writes that bring a cluster to its desired state, in order.
#[derive(Clone, Debug, Default)]
pub struct Plan<'a> {
    /// Empty where everything is as it shall be, or waits.
    pub actions: Vec<Action<'a>>,
    /// What is not created or changed yet, and why.
    pub waiting: Vec<Waiting>,
    /// Objects whose kind the API server lacks.
    pub left_out: Vec<LeftOut>,
    /// Whether something is being deleted that comes again once it is gone.
    pub returning: bool,
}

/// An object that isn't made: the API server lacks its kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeftOut {
    /// Its kind.
    pub kind: &'static ChildKind,
    /// Its name.
    pub name: String,
}

impl fmt::Display for LeftOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} is left out: its CRD is not installed", self.kind.kind, self.name)
    }
}

impl Plan<'_> {
    /// Whether no object's JSON is needed to carry it out.
    pub fn writes_nothing(&self) -> bool {
        self.actions.iter().all(|action| matches!(action.verb(), Verb::Delete | Verb::Replace | Verb::Grow))
    }

    /// Whether everything is as it shall be.
    pub fn is_done(&self) -> bool {
        self.actions.is_empty() && self.waiting.is_empty() && !self.returning
    }
}

/// A write.
#[derive(Clone, Debug)]
pub enum Action<'a> {
    /// Makes an object that must not be there yet.
    Create {
        /// What it shall be.
        object: &'a Object,
        /// How many pods it had before it was replaced, where the spec doesn't say how many.
        replicas: Option<i32>,
    },
    /// Brings one of the cluster's objects to what it shall be.
    Apply {
        /// What it shall be.
        object: &'a Object,
        /// UID of the object that is there.
        uid: &'a str,
        /// How many pods it asks for.
        replicas: Replicas,
    },
    /// Deletes an object whose fixed fields shall differ; once it is gone, it is created. Pods of a workload go on running.
    Replace {
        /// What it shall be.
        object: &'a Object,
        /// UID of the object that is there.
        uid: &'a str,
    },
    /// Asks for more storage.
    Grow {
        /// The claim.
        claim: &'a Child,
        /// How much.
        size: &'a Quantity,
    },
    /// Deletes one of the cluster's objects that shall not be.
    Delete(&'a Child),
}

/// How many pods an apply asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Replicas {
    /// As many as the object says, where it says it.
    AsWritten,
    /// As many as there are: someone else set that number.
    Left,
    /// As many as there are. The operator set that number alone: were it just given up, it would be reset to 1, so it is handed over first.
    HandedOver(i32),
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
    /// See [`Action::Grow`].
    Grow,
    /// See [`Action::Delete`].
    Delete,
}

impl<'a> Action<'a> {
    /// What it does.
    pub fn verb(&self) -> Verb {
        match self {
            Self::Create { .. } => Verb::Create,
            Self::Apply { .. } => Verb::Apply,
            Self::Replace { .. } => Verb::Replace,
            Self::Grow { .. } => Verb::Grow,
            Self::Delete(_) => Verb::Delete,
        }
    }

    /// Kind and name of what it is about.
    pub fn target(&self) -> (&'static ChildKind, &'a str) {
        match self {
            Self::Create { object, .. } | Self::Apply { object, .. } | Self::Replace { object, .. } => {
                (object.kind, &object.name)
            }
            Self::Grow { claim, .. } => (&CLAIM, &claim.name),
            Self::Delete(child) => (child.kind, &child.name),
        }
    }
}

/// Objects that a webhook changes on their way in, by UID: the digest that was sent, and the one that came back.
pub type Accepted = HashMap<Box<str>, (Digest, Digest)>;

/// What a plan depends on beside the desired state.
#[derive(Clone, Copy)]
pub struct Inputs<'a> {
    /// The cluster's objects, with the claims of its pods.
    pub observed: &'a [Child],
    /// Objects that a webhook changes.
    pub accepted: Option<&'a Accepted>,
    /// The status as it was last written: how many pods a workload had that is being replaced.
    pub previous: Option<&'a ClusterStatus>,
    /// Whether the API server has a kind; only asked of those that it may lack.
    pub available: &'a (dyn Fn(&ChildKind) -> bool + Sync),
    /// Why no workload may be created or changed now: a sentence.
    pub hold: Option<&'a str>,
}

impl<'a> Inputs<'a> {
    /// These objects are there, every kind is, and nothing is to be waited for.
    pub fn new(observed: &'a [Child]) -> Self {
        Self { observed, accepted: None, previous: None, available: &|_| true, hold: None }
    }
}

/// What is there, by kind and name.
struct There<'a> {
    by_name: HashMap<(&'static ChildKind, &'a str), &'a Child>,
    accepted: Option<&'a Accepted>,
}

impl<'a> There<'a> {
    fn new(inputs: &Inputs<'a>) -> Self {
        let by_name = inputs.observed.iter().map(|child| ((child.kind, child.name.as_ref()), child)).collect();
        Self { by_name, accepted: inputs.accepted }
    }

    /// What is in an object's place.
    fn get(&self, object: &Object) -> Option<&'a Child> {
        self.by_name.get(&(object.kind, object.name.as_str())).copied()
    }

    fn is_as_wanted(&self, object: &Object, child: &Child) -> bool {
        drift::is_as_wanted(object, child, self.accepted)
    }
}

/// Compares what shall be with what is there.
///
/// # Errors
/// What can't be done to the objects that are there: storage that would shrink.
pub fn plan<'a>(desired: &'a Desired, inputs: &Inputs<'a>) -> Result<Plan<'a>, Vec<Invalid>> {
    let there = There::new(inputs);
    let shrinking: Vec<Invalid> =
        desired.objects.iter().flat_map(|object| volumes::shrinking(object, &there)).collect();
    if !shrinking.is_empty() {
        return Err(shrinking);
    }
    let mut plan = Plan::default();
    let gates = Gates::new(desired, inputs, &there);
    for object in &desired.objects {
        plan.returning |= there.get(object).is_some_and(|child| child.deleting);
        if object.kind.optional && !(inputs.available)(object.kind) {
            plan.left_out.push(LeftOut { kind: object.kind, name: object.name.clone() });
        } else if let Some(action) = write(object, inputs, &there) {
            match gates.shut(object) {
                reasons if reasons.is_empty() => plan.actions.push(action),
                reasons => plan.waiting.extend(reasons),
            }
        }
    }
    plan.actions.extend(desired.objects.iter().flat_map(|object| volumes::growing(object, inputs.observed)));
    plan.actions.extend(prune::surplus(desired, inputs.observed, &there, &gates).map(Action::Delete));
    Ok(plan)
}

/// What brings an object to what it shall be.
fn write<'a>(object: &'a Object, inputs: &Inputs<'a>, there: &There<'a>) -> Option<Action<'a>> {
    let Some(child) = there.get(object) else {
        return Some(Action::Create { object, replicas: drift::before(object, inputs.previous) });
    };
    // What is being deleted comes again once it is gone.
    if child.deleting || there.is_as_wanted(object, child) {
        return None;
    }
    // What was generated would be lost.
    let replaceable = object.generate.is_empty() && child.digest.is_some();
    Some(if replaceable && child.immutable != object.immutable {
        Action::Replace { object, uid: &child.uid }
    } else {
        Action::Apply { object, uid: &child.uid, replicas: drift::replicas(object, child) }
    })
}
