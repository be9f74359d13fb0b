//! Plans for what was accepted before: what is kept up while a newer spec is invalid, and what is finished that was begun for it.

use operator_core::{
    model::{
        Kind,
        kind::{SERVICE, STATEFUL_SET},
    },
    plan::{Action, Plan, plan},
    render::Blueprint,
    settings::Invalid,
    state::{Answer, Deletion},
    status,
};
use serde_json::json;

use crate::{
    common::World,
    plans::{blueprint, done, refusal, waiting},
};

/// A cluster whose claims go with it, and with this much storage.
fn sized(size: &str) -> Blueprint {
    let retention = json!({ "whenDeleted": "Delete" });
    blueprint(&json!({ "store": { "storage": { "data": { "size": size } }, "storageRetention": retention } }))
}

/// One whose StatefulSet is about to be replaced, of which the other spec was accepted.
fn about_to_replace() -> (World, Blueprint, Blueprint) {
    let (accepted, newest) = (sized("20Gi"), sized("30Gi"));
    let mut world = World::of(&accepted);
    for _ in 0..9 {
        if world.plan(&newest).replaced().next().is_some() {
            return (world, accepted, newest);
        }
        world.step(&newest);
    }
    panic!("{:?}", world.plan(&newest));
}

#[test]
fn a_cluster_is_held_while_a_workload_of_it_is_replaced() {
    let (mut world, _, newest) = about_to_replace();
    assert_eq!(world.plan(&newest).hold, Some(true));
    world.snapshot.held = true;
    let replaces = world.plan(&newest);
    assert_eq!((replaces.hold, done(&replaces)), (None, vec!["Replace StatefulSet a-store".to_owned()]));
    world.step(&newest);
    let creates = world.plan(&newest);
    assert_eq!((creates.hold, done(&creates)), (None, vec!["Create StatefulSet a-store".to_owned()]));
    world.step(&newest);
    let ended = world.plan(&newest);
    assert_eq!(ended.hold, Some(false));
    assert!(ended.again.is_some(), "until the watch shows that it is let go");
    world.snapshot.held = false;
    assert_eq!((world.plan(&newest).hold, world.plan(&newest).again), (None, None));
}

#[test]
fn what_was_begun_of_a_node_that_is_gone_from_the_spec_is_finished_first_and_its_claims_stay() {
    let (mut world, accepted, newest) = about_to_replace();
    world.snapshot.held = true;
    world.step(&newest);
    let removed = blueprint(&json!({}));
    let unknown = world.plan(&removed);
    assert!(unknown.wants_accepted, "what the StatefulSet was isn't in the newest spec");
    let finishes = plan(Ok(&removed), Some(&accepted), &world.snapshot);
    assert_eq!((finishes.hold, done(&finishes)), (None, vec!["Create StatefulSet a-store".to_owned()]));
    let Action::Create { object, .. } = &finishes.actions[0] else { panic!("{finishes:?}") };
    assert_eq!(object.json["spec"]["persistentVolumeClaimRetentionPolicy"]["whenDeleted"], "Retain");

    // What can't be finished is in nobody's way.
    let mut refused = world.clone();
    refused.answers(&finishes.actions[0], Answer::Refused(refusal("no", false)));
    let goes_on = plan(Ok(&removed), Some(&accepted), &refused.snapshot);
    assert!(done(&goes_on).contains(&"Delete Service a-store".to_owned()), "{:?}", done(&goes_on));

    world.execute(&finishes);
    let deletes = |plan: &Plan| done(plan).contains(&"Delete StatefulSet a-store".to_owned());
    let mut unseen = world.clone();
    unseen.snapshot.children.iter_mut().filter_map(|child| child.health.as_mut()).for_each(|it| it.observed = false);
    assert!(!deletes(&unseen.plan(&removed)), "its controller hasn't taken over its pods");
    assert_eq!(unseen.plan(&removed).hold, None);
    let prunes = world.plan(&removed);
    assert!(!prunes.wants_accepted && deletes(&prunes) && prunes.must_record());
    let recorded = status::record(&removed, &prunes, &world.snapshot);
    assert_eq!(recorded.inventory.open().count(), 0, "the status says first that its replacement is over");
}

#[test]
fn a_cluster_that_is_deleted_midway_goes_once_its_pods_have_an_owner_again() {
    let (mut world, accepted, newest) = about_to_replace();
    world.snapshot.held = true;
    world.step(&newest);
    let of = |world: &World, accepted| plan(Err(&[]), accepted, &world.snapshot);
    world.snapshot.deletion = Some(Deletion::Background);
    assert!(of(&world, None).wants_accepted);
    assert_eq!(of(&world, None).hold, Some(false), "where nobody knows what it was, it isn't kept for ever");
    let finishes = of(&world, Some(&accepted));
    assert_eq!((finishes.hold, done(&finishes)), (None, vec!["Create StatefulSet a-store".to_owned()]));

    let mut orphaned = world.clone();
    orphaned.snapshot.deletion = Some(Deletion::Orphan);
    let leaves = of(&orphaned, Some(&accepted));
    assert_eq!((leaves.hold, done(&leaves)), (Some(false), vec![]), "its pods are to stay");

    world.execute(&finishes);
    let ended = of(&world, None);
    assert_eq!((ended.hold, done(&ended), ended.wants_accepted), (Some(false), vec![], false));
    world.snapshot.held = false;
    assert_eq!(of(&world, None), Plan::default());
}

#[test]
fn while_a_spec_is_invalid_what_was_accepted_is_put_back_and_nothing_else_is_done() {
    let accepted = sized("20Gi");
    let invalid = [Invalid { path: "image".to_owned(), message: "there is no such image".to_owned() }];
    let of = |world: &World, accepted| plan(Err(&invalid), accepted, &world.snapshot);
    let mut world = World::of(&accepted);
    let unknown = of(&world, None);
    assert_eq!((unknown.wants_accepted, unknown.keeps_up, done(&unknown)), (true, false, vec![]));
    world.delete(&SERVICE);
    world.delete(&STATEFUL_SET);
    let surplus = json!({ "metadata": { "name": "surplus" } });
    world.put(&Kind::Row(&SERVICE), surplus, serde_json::Value::Null);
    let kept = of(&world, Some(&accepted));
    assert_eq!(done(&kept), ["Create Service a-store", "Create StatefulSet a-store"]);
    assert!(kept.keeps_up && kept.invalid == invalid && waiting(&kept).is_empty(), "{kept:?}");
    world.execute(&kept);
    assert_eq!(done(&of(&world, Some(&accepted))), Vec::<String>::new());

    // What a later spec wrote stays.
    let newer = blueprint(&json!({ "store": { "replicas": 5 } }));
    let later = World::of(&newer);
    assert_eq!(done(&of(&later, Some(&accepted))), Vec::<String>::new());
    // So it is where storage would shrink, which only the snapshot says.
    let shrinks = plan(Ok(&sized("5Gi")), Some(&accepted), &world.snapshot);
    assert!(shrinks.keeps_up && !shrinks.invalid.is_empty(), "{shrinks:?}");
}
