//! Cluster-scoped objects: nothing but their cluster's operator would delete them.

use k8s_openapi::api::scheduling::v1::PriorityClass;
use operator_core::{
    model::{ChildKind, Kind},
    plan::{Gate, Plan, plan},
    render::{Author, Blueprint, Children, HookError, Scope, customize::Customization},
    state::{Answer, Availability, Deletion},
};
use serde_json::{Value, json};

use crate::{
    common::{DATA, World, built},
    plans::done,
};

static CLASS: ChildKind = ChildKind::cluster_scoped::<PriorityClass>();
static KINDS: [&ChildKind; 1] = [&CLASS];

/// Adds a class where the spec has one.
fn add(spec: &Value, scope: &Scope<'_>, children: &mut Children) -> Result<(), HookError> {
    let Some(value) = spec["class"].as_i64() else { return Ok(()) };
    let class: PriorityClass = serde_json::from_value(
        json!({ "metadata": { "name": format!("default-{}", scope.cluster.name) }, "value": value }),
    )
    .unwrap();
    children.add(class)
}

fn blueprint(spec: &Value) -> Blueprint {
    built(Author { customize: Some(Customization { kinds: &KINDS, call: add }), ..Author::from(&DATA) }, spec).unwrap()
}

fn with_class() -> Blueprint {
    blueprint(&json!({ "image": "data:1", "class": 7 }))
}

/// What is known once somebody has looked for classes.
fn world(availability: Availability) -> World {
    let mut world = World::new();
    world.snapshot.kinds.insert(Kind::from(&CLASS), availability);
    world
}

/// A cluster that has a class, and is held.
fn installed() -> World {
    let mut world = world(Availability::Synced);
    world.snapshot.held = true;
    let wanted = with_class();
    while !world.step(&wanted).is_done() {}
    world
}

fn leaves(world: &World) -> Plan {
    plan(Err(&[]), None, &world.snapshot)
}

#[test]
fn what_is_in_no_namespace_names_its_cluster_by_a_label_and_has_no_owner() {
    let wanted = with_class();
    let class = &wanted.find(&Kind::from(&CLASS), "default-a").unwrap().json;
    let metadata = &class["metadata"];
    assert_eq!(metadata["labels"]["tests.example.com/cluster-uid"], "uid");
    assert_eq!((metadata.get("namespace"), metadata.get("ownerReferences")), (None, None), "{metadata:#}");
    let child = installed().snapshot.child(&Kind::from(&CLASS), "default-a").cloned().unwrap();
    assert_eq!(child.controller.as_deref(), Some("uid"));
}

#[test]
fn a_cluster_is_held_before_it_has_something_in_no_namespace_and_as_long_as_it_may_have_some() {
    let (mut world, wanted) = (world(Availability::Synced), with_class());
    world.snapshot.held = true;
    let without = blueprint(&json!({ "image": "data:1" }));
    assert_eq!(world.plan(&without).hold, Some(false), "it never had any");
    world.snapshot.held = false;
    let first = world.plan(&wanted);
    assert_eq!((first.hold, done(&first)), (Some(true), vec!["Create PriorityClass default-a".to_owned()]));
    assert!(first.record.contains(&(Kind::from(&CLASS), "default-a".to_owned())), "an operator that dies now finds it");
    world.snapshot.held = true;
    assert_eq!(world.plan(&wanted).hold, None);

    let mut world = installed();
    let surplus = world.plan(&without);
    assert_eq!((surplus.hold, done(&surplus)), (None, vec!["Delete PriorityClass default-a".to_owned()]));
    while !world.step(&without).is_done() {}
    let inventory = &world.snapshot.status.as_ref().unwrap().inventory;
    assert!(inventory.kinds().any(|kind| kind == &CLASS), "what comes late is seen");
    assert_eq!((inventory.names(&Kind::from(&CLASS)).count(), world.plan(&without).hold), (0, None));
}

#[test]
fn a_cluster_that_is_deleted_goes_after_what_it_has_in_no_namespace() {
    let mut world = installed();
    world.snapshot.deletion = Some(Deletion::Background);
    let first = leaves(&world);
    assert_eq!((first.hold, done(&first)), (None, vec!["Delete PriorityClass default-a".to_owned()]));
    world.snapshot.children.iter_mut().for_each(|child| child.deleting = true);
    assert_eq!((leaves(&world).hold, done(&leaves(&world))), (None, vec![]), "a finalizer of someone else may keep it");
    world.execute(&first);
    assert_eq!((leaves(&world).hold, done(&leaves(&world))), (Some(false), vec![]));
}

#[test]
fn where_a_cluster_is_deleted_without_its_children_what_is_in_no_namespace_stays_too() {
    let mut world = installed();
    world.snapshot.deletion = Some(Deletion::Orphan);
    assert_eq!((leaves(&world).hold, done(&leaves(&world))), (Some(false), vec![]));
}

#[test]
fn a_cluster_is_not_let_go_as_long_as_nobody_knows_what_it_has_in_no_namespace() {
    let of = |availability| {
        let mut world = installed();
        world.snapshot.children.clear();
        world.snapshot.kinds.insert(Kind::from(&CLASS), availability);
        world.snapshot.deletion = Some(Deletion::Background);
        leaves(&world)
    };
    assert_eq!(of(Availability::Pending).hold, None);
    assert_eq!(of(Availability::Missing).hold, Some(false), "without the kind there is no object of it");
    let failing = of(Availability::Failing("forbidden".to_owned()));
    assert_eq!(failing.hold, None);
    assert!(
        matches!(&failing.gates[..], [Gate::Refused { message, .. }] if message.contains("forbidden")),
        "{failing:?}"
    );

    // It was about to be created when the operator died.
    let unseen = of(Availability::Synced);
    assert_eq!((unseen.hold, done(&unseen)), (None, vec!["Inspect PriorityClass default-a".to_owned()]));
    let mut world = installed();
    world.snapshot.children.clear();
    world.snapshot.deletion = Some(Deletion::Background);
    world.answers(&leaves(&world).actions[0], Answer::Deleted);
    assert_eq!((leaves(&world).hold, done(&leaves(&world))), (Some(false), vec![]));
}

#[test]
fn a_kind_of_which_a_cluster_has_nothing_is_in_nobodys_way() {
    let mut world = installed();
    let without = blueprint(&json!({ "image": "data:1" }));
    while !world.step(&without).is_done() {}
    world.snapshot.kinds.insert(Kind::from(&CLASS), Availability::Failing("forbidden".to_owned()));
    world.snapshot.deletion = Some(Deletion::Background);
    assert_eq!((leaves(&world).hold, leaves(&world).gates), (Some(false), vec![]));
}
