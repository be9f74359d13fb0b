//! What keeps objects from being written. Running workloads stay as they are meanwhile.

use std::{collections::BTreeMap, time::Duration};

use k8s_openapi::jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Action, Situation, Verb, is_claim, lost::is_adoptable};
use crate::{
    model::{Content, Digest, Kind, Object, Reference, kind::JOB},
    render::names::adopt,
    state::{
        Answer, Availability, Child, Fact, Probe, Snapshot,
        fact::{Controller, Refusal},
    },
};

/// How often what was refused is tried again: policies, quotas and classes change, too.
pub const REFUSED_AGAIN: Duration = Duration::from_secs(300);
/// How often a name that is someone else's is tried again, and one that an earlier cluster of the same name leaves soon.
pub const TAKEN_AGAIN: (Duration, Duration) = (Duration::from_secs(15), Duration::from_secs(1));
/// How often something is put back at once, and the first and longest wait after that.
const PUT_BACK: (u8, Duration, Duration) = (10, Duration::from_secs(15), Duration::from_secs(300));
/// After this it isn't soon any more: an earlier cluster may have a finalizer that nobody takes away.
pub const LONG: SignedDuration = SignedDuration::from_mins(1);

/// What keeps an object from being written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase", tag = "gate")]
pub enum Gate {
    /// What the pods of a node refer to isn't known, or isn't there.
    Reference {
        /// The node.
        node: String,
        /// What they refer to.
        reference: Reference,
        /// What is known of it.
        content: Content,
    },
    /// A Job of a lower order isn't complete.
    Job {
        /// The node that waits.
        node: String,
        /// The Job's node.
        job: String,
        /// Whether it failed.
        failed: bool,
    },
    /// An earlier Job of the same node runs.
    EarlierJob {
        /// The node that waits.
        node: String,
        /// Name of the Job.
        job: String,
    },
    /// Something that the operator doesn't run isn't there.
    External {
        /// The node that waits.
        node: String,
        /// What is missing; empty: it is being looked for.
        missing: Vec<String>,
    },
    /// A StatefulSet that is to be replaced still has claims that would go with it.
    Claims {
        /// Its node.
        node: String,
        /// Whether they are kept from being taken from it.
        stuck: bool,
    },
    /// What the pods of a node need can't be written.
    Needs {
        /// The node that waits.
        node: String,
        /// Kind of what they need.
        kind: Kind,
        /// Its name.
        name: String,
    },
    /// The API server lacks a kind that it may lack: the object is left out.
    KindMissing {
        /// The kind.
        kind: Kind,
        /// Name of the object.
        name: String,
    },
    /// Objects of a kind can't be listed.
    KindUnavailable {
        /// The kind.
        kind: Kind,
        /// Name of the object.
        name: String,
        /// Why.
        message: String,
    },
    /// The API server refuses an object.
    Refused {
        /// Its kind.
        kind: Kind,
        /// Its name.
        name: String,
        /// What the API server said.
        message: String,
    },
    /// Someone changes or deletes an object again and again. It is put back, but not at once.
    Contested {
        /// Its kind.
        kind: Kind,
        /// Its name.
        name: String,
    },
    /// A generated value of a Secret is gone.
    Lost {
        /// Name of the Secret.
        name: String,
        /// The key that someone took out of it; none: the Secret is gone.
        key: Option<String>,
    },
    /// An object of this name is there and isn't the cluster's.
    NameTaken {
        /// Its kind.
        kind: Kind,
        /// Its name.
        name: String,
        /// Whose it is; none: nobody's.
        controller: Option<Box<Controller>>,
        /// Whether it is an earlier cluster's of the same name, and so will be gone soon.
        passing: bool,
        /// The annotation by which the cluster would take it over, where it can be.
        adopt: Option<String>,
    },
}

impl Gate {
    /// Whether nothing waits for it.
    pub fn is_remark(&self) -> bool {
        matches!(self, Self::KindMissing { .. })
    }

    /// Whether it will be known in a moment how this stands.
    pub fn is_undecided(&self) -> bool {
        match self {
            Self::Reference { content, .. } => *content == Content::Unknown,
            Self::External { missing, .. } => missing.is_empty(),
            _ => false,
        }
    }

    /// Whether the API server refuses what others depend on.
    pub fn is_refusal(&self) -> bool {
        matches!(self, Self::Refused { kind, .. } if !is_claim(kind))
    }

    /// Whether nothing may be deleted meanwhile: what waits may be what comes in its place.
    pub fn forbids_pruning(&self) -> bool {
        match self {
            Self::External { .. } | Self::Needs { .. } | Self::NameTaken { .. } => true,
            _ => self.is_refusal(),
        }
    }
}

/// Finds what keeps objects from being written, from the first to the last object.
pub(super) struct Gates<'a> {
    situation: &'a Situation<'a>,
    /// Jobs that aren't complete: order, node, and whether they failed.
    jobs: Vec<(i32, String, bool)>,
    /// What was found of objects.
    pub(super) found: Vec<Gate>,
    /// Whether it has to be known whether the externals are there.
    pub(super) wants_probe: bool,
    /// What can't be written, by node; none: of the whole cluster.
    failed: BTreeMap<Option<&'a str>, (Kind, String)>,
}

impl<'a> Gates<'a> {
    pub(super) fn new(situation: &'a Situation<'a>) -> Self {
        let jobs = situation.wanted.iter().filter(|object| object.kind == &JOB).filter_map(|object| {
            let child = situation.child(object).filter(|child| !child.deleting);
            let health = child.and_then(|child| child.health.as_deref());
            let complete = situation.snapshot.is_done(&object.kind, &object.name);
            let failed = health.is_some_and(|health| health.failure.is_some());
            (!complete).then(|| (object.order(), object.subject().to_owned(), failed))
        });
        let jobs = jobs.collect();
        Self { situation, jobs, found: Vec::new(), wants_probe: false, failed: BTreeMap::new() }
    }

    /// What keeps an object from being written now.
    pub(super) fn shut(&mut self, object: &Object) -> Vec<Gate> {
        let mut shut = self.before(object);
        let node = object.subject().to_owned();
        // Two versions of a migration never run at once: the older one is deleted first.
        if object.kind == &JOB {
            let earlier = self.situation.snapshot.children.iter().filter(|child| {
                child.kind == &JOB
                    && *child.name != *object.name
                    && child.node.as_deref() == object.node_name()
                    && !child.health.as_ref().is_some_and(|health| health.ended())
            });
            shut.extend(earlier.map(|child| Gate::EarlierJob { node: node.clone(), job: child.name.to_string() }));
        }
        if object.kind.is_workload() {
            // What a hook added may need whatever the cluster has.
            let is_needed = |node: Option<&str>| object.is_added() || node.is_none() || node == object.node_name();
            let needed = self.failed.iter().find(|(node, _)| is_needed(**node)).map(|(_, needed)| needed);
            shut.extend(needed.map(|(kind, name)| Gate::Needs {
                node: node.clone(),
                kind: kind.clone(),
                name: name.clone(),
            }));
        }
        self.wants_probe |= shut.iter().any(|gate| matches!(gate, Gate::External { .. }));
        shut
    }

    /// The same, earlier Jobs of its node and what can't be written aside.
    pub(super) fn before(&self, object: &Object) -> Vec<Gate> {
        let node = object.subject().to_owned();
        let mut shut: Vec<Gate> = self.references(object).collect();
        if !object.kind.is_workload() {
            return shut;
        }
        let jobs = self.jobs.iter().filter(|(order, _, _)| *order < object.order());
        // Pods don't stay without their workload: one that was there before comes back.
        let comes_back = self.situation.child(object).is_none() && self.situation.was_there(object);
        if self.situation.has_externals && !comes_back {
            match &self.situation.snapshot.externals {
                Probe::There => {}
                Probe::Unknown => shut.push(Gate::External { node: node.clone(), missing: Vec::new() }),
                Probe::Missing(missing) => {
                    shut.push(Gate::External { node: node.clone(), missing: missing.clone() });
                }
            }
        }
        shut.extend(jobs.map(|(_, job, failed)| Gate::Job { node: node.clone(), job: job.clone(), failed: *failed }));
        shut
    }

    fn references(&self, object: &Object) -> impl Iterator<Item = Gate> {
        let reads = object.hash.iter().flat_map(|hash| &hash.reads);
        reads.filter_map(|(reference, optional)| {
            let content = self.situation.snapshot.references.get(reference).cloned().unwrap_or(Content::Unknown);
            let shut = match content {
                // Whatever it is comes into the hash: to go on without it would restart pods for nothing.
                Content::Unknown | Content::Unreadable(_) => true,
                Content::Missing => !optional,
                Content::Present(_) => false,
            };
            let node = object.subject().to_owned();
            shut.then(|| Gate::Reference { node, reference: reference.clone(), content })
        })
    }

    /// An object whose kind can't be seen.
    pub(super) fn refuse_kind(&mut self, object: &'a Object, availability: &Availability) {
        let (kind, name) = (object.kind.clone(), object.name.clone());
        let message = match availability {
            Availability::Missing if kind.is_optional() => return self.found.push(Gate::KindMissing { kind, name }),
            Availability::Failing(message) => message.clone(),
            _ => "the API server has no such kind".to_owned(),
        };
        self.fail(object);
        self.found.push(Gate::KindUnavailable { kind, name, message });
    }

    /// What is to be done where `action` was tried before and answered; else when to try again.
    pub(super) fn answered(
        &mut self,
        object: &'a Object,
        child: Option<&Child>,
        action: Action,
    ) -> Result<Action, Option<Duration>> {
        let snapshot = self.situation.snapshot;
        let fact = snapshot.fact(&object.kind, &object.name);
        if let Some(left) = fact.and_then(|fact| contested(fact, object, snapshot.time)) {
            if child.is_none() {
                self.fail(object);
            }
            self.found.push(Gate::Contested { kind: object.kind.clone(), name: object.name.clone() });
            return Err(Some(left));
        }
        let fact = fact.filter(|fact| fact.holds(object.intent, child));
        let Some(fact) = fact else { return Ok(action) };
        if let Some((gate, again)) = taken(object, &fact.answer, self.situation) {
            return self.wait(fact, again, object, action, gate);
        }
        let found = child.map(|child| (child.uid.clone(), child.seen));
        match (&fact.answer, action, found) {
            // It may be gone before it is looked at: after a while it is created again.
            (Answer::Exists, Action::Create { object, .. }, _) if left(fact, TAKEN_AGAIN.0, snapshot.time).is_some() => {
                Ok(Action::Inspect { object })
            }
            (Answer::Refused(refusal), action @ Action::Apply { .. }, _)
                if refusal.immutable && child.is_some_and(|child| selects_others(object, child)) =>
            {
                let message = "its selector is another one, which can't change: to replace it would leave its pods to nobody; have the \
                               same selector, or delete it with its pods";
                let gate = Gate::Refused {
                    kind: object.kind.clone(),
                    name: object.name.clone(),
                    message: message.to_owned(),
                };
                self.wait(fact, REFUSED_AGAIN, object, action, gate)
            }
            (Answer::Refused(refusal), Action::Apply { object, .. }, Some(found))
                // What was generated would be lost, and what a claim holds.
                if refusal.immutable && object.generate.is_empty() && !object.once && !is_claim(&object.kind) =>
            {
                Ok(Action::Try { object, found })
            }
            // The place of what is replaced becomes free.
            (Answer::WouldBeStored | Answer::NoRoom, Action::Apply { object, .. }, Some((uid, _))) => {
                let version = child.map_or(0, |child| child.version);
                Ok(Action::Replace { object, uid, version })
            }
            (Answer::Refused(refusal) | Answer::WouldBeRefused(refusal), action, _) => {
                self.wait(fact, REFUSED_AGAIN, object, action, refused(object, refusal))
            }
            (_, action, _) => Ok(action),
        }
    }

    fn wait(
        &mut self,
        fact: &Fact,
        again: Duration,
        object: &'a Object,
        action: Action,
        gate: Gate,
    ) -> Result<Action, Option<Duration>> {
        match left(fact, again, self.situation.snapshot.time) {
            None => Ok(action),
            Some(left) => {
                self.fail(object);
                self.found.push(gate);
                Err(Some(left))
            }
        }
    }

    /// Workloads don't start without what they need.
    pub(super) fn fail(&mut self, object: &'a Object) {
        if object.kind.needed_by_pods {
            self.failed.insert(object.node_name(), (object.kind.clone(), object.name.clone()));
        }
    }
}

/// What keeps a claim from growing, and how long until it is tried again; else the action.
pub(super) fn grown(fact: Option<&Fact>, now: Timestamp, action: Action) -> Result<Action, (Gate, Duration)> {
    match fact.map(|fact| (fact, &fact.answer)) {
        Some((fact, Answer::Refused(refusal))) => match left(fact, REFUSED_AGAIN, now) {
            None => Ok(action),
            Some(left) => {
                let (kind, name) = action.target();
                let (kind, name, message) = (kind.clone(), name.to_owned(), refusal.message.clone());
                debug_assert_eq!(action.verb(), Verb::Grow);
                Err((Gate::Refused { kind, name, message }, left))
            }
        },
        _ => Ok(action),
    }
}

/// Whether the API server refused an object, and it isn't time to try again.
pub(super) fn is_refused_lately(object: &Object, snapshot: &Snapshot) -> bool {
    let fact = snapshot.fact(&object.kind, &object.name);
    let refused = fact.filter(|fact| matches!(fact.answer, Answer::Refused(_)));
    refused.is_some_and(|fact| left(fact, REFUSED_AGAIN, snapshot.time).is_some())
}

/// How long until what was put back often is put back again.
fn contested(fact: &Fact, object: &Object, now: Timestamp) -> Option<Duration> {
    let (free, first, longest) = PUT_BACK;
    let more = fact.put_back.checked_sub(free).filter(|_| fact.sent == object.intent)?;
    left(fact, first.saturating_mul(1 << more.min(8)).min(longest), now)
}

/// Whose the object of this name is, where it isn't the cluster's, and when to try again.
pub(super) fn taken(object: &Object, answer: &Answer, situation: &Situation<'_>) -> Option<(Gate, Duration)> {
    let (controller, is_adoptable) = match answer {
        Answer::Foreign(controller) => (Some(Box::new(controller.clone())), false),
        Answer::Unowned(child) => (None, is_adoptable(object, child)),
        _ => return None,
    };
    let passing = controller.as_ref().is_some_and(|controller| is_namesake(object, controller));
    let again = if passing && !situation.waits_for_long() { TAKEN_AGAIN.1 } else { TAKEN_AGAIN.0 };
    let adopt = is_adoptable.then(|| adopt(situation.group));
    Some((Gate::NameTaken { kind: object.kind.clone(), name: object.name.clone(), controller, passing, adopt }, again))
}

/// Time left until what was answered is tried again; none: it is over.
pub(super) fn left(fact: &Fact, again: Duration, now: Timestamp) -> Option<Duration> {
    let elapsed = Duration::try_from(now.duration_since(fact.at)).unwrap_or_default();
    again.checked_sub(elapsed).filter(|left| !left.is_zero())
}

pub(super) fn refused(object: &Object, refusal: &Refusal) -> Gate {
    Gate::Refused { kind: object.kind.clone(), name: object.name.clone(), message: refusal.message.clone() }
}

/// Whether a workload that is there selects other pods than it shall: a new one in its place wouldn't take over its pods.
fn selects_others(object: &Object, child: &Child) -> bool {
    let seen = child.health.as_ref().map(|health| health.selector).filter(|seen| *seen != Digest::default());
    seen.is_some_and(|seen| object.json.pointer("/spec/selector").map(Digest::of) != Some(seen))
}

/// Whether the controller is called as the object's own.
fn is_namesake(object: &Object, controller: &Controller) -> bool {
    let own = object.json.pointer("/metadata/ownerReferences/0").unwrap_or(&Value::Null);
    own["kind"] == *controller.kind && own["name"] == *controller.name
}
