//! Stories of StatefulSets whose pods come in order, and of one that never gets ready.

use std::time::Duration;

use operator_simulation::operator::Fault;
use serde_json::json;

use crate::{
    cases::{reason, with},
    promises::PATIENCE,
    specs::{Scale, Spec},
    world::{CLUSTERS, NAMESPACE, World, run},
};

/// Two pods of a store, in order or not, and whether they crash.
fn apply(world: &mut World, ordered: bool, crashes: bool) {
    apply_spec(world, &with(|spec| spec.stores.get_mut("hot").unwrap().ordered = ordered), crashes);
}

fn apply_spec(world: &mut World, spec: &Spec, crashes: bool) {
    world.apply(spec);
    if crashes {
        world.change(CLUSTERS, "a", "", |object| {
            object["spec"]["stores"]["hot"]["podAnnotations"] = json!({ "operator-testbed/pod": "crash" });
        });
    }
}

/// The operator looks at pods again and again, and everything else happens in between.
async fn goes_on(world: &mut World) {
    for _ in 0..4 {
        world.settle(Duration::from_secs(10)).await;
        let uid = world.uid();
        world.look(&uid);
    }
    world.settle(Duration::from_secs(10)).await;
}

/// The deletions of pods that the operator asked for, by name, and what was answered.
fn deleted(world: &World) -> Vec<(String, u16)> {
    let writes =
        world.wire.writes().into_iter().filter(|write| write.method == "DELETE" && write.path.contains("/pods/"));
    writes.map(|write| (write.path.rsplit('/').next().unwrap().to_owned(), write.code)).collect()
}

#[test]
fn a_pod_that_keeps_those_before_it_from_being_updated_is_deleted_once_the_spec_is_put_right() {
    run(async |world| {
        apply(world, true, false);
        world.comes_to_rest().await;
        let before = world.pods();
        apply(world, true, true);
        goes_on(world).await;
        let (reason_, message) = reason(world);
        assert_eq!(reason_, "Failing", "{message}");
        assert_eq!(deleted(world), [], "it is on the newest template: nobody knows a better one");
        let crashing = world.pods();
        assert_eq!(crashing["a-store-hot-0"], before["a-store-hot-0"], "the other one waits for it");

        apply(world, true, false);
        world.settle(Duration::from_secs(60)).await;
        assert_eq!(world.pods(), crashing, "its controller can't help it");
        goes_on(world).await;
        assert_eq!(deleted(world), [("a-store-hot-1".to_owned(), 200)]);
        world.comes_to_rest().await;
        assert_eq!(world.pods()["a-store-hot-0"], before["a-store-hot-0"], "a pod that is ready is never deleted");
        assert_eq!(deleted(world).len(), 1);
    });
}

#[test]
fn a_first_installation_that_never_got_ready_is_put_right() {
    run(async |world| {
        apply(world, true, true);
        goes_on(world).await;
        assert_eq!((deleted(world), reason(world).0.as_str()), (vec![], "Failing"));
        apply(world, true, false);
        goes_on(world).await;
        world.comes_to_rest().await;
        assert_eq!(deleted(world), [("a-store-hot-0".to_owned(), 200)], "the second one was never made");
    });
}

#[test]
fn pods_in_parallel_need_no_help() {
    run(async |world| {
        apply(world, false, true);
        goes_on(world).await;
        apply(world, false, false);
        goes_on(world).await;
        world.comes_to_rest().await;
        assert_eq!(deleted(world), []);
    });
}

/// Takes the claims from the pods of a store, as if their set had got the template since.
fn take_claims(world: &World) {
    for name in world.pods().into_keys() {
        let change = |pod: &mut serde_json::Value| {
            pod["spec"]["volumes"].as_array_mut().unwrap().retain(|it| it["persistentVolumeClaim"].is_null());
        };
        world.server().update("pods", (NAMESPACE, &name), "", "kubelet", change).unwrap();
    }
}

/// A store of so many pods, in order or not, with another configuration than at first.
fn newer(ordered: bool, pods: u8) -> Spec {
    with(|spec| {
        let store = spec.stores.get_mut("hot").unwrap();
        (store.ordered, store.setting, store.scale) = (ordered, 7, Scale::Fixed(pods));
    })
}

/// Two pods of a store that were made without a claim.
async fn made_without_a_claim(world: &mut World, ordered: bool) {
    apply(world, ordered, false);
    world.comes_to_rest().await;
    take_claims(world);
}

fn stores(world: &World) -> usize {
    world.pods().keys().filter(|name| name.starts_with("a-store-hot-")).count()
}

fn both() -> Vec<(String, u16)> {
    ["a-store-hot-0", "a-store-hot-1"].map(|name| (name.to_owned(), 200)).to_vec()
}

#[test]
fn pods_that_were_made_without_a_claim_come_back_with_it_one_after_the_other() {
    for ordered in [true, false] {
        run(async |world| {
            made_without_a_claim(world, ordered).await;
            let before = world.pods();
            apply_spec(world, &newer(ordered, 2), false);
            world.settle(Duration::from_secs(60)).await;
            assert_eq!(world.pods(), before, "its controller can't help them");
            goes_on(world).await;
            world.comes_to_rest().await;
            assert_eq!(deleted(world), both());
        });
    }
}

#[test]
fn a_store_that_is_scaled_while_its_pods_lack_a_claim_comes_to_rest() {
    for (ordered, pods) in [(true, 4), (false, 4), (true, 1), (false, 1)] {
        run(async |world| {
            made_without_a_claim(world, ordered).await;
            apply_spec(world, &newer(ordered, pods), false);
            goes_on(world).await;
            goes_on(world).await;
            world.comes_to_rest().await;
            assert_eq!(stores(world), usize::from(pods));
        });
    }
}

#[test]
fn a_pod_that_is_lost_while_one_before_it_lacks_a_claim_comes_back() {
    for ordered in [true, false] {
        run(async |world| {
            made_without_a_claim(world, ordered).await;
            apply_spec(world, &newer(ordered, 2), false);
            world.delete("pods", "a-store-hot-1");
            world.settle(Duration::from_secs(60)).await;
            assert_eq!(stores(world), 1, "its controller doesn't get to it");
            goes_on(world).await;
            world.comes_to_rest().await;
            assert_eq!(stores(world), 2);
        });
    }
}

#[test]
fn pods_that_lack_a_claim_recover_from_a_broken_template() {
    for ordered in [true, false] {
        run(async |world| {
            made_without_a_claim(world, ordered).await;
            apply_spec(world, &newer(ordered, 2), true);
            goes_on(world).await;
            assert_eq!(deleted(world), both()[..1], "the other one goes on running");
            apply_spec(world, &newer(ordered, 2), false);
            goes_on(world).await;
            goes_on(world).await;
            world.comes_to_rest().await;
            assert_eq!(stores(world), 2);
        });
    }
}

/// A spec that was broken is put right, and the operator has seen the pod that is in the way.
async fn sees_a_stuck_pod(world: &mut World) {
    apply(world, true, true);
    goes_on(world).await;
    apply(world, true, false);
    world.settle(Duration::from_secs(10)).await;
    let uid = world.uid();
    world.look(&uid);
}

#[test]
fn a_pod_that_changed_since_it_was_seen_stays_and_is_looked_at_again() {
    run(async |world| {
        sees_a_stuck_pod(world).await;
        let pod = world.pods()["a-store-hot-0"].clone();
        let ready = json!([{ "type": "Ready", "status": "True" }]);
        let change = |object: &mut serde_json::Value| object["status"]["conditions"] = ready;
        world.server().update("pods", (NAMESPACE, "a-store-hot-0"), "status", "kubelet", change).unwrap();
        // Nothing else happens: the operator decides on what it saw.
        while world.reconcile().await {}
        assert_eq!(deleted(world), [("a-store-hot-0".to_owned(), 409)]);
        assert_eq!(world.pods()["a-store-hot-0"], pod, "it got ready meanwhile");
        assert!(world.settle(PATIENCE).await);
        world.comes_to_rest().await;
    });
}

#[test]
fn a_lost_answer_or_a_restart_deletes_no_second_pod() {
    for fault in [Fault::AnswerLost, Fault::DiesBefore, Fault::DiesAfter] {
        run(async |world| {
            sees_a_stuck_pod(world).await;
            // First it asks whether the spec is the newest.
            world.wire.fail(Some((1, fault)));
            goes_on(world).await;
            world.wire.fail(None);
            goes_on(world).await;
            world.comes_to_rest().await;
            assert!(deleted(world).iter().all(|(name, _)| name == "a-store-hot-0"), "{fault:?}: {:?}", deleted(world));
        });
    }
}
