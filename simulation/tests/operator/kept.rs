//! Stories of specs that are invalid: what was accepted before is kept up meanwhile, and nothing of it is set back.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::{
    cases::{reason, with},
    promises::PATIENCE,
    specs::small,
    world::{CLUSTERS, World, name, run},
};

const SET: (&str, &str) = ("statefulsets.apps", "a-store-hot");

fn revisions(world: &World) -> Vec<Arc<Value>> {
    let children = world.children().into_iter().filter(|(kind, ..)| kind == "controllerrevisions.apps");
    children.map(|(_, _, revision)| revision).collect()
}

/// Someone makes a mistake.
fn spoil(world: &mut World) {
    world.change(CLUSTERS, "a", "", |object| object["spec"]["typo"] = json!(1));
}

/// The spec is invalid, and no more can be done.
async fn is_kept(world: &mut World) {
    world.settle(PATIENCE).await;
    let (reason, message) = reason(world);
    assert_eq!(reason, "InvalidSpec");
    assert!(message.ends_with("what was accepted before is kept up"), "{message}");
}

#[test]
fn while_a_spec_is_invalid_what_was_accepted_is_put_back_also_after_a_restart() {
    run(async |world| {
        world.apply(&small());
        world.comes_to_rest().await;
        spoil(world);
        for restarts in [false, true] {
            if restarts {
                world.restart();
            }
            is_kept(world).await;
            let (children, pods, writes) = (world.children().len(), world.pods(), world.wire.count());
            world.settle(PATIENCE).await;
            assert_eq!(world.wire.count(), writes, "nothing is to be done");
            for (kind, name, _) in world.children() {
                // The value of a generated Secret is lost.
                if kind != "secrets" {
                    world.delete(&kind, &name);
                }
            }
            world.change("secrets", "a-query-password", "", |secret| secret["metadata"]["labels"] = json!({}));
            is_kept(world).await;
            assert_eq!((world.children().len(), world.pods().len()), (children, pods.len()));
            world.change(SET.0, SET.1, "", |set| {
                set["spec"]["template"]["spec"]["containers"][0]["image"] = "other".into();
            });
            is_kept(world).await;
            let set = world.get(SET.0, SET.1).unwrap();
            assert_ne!(set["spec"]["template"]["spec"]["containers"][0]["image"], "other");
        }
        world.apply(&small());
        world.comes_to_rest().await;
    });
}

#[test]
fn a_spec_that_was_not_accepted_as_a_whole_is_not_kept_and_what_it_changed_is_not_set_back() {
    run(async |world| {
        world.apply(&small());
        world.comes_to_rest().await;
        let accepted = revisions(world);
        world.refused.lock().unwrap().insert("Deployment");
        world.apply(&with(|spec| spec.image = 2));
        world.settle(PATIENCE).await;
        assert_eq!(reason(world).0, "Refused");
        let set = world.get(SET.0, SET.1).unwrap();
        spoil(world);
        for restarts in [false, true] {
            if restarts {
                world.restart();
            }
            is_kept(world).await;
            assert_eq!(revisions(world), accepted);
            assert_eq!(world.get(SET.0, SET.1), Some(set.clone()), "its pods are on the newer image");
        }
        world.refused.lock().unwrap().clear();
        world.delete("deployments.apps", "a-query");
        is_kept(world).await;
        assert!(world.get("deployments.apps", "a-query").is_some(), "nothing newer was ever written of it");
        world.delete(SET.0, SET.1);
        is_kept(world).await;
        assert_eq!(world.get(SET.0, SET.1), None, "its pods would go back");
    });
}

#[test]
fn the_spec_that_was_accepted_last_is_kept_and_no_other() {
    run(async |world| {
        world.apply(&small());
        world.comes_to_rest().await;
        let first: Vec<String> = revisions(world).iter().map(|revision| name(revision)).collect();
        assert_eq!((first.len(), &revisions(world)[0]["revision"]), (1, &json!(1)));
        world.apply(&with(|spec| spec.image = 2));
        world.comes_to_rest().await;
        let [second] = &revisions(world)[..] else { panic!("{:?}", revisions(world)) };
        assert!(!first.contains(&name(second)));
        assert_eq!((&second["revision"], &second["data"]["image"]), (&json!(2), &json!("example.com/data:2")));
    });
}
