//! Pods that keep a StatefulSet whose pods come in order from being updated, after the spec was put right.

use operator_core::{model::kind::STATEFUL_SET, plan::Plan, render::Blueprint, state::Blocker};
use serde_json::{Value, json};

use crate::{
    common::World,
    plans::{blueprint, done},
};

/// Three pods in order, the last of which is on a revision that never got ready, while its controller has seen a newer one.
fn installed(changes: &Value) -> (Blueprint, World) {
    let mut store = json!({ "replicas": 3, "podManagementPolicy": "OrderedReady" });
    store.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
    let blueprint = blueprint(&json!({ "store": store }));
    let mut world = World::of(&blueprint);
    reports(&mut world, 1);
    world.snapshot.blockers = vec![last(&world)];
    (blueprint, world)
}

fn reports(world: &mut World, seen: i64) {
    let status = json!({ "observedGeneration": seen, "replicas": 3, "updatedReplicas": 0, "readyReplicas": 2,
        "currentRevision": "first", "updateRevision": "third" });
    world.reports(&STATEFUL_SET, &status);
}

fn last(world: &World) -> Blocker {
    Blocker {
        workload: world.child(&(&STATEFUL_SET).into(), "a-store").unwrap().uid.clone(),
        name: "a-store-2".into(),
        uid: "uid-of-pod".into(),
        version: 7,
        ordinal: 2,
        before: 2,
        revision: "second".into(),
    }
}

fn deletes(plan: &Plan) -> bool {
    assert!(plan.actions.iter().all(|action| action.uid().is_none_or(|uid| uid == "uid-of-pod")), "{plan:?}");
    done(plan) == ["Delete Pod a-store-2"]
}

#[test]
fn a_pod_in_trouble_on_an_earlier_revision_is_deleted_as_it_was_seen() {
    let (blueprint, mut world) = installed(&json!({}));
    let plan = world.plan(&blueprint);
    assert!(deletes(&plan) && plan.destroys(), "only for the newest spec: {plan:?}");
    assert_eq!(
        json!(plan.actions[0]),
        json!({ "verb": "delete", "kind": "v1/Pod/pods", "name": "a-store-2",
        "uid": "uid-of-pod", "version": 7 })
    );
    // Where the first installation never got ready, its revision is the current one.
    world.snapshot.blockers = vec![Blocker { revision: "first".into(), ..last(&world) }];
    assert!(deletes(&world.plan(&blueprint)));
}

#[test]
fn a_pod_that_may_get_ready_or_is_not_in_the_way_stays() {
    let (blueprint, world) = installed(&json!({}));
    let stays = |change: &dyn Fn(&mut Blocker), why: &str| {
        let mut world = world.clone();
        change(&mut world.snapshot.blockers[0]);
        assert_eq!(done(&world.plan(&blueprint)), Vec::<String>::new(), "{why}");
    };
    stays(&|pod| pod.revision = "third".into(), "it is on the newest revision");
    stays(&|pod| pod.before = 1, "an earlier pod is missing: its controller waits for that");
    stays(&|pod| pod.workload = "another".into(), "it is another workload's");
    let mut unseen = world.clone();
    reports(&mut unseen, 0);
    assert_eq!(done(&unseen.plan(&blueprint)), Vec::<String>::new(), "its controller hasn't seen the newest template");
    let mut touched = world.clone();
    touched.touch(&STATEFUL_SET, "a-store", &["spec", "template", "spec", "containers"]);
    assert_eq!(done(&touched.plan(&blueprint)), ["Apply StatefulSet a-store"], "first the template is put right");
}

#[test]
fn a_pod_that_would_not_come_back_on_the_newest_revision_stays() {
    let rolling = |partition: i32| json!({ "partition": partition });
    for (change, is_deleted) in [
        (json!({ "podManagementPolicy": "Parallel" }), false),
        (json!({ "updateStrategy": { "type": "OnDelete" } }), false),
        (json!({ "updateStrategy": rolling(3) }), false),
        (json!({ "updateStrategy": rolling(2) }), true),
    ] {
        let (blueprint, world) = installed(&change);
        assert_eq!(deletes(&world.plan(&blueprint)), is_deleted, "{change}");
    }
}
