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
        "availableReplicas": ready,
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
    world.snapshot.members = vec![all, lacking(&world, 1), lacking(&world, 2)];
    (blueprint, world)
}

fn lacking(world: &World, ordinal: i32) -> Member {
    Member { claims: [].into(), ..member(world, ordinal) }
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

/// What is done once the members are so, of which so many are available.
fn after(policy: &str, available: i64, change: &dyn Fn(&mut World)) -> Vec<String> {
    let (blueprint, mut world) = further_claim(&json!({ "podManagementPolicy": policy }));
    change(&mut world);
    reports(&mut world, 1, available);
    done(&world.plan(&blueprint))
}

#[test]
fn a_ready_pod_that_lacks_a_claim_stays_while_another_pod_may_get_ready_or_a_person_decides() {
    let stays = |available: i64, change: &dyn Fn(&mut World), why: &str| {
        assert_eq!(after("Parallel", available, change), Vec::<String>::new(), "{why}");
    };
    stays(2, &|world| world.snapshot.members[0].standing = Standing::Changing, "an earlier one starts");
    stays(2, &|world| _ = world.snapshot.members.remove(0), "an earlier one is missing: its controller makes it");
    stays(2, &|world| world.snapshot.members[2].standing = Standing::Changing, "a later one starts or ends");
    stays(2, &|world| world.snapshot.members[2].standing = Standing::InTrouble, "a later one may be over its trouble");
    stays(2, &|_| (), "one isn't ready any more since they were listed, or not for long enough");
    let newest = |world: &mut World| {
        world.snapshot.members[1..].iter_mut().for_each(|member| member.revision = "third".into());
    };
    stays(3, &newest, "it would come back without it, too");
    let (blueprint, mut unseen) = further_claim(&json!({}));
    reports(&mut unseen, 0, 3);
    assert_eq!(done(&unseen.plan(&blueprint)), Vec::<String>::new(), "its controller hasn't seen the newest template");
    for (strategy, is_deleted) in
        [(json!({ "type": "OnDelete" }), false), (json!({ "partition": 2 }), false), (json!({ "partition": 1 }), true)]
    {
        let (blueprint, world) = further_claim(&json!({ "updateStrategy": strategy }));
        let expected = if is_deleted { vec!["Delete Pod a-store-1"] } else { vec![] };
        assert_eq!(done(&world.plan(&blueprint)), expected, "{strategy}");
    }
}

#[test]
fn what_comes_back_only_after_a_pod_that_lacks_a_claim_does_not_keep_it() {
    for policy in ["OrderedReady", "Parallel"] {
        let goes = |available: i64, change: &dyn Fn(&mut World)| {
            assert_eq!(after(policy, available, change), ["Delete Pod a-store-1"], "{policy}");
        };
        goes(2, &|world| _ = world.snapshot.members.pop());
        goes(2, &|world| world.snapshot.members[2].standing = Standing::Failed);
        // A fourth one, since it was scaled down: its controller doesn't get to deleting it.
        goes(4, &|world| {
            let fourth = lacking(world, 3);
            world.snapshot.members.push(fourth);
        });
    }
}

#[test]
fn no_pod_behind_one_that_lacks_a_claim_is_deleted_and_one_before_it_that_is_stuck_is() {
    let trouble = |at: usize| move |world: &mut World| world.snapshot.members[at].standing = Standing::InTrouble;
    for policy in ["OrderedReady", "Parallel"] {
        assert_eq!(after(policy, 2, &trouble(2)), Vec::<String>::new(), "{policy}: nobody would make it again");
        assert_eq!(after(policy, 2, &trouble(0)), ["Delete Pod a-store-0"], "{policy}: nobody would update it");
        let newest = |world: &mut World| {
            trouble(0)(world);
            world.snapshot.members[0].revision = "third".into();
        };
        assert_eq!(after(policy, 2, &newest), Vec::<String>::new(), "{policy}: no better template is known");
    }
}
