//! Stories of generated Secrets that are deleted: their value is in the data system, and no other takes its place by itself.

use std::time::Duration;

use serde_json::{Value, json};

use crate::{
    cases::{reason, with},
    promises::PATIENCE,
    specs::small,
    world::{CLUSTERS, NAMESPACE, World, run},
};

const NAME: &str = "a-query-password";

fn data(world: &World) -> Value {
    world.get("secrets", NAME).map_or(Value::Null, |secret| secret["data"].clone())
}

/// A moment in which everything happens that waits; what is lost is looked for every 15 seconds, without end.
async fn a_while(world: &mut World) {
    world.settle(Duration::from_secs(60)).await;
}

#[test]
fn a_deleted_secret_stops_nothing_else_and_is_taken_over_when_it_is_restored() {
    run(async |world| {
        world.apply(&small());
        world.comes_to_rest().await;
        let (value, pods, backup) = (data(world), world.pods(), world.get("secrets", NAME).unwrap());
        assert_ne!(value["password"], Value::Null);
        for has_owner in [true, false] {
            world.delete("secrets", NAME);
            for restarts in [false, true] {
                if restarts {
                    world.restart();
                }
                a_while(world).await;
                assert_eq!((data(world), reason(world).0.as_str()), (Value::Null, "SecretLost"));
                assert!(reason(world).1.contains(NAME), "{:?}", reason(world));
                world.delete("services", "a-store-hot");
                a_while(world).await;
                assert!(world.get("services", "a-store-hot").is_some(), "everything else is repaired");
                assert_eq!(world.pods(), pods, "nothing rolls");
            }
            let mut metadata = json!({ "name": NAME });
            if has_owner {
                metadata["labels"] = backup["metadata"]["labels"].clone();
                metadata["ownerReferences"] = backup["metadata"]["ownerReferences"].clone();
            }
            let restored = json!({ "metadata": metadata, "data": value });
            world.server().create("secrets", NAMESPACE, restored, "someone").unwrap();
            world.comes_to_rest().await;
            assert_eq!((data(world), world.pods()), (value.clone(), pods.clone()));
            let owner = &world.get("secrets", NAME).unwrap()["metadata"]["ownerReferences"][0]["uid"];
            assert_eq!(*owner, world.uid(), "it goes with the cluster again");
        }
    });
}

#[test]
fn an_empty_secret_asks_for_a_new_value_once() {
    run(async |world| {
        world.apply(&small());
        world.comes_to_rest().await;
        let before = data(world);
        world.delete("secrets", NAME);
        a_while(world).await;
        world.ask_for_new_values();
        world.comes_to_rest().await;
        let after = data(world);
        assert!(after["password"].is_string() && after != before, "{after}");
        world.delete("secrets", NAME);
        a_while(world).await;
        assert_eq!((data(world), reason(world).0.as_str()), (Value::Null, "SecretLost"));
    });
}

#[test]
fn a_key_that_is_removed_comes_back_only_by_hand() {
    run(async |world| {
        world.apply(&small());
        world.comes_to_rest().await;
        let (value, pods) = (data(world), world.pods());
        world.change("secrets", NAME, "", |secret| secret["data"] = json!({}));
        for restarts in [false, true] {
            if restarts {
                world.restart();
            }
            a_while(world).await;
            assert_eq!(reason(world).0, "SecretLost");
            assert_eq!((data(world)["password"].clone(), world.pods()), (Value::Null, pods.clone()));
        }
        world.change("secrets", NAME, "", |secret| secret["data"] = value.clone());
        world.comes_to_rest().await;
        assert_eq!((data(world), world.pods()), (value, pods));
    });
}

#[test]
fn what_is_not_lost_is_made() {
    run(async |world| {
        world.apply(&small());
        world.comes_to_rest().await;
        let first = data(world);
        world.delete(CLUSTERS, "a");
        assert!(world.settle(PATIENCE).await);
        world.apply(&small());
        world.comes_to_rest().await;
        let second = data(world);
        assert!(second["password"].is_string() && second != first, "another cluster of the same name");
        world.apply(&with(|spec| spec.query = None));
        world.comes_to_rest().await;
        assert_eq!(data(world), Value::Null, "no node has it");
        world.apply(&small());
        world.comes_to_rest().await;
        assert!(data(world)["password"].is_string(), "a node has it again");
    });
}
