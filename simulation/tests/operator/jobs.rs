//! Stories of Jobs: what waits for them, and what they did when they are gone.

use serde_json::json;

use crate::{
    cases::{reason, with},
    promises::PATIENCE,
    specs::Spec,
    world::{CLUSTERS, NAMESPACE, World, run},
};

fn jobs(world: &World) -> Vec<String> {
    let jobs = world.children().into_iter().filter(|(kind, _, _)| kind == "jobs.batch");
    jobs.map(|(_, name, _)| name).collect()
}

fn migrating(image: u8) -> Spec {
    with(|spec| (spec.image, spec.migrate) = (image, true))
}

#[test]
fn workloads_wait_until_the_job_of_a_newer_image_is_complete() {
    run(async |world| {
        let image = |world: &World| {
            let set = world.get("statefulsets.apps", "a-store-hot").unwrap();
            set["spec"]["template"]["spec"]["containers"][0]["image"].clone()
        };
        world.apply(&migrating(0));
        world.comes_to_rest().await;
        let first = jobs(world);
        world.apply(&migrating(1));
        // No controller does anything yet.
        for _ in 0..8 {
            for watch in 0..world.watched() {
                world.deliver(watch, usize::MAX, None);
            }
            world.reconcile().await;
        }
        assert_eq!((reason(world).0.as_str(), image(world)), ("Waiting", json!("example.com/data:0")));
        world.comes_to_rest().await;
        assert_eq!(image(world), json!("example.com/data:1"));
        let last = jobs(world);
        assert!(last.len() == 1 && last != first, "{last:?}");
    });
}

#[test]
fn a_job_that_is_done_stays_done_when_it_is_cleaned_up() {
    run(async |world| {
        world.apply(&migrating(0));
        world.comes_to_rest().await;
        let first = jobs(world);
        world.delete("jobs.batch", &first[0]);
        for restarts in [false, true] {
            if restarts {
                world.restart();
            }
            assert!(world.settle(PATIENCE).await);
            assert_eq!((jobs(world), reason(world).0.as_str()), (vec![], "Ready"));
        }
        world.comes_to_rest().await;
        // It keeps nothing from being pruned that every node might read.
        let files =
            world.children().into_iter().filter(|(kind, name, _)| kind == "configmaps" && name.contains("common"));
        let mut surplus = serde_json::Value::clone(&files.map(|(_, _, file)| file).next().unwrap());
        surplus["metadata"]["name"] = "a-old".into();
        let metadata = surplus["metadata"].as_object_mut().unwrap();
        metadata.retain(|field, _| ["name", "labels", "ownerReferences"].contains(&field.as_str()));
        world.server().create("configmaps", NAMESPACE, surplus, "data-operator").unwrap();
        assert!(world.settle(PATIENCE).await);
        assert_eq!(world.get("configmaps", "a-old"), None);
        world.apply(&migrating(1));
        assert!(world.settle(PATIENCE).await);
        let second = jobs(world);
        assert!(second.len() == 1 && second != first, "another image is another Job: {second:?}");
        assert_eq!(reason(world).0, "Ready");
    });
}

#[test]
fn a_job_that_is_done_and_gone_stays_done_though_what_it_reads_goes_and_comes_back() {
    run(async |world| {
        let secret = || json!({ "metadata": { "name": "own" }, "data": { "key": "eA==" } });
        let from = json!({ "valueFrom": { "secretKeyRef": { "name": "own", "key": "key" } } });
        world.server().create("secrets", NAMESPACE, secret(), "someone").unwrap();
        world.apply(&migrating(0));
        world.change(CLUSTERS, "a", "", |object| {
            object["spec"]["migrate"] = json!({ "env": [{ "name": "A", "valueFrom": from["valueFrom"] }] });
        });
        assert!(world.settle(PATIENCE).await);
        let done = jobs(world);
        world.delete("jobs.batch", &done[0]);
        assert!(world.settle(PATIENCE).await);
        world.delete("secrets", "own");
        world.settle(PATIENCE).await;
        assert_eq!((jobs(world), reason(world).0.as_str()), (vec![], "Waiting"));
        world.restart();
        world.settle(PATIENCE).await;
        world.server().create("secrets", NAMESPACE, secret(), "someone").unwrap();
        assert!(world.settle(PATIENCE).await);
        assert_eq!((jobs(world), reason(world).0.as_str()), (vec![], "Ready"));
    });
}

#[test]
fn a_job_that_is_done_and_lost_its_label_gets_it_back_and_one_that_was_taken_away_is_left_alone() {
    for (field, comes_back) in [("labels", true), ("ownerReferences", false)] {
        run(async |world| {
            world.apply(&migrating(0));
            world.comes_to_rest().await;
            let job = jobs(world).remove(0);
            let before = world.get("jobs.batch", &job).unwrap();
            world
                .change("jobs.batch", &job, "", |object| _ = object["metadata"].as_object_mut().unwrap().remove(field));
            let writes = world.wire.count();
            assert!(world.settle(PATIENCE).await, "{field}");
            assert!(world.wire.count() - writes < 5, "{field}");
            assert_eq!(reason(world).0, "Ready", "{field}");
            let now = world.get("jobs.batch", &job).unwrap();
            assert_eq!(now["metadata"]["uid"], before["metadata"]["uid"]);
            assert_eq!(now["metadata"][field] == before["metadata"][field], comes_back, "{field}");
        });
    }
}
