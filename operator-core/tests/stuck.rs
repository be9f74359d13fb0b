//! Pods that their StatefulSet's controller can't get past: one that never got ready, where pods come in order; and those that were made before
//! the set had some claim template.

use operator_core::{
    model::kind::STATEFUL_SET,
    plan::Plan,
    render::Blueprint,
    state::{Member, Standing},
};
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
    reports(&mut world, 1, 2);
    let last = Member { revision: "second".into(), standing: Standing::InTrouble, ..member(&world, 2) };
    world.snapshot.members = vec![member(&world, 0), member(&world, 1), last];
    (blueprint, world)
}

fn reports(world: &mut World, seen: i64, ready: i64) {
    let status = json!({ "observedGeneration": seen, "replicas": 3, "updatedReplicas": 0, "readyReplicas": ready,
        "currentRevision": "first", "updateRevision": "third" });
    world.reports(&STATEFUL_SET, &status);
}

/// A pod that is ready on the first revision.
fn member(world: &World, ordinal: i32) -> Member {
    let set = world.child(&(&STATEFUL_SET).into(), "a-store").unwrap();
    Member {
        workload: set.uid.clone(),
        name: format!("a-store-{ordinal}").into(),
        uid: format!("uid-of-pod-{ordinal}").into(),
        version: 7,
        ordinal,
        revision: "first".into(),
        standing: Standing::Ready,
        claims: set.health.as_ref().unwrap().claims.iter().map(|(template, _)| template.clone()).collect(),
    }
}

fn deletes(plan: &Plan) -> bool {
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
        "uid": "uid-of-pod-2", "version": 7 })
    );
    // Where the first installation never got ready, its revision is the current one.
    world.snapshot.members[2].revision = "first".into();
    assert!(deletes(&world.plan(&blueprint)));
}

#[test]
fn a_pod_that_may_get_ready_or_is_not_in_the_way_stays() {
    let (blueprint, world) = installed(&json!({}));
    let stays = |change: &dyn Fn(&mut Vec<Member>), why: &str| {
        let mut world = world.clone();
        change(&mut world.snapshot.members);
        assert_eq!(done(&world.plan(&blueprint)), Vec::<String>::new(), "{why}");
    };
    stays(&|pods| pods[2].revision = "third".into(), "it is on the newest revision");
    stays(&|pods| pods[2].standing = Standing::Changing, "it starts, or ends");
    stays(&|pods| pods[1].standing = Standing::Changing, "its controller waits for an earlier one");
    stays(&|pods| _ = pods.remove(1), "an earlier pod is missing: its controller waits for that");
    stays(&|pods| pods[2].workload = "another".into(), "it is another workload's");
    let mut unseen = world.clone();
    reports(&mut unseen, 0, 2);
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

/// Three pods that are ready, the last two of which lack the claim of some template.
fn further_claim(changes: &Value) -> (Blueprint, World) {
    let (blueprint, mut world) = installed(changes);
    reports(&mut world, 1, 3);
    let all = member(&world, 0);
    assert!(!all.claims.is_empty());
    let lacking = |ordinal| Member { claims: [].into(), ..member(&world, ordinal) };
    world.snapshot.members = vec![all, lacking(1), lacking(2)];
    (blueprint, world)
}

#[test]
fn pods_that_lack_a_claim_are_deleted_one_at_a_time_the_first_of_them_first() {
    for order in ["OrderedReady", "Parallel"] {
        let (blueprint, mut world) = further_claim(&json!({ "podManagementPolicy": order }));
        let plan = world.plan(&blueprint);
        assert!(plan.destroys(), "only for the newest spec");
        assert_eq!(done(&plan), ["Delete Pod a-store-1"], "{order}: its controller gets past none");
        world.snapshot.members[1].standing = Standing::InTrouble;
        reports(&mut world, 1, 2);
        assert_eq!(done(&world.plan(&blueprint)), ["Delete Pod a-store-1"], "nobody misses one that isn't ready");
        world.snapshot.members[1] = member(&world, 1);
        reports(&mut world, 1, 3);
        assert_eq!(done(&world.plan(&blueprint)), ["Delete Pod a-store-2"]);
        world.snapshot.members[2] = member(&world, 2);
        assert_eq!(done(&world.plan(&blueprint)), Vec::<String>::new());
    }
}

#[test]
fn a_ready_pod_that_lacks_a_claim_stays_while_another_pod_is_not_ready_or_a_person_decides() {
    let (blueprint, world) = further_claim(&json!({ "podManagementPolicy": "Parallel" }));
    let stays = |change: &dyn Fn(&mut World), why: &str| {
        let mut world = world.clone();
        change(&mut world);
        assert_eq!(done(&world.plan(&blueprint)), Vec::<String>::new(), "{why}");
    };
    stays(&|world| world.snapshot.members[0].standing = Standing::InTrouble, "an earlier one");
    stays(&|world| world.snapshot.members[2].standing = Standing::Changing, "a later one");
    stays(&|world| _ = world.snapshot.members.pop(), "a pod is missing");
    stays(&|world| reports(world, 1, 2), "one isn't ready any more since they were listed");
    stays(&|world| reports(world, 0, 3), "its controller hasn't seen the newest template");
    for (strategy, is_deleted) in
        [(json!({ "type": "OnDelete" }), false), (json!({ "partition": 2 }), false), (json!({ "partition": 1 }), true)]
    {
        let (blueprint, world) = further_claim(&json!({ "updateStrategy": strategy }));
        let expected = if is_deleted { vec!["Delete Pod a-store-1"] } else { vec![] };
        assert_eq!(done(&world.plan(&blueprint)), expected, "{strategy}");
    }
}
