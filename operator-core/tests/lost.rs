//! Generated Secrets that are deleted, or lose a key: no other value takes the place of the one that pods and their data know.

use std::time::Duration;

use operator_core::{
    ClusterStatus,
    model::{
        Content, Kind, Note, Reference, Source,
        kind::{SECRET, SERVICE},
    },
    plan::{Action, Plan},
    render::Blueprint,
    state::{Answer, fact::Controller},
};
use serde_json::{Value, json};

use crate::{
    common::World,
    plans::{blueprint, done, refusal, says, waiting},
};

const NAME: &str = "a-password";
const LOST: &str = "Secret a-password was deleted, and its generated value with it: restore it from a backup; for a new value, create it \
                    empty (kubectl create secret generic a-password)";

fn installed() -> (Blueprint, World) {
    let blueprint = blueprint(&json!({ "store": {}, "query": {} }));
    let world = World::of(&blueprint);
    (blueprint, world)
}

/// Someone deletes the Secret, and the operator has seen that.
fn deleted() -> (Blueprint, World) {
    let (blueprint, mut world) = installed();
    world.delete(&SECRET);
    reads(&mut world, &Content::Missing);
    (blueprint, world)
}

/// What the pods that read the Secret find there. Returns what they found before.
fn reads(world: &mut World, content: &Content) -> Content {
    let reference = Reference { source: Source::Secret, name: NAME.to_owned(), key: Some("password".to_owned()) };
    world.snapshot.references.insert(reference, content.clone()).unwrap()
}

/// What someone who restores it from a backup, or creates it anew, puts there: no label, no owner.
fn restored(data: &Value) -> Value {
    json!({ "apiVersion": "v1", "kind": "Secret", "metadata": { "name": NAME, "namespace": "default" }, "data": data })
}

fn lost(plan: &Plan) -> Vec<String> {
    waiting(plan).into_iter().filter(|said| said.starts_with("Secret a-password")).collect()
}

fn condition(world: &World, blueprint: &Blueprint) -> (String, String) {
    says(&world.report(blueprint, &world.plan(blueprint)), "Ready")
}

#[test]
fn a_generated_secret_that_is_deleted_is_not_made_anew_and_nothing_rolls() {
    let (blueprint, mut world) = deleted();
    for _ in 0..3 {
        let plan = world.step(&blueprint);
        assert_eq!(done(&plan), ["Inspect Secret a-password"], "it may only be out of sight");
        let plan = world.step(&blueprint);
        assert_eq!((done(&plan), lost(&plan)), (vec![], vec![LOST.to_owned()]));
        assert_eq!(plan.again, Some(Duration::from_secs(15)));
        assert_eq!(condition(&world, &blueprint), ("SecretLost".to_owned(), LOST.to_owned()));
        assert_eq!(done(&world.step(&blueprint)), Vec::<String>::new(), "a status that is written changes nothing");
        // An operator that starts anew knows it, too.
        world.snapshot.facts.clear();
    }
    world.delete(&SERVICE);
    let mut made = done(&world.step(&blueprint));
    made.sort();
    assert_eq!(made, ["Create Service a-store", "Inspect Secret a-password"], "everything else is repaired");
    world.step(&blueprint);
    world.passes(15);
    assert_eq!(done(&world.plan(&blueprint)), ["Inspect Secret a-password"], "someone may have restored it");
}

#[test]
fn a_secret_that_was_never_recorded_is_made() {
    let (blueprint, world) = deleted();
    let is_made = |world: &World| done(&world.plan(&blueprint)).contains(&"Create Secret a-password".to_owned());
    assert!(!is_made(&world));
    let mut never = world.clone();
    never.never_had(&SECRET);
    assert!(is_made(&never), "another node or cluster has it for the first time");
    let mut about_to_be = world.clone();
    let inventory = &mut about_to_be.snapshot.status.as_mut().unwrap().inventory;
    inventory.set(&Kind::Row(&SECRET), NAME, None, Note::None);
    assert!(is_made(&about_to_be), "the operator died before it made it");
    let mut wiped = world;
    wiped.snapshot.status = None;
    assert!(is_made(&wiped), "nobody knows of it");
}

#[test]
fn a_secret_that_is_restored_is_taken_over_and_its_readers_do_not_roll() {
    let (blueprint, mut world) = deleted();
    let before = reads(&mut world, &Content::Missing);
    assert_eq!(before, Content::Missing);
    let (_, untouched) = installed();
    world.step(&blueprint);
    world.step(&blueprint);
    world.restore(&Kind::Row(&SECRET), restored(&json!({ "password": "b2xk" })));
    world.passes(15);
    assert_eq!(done(&world.step(&blueprint)), ["Inspect Secret a-password"]);
    let plan = world.step(&blueprint);
    let [Action::Apply { generate, .. }] = &plan.actions[..] else { panic!("{plan:?}") };
    assert_eq!((&generate[..], lost(&plan)), (&[][..], vec![]));
    world.snapshot.references.clone_from(&untouched.snapshot.references);
    let plan = world.plan(&blueprint);
    assert!(plan.is_done(), "it is the cluster's again, and the pods read what they read before: {plan:#?}");
    world.change(&Kind::Row(&SECRET), NAME, |json| assert_eq!(json["data"], json!({ "password": "b2xk" })));
}

#[test]
fn an_empty_secret_in_its_place_asks_for_a_new_value_once() {
    let (blueprint, mut world) = deleted();
    world.restore(&Kind::Row(&SECRET), restored(&json!({})));
    world.step(&blueprint);
    let plan = world.step(&blueprint);
    let [Action::Apply { generate, .. }] = &plan.actions[..] else { panic!("{plan:?}") };
    assert_eq!(*generate, [("password".to_owned(), 24)]);
    assert_eq!(lost(&world.plan(&blueprint)), Vec::<String>::new());
    world.step(&blueprint);
    world.delete(&SECRET);
    world.step(&blueprint);
    assert_eq!(lost(&world.plan(&blueprint)), [LOST], "the next loss is one again");
}

#[test]
fn a_key_that_is_removed_is_not_made_anew() {
    let (blueprint, mut world) = installed();
    let kind = Kind::Row(&SECRET);
    world.change(&kind, NAME, |json| json["data"] = json!({ "other": "eA==" }));
    world.touch(&SECRET, NAME, &["data", "password"]);
    let said = "Secret a-password: the key password was removed, and its generated value with it: set it again; for a new value, delete the \
                Secret and create it empty (kubectl create secret generic a-password)";
    for status in [world.snapshot.status.clone(), None::<ClusterStatus>] {
        let mut world = world.clone();
        world.snapshot.status = status;
        let plan = world.step(&blueprint);
        assert_eq!(lost(&plan), [said]);
        let generated = plan.actions.iter().any(|action| match action {
            Action::Apply { generate, .. } => !generate.is_empty(),
            action => action.target() == (&kind, NAME),
        });
        assert!(!generated, "{plan:?}");
        assert_eq!(lost(&world.plan(&blueprint)), [said]);
        assert_eq!(condition(&world, &blueprint).0, "SecretLost");
        world.change(&kind, NAME, |json| json["data"]["password"] = "b2xk".into());
        assert_eq!(done(&world.plan(&blueprint)), Vec::<String>::new(), "it was set again");
    }
    // What someone restores without the key isn't empty: it asks for nothing.
    let (blueprint, mut world) = deleted();
    world.restore(&kind, restored(&json!({ "other": "eA==" })));
    world.step(&blueprint);
    assert_eq!(lost(&world.step(&blueprint)), [said]);
}

#[test]
fn a_secret_in_its_place_that_cannot_be_taken_over_is_named_and_looked_at_again() {
    let (blueprint, world) = deleted();
    let inspect = world.plan(&blueprint).actions.remove(0);
    let other = Controller { kind: "Data".to_owned(), name: "b".to_owned() };
    for (answer, reason) in
        [(Answer::Foreign(other), "NameTaken"), (Answer::Refused(refusal("a policy denied it", false)), "Refused")]
    {
        let mut world = world.clone();
        world.answers(&inspect, answer);
        assert_eq!(done(&world.plan(&blueprint)), Vec::<String>::new());
        assert_eq!(condition(&world, &blueprint).0, reason);
        world.passes(15);
        assert_eq!(done(&world.plan(&blueprint)), ["Inspect Secret a-password"]);
    }
}
