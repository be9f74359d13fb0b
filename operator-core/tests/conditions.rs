//! Conditions that tools read of any kind (kstatus): `Reconciling` and `Stalled`, each there only while it is true, and never both.

use operator_core::{
    ClusterStatus,
    model::kind::{SECRET, SERVICE, STATEFUL_SET},
    render::Blueprint,
    settings::Invalid,
    state::{
        Answer,
        fact::{Controller, Failed},
    },
    status,
};
use serde_json::json;

use crate::{
    common::World,
    plans::{blueprint, refusal},
};

fn installed() -> (Blueprint, World) {
    let blueprint = blueprint(&json!({ "store": { "replicas": 1 } }));
    let world = World::of(&blueprint);
    (blueprint, world)
}

/// Those of the two that are there, with their reason.
fn only_while_true(status: &ClusterStatus) -> Vec<(String, String)> {
    let conditions = status.conditions.iter();
    let there = conditions.filter(|condition| ["Reconciling", "Stalled"].contains(&condition.type_.as_str()));
    there
        .map(|condition| {
            let ready = status.condition("Ready").unwrap();
            assert_eq!((condition.status.as_str(), &condition.reason), ("True", &ready.reason));
            assert_eq!((&condition.message, ready.status.as_str()), (&ready.message, "False"));
            (condition.type_.clone(), condition.reason.clone())
        })
        .collect()
}

fn said(world: &World, blueprint: &Blueprint) -> Vec<(String, String)> {
    only_while_true(&world.report(blueprint, &world.plan(blueprint)))
}

fn one(type_: &str, reason: &str) -> Vec<(String, String)> {
    vec![(type_.to_owned(), reason.to_owned())]
}

fn unready(world: &mut World) {
    let status = json!({ "observedGeneration": 1, "replicas": 1, "updatedReplicas": 1, "readyReplicas": 0 });
    world.reports(&STATEFUL_SET, &status);
}

#[test]
fn a_generation_is_being_reconciled_until_the_cluster_is_ready_on_it() {
    let (blueprint, mut world) = installed();
    assert_eq!(said(&world, &blueprint), [], "all is ready");
    unready(&mut world);
    assert_eq!(said(&world, &blueprint), [], "a pod that fails later is no change under way");

    world.snapshot.generation = 2;
    for _ in 0..2 {
        let status = world.report(&blueprint, &world.plan(&blueprint));
        assert_eq!(only_while_true(&status), one("Reconciling", "Progressing"), "this generation was never ready");
        world.snapshot.status = Some(status);
    }
    world.reports(
        &STATEFUL_SET,
        &json!({ "observedGeneration": 1, "replicas": 1, "updatedReplicas": 1, "readyReplicas": 1 }),
    );
    let ready = world.report(&blueprint, &world.plan(&blueprint));
    assert!(ready.is_ready());
    assert_eq!(only_while_true(&ready), []);
    world.snapshot.status = Some(ready);
    world.reports(
        &STATEFUL_SET,
        &json!({ "observedGeneration": 1, "replicas": 1, "updatedReplicas": 0, "readyReplicas": 0 }),
    );
    assert_eq!(said(&world, &blueprint), one("Reconciling", "Progressing"), "someone changed it, and pods roll again");
}

#[test]
fn what_only_a_person_can_mend_stalls() {
    let (blueprint, world) = installed();
    let invalid = [Invalid { path: "store".to_owned(), message: "it is wrong".to_owned() }];
    let plan = operator_core::plan::plan(Err(&invalid), None, &world.snapshot);
    let stalled = status::report(None, &plan, &[], &world.snapshot);
    assert_eq!(only_while_true(&stalled), one("Stalled", "InvalidSpec"));
    let mut mended = world.clone();
    mended.snapshot.status = Some(stalled);
    assert_eq!(said(&mended, &blueprint), [], "it is over");

    let controller = |name: &str| Answer::Foreign(Controller { kind: "Data".to_owned(), name: name.to_owned() });
    for (kind, answer, expected) in [
        (&SERVICE, Answer::Refused(refusal("denied", false)), one("Stalled", "Refused")),
        (&SERVICE, controller("b"), one("Stalled", "NameTaken")),
        (&SERVICE, controller("a"), one("Reconciling", "NameTaken")),
        (&SECRET, Answer::Deleted, one("Stalled", "SecretLost")),
    ] {
        let mut world = world.clone();
        world.delete(kind);
        let action = world.plan(&blueprint).actions.remove(0);
        world.answers(&action, answer.clone());
        assert_eq!(said(&world, &blueprint), expected, "{answer:?}");
    }
}

#[test]
fn what_is_tried_again_does_not_stall_and_conditions_of_others_stay() {
    let (blueprint, mut world) = installed();
    unready(&mut world);
    let theirs = json!({ "type": "Backup", "status": "True", "reason": "Done", "message": "", "lastTransitionTime": "2026-01-01T00:00:00Z" });
    let mut status = world.snapshot.status.take().unwrap();
    status.conditions.insert(0, serde_json::from_value(theirs).unwrap());
    status.observed_generation = 0;
    world.snapshot.status = Some(status);
    let failed = Failed { message: "no answer".to_owned(), again: None, is_needed: true };
    let report = status::report(Some(&blueprint), &world.plan(&blueprint), &[failed], &world.snapshot);
    assert_eq!(only_while_true(&report), one("Reconciling", "Retrying"));
    let types: Vec<&str> = report.conditions.iter().map(|condition| condition.type_.as_str()).collect();
    assert_eq!(types, ["Backup", "Ready", "Progressing", "Degraded", "Reconciling"]);
}
