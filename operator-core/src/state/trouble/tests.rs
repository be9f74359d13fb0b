use serde_json::{Value, json};

use super::*;

const NOW: &str = "2026-01-01T12:00:00Z";

/// The troubles of pods with these statuses, called `p-0`, `p-1` …
fn of(statuses: &[Value]) -> Vec<Trouble> {
    let pods = statuses.iter().enumerate().map(|(index, status)| {
        let metadata = json!({
            "name": format!("p-{index}"), "labels": { "g/node": "n", "else": "" }, "managedFields": [{}],
            "creationTimestamp": "2026-01-01T11:58:00Z", "deletionTimestamp": status["deleted"],
        });
        json!({ "metadata": metadata, "spec": { "containers": [] }, "status": status })
    });
    let list = json!({ "kind": "PodList", "metadata": {}, "items": pods.collect::<Vec<_>>() });
    let pods: crate::state::pod::Pods = serde_json::from_value(list).unwrap();
    troubles(&pods.items, "g/node", NOW.parse().unwrap())
}

fn one(status: Value) -> Option<(Cause, String)> {
    let mut found = of(&[status]);
    assert!(found.len() < 2, "{found:?}");
    found.pop().map(|trouble| (trouble.cause, trouble.message.into()))
}

fn container(mut status: Value) -> Option<(Cause, String)> {
    status["name"] = "c".into();
    status["image"] = "image:1".into();
    one(json!({ "phase": "Running", "containerStatuses": [status] }))
}

fn ended(code: i32, reason: &str, message: &str) -> Value {
    json!({ "terminated": { "exitCode": code, "reason": reason, "message": message, "finishedAt": "2026-01-01T11:59:00Z" } })
}

fn waiting(reason: &str, message: &str) -> Value {
    json!({ "waiting": { "reason": reason, "message": message } })
}

#[test]
fn a_container_that_crashes_is_in_trouble_in_each_of_its_states() {
    let last = ended(1, "Error", "starting\nno such bucket\n");
    let crash = (Cause::CrashLoop { container: "c".into(), restarts: 5 }, "Error, exit code 1".to_owned());
    for state in [waiting("CrashLoopBackOff", "back-off 5m0s restarting"), json!({ "running": {} })] {
        let status = json!({ "restartCount": 7, "state": state, "lastState": last });
        assert_eq!(container(status).as_ref(), Some(&crash), "{state}");
    }
    assert_eq!(container(json!({ "restartCount": 9, "state": last })), Some(crash));
    assert_eq!(
        container(
            json!({ "restartCount": 1, "state": waiting("CrashLoopBackOff", ""), "lastState": ended(137, "OOMKilled", "") })
        ),
        Some((Cause::CrashLoop { container: "c".into(), restarts: 1 }, "OOMKilled, exit code 137".to_owned()))
    );
}

#[test]
fn what_every_pod_goes_through_is_no_trouble() {
    for status in [
        json!({ "state": waiting("ContainerCreating", "") }),
        json!({ "state": waiting("PodInitializing", "") }),
        json!({ "state": { "running": {} } }),
        json!({ "state": { "running": {} }, "restartCount": 1, "lastState": ended(1, "Error", "") }),
        json!({ "state": { "running": {} }, "restartCount": 50, "lastState": ended(1, "Error", ""), "ready": true }),
        json!({ "state": ended(0, "Completed", ""), "ready": true, "restartCount": 4 }),
        json!({ "state": ended(0, "Completed", "") }),
        json!({ "state": ended(1, "Error", "") }),
    ] {
        assert_eq!(container(status.clone()), None, "{status}");
    }
    assert_eq!(one(json!({ "phase": "Succeeded", "conditions": [{ "type": "Ready", "status": "False" }] })), None);
    assert_eq!(one(json!({ "phase": "Pending" })), None);
}

#[test]
fn an_image_is_the_same_trouble_while_it_is_tried_and_while_that_waits() {
    let cause = Cause::ImagePull { container: "c".into(), image: "image:1".into() };
    for (reason, message) in [
        ("ErrImagePull", "not found"),
        ("ImagePullBackOff", "Back-off pulling image \"image:1\": ErrImagePull: not found"),
    ] {
        let found = container(json!({ "state": waiting(reason, message) }));
        assert_eq!(found, Some((cause.clone(), "not found".to_owned())), "{reason}");
    }
}

#[test]
fn the_words_of_scheduler_and_kubelet_are_kept() {
    let words = "0/3 nodes are available: 3 Insufficient cpu.";
    let unscheduled = json!({ "type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": words });
    let found = one(json!({ "phase": "Pending", "conditions": [unscheduled] }));
    assert_eq!(found, Some((Cause::Unschedulable, words.to_owned())));
    let found = container(json!({ "state": waiting("CreateContainerConfigError", "secret \"s\" not found") }));
    let cause = Cause::Config { container: "c".into(), reason: "CreateContainerConfigError".into() };
    assert_eq!(found, Some((cause, "secret \"s\" not found".to_owned())));
    let long = container(json!({ "state": waiting("RunContainerError", &"é".repeat(1000)) })).unwrap().1;
    assert!(long.len() < 520 && long.ends_with('…'), "{long}");
}

#[test]
fn time_makes_a_trouble_of_what_is_none_at_first() {
    let ready = |since: &str| json!({ "type": "Ready", "status": "False", "message": "unready: [c]", "lastTransitionTime": since });
    let (long_ago, lately) = ("2026-01-01T11:49:00Z", "2026-01-01T11:51:00Z");
    let status = |phase: &str, since: &str| json!({ "phase": phase, "conditions": [ready(since)] });
    assert_eq!(one(status("Running", long_ago)), Some((Cause::NotReady, "unready: [c]".to_owned())));
    assert_eq!(one(status("Pending", long_ago)), Some((Cause::NotStarted, String::new())));
    assert_eq!(one(status("Running", lately)), None);
    assert_eq!(one(json!({ "phase": "Running", "deleted": long_ago })), Some((Cause::Terminating, String::new())));
    assert_eq!(one(json!({ "phase": "Running", "deleted": "2026-01-01T11:58:00Z" })), None);
    // Evicted pods stay when they were replaced.
    let evicted = |since: &str| json!({ "phase": "Failed", "reason": "Evicted", "message": "low on memory", "conditions": [ready(since)] });
    assert_eq!(one(evicted(long_ago)), None);
    assert_eq!(one(evicted(lately)), Some((Cause::Failed { reason: "Evicted".into() }, "low on memory".to_owned())));
}

#[test]
fn the_same_trouble_of_many_pods_is_one_and_of_many_troubles_a_few_are_kept() {
    let crash = |name: &str, count: u32| {
        json!({ "phase": "Running", "containerStatuses": [
            { "name": name, "restartCount": count, "state": waiting("CrashLoopBackOff", ""), "lastState": ended(1, "", "") },
        ] })
    };
    let found = of(&[crash("c", 3), crash("c", 30), crash("c", 4)]);
    assert_eq!((found.len(), found[0].pod.as_deref(), found[0].more), (1, Some("p-0"), 2));
    assert_eq!(of(&["a", "b", "c", "d", "e"].map(|name| crash(name, 3))).len(), MOST);
}

#[test]
fn restarts_are_rounded_down() {
    let counts = [0, 1, 2, 4, 5, 9, 10, 19, 20, 49, 50, 99, 100, 1999, u32::MAX];
    let steps = [0, 1, 2, 2, 5, 5, 10, 10, 20, 20, 50, 50, 100, 1000, 2_000_000_000];
    assert_eq!(counts.map(rounded), steps);
}
