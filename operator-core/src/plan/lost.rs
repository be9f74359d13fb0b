//! What was there once and must not be made again: a Job that is done would run twice, and another generated value of a Secret would part the
//! pods from their data.

use std::time::Duration;

use k8s_openapi::jiff::Timestamp;

use super::{
    Action, Gate, Situation,
    gates::{REFUSED_AGAIN, TAKEN_AGAIN, left, refused, taken},
    is_claim,
};
use crate::{
    model::Object,
    state::{Answer, Child, Fact},
};

/// What is known of an object that was there once, must not be made again, and isn't seen.
pub(super) enum Unseen<'a> {
    /// It may only be out of sight: it has to be looked for.
    Sought,
    /// What it did is done.
    Done,
    /// It is there without an owner: someone has put it there again, or it is taken over.
    Restored(&'a Child),
    /// It can't be had, and when to look again.
    Gone(Gate, Duration),
}

/// What is known of such an object; none where it may be made.
pub(super) fn unseen<'a>(object: &Object, situation: &Situation<'a>) -> Option<Unseen<'a>> {
    let snapshot = situation.snapshot;
    let fact = snapshot.fact(&object.kind, &object.name);
    if snapshot.is_done(&object.kind, &object.name) {
        // It was cleaned up since, and its name may be someone else's by now.
        let is_gone = |answer: &Answer| matches!(answer, Answer::Deleted | Answer::Foreign(_) | Answer::Unowned(_));
        return Some(if fact.is_some_and(|fact| is_gone(&fact.answer)) { Unseen::Done } else { Unseen::Sought });
    }
    if snapshot.adopts
        && let Some(found) = adopted(object, fact, snapshot.time)
    {
        return Some(found);
    }
    // One that the operator itself pruned, for an earlier spec, is made anew.
    let was_pruned = fact.is_some_and(is_of_pruning);
    if object.generate.is_empty() || was_pruned || !situation.was_there(object) {
        return None;
    }
    let fresh = fact.and_then(|fact| Some((&fact.answer, left(fact, TAKEN_AGAIN.0, snapshot.time)?)));
    let Some((answer, left)) = fresh else { return Some(Unseen::Sought) };
    let gate = match answer {
        Answer::Stored { .. } | Answer::Exists => return Some(Unseen::Sought),
        Answer::Unowned(child) if !child.deleting => return Some(Unseen::Restored(child)),
        Answer::Foreign(_) => taken(object, answer, situation).map(|(gate, _)| gate),
        Answer::Refused(refusal) => Some(refused(object, refusal)),
        _ => None,
    };
    Some(Unseen::Gone(gate.unwrap_or_else(|| Gate::Lost { name: object.name.clone(), key: None }), left))
}

/// What was found in an object's place, where the cluster takes over what is nobody's: what this operator made once, by its labels. Who may create
/// a cluster gets no power over anything else by that. It is only changed: where it can't be, it stays.
fn adopted<'a>(object: &Object, fact: Option<&'a Fact>, now: Timestamp) -> Option<Unseen<'a>> {
    let fact = fact.filter(|fact| fact.sent == object.intent)?;
    match &fact.answer {
        // It may have gone since.
        Answer::Unowned(child) if is_adoptable(object, child) => {
            left(fact, TAKEN_AGAIN.0, now).map(|_| Unseen::Restored(child))
        }
        Answer::Refused(refusal) if fact.found.is_some() => {
            left(fact, REFUSED_AGAIN, now).map(|left| Unseen::Gone(refused(object, refusal), left))
        }
        _ => None,
    }
}

/// Whether it bears this operator's labels. Claims never have an owner: those of the cluster are found by their labels.
pub(super) fn is_adoptable(object: &Object, child: &Child) -> bool {
    !is_claim(&object.kind) && child.watched && !child.deleting && child.node.as_deref() == object.node_name()
}

/// Whether the operator itself deleted something that a spec no longer had.
pub(super) fn is_of_pruning(fact: &Fact) -> bool {
    fact.answer == Answer::Deleted && fact.sent == Action::of_a_deletion()
}

/// The generated keys that a Secret shall be filled with. It was made with all of them; who puts an empty one in its place asks for new values.
pub(super) fn asked(object: &Object, child: &Child) -> Vec<(String, u32)> {
    let is_asked = child.controller.is_none() && keys(child).next().is_none();
    if is_asked { object.generate.clone() } else { Vec::new() }
}

/// The generated keys that someone took out of a Secret, their values with them.
pub(super) fn removed(object: &Object, child: &Child) -> Vec<Gate> {
    if child.deleting || !asked(object, child).is_empty() {
        return Vec::new();
    }
    let missing = object.generate.iter().filter(|(key, _)| !keys(child).any(|there| there == key));
    missing.map(|(key, _)| Gate::Lost { name: object.name.clone(), key: Some(key.clone()) }).collect()
}

fn keys(child: &Child) -> impl Iterator<Item = &str> {
    child.secret.iter().flat_map(|data| data.keys())
}
