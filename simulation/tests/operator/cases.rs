//! Single stories.

use std::time::Duration;

use operator_core::plan::Verb;
use operator_simulation::{Deletion, Propagation, operator::Fault};
use serde_json::json;
use tokio::time::Instant;

use crate::{
    promises::PATIENCE,
    specs::{Scale, Spec, small},
    steps::{Step, Story},
    world::{CLUSTERS, NAMESPACE, World, run},
};

/// As [`small`], with a change.
pub fn with(change: impl FnOnce(&mut Spec)) -> Spec {
    let mut spec = small();
    change(&mut spec);
    spec
}

fn scaled(scale: Scale, ordered: bool) -> Spec {
    with(|spec| {
        spec.query = None;
        let store = spec.stores.get_mut("hot").unwrap();
        (store.scale, store.ordered) = (scale, ordered);
    })
}

pub fn reason(world: &World) -> (String, String) {
    let conditions = world.cluster()["status"]["conditions"].as_array().cloned().unwrap_or_default();
    let ready = conditions.into_iter().find(|condition| condition["type"] == "Ready").unwrap_or_default();
    let text = |field: &str| ready[field].as_str().unwrap_or_default().to_owned();
    (text("reason"), text("message"))
}

#[test]
fn an_installation_comes_to_rest_and_writes_once_per_child() {
    run(async |world| {
        world.apply(&small());
        world.comes_to_rest().await;
        let writes = world.wire.writes();
        assert!(writes.iter().all(|write| write.changed && write.code < 300), "{writes:#?}");
        let children = world.children().len();
        let of_children = writes.iter().filter(|write| !write.path.ends_with("/status")).count();
        assert_eq!(of_children, children, "{writes:#?}");
    });
}

#[test]
fn a_function_of_the_author_that_panics_stops_nobody() {
    run(async |world| {
        world.apply(&small());
        world.comes_to_rest().await;
        let (writes, children) = (world.wire.count(), world.children().len());
        world.apply(&with(|spec| spec.image = 255));
        world.settle(PATIENCE).await;
        let (reason_, message) = reason(world);
        assert_eq!((&*reason_, world.children().len()), ("InvalidSpec", children), "{message}");
        assert!(message.contains("a function of the operator panicked"), "{message}");
        assert_eq!(world.wire.count(), writes + 1, "the status");
        world.apply(&small());
        world.comes_to_rest().await;
    });
}

#[test]
fn who_changes_a_child_again_and_again_does_not_keep_the_operator_busy() {
    let image = "/spec/template/spec/containers/0/image";
    let wrong = |world: &mut World| {
        world.change("deployments.apps", "a-query", "", |it| *it.pointer_mut(image).unwrap() = json!("other:1"));
    };
    let is_wrong =
        |world: &World| world.get("deployments.apps", "a-query").unwrap().pointer(image) == Some(&json!("other:1"));
    run(async |world| {
        world.apply(&small());
        world.comes_to_rest().await;
        for time in 0..10 {
            wrong(world);
            world.settle(Duration::from_secs(5)).await;
            assert!(!is_wrong(world), "put back at once, {time} times before");
        }
        wrong(world);
        world.settle(Duration::from_secs(5)).await;
        let (reason_, message) = reason(world);
        assert!(is_wrong(world) && reason_ == "Contested", "{reason_}: {message}");
        assert!(message.contains("Deployment a-query: someone changes or deletes it again and again"), "{message}");
        // What nobody contests is repaired meanwhile.
        world.delete("services", "a-store-hot");
        world.settle(Duration::from_secs(5)).await;
        assert!(world.get("services", "a-store-hot").is_some() && is_wrong(world));
        world.settle(Duration::from_secs(20)).await;
        assert!(!is_wrong(world), "after a while");
        wrong(world);
        world.settle(Duration::from_secs(5)).await;
        assert!(is_wrong(world));
        world.apply(&with(|spec| spec.image = 2));
        world.settle(Duration::from_secs(5)).await;
        assert!(!is_wrong(world), "another spec is another matter");
        world.comes_to_rest().await;
    });
}

#[test]
fn what_someone_deletes_again_and_again_comes_back_but_not_at_once() {
    run(async |world| {
        world.apply(&small());
        world.comes_to_rest().await;
        for _ in 0..20 {
            world.delete("services", "a-store-hot");
            world.settle(Duration::from_secs(1)).await;
        }
        let writes = world.wire.writes();
        let created = writes
            .iter()
            .filter(|it| it.path.ends_with("services/a-store-hot") && it.changed && it.code == 201)
            .count();
        assert_eq!((created, &*reason(world).0), (11, "Contested"));
        world.comes_to_rest().await;
    });
}

/// The operator starts anew, and the list of clusters that it gets is as old as so many writes.
#[test]
fn what_holds_data_is_deleted_for_the_newest_spec_only() {
    run(async |world| {
        let node = small().stores["hot"].clone();
        let both = with(|spec| _ = spec.stores.insert("cold", node));
        world.apply(&small());
        world.comes_to_rest().await;
        let then = world.server().version();
        world.apply(&both);
        world.comes_to_rest().await;
        let set = world.get("statefulsets.apps", "a-store-cold").unwrap();
        let since = world.server().version() - then;
        world.restart();
        assert!(world.deliver(0, usize::MAX, Some(usize::try_from(since).unwrap())));
        for _ in 0..8 {
            for watch in 1..world.watched() {
                world.deliver(watch, usize::MAX, None);
            }
            world.reconcile().await;
            world.pass(Duration::from_secs(1)).await;
        }
        assert!(world.plan().1.count(Verb::Delete) > 0, "it is what the older spec asks for");
        assert_eq!(world.get("statefulsets.apps", "a-store-cold").as_ref(), Some(&set));
        world.comes_to_rest().await;
        assert_eq!(world.get("statefulsets.apps", "a-store-cold"), Some(set));
    });
}

#[test]
fn a_spec_that_cannot_be_read_or_has_a_newer_versions_fields_takes_nothing_down() {
    let deep = (0..200).fold(json!(1), |inner, _| json!({ "a": inner }));
    let newer = json!({ "tier": "hot" });
    for (field, value, said) in [
        ("common", deep, "recursion limit"),
        ("rocks", newer, "spec.rocks: this version of the operator does not know it"),
    ] {
        run(async |world| {
            world.apply(&small());
            world.comes_to_rest().await;
            let before = world.children();
            world.change(CLUSTERS, "a", "", |object| {
                object["spec"][field] = value.clone();
                object["spec"]["stores"] = json!({});
            });
            world.settle(PATIENCE).await;
            let (reason_, message) = reason(world);
            assert_eq!((&*reason_, world.children()), ("InvalidSpec", before), "{message}");
            assert!(message.contains(said), "{message}");
            world.apply(&small());
            world.comes_to_rest().await;
        });
    }
}

/// Someone takes the label by which the StatefulSet is watched.
fn take_label(world: &mut World) {
    world.change("statefulsets.apps", "a-store-hot", "", |object| {
        object["metadata"]["labels"]["app.kubernetes.io/managed-by"] = "someone".into();
    });
}

#[test]
fn a_workload_whose_label_someone_took_is_replaced_and_comes_back() {
    run(async |world| {
        world.apply(&scaled(Scale::Fixed(1), true));
        world.comes_to_rest().await;
        take_label(world);
        world.apply(&scaled(Scale::Fixed(1), false));
        world.comes_to_rest().await;
        let set = world.get("statefulsets.apps", "a-store-hot").unwrap();
        assert_eq!(set["spec"]["podManagementPolicy"], "Parallel");
    });
}

#[test]
fn a_workload_that_is_not_watched_and_goes_while_it_is_refused_comes_back() {
    run(async |world| {
        world.apply(&scaled(Scale::Fixed(1), true));
        world.comes_to_rest().await;
        take_label(world);
        world.refused.lock().unwrap().insert("StatefulSet");
        let newer = Spec { image: 1, ..scaled(Scale::Fixed(1), true) };
        world.apply(&newer);
        world.settle(Duration::from_secs(60)).await;
        assert_eq!(reason(world).0, "Refused");
        world.delete("statefulsets.apps", "a-store-hot");
        world.refused.lock().unwrap().clear();
        world.comes_to_rest().await;
        assert!(world.get("statefulsets.apps", "a-store-hot").is_some());
    });
}

#[test]
fn a_deleted_cluster_leaves_its_claims_only() {
    run(async |world| {
        world.apply(&small());
        world.comes_to_rest().await;
        world.server().delete(CLUSTERS, (NAMESPACE, "a"), &Deletion::default()).unwrap();
        assert!(world.settle(PATIENCE).await);
        let server = world.server();
        let left = server.all().map(|(kind, _)| kind.to_owned()).filter(|kind| !kind.starts_with("events"));
        assert_eq!(left.collect::<Vec<_>>(), ["persistentvolumeclaims"; 2]);
    });
}

#[test]
fn a_refused_first_install_leaves_only_its_generated_secret_and_is_mended_once_the_policy_goes() {
    run(async |world| {
        for kind in ["ConfigMap", "Service", "StatefulSet", "Deployment", "PodDisruptionBudget"] {
            world.refused.lock().unwrap().insert(kind);
            world.apply(&small());
            world.settle(Duration::from_secs(60)).await;
            // A generated Secret stays: another one would be another password.
            let left: Vec<_> = world.children().into_iter().filter(|(kind, _, _)| kind != "secrets").collect();
            assert_eq!(left, [], "{kind}");
            let (reason, message) = reason(world);
            assert_eq!(reason, "Refused", "{message}");
            assert!(message.starts_with(&format!("{kind} a-")) && message.contains("a policy denied"), "{message}");
            let writes = world.wire.count();
            world.settle(Duration::from_secs(200)).await;
            assert_eq!(world.wire.count(), writes, "{kind}: it isn't tried again at once");
            world.refused.lock().unwrap().clear();
            world.comes_to_rest().await;
            world.delete(CLUSTERS, "a");
            assert!(world.settle(PATIENCE).await);
        }
    });
}

#[test]
fn a_refused_child_does_not_stop_the_repair_of_others() {
    run(async |world| {
        world.apply(&small());
        world.comes_to_rest().await;
        world.refused.lock().unwrap().insert("Deployment");
        world.apply(&with(|spec| spec.image = 1));
        world.settle(Duration::from_secs(1)).await;
        assert_eq!(reason(world).0, "Refused");
        let image = |world: &World, kind: &str, name: &str| {
            world.get(kind, name).unwrap()["spec"]["template"]["spec"]["containers"][0]["image"].clone()
        };
        assert_eq!(image(world, "statefulsets.apps", "a-store-hot"), "example.com/data:1");
        world.delete("services", "a-query");
        world.settle(Duration::from_secs(1)).await;
        assert!(world.get("services", "a-query").is_some(), "{:?}", reason(world));
        world.refused.lock().unwrap().clear();
        world.comes_to_rest().await;
        assert_eq!(image(world, "deployments.apps", "a-query"), "example.com/data:1");
    });
}

#[test]
fn what_belongs_to_others_is_never_changed_and_its_name_is_taken_once_it_is_free() {
    run(async |world| {
        for kind in ["configmaps", "services"] {
            let name = if kind == "configmaps" { "a-theirs" } else { "a-store-hot" };
            let labels = json!({ "app.kubernetes.io/managed-by": "data-operator" });
            let theirs = json!({ "metadata": { "name": name, "labels": labels } });
            let before = world.server().create(kind, NAMESPACE, theirs, "someone");
            let before = before.unwrap();
            world.apply(&small());
            world.settle(Duration::from_secs(60)).await;
            let now = world.get(kind, name).unwrap();
            assert_eq!(now["metadata"]["managedFields"], before["metadata"]["managedFields"]);
            if kind != "configmaps" {
                assert_eq!(reason(world).0, "NameTaken", "{:?}", reason(world));
            }
            world.delete(kind, name);
            world.comes_to_rest().await;
            world.writes_with_care(&world.all_clusters(), 2);
            world.delete(CLUSTERS, "a");
            assert!(world.settle(PATIENCE).await);
        }
    });
}

#[test]
fn kinds_of_an_earlier_build_are_pruned_after_a_restart() {
    run(async |world| {
        world.apply(&small());
        world.comes_to_rest().await;
        let uid = world.cluster()["metadata"]["uid"].clone();
        let owner = json!({ "apiVersion": "simulation.example.com/v1", "kind": "Data", "name": "a", "uid": uid, "controller": true });
        let labels = world.get("services", "a-query").unwrap()["metadata"]["labels"].clone();
        for (kind, id) in [
            ("serviceaccounts", "v1/ServiceAccount/serviceaccounts"),
            ("leases.coordination.k8s.io", "coordination.k8s.io/v1/Lease/leases"),
        ] {
            let object = json!({ "metadata": { "name": "a-old", "labels": labels, "ownerReferences": [owner] } });
            world.server().create(kind, NAMESPACE, object, "data-operator").unwrap();
            world.change(CLUSTERS, "a", "status", |object| object["status"]["inventory"][id] = json!({ "a-old": "" }));
        }
        world.restart();
        world.comes_to_rest().await;
        assert!(
            world.get("serviceaccounts", "a-old").is_none()
                && world.get("leases.coordination.k8s.io", "a-old").is_none()
        );
    });
}

#[test]
fn fields_of_others_stay() {
    run(async |world| {
        world.apply(&small());
        world.comes_to_rest().await;
        world.change("services", "a-query", "", |object| object["metadata"]["annotations"]["theirs"] = "x".into());
        world.change("statefulsets.apps", "a-store-hot", "", |object| object["spec"]["minReadySeconds"] = 0.into());
        world.apply(&with(|spec| spec.image = 1));
        world.comes_to_rest().await;
        assert_eq!(world.get("services", "a-query").unwrap()["metadata"]["annotations"]["theirs"], "x");
    });
}

/// The garbage collector deletes what belongs to something that is gone, where it learns of that too late to orphan it.
#[test]
fn no_claim_belongs_to_a_stateful_set_while_it_is_replaced() {
    let spec = |ordered: bool| scaled(Scale::Initial, ordered);
    let ends_claims = |world: &mut World| {
        world.change(CLUSTERS, "a", "", |object| {
            object["spec"]["stores"]["hot"]["storageRetention"] = json!({ "whenDeleted": "Delete" });
        });
    };
    run(async |world| {
        let owned = |world: &World| {
            let server = world.server();
            let claims: Vec<_> = server.all().filter(|(kind, _)| *kind == "persistentvolumeclaims").collect();
            assert!(!claims.is_empty());
            claims.iter().filter(|(_, claim)| claim["metadata"]["ownerReferences"][0]["kind"] == "StatefulSet").count()
        };
        world.apply(&spec(true));
        ends_claims(world);
        assert!(world.settle(PATIENCE).await);
        let before = (world.pods(), world.get("statefulsets.apps", "a-store-hot").unwrap());
        assert_ne!(owned(world), 0);
        world.apply(&spec(false));
        ends_claims(world);
        for _ in 0..200 {
            for watch in 0..world.watched() {
                world.deliver(watch, usize::MAX, None);
            }
            world.reconcile().await;
            let set = world.get("statefulsets.apps", "a-store-hot");
            let is_there = |set: &serde_json::Value| {
                set["metadata"]["uid"] == before.1["metadata"]["uid"] && set["metadata"]["deletionTimestamp"].is_null()
            };
            if !set.is_some_and(|set| is_there(&set)) {
                break;
            }
            for controller in 0..8 {
                world.control(controller);
            }
            world.pass(Duration::from_millis(200)).await;
        }
        assert_eq!(owned(world), 0, "it is deleted only now");
        assert!(world.settle(PATIENCE).await);
        assert_eq!(world.pods(), before.0);
        assert_ne!(owned(world), 0, "the next one has the policy again");
        assert_eq!(reason(world).0, "Ready");
    });
}

/// A StatefulSet with pods, deleted to be replaced; the operator died right after that.
async fn open(world: &mut World) {
    open_of(world, |ordered| scaled(Scale::Fixed(2), ordered)).await;
    assert_eq!(world.pods().len(), 2);
}

async fn open_of(world: &mut World, spec: impl Fn(bool) -> Spec) {
    world.apply(&spec(true));
    world.comes_to_rest().await;
    world.apply(&spec(false));
    let uid = |world: &World| Some(world.get("statefulsets.apps", "a-store-hot")?["metadata"]["uid"].clone());
    let before = uid(world);
    while uid(world) == before {
        world.deliver(0, usize::MAX, None);
        world.reconcile().await;
        for controller in 0..8 {
            world.control(controller);
        }
        world.pass(Duration::from_millis(500)).await;
        if world.get("statefulsets.apps", "a-store-hot").is_none() {
            break;
        }
    }
    assert_eq!(uid(world), None);
    world.restart();
}

#[test]
fn pods_of_a_node_that_is_removed_while_its_workload_is_replaced_go_with_it() {
    run(async |world| {
        open(world).await;
        world.apply(&with(|spec| spec.stores.clear()));
        world.comes_to_rest().await;
        let pods = world.pods();
        assert!(!pods.is_empty() && pods.keys().all(|pod| pod.starts_with("a-query")), "{pods:?}");
        assert!(world.cluster()["metadata"]["finalizers"].is_null(), "nothing holds it any more");
    });
}

#[test]
fn pods_of_a_cluster_that_is_deleted_while_a_workload_is_replaced_go_with_it() {
    run(async |world| {
        open(world).await;
        assert_eq!(world.cluster()["metadata"]["finalizers"], json!(["simulation.example.com/cleanup"]));
        world.delete(CLUSTERS, "a");
        assert!(world.settle(PATIENCE).await);
        assert!(world.get(CLUSTERS, "a").is_none() && world.pods().is_empty(), "{:?}", world.pods());
    });
}

/// Also where pods refer to something, which nobody looks at any more once the cluster is being deleted.
#[test]
fn what_fails_while_a_cluster_is_deleted_midway_is_tried_again_but_not_at_once() {
    run(async |world| {
        open_of(world, |ordered| {
            with(|spec| {
                let store = spec.stores.get_mut("hot").unwrap();
                (store.scale, store.ordered) = (Scale::Fixed(2), ordered);
            })
        })
        .await;
        world.delete(CLUSTERS, "a");
        let end = Instant::now() + PATIENCE;
        for _ in 0..3 {
            world.wire.fail(Some((0, Fault::RequestLost)));
            while world.wire.is_failing() {
                assert_eq!(world.go_on(end).await, None);
            }
            assert!(world.next_due().is_some_and(|wait| wait > Duration::ZERO), "{:?}", world.next_due());
        }
        assert!(world.settle(PATIENCE).await);
        assert!(world.get(CLUSTERS, "a").is_none() && world.pods().is_empty(), "{:?}", world.pods());
    });
}

#[test]
fn claims_stay_where_a_cluster_is_deleted_while_its_workload_is_replaced() {
    run(async |world| {
        open(world).await;
        let claims = |world: &World| world.server().list("persistentvolumeclaims", "").len();
        let before = claims(world);
        world.delete(CLUSTERS, "a");
        assert!(world.settle(PATIENCE).await);
        assert_eq!((world.pods().len(), claims(world)), (0, before));
    });
}

#[test]
fn pods_stay_where_a_cluster_is_orphaned_while_its_workload_is_replaced() {
    run(async |world| {
        open(world).await;
        let before = world.pods();
        let orphan = Deletion { propagation: Some(Propagation::Orphan), ..Deletion::default() };
        world.server().delete(CLUSTERS, (NAMESPACE, "a"), &orphan).unwrap();
        assert!(world.settle(PATIENCE).await);
        assert!(world.get(CLUSTERS, "a").is_none());
        assert_eq!(world.pods(), before);
    });
}

#[test]
fn what_cannot_be_finished_is_tried_once_and_holds_up_neither_the_rest_nor_a_deletion() {
    run(async |world| {
        open(world).await;
        world.refused.lock().unwrap().insert("StatefulSet");
        world.apply(&with(|spec| spec.stores.clear()));
        let writes = world.wire.count();
        world.settle(PATIENCE).await;
        assert_eq!(reason(world).0, "Ready");
        let creates = world.wire.writes().split_off(writes);
        let tried = creates.iter().filter(|write| write.path.contains("statefulsets")).count();
        assert_eq!(tried, 1);
        world.delete(CLUSTERS, "a");
        assert!(world.settle(PATIENCE).await);
        assert!(world.get(CLUSTERS, "a").is_none());
    });
}

#[test]
fn a_finalizer_that_nothing_needs_is_taken_away_whoever_has_set_it() {
    run(async |world| {
        world.apply(&small());
        world.comes_to_rest().await;
        let held = json!(["simulation.example.com/cleanup", "example.com/other"]);
        world.change(CLUSTERS, "a", "", |object| object["metadata"]["finalizers"] = held.clone());
        world.restart();
        assert!(world.settle(PATIENCE).await);
        assert_eq!(world.cluster()["metadata"]["finalizers"], json!(["example.com/other"]));
        world.change(CLUSTERS, "a", "", |object| object["metadata"]["finalizers"] = held);
        world.delete(CLUSTERS, "a");
        assert!(world.settle(PATIENCE).await);
        assert_eq!(world.cluster()["metadata"]["finalizers"], json!(["example.com/other"]));
    });
}

#[test]
fn a_spec_that_cannot_be_kept_keeps_no_cluster_from_being_ready() {
    run(async |world| {
        world.refused.lock().unwrap().insert("ControllerRevision");
        world.apply(&small());
        world.settle(PATIENCE).await;
        assert_eq!(reason(world).0, "Ready");
        assert!(!world.children().iter().any(|(kind, ..)| kind.starts_with("controllerrevisions")));
    });
}

/// The operator dies, or its connection breaks, at each write of a change.
fn at_every_write(before: &Spec, after: &Spec, scale: Option<u8>) {
    for fault in [Fault::DiesBefore, Fault::AnswerLost] {
        for at in 0.. {
            let is_over = run_in_thread(before.clone(), after.clone(), scale, at, fault);
            if is_over {
                break;
            }
        }
    }
}

/// A world has a runtime of its own. Returns whether there are fewer writes than that.
fn run_in_thread(before: Spec, after: Spec, scale: Option<u8>, at: usize, fault: Fault) -> bool {
    let story = move || {
        run(async |world| {
            let mut story = Story::begin(world, &before);
            world.comes_to_rest().await;
            if let Some(replicas) = scale {
                story.take(world, &Step::Scale(0, replicas)).await;
                world.comes_to_rest().await;
            }
            let (pods, replicas) = (world.pods(), world.replicas("store-hot"));
            world.wire.fail(Some((at, fault)));
            let writes = world.wire.count();
            story.edit(world, &after);
            world.settle(PATIENCE).await;
            let is_over = world.wire.count() - writes < at;
            world.wire.fail(None);
            world.comes_to_rest().await;
            world.writes_with_care(&world.all_clusters(), 2);
            assert_eq!(world.pods(), pods, "{fault:?} at {at}");
            assert_eq!(world.replicas("store-hot"), replicas, "{fault:?} at {at}");
            is_over
        })
    };
    std::thread::spawn(story).join().unwrap_or_else(|_| panic!("{fault:?} at {at}"))
}

/// The next operator finds the new workload ready, and doesn't know yet that it is as it was sent.
#[test]
fn what_pods_no_longer_read_is_pruned_though_they_rolled_while_no_operator_ran() {
    for at in 0..6 {
        run(async |world| {
            world.apply(&small());
            world.comes_to_rest().await;
            let writes = world.wire.count();
            world.wire.fail(Some((at, Fault::DiesAfter)));
            world.apply(&with(|spec| spec.common = 7));
            while world.wire.count() - writes <= at {
                for watch in 0..world.watched() {
                    world.deliver(watch, usize::MAX, None);
                }
                if !world.reconcile().await {
                    break;
                }
            }
            for _ in 0..50 {
                (0..16).for_each(|controller| _ = world.control(controller));
                world.pass(Duration::from_millis(200)).await;
            }
            world.wire.fail(None);
            world.comes_to_rest().await;
        });
    }
}

#[test]
fn a_replacement_keeps_pods_and_their_number_wherever_the_operator_dies() {
    at_every_write(&scaled(Scale::Initial, false), &scaled(Scale::Initial, true), Some(3));
}

#[test]
fn a_replacement_keeps_an_autoscalers_number_wherever_the_operator_dies() {
    at_every_write(&scaled(Scale::Autoscaled, false), &scaled(Scale::Autoscaled, true), Some(3));
}

#[test]
fn an_autoscaler_takes_over_the_number_wherever_the_operator_dies() {
    at_every_write(&scaled(Scale::Initial, false), &scaled(Scale::Autoscaled, false), Some(3));
    at_every_write(&scaled(Scale::Fixed(2), false), &scaled(Scale::Autoscaled, false), None);
    at_every_write(&scaled(Scale::Autoscaled, false), &scaled(Scale::Initial, true), Some(2));
}

#[test]
fn a_number_that_is_set_while_a_workload_is_replaced_is_kept() {
    run(async |world| {
        let mut story = Story::begin(world, &scaled(Scale::Initial, false));
        world.comes_to_rest().await;
        story.edit(world, &scaled(Scale::Initial, true));
        // The operator sees the change, and not the autoscaler's number.
        world.deliver(0, 1, None);
        story.take(world, &Step::Scale(0, 3)).await;
        for _ in 0..8 {
            world.reconcile().await;
        }
        world.comes_to_rest().await;
        assert_eq!(world.replicas("store-hot"), Some(3));
    });
}
