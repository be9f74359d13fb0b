//! Plans of every kind of child: what waits, how many pods there are, Secrets that are kept; and what the status says.

use std::sync::Arc;

use operator_core::{
    ClusterStatus,
    definition::{Definition, External, ExternalCheck, NodeTemplate, NodeType, SecretField, Workload},
    model::{
        ChildKind, Content, Kind, NodeStatus, Object, Reference, Source,
        kind::{
            DAEMON_SET, DEPLOYMENT, HTTP_ROUTE, JOB, POD_DISRUPTION_BUDGET, REVISION, SECRET, SERVICE, STATEFUL_SET,
        },
    },
    plan::{Action, Gate, Plan, Verb, plan},
    render::Blueprint,
    state::{
        Answer, Availability, Child, Probe, Snapshot,
        fact::{Controller, Refusal},
    },
    status::{self, sentence},
};
use proptest::prelude::*;
use serde_json::{Map, Value, json};

use crate::{
    common::{DATA, World, body, built, of, optional, references, storage},
    volumes::put_claim,
};

static DEFINITION: Definition = Definition {
    secrets: &[SecretField {
        readers: &[],
        field: "password",
        key: "password",
        env: Some("PASSWORD"),
        file: None,
        folder: None,
        generate: Some(24),
    }],
    externals: &[External { name: "zookeeper", at: &["zookeeper"], check: ExternalCheck::Tcp }],
    node_types: &[
        NodeType { order: 1, ..node("migrate", of(Workload::Job)) },
        node("store", NodeTemplate { storage: &[storage("10Gi")], ..of(Workload::StatefulSet) }),
        NodeType { order: 2, ..node("query", of(Workload::Deployment)) },
        NodeType { order: 2, ..node("agent", of(Workload::DaemonSet)) },
    ],
    ..DATA
};

const fn node(name: &'static str, template: NodeTemplate) -> NodeType {
    optional(name, NodeTemplate { image: Some("image"), ..template })
}

pub fn blueprint(spec: &Value) -> Blueprint {
    built(&DEFINITION, spec).unwrap()
}

/// The one object of a kind, as it shall be where everything that pods refer to is there.
pub fn wanted(blueprint: &Blueprint, kind: &ChildKind) -> Arc<Object> {
    let mut of_kind = blueprint.with(&references()).into_iter().filter(|object| object.kind == kind);
    let object = of_kind.next().unwrap();
    assert!(of_kind.next().is_none(), "there are several");
    object
}

/// The spec that is kept once all else went well stands aside: each new one is.
pub fn done(plan: &Plan) -> Vec<String> {
    let actions = plan.actions.iter().filter(|action| *action.target().0 != &REVISION);
    actions.map(|action| format!("{:?} {} {}", action.verb(), action.target().0.kind, action.target().1)).collect()
}

pub fn waiting(plan: &Plan) -> Vec<String> {
    let said = |gate: &Gate| match sentence::node(gate) {
        Some(node) => format!("{node}: {}", sentence::message(gate)),
        None => sentence::message(gate),
    };
    plan.gates.iter().map(said).collect()
}

pub fn says(status: &ClusterStatus, condition: &str) -> (String, String) {
    let condition = status.condition(condition).unwrap();
    (condition.reason.clone(), condition.message.clone())
}

pub fn refusal(message: &str, immutable: bool) -> Refusal {
    Refusal { message: message.to_owned(), immutable }
}

fn all() -> Value {
    json!({ "migrate": {}, "store": { "replicas": 1 }, "query": { "replicas": 1 }, "agent": {} })
}

/// The same, and what it depends on.
fn depending() -> Value {
    let mut spec = all();
    spec["zookeeper"] = "zk:2181".into();
    spec
}

fn away() -> Probe {
    Probe::Missing(vec!["zookeeper at zk:2181: connection refused".to_owned()])
}

#[test]
fn a_cluster_of_every_workload_comes_to_rest() {
    let blueprint = blueprint(&all());
    let world = World::of(&blueprint);
    let plan = world.plan(&blueprint);
    assert!(plan.is_done(), "{plan:?}");
    let status = world.report(&blueprint, &plan);
    assert_eq!(status.ready, "6/6", "three pods of the DaemonSet, and one for the Job");
    assert_eq!(status.replicas, 6);
    assert!(status.is_ready(), "{status:#?}");
}

#[test]
fn what_comes_after_a_job_waits_until_it_is_complete() {
    let blueprint = blueprint(&all());
    let first = World::new().plan(&blueprint);
    assert_eq!(waiting(&first), ["query: waits for migrate", "agent: waits for migrate"]);
    let made = done(&first);
    assert!(made.contains(&"Create StatefulSet a-store".to_owned()), "its order is lower: {made:?}");
    assert!(made.iter().any(|made| made.starts_with("Create Job a-migrate-")), "{made:?}");
    assert!(!made.iter().any(|made| made.contains("a-query") && made.contains("Deployment")), "{made:?}");

    let mut world = World::of(&blueprint);
    world.reports(&JOB, &json!({}));
    world.never_had(&DAEMON_SET);
    world.never_had(&DEPLOYMENT);
    let next = world.plan(&blueprint);
    assert!(next.actions.is_empty() && !next.is_done(), "{next:?}");
    let status = world.report(&blueprint, &next);
    let message = "query, agent: waits for migrate; migrate: its Job is running".to_owned();
    assert_eq!(says(&status, "Progressing"), ("Waiting".to_owned(), message));
    assert_eq!(says(&status, "Ready").0, "Waiting");
    assert_eq!(says(&status, "Degraded").0, "AsExpected");
}

#[test]
fn a_job_that_failed_is_reported_and_holds_what_waits() {
    let blueprint = blueprint(&all());
    let mut world = World::of(&blueprint);
    let failed = json!({ "conditions": [{ "type": "Failed", "status": "True", "message": "too often" }] });
    world.reports(&JOB, &failed);
    world.never_had(&DAEMON_SET);
    let plan = world.plan(&blueprint);
    assert_eq!(waiting(&plan), ["agent: waits for migrate, which failed"]);
    let status = world.report(&blueprint, &plan);
    assert_eq!(says(&status, "Degraded"), ("Failing".to_owned(), "migrate: too often".to_owned()));
    assert_eq!(says(&status, "Progressing").1, "migrate: too often; agent: waits for migrate, which failed");
}

#[test]
fn of_a_job_only_the_metadata_is_ever_changed_and_an_earlier_one_goes() {
    let (before, after) = (blueprint(&all()), blueprint(&json!({ "migrate": { "image": "newer" } })));
    let world = World::of(&before);
    let (old, new) = (wanted(&before, &JOB), wanted(&after, &JOB));
    let mut touched = world.clone();
    touched.touch(&JOB, &old.name, &["spec", "template"]);
    let mut refused = touched.clone();
    let plan = touched.step(&before);
    assert_eq!(done(&plan), [format!("Apply Job {}", old.name)]);
    assert!(plan.actions[0].object().unwrap().is_posted(), "which is a patch of the metadata");
    assert!(touched.plan(&before).is_done(), "whatever its pods are");
    refused.answers(&plan.actions[0], Answer::Refused(refusal("no", true)));
    let plan = refused.plan(&before);
    assert_eq!((done(&plan), waiting(&plan)), (vec![], vec![format!("Job {}: no", old.name)]), "it doesn't run again");

    let next = world.plan(&after);
    let (create, delete) = (format!("Create Job {}", new.name), format!("Delete Job {}", old.name));
    assert!(done(&next).contains(&create) && done(&next).contains(&delete), "{next:?}");

    // Two versions of a migration never run at once.
    let mut world = world;
    world.reports(&JOB, &json!({}));
    let next = world.plan(&after);
    assert_eq!(waiting(&next), [format!("migrate: the earlier Job {} is ended first", old.name)]);
    assert!(done(&next).contains(&delete) && !done(&next).contains(&create), "{next:?}");
}

#[test]
fn a_job_stays_until_its_successor_can_run() {
    let blueprint = blueprint(&all());
    let mut world = World::of(&blueprint);
    let job = wanted(&blueprint, &JOB).name.clone();
    let password =
        Reference { source: Source::Secret, name: "a-password".to_owned(), key: Some("password".to_owned()) };
    let there = world.snapshot.references.insert(password.clone(), Content::Missing).unwrap();
    let shut = world.plan(&blueprint);
    assert!(
        waiting(&shut).contains(&"migrate: Secret a-password/password is not there yet".to_owned()),
        "{:?}",
        waiting(&shut)
    );
    assert!(!done(&shut).contains(&format!("Delete Job {job}")), "{:?}", done(&shut));
    world.snapshot.references.insert(password, there);
    let back = world.plan(&blueprint);
    assert!(back.is_done(), "{back:?}");
}

#[test]
fn nothing_is_deleted_while_workloads_are_held() {
    let mut world = World::of(&blueprint(&depending()));
    let renamed =
        blueprint(&json!({ "migrate": {}, "query": { "replicas": 1, "image": "other" }, "zookeeper": "zk:2181" }));
    world.snapshot.externals = away();
    assert_eq!(done(&world.plan(&renamed)), Vec::<String>::new());
    world.snapshot.externals = Probe::There;
    let free = world.plan(&renamed);
    assert!(done(&free).contains(&"Delete StatefulSet a-store".to_owned()), "{:?}", done(&free));
}

#[test]
fn a_workload_that_is_being_made_anew_is_neither_ready_nor_done() {
    let blueprint = blueprint(&all());
    let mut world = World::of(&blueprint);
    let stores = world.snapshot.children.iter_mut().filter(|child| child.kind == &STATEFUL_SET);
    stores.for_each(|child| child.deleting = true);
    let plan = world.plan(&blueprint);
    assert!(plan.actions.is_empty() && !plan.is_done(), "{plan:?}");
    assert!(!world.report(&blueprint, &plan).is_ready());
}

#[test]
fn a_workload_that_waits_is_neither_created_nor_changed_nor_replaced() {
    let before = blueprint(&json!({ "store": { "envFrom": [{ "secretRef": { "name": "own" } }] } }));
    let mut other = json!({ "store": { "envFrom": [{ "secretRef": { "name": "own" } }], "image": "newer" } });
    other["store"]["storage"] = json!({ "data": { "size": "20Gi" } });
    let mut world = World::of(&before);
    let own = Reference { source: Source::Secret, name: "own".to_owned(), key: None };
    for (content, why) in [
        (Content::Missing, "store: Secret own is not there yet"),
        (Content::Unknown, "store: Secret own is not known yet"),
        (Content::Unreadable("no rights".to_owned()), "Secret own can't be looked at: no rights"),
    ] {
        let is_known = content != Content::Unknown;
        world.snapshot.references.insert(own.clone(), content);
        let mut without = world.clone();
        without.never_had(&STATEFUL_SET);
        for (world, spec) in [(&world, &before), (&world, &blueprint(&other)), (&without, &before)] {
            let plan = world.plan(spec);
            assert_eq!((done(&plan), waiting(&plan)), (Vec::new(), vec![why.to_owned()]));
            assert_eq!(plan.undecided, !is_known, "what will be known in a moment isn't worth a word");
        }
    }
}

#[test]
fn what_is_as_wanted_waits_for_nothing() {
    let blueprint = blueprint(&depending());
    let mut world = World::of(&blueprint);
    for externals in [away(), Probe::Unknown] {
        world.snapshot.externals = externals;
        let plan = world.plan(&blueprint);
        assert!(plan.is_done() && !plan.probe && !plan.undecided, "what runs isn't touched: {plan:?}");
    }
}

#[test]
fn an_external_that_is_away_holds_every_workload() {
    let blueprint = blueprint(&depending());
    let mut world = World::new();
    world.snapshot.externals = Probe::Unknown;
    let unknown = world.plan(&blueprint);
    assert!(unknown.probe && unknown.undecided, "someone has to look: {unknown:?}");
    world.snapshot.externals = away();
    let first = world.plan(&blueprint);
    for plan in [&unknown, &first] {
        assert!(plan.actions.iter().all(|action| !action.target().0.is_workload()), "{:?}", done(plan));
        assert!(!plan.actions.is_empty(), "configuration is made meanwhile");
    }
    assert!(first.probe && !first.undecided, "it may come back: {first:?}");
    let (reason, message) = says(&world.report(&blueprint, &first), "Progressing");
    assert_eq!(reason, "WaitingForExternal");
    assert_eq!(
        message,
        "store, query, agent, migrate: zookeeper at zk:2181: connection refused; query, agent: waits for migrate"
    );
}

#[test]
fn what_was_there_before_comes_back_though_an_external_is_away() {
    let blueprint = blueprint(&depending());
    let mut world = World::of(&blueprint);
    world.snapshot.externals = away();
    let mut never = world.clone();
    never.never_had(&STATEFUL_SET);
    assert_eq!(waiting(&never.plan(&blueprint)), ["store: zookeeper at zk:2181: connection refused"]);
    world.delete(&STATEFUL_SET);
    let plan = world.step(&blueprint);
    assert_eq!((done(&plan), waiting(&plan)), (vec!["Create StatefulSet a-store".to_owned()], vec![]));
    assert!(world.plan(&blueprint).is_done());
}

#[test]
fn what_pods_read_stays_until_they_are_replaced() {
    let mut world = World::of(&blueprint(&depending()));
    // The custom resource names a Secret of its own now.
    let mut spec = depending();
    spec["password"] = json!({ "secretName": "own" });
    spec["store"]["image"] = "newer".into();
    let after = blueprint(&spec);
    assert!(!after.objects.iter().any(|object| object.kind == &SECRET && object.name == "a-password"));
    let delete = "Delete Secret a-password".to_owned();
    world.snapshot.externals = away();
    let held = world.plan(&after);
    assert!(!done(&held).contains(&delete), "{held:?}");
    world.snapshot.externals = Probe::There;
    let mut last = Vec::new();
    for _ in 0..3 {
        assert!(!last.contains(&delete), "it goes last, by itself");
        // While pods of the earlier template run.
        let mut rolling = world.clone();
        rolling.reports(&STATEFUL_SET, &json!({ "observedGeneration": 1, "replicas": 1, "updatedReplicas": 0 }));
        assert!(!done(&rolling.plan(&after)).contains(&delete));
        last = done(&world.step(&after));
    }
    assert_eq!(last, [delete]);
    assert!(world.plan(&after).is_done());
}

/// The same, with an HTTPRoute `a-route`.
fn routed(blueprint: &Blueprint) -> Blueprint {
    let mut route = Object::clone(&wanted(blueprint, &SERVICE));
    (route.kind, route.name) = (Kind::Row(&HTTP_ROUTE), "a-route".to_owned());
    route.json["metadata"]["name"] = "a-route".into();
    let mut routed = blueprint.clone();
    routed.objects.push(Arc::new(route));
    routed
}

#[test]
fn what_the_api_server_lacks_is_left_out_and_named() {
    let blueprint = routed(&blueprint(&json!({ "store": { "replicas": 1 } })));
    let mut world = World::of(&blueprint);
    world.never_had(&HTTP_ROUTE);
    let before = world.snapshot.kinds.insert(Kind::Row(&HTTP_ROUTE), Availability::Missing).unwrap();
    let lacking = world.plan(&blueprint);
    assert!(lacking.is_done(), "{lacking:?}");
    let status = world.report(&blueprint, &lacking);
    assert!(status.is_ready());
    assert_eq!(
        says(&status, "Ready").1,
        "every node is ready on its newest configuration; HTTPRoute a-route is left out: its CRD is not installed"
    );
    world.snapshot.kinds.insert(Kind::Row(&HTTP_ROUTE), before);
    assert_eq!(done(&world.plan(&blueprint)), ["Create HTTPRoute a-route"]);
}

#[test]
fn a_kind_that_can_not_be_listed_concerns_its_objects_and_the_workloads_that_need_them() {
    let blueprint = blueprint(&json!({ "store": { "replicas": 2 }, "query": { "replicas": 1 } }));
    let mut world = World::new();
    let pdbs = Kind::Row(&POD_DISRUPTION_BUDGET);
    for (availability, why) in [
        (Availability::Failing("forbidden".to_owned()), "forbidden"),
        (Availability::Missing, "the API server has no such kind"),
    ] {
        world.snapshot.kinds.insert(pdbs.clone(), availability.clone());
        let first = world.plan(&blueprint);
        let said = format!("PodDisruptionBudget a-store is not written: the operator can't watch this kind: {why}");
        assert_eq!(waiting(&first), std::slice::from_ref(&said));
        let made = done(&first);
        assert!(made.contains(&"Create StatefulSet a-store".to_owned()), "pods run without one: {made:?}");
        assert!(made.contains(&"Create Service a-store".to_owned()), "{made:?}");
        assert_eq!(says(&world.report(&blueprint, &first), "Ready"), ("Retrying".to_owned(), said));

        let mut running = World::of(&blueprint);
        running.never_had(&POD_DISRUPTION_BUDGET);
        running.snapshot.kinds.insert(pdbs.clone(), availability);
        assert_eq!(done(&running.plan(&blueprint)), Vec::<String>::new(), "what runs isn't touched");
    }
    let mut blind = World::new();
    blind.snapshot.kinds.insert(Kind::Row(&SECRET), Availability::Failing("forbidden".to_owned()));
    let first = blind.plan(&blueprint);
    assert!(waiting(&first).contains(&"store: waits for Secret a-password".to_owned()), "{:?}", waiting(&first));
    assert!(!done(&first).contains(&"Create StatefulSet a-store".to_owned()), "{:?}", done(&first));
}

#[test]
fn while_a_kind_is_being_listed_nothing_is_decided() {
    let blueprint = blueprint(&json!({ "store": { "replicas": 2 }, "query": { "replicas": 1 } }));
    let mut world = World::new();
    world.snapshot.kinds.insert(Kind::Row(&POD_DISRUPTION_BUDGET), Availability::Pending);
    let first = world.plan(&blueprint);
    assert!(first.undecided && first.actions.is_empty(), "{first:?}");
}

#[test]
fn the_inventory_remembers_a_child_until_it_is_known_to_be_gone() {
    let plain = blueprint(&json!({ "store": { "replicas": 1 } }));
    let routed = routed(&plain);
    let route = Kind::Row(&HTTP_ROUTE);
    let nothing = Plan::default();
    let has = |status: &ClusterStatus| status.inventory.has(&route, "a-route");
    let with_route = World::of(&routed);
    let mut world = with_route.clone();
    world.delete(&HTTP_ROUTE);
    assert!(has(&world.report(&routed, &nothing)), "as long as it is wanted");
    assert!(has(&with_route.report(&plain, &nothing)), "as long as it is there");
    let gone = world.report(&plain, &nothing);
    assert!(!has(&gone));
    assert!(gone.inventory.kinds().any(|kind| kind == route), "one may come late: its kind goes on being watched");
    for availability in [Availability::Pending, Availability::Missing, Availability::Failing("no".to_owned())] {
        world.snapshot.kinds.insert(route.clone(), availability);
        assert!(has(&world.report(&plain, &nothing)), "as long as nobody has looked");
    }
    let invalid = plan(Err(&[]), None, &world.snapshot);
    assert!(has(&status::report(None, &invalid, &[], &world.snapshot)), "as long as the spec is wrong");
    world.snapshot.status = Some(gone);
    world.snapshot.kinds.insert(route.clone(), Availability::Missing);
    let uninstalled = world.report(&plain, &nothing);
    assert!(uninstalled.inventory.kinds().all(|kind| kind != route), "where there is no such kind, none can come");
}

#[test]
fn what_would_not_be_found_again_is_recorded_before_it_is_created() {
    let blueprint = blueprint(&json!({ "store": { "replicas": 2 } }));
    let mut world = World::new();
    let first = world.plan(&blueprint);
    assert!(first.must_record());
    let recorded: Vec<&str> = first.record.iter().map(|(kind, _)| &*kind.kind).collect();
    assert!(recorded.contains(&"PodDisruptionBudget") && recorded.contains(&"Secret"), "{recorded:?}");
    assert!(!recorded.contains(&"StatefulSet") && !recorded.contains(&"Service"), "always watched: {recorded:?}");

    let status = status::record(&blueprint, &first, &world.snapshot);
    assert!(status.inventory.has(&Kind::Row(&POD_DISRUPTION_BUDGET), "a-store"));
    assert!(
        !status.inventory.has_marks_beside(&Kind::Row(&SECRET)) && status.conditions.is_empty(),
        "nothing else is said: {status:?}"
    );
    world.snapshot.status = Some(status);
    let again = world.plan(&blueprint);
    assert!(!again.must_record(), "once: {:?}", again.record);
    assert_eq!(done(&again), done(&first));

    // The operator dies after the creation, and the spec no longer wants the object.
    world.step(&blueprint);
    let single = self::blueprint(&json!({ "store": { "replicas": 1 } }));
    world.snapshot.facts.clear();
    assert!(done(&world.plan(&single)).contains(&"Delete PodDisruptionBudget a-store".to_owned()));
}

#[test]
fn a_first_install_that_is_refused_takes_back_only_what_this_process_has_created() {
    let blueprint = blueprint(&json!({ "store": { "replicas": 1 }, "query": { "replicas": 1 } }));
    let refused = "Deployment a-query: denied".to_owned();
    let mut world = World::new();
    world.refuses = Some((&DEPLOYMENT, refusal("denied", false)));
    let mut with_secret = world.clone();
    let secret = wanted(&blueprint, &SECRET);
    with_secret.put(&secret.kind, secret.json.clone(), body(&secret.json));

    let created = done(&world.step(&blueprint));
    assert!(created.contains(&"Create StatefulSet a-store".to_owned()), "{created:?}");
    let back = world.step(&blueprint);
    assert_eq!(waiting(&back), std::slice::from_ref(&refused));
    let mut deleted: Vec<String> = done(&back).iter().map(|done| done.replace("Delete", "Create")).collect();
    // It was refused; the Secret stays, for another value would make other workloads of those that read it.
    deleted.extend(["Create Deployment a-query".to_owned(), "Create Secret a-password".to_owned()]);
    let sorted = |mut all: Vec<String>| {
        all.sort();
        all
    };
    assert_eq!(sorted(deleted), sorted(created.clone()));
    for _ in 0..2 {
        let rest = world.step(&blueprint);
        assert_eq!((done(&rest), waiting(&rest)), (vec![], vec![refused.clone()]), "nothing is half-installed");
        assert_eq!(rest.again, Some(std::time::Duration::from_secs(300)));
    }
    assert!(!world.snapshot.status.as_ref().unwrap().inventory.has_marks_beside(&Kind::Row(&SECRET)));
    (world.refuses, _) = (None, world.passes(300));
    let again: Vec<String> = created.into_iter().filter(|made| made != "Create Secret a-password").collect();
    assert_eq!(done(&world.step(&blueprint)), again, "all of it is tried again");
    assert!(world.plan(&blueprint).is_done());

    with_secret.step(&blueprint);
    let back = with_secret.step(&blueprint);
    assert!(done(&back).contains(&"Delete StatefulSet a-store".to_owned()), "{back:?}");
    assert!(!done(&back).contains(&"Delete Secret a-password".to_owned()), "it was there before: {back:?}");
}

/// An earlier cluster of the same name left its claims, which go with the StatefulSet that adopts them where its policy says so.
#[test]
fn a_first_install_that_is_refused_takes_nothing_back_where_claims_would_go_too() {
    for (policy, deletes) in [("Delete", false), ("Retain", true)] {
        let policy = json!({ "whenDeleted": policy });
        let spec = json!({ "store": { "storageRetention": policy }, "query": {} });
        let blueprint = blueprint(&spec);
        let mut world = World::new();
        world.refuses = Some((&DEPLOYMENT, refusal("denied", false)));
        assert!(done(&world.step(&blueprint)).contains(&"Create StatefulSet a-store".to_owned()));
        let back = world.step(&blueprint);
        assert_eq!(done(&back).contains(&"Delete StatefulSet a-store".to_owned()), deletes, "{spec}");
        assert_eq!(done(&back).is_empty(), !deletes, "{spec}");
        assert_eq!(waiting(&back), ["Deployment a-query: denied"]);
    }
}

#[test]
fn conditions_of_others_stay() {
    let blueprint = blueprint(&all());
    let mut world = World::of(&blueprint);
    let status = world.snapshot.status.as_mut().unwrap();
    let mut theirs = status.conditions[0].clone();
    theirs.type_ = "BackedUp".to_owned();
    status.conditions.insert(0, theirs.clone());
    let plan = world.plan(&blueprint);
    let status = world.report(&blueprint, &plan);
    assert_eq!(status.condition("BackedUp"), Some(&theirs));
    assert_eq!(status.conditions.len(), 4);
}

/// What runs may have been created by this process, too, where the status can't be written.
#[test]
fn a_change_that_is_refused_takes_nothing_back() {
    let spec = |image: &str| blueprint(&json!({ "store": {}, "query": { "image": image } }));
    let (before, after) = (spec("one"), spec("two"));
    let mut world = World::new();
    let first = world.plan(&before);
    world.execute(&first);
    assert!(world.plan(&before).is_done() && world.snapshot.status.is_none());
    world.refuses = Some((&DEPLOYMENT, refusal("denied", false)));
    let changed = world.plan(&after);
    world.execute(&changed);
    let refused = world.plan(&after);
    assert_eq!((done(&refused), waiting(&refused)), (vec![], vec!["Deployment a-query: denied".to_owned()]));
}

#[test]
fn a_child_that_is_refused_keeps_no_other_from_being_repaired() {
    let spec = |image: &str| blueprint(&json!({ "store": {}, "query": { "image": image } }));
    let mut world = World::of(&spec("one"));
    world.refuses = Some((&DEPLOYMENT, refusal("denied", false)));
    let after = spec("two");
    assert_eq!(done(&world.step(&after)), ["Apply Deployment a-query"]);
    world.delete(&SERVICE);
    let repaired = world.step(&after);
    assert_eq!(done(&repaired), ["Create Service a-store"]);
    assert_eq!(waiting(&repaired), ["Deployment a-query: denied"]);
    let status = world.snapshot.status.clone().unwrap();
    assert_eq!(says(&status, "Degraded"), ("Refused".to_owned(), "Deployment a-query: denied".to_owned()));
    assert_eq!(done(&world.plan(&after)), Vec::<String>::new());
}

#[test]
fn a_refusal_is_tried_again_after_five_minutes_and_when_something_changed() {
    let spec = |image: &str| blueprint(&json!({ "query": { "image": image } }));
    let mut world = World::of(&spec("one"));
    world.refuses = Some((&DEPLOYMENT, refusal("denied", false)));
    let after = spec("two");
    world.step(&after);
    world.passes(100);
    let waits = world.plan(&after);
    assert_eq!((done(&waits), waits.again), (vec![], Some(std::time::Duration::from_secs(200))));
    assert_eq!(done(&world.plan(&spec("three"))), ["Apply Deployment a-query"], "another spec");
    let mut touched = world.clone();
    touched.touch(&DEPLOYMENT, "a-query", &["spec", "template"]);
    assert_eq!(done(&touched.plan(&after)), ["Apply Deployment a-query"], "another object");
    world.passes(200);
    let again = world.plan(&after);
    assert_eq!(
        (done(&again), waiting(&again), again.again),
        (vec!["Apply Deployment a-query".to_owned()], vec![], None)
    );
    world.step(&after);
    assert_eq!(world.plan(&after).again, Some(std::time::Duration::from_secs(300)), "refused once more");
}

#[test]
fn a_number_that_is_kept_through_a_replacement_stays_though_the_spec_changes_before_it_is_handed_over() {
    let mut world = World::of(&scaled(Said::Autoscaled, 10));
    world.scale(&STATEFUL_SET, "a-store", 5);
    let after = scaled(Said::Autoscaled, 20);
    let mut status = world.snapshot.status.clone();
    while !matches!(world.step(&after).actions[..], [Action::Create { replicas: Some(5), .. }]) {
        status = world.snapshot.status.clone();
    }
    assert_eq!(pods(&world), Some((5, true)));
    // The status doesn't say yet that the replacement is over.
    world.snapshot.status = status;
    let plan = world.plan(&scaled(Said::Nothing, 20));
    assert!(matches!(plan.actions[0], Action::Apply { hands_over: Some(5), .. }), "{plan:?}");
}

#[test]
fn what_can_not_be_changed_is_replaced_where_a_new_one_would_be_stored() {
    let before = scaled(Said::Autoscaled, 10);
    let mut world = World::of(&before);
    world.scale(&STATEFUL_SET, "a-store", 5);
    // The operator's entry lost the number that it never said; nothing else is to be done.
    let after = scaled(Said::Autoscaled, 20);
    assert_eq!(done(&world.step(&after)), ["Apply StatefulSet a-store"]);
    let mut refused = world.clone();
    assert_eq!(done(&world.step(&after)), ["Try StatefulSet a-store"]);
    let replace = world.step(&after);
    assert_eq!(done(&replace), ["Replace StatefulSet a-store"]);
    assert!(replace.must_record(), "how many pods it has stands nowhere else once it is gone");
    assert_eq!(world.snapshot.status.as_ref().unwrap().nodes[0].replicas, 5);
    let create = world.step(&after);
    let [Action::Create { replicas: Some(5), .. }] = create.actions[..] else { panic!("{create:?}") };
    let given_up = world.step(&after);
    let Action::Apply { hands_over: Some(5), .. } = given_up.actions[0] else { panic!("{given_up:?}") };
    assert!(world.plan(&after).is_done());
    assert_eq!(world.child(&Kind::Row(&STATEFUL_SET), "a-store").unwrap().health.as_ref().unwrap().replicas, 5);

    // What is wrong in a new one, too, is left as it is.
    refused.refuses = Some((&STATEFUL_SET, refusal("no such class", false)));
    assert_eq!(done(&refused.step(&after)), ["Try StatefulSet a-store"]);
    let left = refused.step(&after);
    assert_eq!((done(&left), waiting(&left)), (vec![], vec!["StatefulSet a-store: no such class".to_owned()]));
    refused.passes(300);
    assert_eq!(done(&refused.plan(&after)), ["Apply StatefulSet a-store"]);
}

#[test]
fn a_name_that_is_taken_is_looked_at_and_waited_for() {
    let blueprint = blueprint(&json!({ "store": { "replicas": 1 }, "query": { "replicas": 1 } }));
    let mut world = World::new();
    let of_service = |plan: &Plan| plan.actions.iter().find(|action| *action.target().0 == &SERVICE).cloned();
    let first = world.plan(&blueprint);
    let create = of_service(&first).unwrap();
    assert_eq!(create.verb(), Verb::Create);
    world.answers(&create, Answer::Exists);
    let inspect = of_service(&world.plan(&blueprint)).unwrap();
    assert_eq!(inspect.verb(), Verb::Inspect);
    let mut gone = world.clone();
    gone.passes(15);
    assert_eq!(
        of_service(&gone.plan(&blueprint)).unwrap().verb(),
        Verb::Create,
        "it may have gone before it was looked at"
    );

    let other = |name: &str| Answer::Foreign(Controller { kind: "Data".to_owned(), name: name.to_owned() });
    let nobody_s =
        Answer::Unowned(Box::new(World::of(&blueprint).child(&Kind::Row(&SERVICE), "a-store").unwrap().clone()));
    for (answer, again, why) in [
        (
            nobody_s,
            15,
            "nobody's: delete it, give this cluster another name, or have it taken over by the annotation tests.example.com/adopt: \"true\"",
        ),
        (other("b"), 15, "not this cluster's: Data b is its controller: give one of the two another name"),
        (other("a"), 1, "not this cluster's: Data a of an earlier cluster of this name; waiting until it is gone"),
    ] {
        world.answers(&inspect, answer);
        let taken = world.plan(&blueprint);
        let said = format!("Service a-store is there already and {why}");
        assert_eq!(waiting(&taken), [said.clone(), "store: waits for Service a-store".to_owned()]);
        assert_eq!(taken.again, Some(std::time::Duration::from_secs(again)));
        assert_eq!(of_service(&taken), None);
        assert!(done(&taken).contains(&"Create Deployment a-query".to_owned()), "{:?}", done(&taken));
        assert_eq!(says(&world.report(&blueprint, &taken), "Ready"), ("NameTaken".to_owned(), said));
        let mut stuck = world.clone();
        stuck.snapshot.status = Some(world.report(&blueprint, &taken));
        stuck.passes(61);
        stuck.answers(&inspect, world.snapshot.facts.last().unwrap().answer.clone());
        assert_eq!(stuck.plan(&blueprint).again, Some(std::time::Duration::from_secs(15)));
        let mut later = world.clone();
        later.passes(again.try_into().unwrap());
        assert_eq!(of_service(&later.plan(&blueprint)), Some(create.clone()));
    }
}

#[test]
fn what_is_nobodys_is_taken_over_where_the_user_asks_for_it() {
    let blueprint = blueprint(&json!({ "store": { "replicas": 1 } }));
    let of_store = |plan: &Plan| {
        plan.actions.iter().find(|action| action.target() == (&Kind::Row(&STATEFUL_SET), "a-store")).cloned()
    };
    let orphan = World::of(&blueprint).child(&Kind::Row(&STATEFUL_SET), "a-store").unwrap().clone();
    let orphan = Child { controller: None, ..orphan };
    let mut world = World::new();
    world.snapshot.adopts = true;
    let create = of_store(&world.plan(&blueprint)).unwrap();
    world.answers(&create, Answer::Exists);
    let inspect = of_store(&world.plan(&blueprint)).unwrap();
    world.answers(&inspect, Answer::Unowned(Box::new(orphan.clone())));

    let Some(apply @ Action::Apply { .. }) = of_store(&world.plan(&blueprint)) else { panic!() };
    let Action::Apply { found, .. } = &apply else { panic!() };
    assert_eq!(*found, (orphan.uid.clone(), orphan.seen));
    // A Secret of that name that someone made isn't the cluster's to read, nor to delete.
    for foreign in [Child { watched: false, ..orphan.clone() }, Child { node: None, ..orphan.clone() }] {
        let mut other = world.clone();
        other.answers(&inspect, Answer::Unowned(Box::new(foreign)));
        assert_eq!(of_store(&other.plan(&blueprint)), None);
    }
    let mut asked_no_more = world.clone();
    asked_no_more.snapshot.adopts = false;
    assert_eq!(of_store(&asked_no_more.plan(&blueprint)), None);

    let mut stale = world.clone();
    stale.passes(15);
    assert_eq!(of_store(&stale.plan(&blueprint)), Some(create.clone()), "it may have gone since it was looked at");

    // What can't be taken over holds back who needs it.
    let of_service = |plan: &Plan| plan.actions.iter().find(|action| *action.target().0 == &SERVICE).cloned();
    let mut held = World::new();
    held.snapshot.adopts = true;
    let service = World::of(&blueprint).child(&Kind::Row(&SERVICE), "a-store").unwrap().clone();
    let inspect_service = of_service(&held.plan(&blueprint)).unwrap();
    held.answers(&inspect_service, Answer::Unowned(Box::new(Child { controller: None, ..service })));
    let adopt_service = of_service(&held.plan(&blueprint)).unwrap();
    assert_eq!(adopt_service.verb(), Verb::Apply);
    held.answers(&adopt_service, Answer::Refused(Refusal { message: "no".to_owned(), immutable: false }));
    let waits = held.plan(&blueprint);
    assert_eq!((of_service(&waits), of_store(&waits)), (None, None));
    assert!(waiting(&waits).contains(&"store: waits for Service a-store".to_owned()), "{:?}", waiting(&waits));

    // It isn't replaced: that is no child of the cluster's.
    let refusal = Refusal { message: "spec: Forbidden".to_owned(), immutable: true };
    world.answers(&apply, Answer::Refused(refusal));
    let refused = world.plan(&blueprint);
    assert_eq!(of_store(&refused), None);
    assert_eq!(refused.again, Some(std::time::Duration::from_secs(300)));
    assert_eq!(says(&world.report(&blueprint, &refused), "Ready").0, "Refused");
    world.passes(300);
    assert_eq!(of_store(&world.plan(&blueprint)), Some(create), "it may be gone since");
}

#[test]
fn a_generated_secret_is_kept_whatever_it_holds() {
    let blueprint = blueprint(&json!({}));
    let world = World::of(&blueprint);
    let kind = Kind::Row(&SECRET);
    assert_eq!(wanted(&blueprint, &SECRET).generate.len(), 1);
    let with = |content: &str| {
        let mut world = world.clone();
        world.change(&kind, "a-password", |json| json["data"] = json!({ "password": content }));
        assert!(world.plan(&blueprint).is_done(), "nobody says that it was touched");
        world.touch(&SECRET, "a-password", &["data", "password"]);
        let plan = world.step(&blueprint);
        let [Action::Apply { generate, .. }] = &plan.actions[..] else { panic!("{plan:?}") };
        assert_eq!(*generate, [], "it has one");
        assert!(world.plan(&blueprint).is_done());
        world.child(&kind, "a-password").unwrap().secret.clone().unwrap()
    };
    let (one, other) = (with("b25l"), with("b3RoZXI="));
    assert_ne!(one.content(None), other.content(None), "it is kept, and the pods that read it roll");

    let mut labelled = world;
    labelled.touch(&SECRET, "a-password", &["metadata", "labels", "app.kubernetes.io/instance"]);
    assert_eq!(done(&labelled.plan(&blueprint)), ["Apply Secret a-password"]);
}

#[test]
fn a_secret_with_generated_keys_is_never_replaced() {
    let blueprint = blueprint(&json!({}));
    let mut world = World::of(&blueprint);
    world.touch(&SECRET, "a-password", &["metadata", "labels", "app.kubernetes.io/instance"]);
    let apply = world.plan(&blueprint).actions.remove(0);
    world.answers(&apply, Answer::Refused(refusal("type: field is immutable", true)));
    let plan = world.plan(&blueprint);
    assert_eq!(done(&plan), Vec::<String>::new(), "what was generated would be lost");
    assert_eq!(waiting(&plan), ["Secret a-password: type: field is immutable"]);
}

#[test]
fn a_value_that_is_given_is_put_back() {
    let mut blueprint = blueprint(&json!({}));
    Arc::make_mut(&mut blueprint.objects[0]).json["data"] = json!({ "user": "YWRtaW4=" });
    let mut world = World::of(&blueprint);
    let kind = Kind::Row(&SECRET);
    assert!(world.plan(&blueprint).is_done());
    world.change(&kind, "a-password", |json| json["data"]["user"] = "bWU=".into());
    world.touch(&SECRET, "a-password", &["data", "user"]);
    assert_eq!(done(&world.step(&blueprint)), ["Apply Secret a-password"]);
    world.change(&kind, "a-password", |json| {
        assert_eq!(json["data"], json!({ "user": "YWRtaW4=", "password": "c2VjcmV0" }))
    });
    assert!(world.plan(&blueprint).is_done());
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Said {
    Fixed(i32),
    Nothing,
    Autoscaled,
}

fn said() -> impl Strategy<Value = Said> {
    prop_oneof![(0..5i32).prop_map(Said::Fixed), Just(Said::Nothing), Just(Said::Autoscaled)]
}

fn scaled(said: Said, size: i32) -> Blueprint {
    let mut store = json!({ "storage": { "data": { "size": format!("{size}Gi") } } });
    match said {
        Said::Fixed(replicas) => store["replicas"] = replicas.into(),
        Said::Nothing => {}
        Said::Autoscaled => {
            store["autoscaling"] = json!({ "maxReplicas": 9 });
            store["resources"] = json!({ "requests": { "cpu": "1" } });
        }
    }
    blueprint(&json!({ "store": store }))
}

/// How many pods the store has, and whether that is the operator's to say; `None` while it isn't there.
fn pods(world: &World) -> Option<(i32, bool)> {
    let child = world.child(&Kind::Row(&STATEFUL_SET), "a-store")?;
    child.health.as_ref().map(|health| (health.replicas, health.replicas_by.ours))
}

/// Reconciles until nothing is left to do.
fn settle(blueprint: &Blueprint, world: &mut World, mut seen: impl FnMut(i32)) {
    for _ in 0..10 {
        let plan = world.step(blueprint);
        pods(world).iter().for_each(|(replicas, _)| seen(*replicas));
        if plan.is_done() {
            return;
        }
    }
    panic!("no rest: {:?}", world.plan(blueprint));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_number_of_pods_never_jumps(steps in prop::collection::vec((said(), 2..6i32, any::<bool>()), 1..7)) {
        let mut world = World::new();
        let (mut before, mut size) = (None, 10);
        for (said, sets, grows) in steps {
            size += i32::from(grows);
            let blueprint = scaled(said, size);
            let number = pods(&world).map(|(replicas, _)| replicas);
            let kept = match (before, said) {
                // Whatever it had.
                (Some(_), Said::Autoscaled) | (Some(Said::Autoscaled), Said::Nothing) => number,
                _ => None,
            };
            settle(&blueprint, &mut world, |replicas| {
                if let Some(kept) = kept {
                    assert_eq!(replicas, kept, "{before:?} to {said:?}");
                }
            });
            let (replicas, is_ours) = pods(&world).unwrap();
            if let Said::Fixed(given) = said {
                prop_assert_eq!((replicas, is_ours), (given, true));
            }
            if said == Said::Autoscaled {
                world.scale(&STATEFUL_SET, "a-store", sets);
                settle(&blueprint, &mut world, |replicas| assert_eq!(replicas, sets));
                prop_assert_eq!(world.snapshot.status.as_ref().unwrap().nodes[0].replicas, sets);
            }
            before = Some(said);
        }
    }
}

#[test]
fn a_number_that_is_given_is_applied_at_once_when_autoscaling_is_turned_off() {
    let mut world = World::new();
    settle(&scaled(Said::Autoscaled, 10), &mut world, |_| {});
    world.scale(&STATEFUL_SET, "a-store", 7);
    let plan = world.plan(&scaled(Said::Fixed(3), 10));
    let applied = plan.actions.iter().find(|action| action.verb() == Verb::Apply);
    let Some(Action::Apply { hands_over: None, object, .. }) = applied else { panic!("{plan:?}") };
    assert_eq!(object.json["spec"]["replicas"], 3);
    assert!(done(&plan).contains(&"Delete HorizontalPodAutoscaler a-store".to_owned()), "{plan:?}");
}

#[test]
fn what_has_run_for_long_is_not_taken_back_though_its_status_was_never_written() {
    let before = blueprint(&json!({ "store": { "replicas": 1 } }));
    let mut world = World::new();
    world.step(&before);
    world.snapshot.status = None;
    world.passes(3600);
    world.refuses = Some((&DEPLOYMENT, refusal("denied", false)));
    let more = blueprint(&json!({ "store": { "replicas": 1 }, "query": { "replicas": 1 } }));
    for _ in 0..3 {
        let plan = world.step(&more);
        assert!(!done(&plan).iter().any(|done| done.starts_with("Delete")), "{plan:?}");
        world.snapshot.status = None;
    }
}

#[test]
fn a_number_that_the_spec_no_longer_says_goes_with_it() {
    let mut world = World::of(&scaled(Said::Fixed(4), 10));
    let silent = scaled(Said::Nothing, 10);
    let plan = world.step(&silent);
    let Action::Apply { hands_over: None, .. } = plan.actions[0] else { panic!("{plan:?}") };
    assert_eq!(pods(&world), Some((1, false)));
}

#[test]
fn the_number_of_a_workload_that_is_being_replaced_is_kept_in_the_status() {
    let blueprint = scaled(Said::Autoscaled, 10);
    let mut world = World::of(&blueprint);
    world.delete(&STATEFUL_SET);
    let status = world.snapshot.status.as_mut().unwrap();
    status.nodes = vec![NodeStatus { name: "store".to_owned(), replicas: 5, ..NodeStatus::default() }];
    let plan = world.plan(&blueprint);
    assert_eq!(plan.actions.iter().map(Action::verb).collect::<Vec<_>>(), [Verb::Create]);
    let [Action::Create { replicas: Some(5), .. }] = plan.actions[..] else { panic!("{plan:?}") };
    assert_eq!(world.report(&blueprint, &plan).nodes[0].replicas, 5);
}

#[test]
fn nothing_that_is_planned_shows_what_is_in_a_secret() {
    let mut blueprint = blueprint(&json!({}));
    let data = Map::from_iter([("user".to_owned(), json!("aHVudGVyMg=="))]);
    Arc::make_mut(&mut blueprint.objects[0]).json["data"] = data.into();
    let mut world = World::new();
    let first = world.plan(&blueprint);
    world.step(&blueprint);
    world.touch(&SECRET, "a-password", &["data", "user"]);
    let second = world.plan(&blueprint);
    assert_eq!((done(&first).len(), done(&second).len()), (1, 1));
    let json = json!([first, second, world.snapshot]);
    let shown = format!("{blueprint:?} {first:?} {second:?} {:?} {json}", world.snapshot);
    assert!(!shown.contains("aHVudGVyMg") && !shown.contains("c2VjcmV0"), "{shown}");
    assert!(shown.contains("a-password"), "something is shown");
}

#[test]
fn a_decision_can_be_made_again_from_a_snapshot_in_a_file() {
    let before = blueprint(&depending());
    let mut after = depending();
    after["store"]["image"] = "newer".into();
    after["query"]["replicas"] = 2.into();
    let after = routed(&blueprint(&after));
    let mut world = World::of(&before);
    put_claim(&mut world, "data-a-store-0", "store", "1Gi");
    world.snapshot.kinds.insert(Kind::Row(&HTTP_ROUTE), Availability::Missing);
    world.refuses = Some((&DEPLOYMENT, refusal("denied", false)));
    world.step(&after);
    for externals in [Probe::There, Probe::Unknown, away()] {
        world.snapshot.externals = externals;
        let text = serde_json::to_string(&world.snapshot).unwrap();
        let read: Snapshot = serde_json::from_str(&text).unwrap();
        assert_eq!(serde_json::to_string(&read).unwrap(), text);
        let json = |plan: &Plan| serde_json::to_value(plan).unwrap();
        let (one, other) = (world.plan(&after), plan(Ok(&after), None, &read));
        assert_eq!(one, other);
        assert_eq!(json(&one), json(&other));
        assert_eq!(json(&one)["actions"].as_array().unwrap().len(), one.actions.len());
        assert_ne!(world.plan(&before), one, "another spec is another plan");
    }
}
