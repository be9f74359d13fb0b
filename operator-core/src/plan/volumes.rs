//! Volumes: claims grow in place, and never shrink. Nothing else of them is changed, and none is deleted.

use k8s_openapi::jiff::SignedDuration;

use super::{Action, Gate, Situation, is_claim};
use crate::{
    model::{Kind, Object, Quantity, kind::CLAIM},
    settings::Invalid,
    state::{Availability, Child},
};

/// How long a StatefulSet's controller gets to take its claims from it.
const RELEASED: SignedDuration = SignedDuration::from_secs(30);

/// Storage that would be smaller than what the StatefulSet that is there asks for.
pub fn shrinking(situation: &Situation<'_>) -> Vec<Invalid> {
    let of_object = |object: &Object| {
        let health = situation.child(object).and_then(|child| child.health.as_deref());
        let live = health.into_iter().flat_map(|health| &health.claims);
        let shrinking = live.filter_map(|(name, size)| {
            let (_, wanted) = object.claims.iter().find(|(wanted, _)| wanted.as_str() == name.as_ref())?;
            (wanted.bytes() < size.bytes()).then(|| shrinks(object, name, size, wanted))
        });
        shrinking.collect::<Vec<_>>()
    };
    situation.wanted.iter().flat_map(|object| of_object(object)).collect()
}

fn shrinks(object: &Object, name: &str, size: &Quantity, wanted: &Quantity) -> Invalid {
    let path = object.node.as_ref().map_or("", |node| &node.path);
    let (path, whose, or) = if object.is_added() {
        (path.to_owned(), format!("{} {}: {name}", object.kind.kind, object.name), "")
    } else {
        (
            format!("{path}.storage.{name}.size"),
            "the storage".to_owned(),
            ", or add a node with smaller storage instead",
        )
    };
    let message = format!(
        "{whose} has {size} and can't shrink to {wanted}: a PersistentVolumeClaim only grows; write {size} or more{or}"
    );
    Invalid::new(path, message)
}

/// What comes before a StatefulSet is replaced whose claims would go with it: its pods stay, but the garbage collector deletes a claim of which
/// it has just learned that it belonged to a StatefulSet that is gone. So they are taken from it first; the StatefulSet's controller does that
/// where there is a pod, within a moment. The others have belonged to it for long, so that it knows.
pub fn released(action: Action, child: Option<&Child>, situation: &Situation<'_>) -> Result<Action, Gate> {
    let (Action::Replace { object, .. }, Some(child), Some(health)) =
        (&action, child, child.and_then(|child| child.health.as_deref()))
    else {
        return Ok(action);
    };
    let snapshot = situation.snapshot;
    let tried = snapshot.fact(&object.kind, &object.name).map(|fact| snapshot.time.duration_since(fact.at));
    let is_fresh = tried.is_some_and(|since| since < RELEASED);
    let node = object.subject().to_owned();
    if health.takes_claims {
        let found = (child.uid.clone(), child.seen);
        // Where something sets it back each time, there is no end to it.
        return if is_fresh {
            Ok(Action::Release { object: object.clone(), found })
        } else {
            Err(Gate::Claims { node, stuck: true })
        };
    }
    let mut claims = snapshot.children.iter().filter(|child| is_claim(&child.kind));
    let is_owned = claims.any(|claim| claim.owned && claim.node.as_deref() == object.node_name());
    let is_known = health.observed && *snapshot.availability(&Kind::Row(&CLAIM)) == Availability::Synced;
    let had_claims = !health.claims.is_empty();
    if is_fresh && had_claims && (is_owned || !is_known) {
        Err(Gate::Claims { node, stuck: false })
    } else {
        Ok(action)
    }
}

/// The claims of StatefulSets' pods that are smaller than they shall be, also those that no pod has now.
pub fn growing(situation: &Situation<'_>) -> Vec<Action> {
    let mut growing = Vec::new();
    for object in &situation.wanted {
        let of_node = situation.snapshot.children.iter().filter(|child| {
            is_claim(&child.kind)
                && !child.deleting
                && child.node.is_some()
                && child.node.as_deref() == object.node_name()
        });
        let mut too_small: Vec<(&Child, &Quantity)> = of_node
            .filter_map(|claim| {
                let (_, size) =
                    object.claims.iter().find(|(template, _)| is_of(&claim.name, template, &object.name))?;
                (claim.size.as_ref()?.bytes() < size.bytes()).then_some((claim, size))
            })
            .collect();
        too_small.sort_by_key(|(claim, _)| &claim.name);
        growing.extend(too_small.into_iter().map(|(claim, size)| Action::Grow {
            claim: claim.name.to_string(),
            found: (claim.uid.clone(), claim.seen),
            size: size.clone(),
        }));
    }
    growing
}

/// Source: a StatefulSet's claims are called `<template>-<StatefulSet>-<ordinal>`.
fn is_of(claim: &str, template: &str, workload: &str) -> bool {
    let ordinal = claim
        .strip_prefix(template)
        .and_then(|rest| rest.strip_prefix('-'))
        .and_then(|rest| rest.strip_prefix(workload))
        .and_then(|rest| rest.strip_prefix('-'));
    ordinal.is_some_and(|ordinal| !ordinal.is_empty() && ordinal.bytes().all(|byte| byte.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn claims_are_told_by_their_exact_names() {
        assert!(is_of("data-a-store-0", "data", "a-store") && is_of("data-a-store-12", "data", "a-store"));
        for other in ["data-a-store", "data-a-store-", "data-a-store-hot-0", "more-data-a-store-0", "data-a-store-x"] {
            assert!(!is_of(other, "data", "a-store"), "{other}");
        }
    }
}
