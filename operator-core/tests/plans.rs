//! Plans of every kind of child: what waits, how many pods there are, volumes that grow, Secrets that are kept; and what the status says.

use operator_core::{
    ClusterStatus,
    definition::{Definition, NodeTemplate, NodeType, SecretField, Workload},
    model::kind::{CLAIM, ChildKind, DAEMON_SET, HTTP_ROUTE, JOB, SECRET, STATEFUL_SET},
    plan::{Action, Inputs, Plan, Replicas, Verb, plan},
    render::{Content, Desired, Reference, Revisions, build},
    state::{Child, Observed, claims},
    status::{Facts, NodeStatus},
};
use proptest::prelude::*;
use serde_json::{Map, Value, json};

use crate::common::{DATA, body, cluster, entry, observed, of, optional, storage};

static DEFINITION: Definition = Definition {
    secrets: &[SecretField {
        field: "password",
        key: "password",
        env: Some("PASSWORD"),
        file: None,
        generate: Some(24),
    }],
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

fn desired(spec: &Value) -> Desired {
    build(&cluster("a"), Revisions { newest: spec }, &DEFINITION, &|_| {
        Content::Present(operator_core::model::Digest::of(&Value::Null))
    })
    .unwrap()
}

/// An object as the API server has it, given who owns what.
fn child(kind: &'static ChildKind, live: Value, applied: &Value, others: &Value, uid: &str) -> Child {
    let managed = [("data-operator", "Apply", applied), ("someone", "Update", others)]
        .into_iter()
        .filter(|(_, _, owned)| !owned.is_null())
        .map(|(manager, operation, owned)| entry(manager, operation, owned));
    observed(kind, live, uid, managed.collect())
}

/// Every object as the API server has it after its creation, with a status that its controller could have written.
fn stored(desired: &Desired, status: impl Fn(&ChildKind) -> Value) -> Observed {
    desired
        .objects
        .iter()
        .map(|object| {
            let mut live = object.json.clone();
            for (key, _) in &object.generate {
                live["data"] = json!({ key.as_str(): "c2VjcmV0" });
            }
            live["status"] = status(object.kind);
            let applied = body(&live);
            child(object.kind, live, &applied, &Value::Null, &format!("uid-of-{}", object.name))
        })
        .collect()
}

/// Everything runs and is complete.
fn running(kind: &ChildKind) -> Value {
    if kind == &JOB {
        json!({ "conditions": [{ "type": "Complete", "status": "True" }] })
    } else if kind == &DAEMON_SET {
        json!({ "observedGeneration": 1, "desiredNumberScheduled": 3, "currentNumberScheduled": 3,
                "updatedNumberScheduled": 3, "numberReady": 3 })
    } else {
        json!({ "observedGeneration": 1, "replicas": 1, "updatedReplicas": 1, "readyReplicas": 1 })
    }
}

fn done(plan: &Plan<'_>) -> Vec<String> {
    plan.actions
        .iter()
        .map(|action| format!("{:?} {} {}", action.verb(), action.target().0.kind, action.target().1))
        .collect()
}

fn waiting(plan: &Plan<'_>) -> Vec<String> {
    plan.waiting.iter().map(ToString::to_string).collect()
}

fn status(desired: &Desired, observed: &[Child], plan: &Plan<'_>, previous: Option<&ClusterStatus>) -> ClusterStatus {
    let now = "2026-01-01T00:00:00Z".parse().unwrap();
    ClusterStatus::report(&Facts {
        waiting: &plan.waiting,
        left_out: &plan.left_out,
        previous,
        ..Facts::new(1, Some(desired), observed, now)
    })
}

fn says(status: &ClusterStatus, condition: &str) -> (String, String) {
    let condition = status.condition(condition).unwrap();
    (condition.reason.clone(), condition.message.clone())
}

fn first_of<'a>(observed: &'a [Child], kind: &ChildKind) -> &'a Child {
    observed.iter().find(|child| child.kind == kind).unwrap()
}

fn without(observed: &[Child], kind: &ChildKind) -> Observed {
    observed.iter().filter(|child| child.kind != kind).cloned().collect()
}

fn all() -> Value {
    json!({ "migrate": {}, "store": { "replicas": 1 }, "query": { "replicas": 1 }, "agent": {} })
}

#[test]
fn a_cluster_of_every_workload_comes_to_rest() {
    let desired = desired(&all());
    let observed = stored(&desired, running);
    let plan = plan(&desired, &Inputs::new(&observed)).unwrap();
    assert!(plan.is_done(), "{plan:?}");
    let status = status(&desired, &observed, &plan, None);
    assert_eq!(status.ready, "6/6", "three pods of the DaemonSet, and one for the Job");
    assert_eq!(status.replicas, 6);
    assert!(status.is_ready(), "{status:#?}");
}

#[test]
fn what_comes_after_a_job_waits_until_it_is_complete() {
    let desired = desired(&all());
    let first = plan(&desired, &Inputs::new(&[])).unwrap();
    assert_eq!(waiting(&first), ["query: waits for migrate", "agent: waits for migrate"]);
    let made = done(&first);
    assert!(made.contains(&"Create StatefulSet a-store".to_owned()), "its order is lower: {made:?}");
    assert!(made.iter().any(|made| made.starts_with("Create Job a-migrate-")), "{made:?}");
    assert!(!made.iter().any(|made| made.contains("a-query") && made.contains("Deployment")), "{made:?}");

    let runs = without(
        &without(&stored(&desired, |kind| if kind == &JOB { json!({}) } else { running(kind) }), &DAEMON_SET),
        &operator_core::model::kind::DEPLOYMENT,
    );
    let next = plan(&desired, &Inputs::new(&runs)).unwrap();
    assert!(next.actions.is_empty() && !next.is_done(), "{next:?}");
    let status = status(&desired, &runs, &next, None);
    let message = "query, agent: waits for migrate; migrate: its Job is running".to_owned();
    assert_eq!(says(&status, "Progressing"), ("Waiting".to_owned(), message));
    assert_eq!(says(&status, "Ready").0, "Waiting");
    assert_eq!(says(&status, "Degraded").0, "AsExpected");
}

#[test]
fn a_job_that_failed_is_reported_and_holds_what_waits() {
    let desired = desired(&all());
    let failed = json!({ "conditions": [{ "type": "Failed", "status": "True", "message": "too often" }] });
    let observed =
        without(&stored(&desired, |kind| if kind == &JOB { failed.clone() } else { running(kind) }), &DAEMON_SET);
    let plan = plan(&desired, &Inputs::new(&observed)).unwrap();
    assert_eq!(waiting(&plan), ["agent: waits for migrate, which failed"]);
    let status = status(&desired, &observed, &plan, None);
    assert_eq!(says(&status, "Degraded"), ("Failing".to_owned(), "migrate: too often".to_owned()));
    assert_eq!(says(&status, "Progressing").1, "migrate: too often; agent: waits for migrate, which failed");
}

#[test]
fn a_job_that_is_there_is_never_changed_and_an_earlier_one_goes() {
    let (before, after) = (desired(&all()), desired(&json!({ "migrate": { "image": "newer" } })));
    let mut observed = stored(&before, running);
    let job = observed.iter_mut().find(|child| child.kind == &JOB).unwrap();
    job.digest = None;
    assert!(plan(&before, &Inputs::new(&observed)).unwrap().is_done(), "whatever its digest");

    let (old, new) = (first_of(&observed, &JOB).name.clone(), after.nodes[0].workload.clone());
    let next = plan(&after, &Inputs::new(&observed)).unwrap();
    assert!(done(&next).contains(&format!("Create Job {new}")) && done(&next).contains(&format!("Delete Job {old}")));

    // Two versions of a migration never run at once.
    let observed = stored(&before, |kind| if kind == &JOB { json!({}) } else { running(kind) });
    let next = plan(&after, &Inputs::new(&observed)).unwrap();
    assert_eq!(waiting(&next), [format!("migrate: the earlier Job {old} is ended first")]);
    assert!(done(&next).contains(&format!("Delete Job {old}")) && !done(&next).contains(&format!("Create Job {new}")));
}

#[test]
fn a_job_stays_until_its_successor_can_run() {
    let old = desired(&all());
    let observed = stored(&old, running);
    let job = first_of(&observed, &JOB).name.to_string();
    let gone = |reference: &Reference| {
        if reference.name == "a-password" {
            Content::Missing
        } else {
            Content::Present(operator_core::model::Digest::of(&Value::Null))
        }
    };
    let spec = all();
    let without = build(&cluster("a"), Revisions { newest: &spec }, &DEFINITION, &gone).unwrap();
    let shut = plan(&without, &Inputs::new(&observed)).unwrap();
    assert!(waiting(&shut).iter().any(|waits| waits.contains("migrate")), "{:?}", waiting(&shut));
    let deleted = format!("Delete Job {job}");
    assert!(!done(&shut).contains(&deleted), "{:?}", done(&shut));
    let back = plan(&old, &Inputs::new(&observed)).unwrap();
    assert!(back.is_done(), "{back:?}");
}

#[test]
fn nothing_is_deleted_while_workloads_are_held() {
    let observed = stored(&desired(&all()), running);
    let renamed = desired(&json!({ "migrate": {}, "query": { "replicas": 1, "image": "other" } }));
    let held = plan(&renamed, &Inputs { hold: Some("zookeeper is away"), ..Inputs::new(&observed) }).unwrap();
    assert_eq!(done(&held), Vec::<String>::new());
    let free = plan(&renamed, &Inputs::new(&observed)).unwrap();
    assert!(done(&free).contains(&"Delete StatefulSet a-store".to_owned()), "{:?}", done(&free));
}

#[test]
fn a_workload_that_is_being_made_anew_is_neither_ready_nor_done() {
    let desired = desired(&all());
    let mut observed = stored(&desired, running);
    observed.iter_mut().filter(|child| child.kind == &STATEFUL_SET).for_each(|child| child.deleting = true);
    let plan = plan(&desired, &Inputs::new(&observed)).unwrap();
    assert!(plan.actions.is_empty() && !plan.is_done(), "{plan:?}");
    assert!(!status(&desired, &observed, &plan, None).is_ready());
}

#[test]
fn a_workload_that_waits_is_neither_created_nor_changed_nor_replaced() {
    let mut wanted = desired(&all());
    let observed = stored(&wanted, running);
    for object in wanted.objects.iter_mut().filter(|object| object.kind == &STATEFUL_SET) {
        object.waits_for = vec!["Secret db is not there yet".to_owned()];
    }
    assert!(plan(&wanted, &Inputs::new(&observed)).unwrap().is_done(), "what is as wanted waits for nothing");
    let other = desired(&json!({ "store": { "storage": { "data": { "size": "20Gi" } }, "image": "newer" } }));
    let store = other.objects.iter().find(|object| object.kind == &STATEFUL_SET).unwrap();
    for object in wanted.objects.iter_mut().filter(|object| object.kind == &STATEFUL_SET) {
        (object.digest, object.immutable) = (store.digest, store.immutable);
    }
    for observed in [observed.clone(), without(&observed, &STATEFUL_SET)] {
        let plan = plan(&wanted, &Inputs::new(&observed)).unwrap();
        assert_eq!((done(&plan), waiting(&plan)), (Vec::new(), vec!["store: Secret db is not there yet".to_owned()]));
    }
}

#[test]
fn what_is_held_from_outside_holds_every_workload() {
    let desired = desired(&all());
    let hold = Some("ZooKeeper zk:2181 does not answer");
    let first = plan(&desired, &Inputs { hold, ..Inputs::new(&[]) }).unwrap();
    assert!(first.actions.iter().all(|action| !action.target().0.is_workload()), "{:?}", done(&first));
    assert!(!first.actions.is_empty(), "configuration is made meanwhile");
    let status = status(&desired, &[], &first, None);
    let (reason, message) = says(&status, "Progressing");
    assert_eq!(reason, "Waiting");
    assert_eq!(
        message,
        "store, query, agent, migrate: ZooKeeper zk:2181 does not answer; query, agent: waits for migrate"
    );
    let running = stored(&desired, running);
    assert!(plan(&desired, &Inputs { hold, ..Inputs::new(&running) }).unwrap().is_done(), "what runs isn't touched");
}

#[test]
fn what_pods_read_stays_while_their_workload_waits() {
    let before = desired(&all());
    let mut observed = stored(&before, running);
    // The custom resource names a Secret of its own now.
    let mut spec = all();
    spec["password"] = json!({ "secretName": "own" });
    spec["store"]["image"] = "newer".into();
    let after = desired(&spec);
    assert!(!after.objects.iter().any(|object| object.kind == &SECRET));
    let held = plan(&after, &Inputs { hold: Some("no"), ..Inputs::new(&observed) }).unwrap();
    assert!(!done(&held).contains(&"Delete Secret a-password".to_owned()), "{held:?}");
    observed =
        stored(&after, running).into_iter().chain(observed.into_iter().filter(|child| child.kind == &SECRET)).collect();
    let rolled = plan(&after, &Inputs::new(&observed)).unwrap();
    assert_eq!(done(&rolled), ["Delete Secret a-password"]);
}

#[test]
fn what_the_api_server_lacks_is_left_out_and_named() {
    let mut desired = desired(&json!({ "store": { "replicas": 1 } }));
    let mut route = desired.objects.iter().find(|object| object.kind.kind == "Service").unwrap().clone();
    (route.kind, route.name) = (&HTTP_ROUTE, "a-route".to_owned());
    desired.objects.push(route);
    let mut observed = stored(&desired, running);
    observed.retain(|child| child.kind != &HTTP_ROUTE);
    let lacking = plan(&desired, &Inputs { available: &|kind| kind != &HTTP_ROUTE, ..Inputs::new(&observed) }).unwrap();
    assert!(lacking.is_done(), "{lacking:?}");
    let without = status(&desired, &observed, &lacking, None);
    assert!(without.is_ready());
    assert_eq!(
        says(&without, "Ready").1,
        "every node is ready on its newest configuration; HTTPRoute a-route is left out: its CRD is not installed"
    );
    assert_eq!(done(&plan(&desired, &Inputs::new(&observed)).unwrap()), ["Create HTTPRoute a-route"]);
}

#[test]
fn the_status_remembers_kinds_that_are_not_always_watched() {
    let plain = desired(&json!({ "store": { "replicas": 1 } }));
    let mut routed = plain.clone();
    let mut route = routed.objects.iter().find(|object| object.kind.kind == "Service").unwrap().clone();
    (route.kind, route.name) = (&HTTP_ROUTE, "a-route".to_owned());
    routed.objects.push(route);
    let with_route = stored(&routed, running);
    let without_route = without(&with_route, &HTTP_ROUTE);
    let id = "gateway.networking.k8s.io/v1/HTTPRoute/httproutes";
    let nothing = Plan::default();
    let first = status(&routed, &without_route, &nothing, None);
    assert_eq!(first.kinds, [id], "as long as it is wanted");
    assert_eq!(status(&plain, &with_route, &nothing, Some(&first)).kinds, [id], "as long as it is there");
    assert!(status(&plain, &without_route, &nothing, Some(&first)).kinds.is_empty());
    let unlisted = Facts {
        previous: Some(&first),
        listed: &|_| false,
        ..Facts::new(1, Some(&plain), &without_route, "2026-01-01T00:00:00Z".parse().unwrap())
    };
    assert_eq!(ClusterStatus::report(&unlisted).kinds, [id], "as long as nobody has looked");
}

/// The size of claims that aren't bound yet.
const PENDING: &str = "9Gi";

fn claim(name: &str, node: &str, size: &str) -> Child {
    let live = json!({
        "metadata": { "name": name, "namespace": "default", "labels": {
            "app.kubernetes.io/instance": "a", "app.kubernetes.io/name": "data", "tests.example.com/node": node } },
        "spec": { "resources": { "requests": { "storage": size } } },
        "status": { "phase": if size == PENDING { "Pending" } else { "Bound" } },
    });
    child(&CLAIM, live, &Value::Null, &Value::Null, &format!("uid-of-{name}"))
}

#[test]
fn claims_that_are_too_small_grow_and_nothing_else_happens_to_them() {
    let desired = desired(&json!({ "store": { "storage": { "data": { "size": "20Gi" } } } }));
    let mut observed = stored(&desired, running);
    observed.extend([
        claim("data-a-store-1", "store", "10Gi"),
        claim("data-a-store-0", "store", "10240Mi"),
        claim("data-a-store-2", "store", "20Gi"),
        claim("data-a-store-3", "store", "30Gi"),
        claim("data-a-store-4", "store", PENDING),
        claim("other-a-store-0", "store", "1Gi"),
        claim("data-a-store-0-copy", "store", "1Gi"),
        claim("data-a-query-0", "query", "1Gi"),
    ]);
    let growing = plan(&desired, &Inputs::new(&observed)).unwrap();
    assert_eq!(
        done(&growing),
        ["Grow PersistentVolumeClaim data-a-store-0", "Grow PersistentVolumeClaim data-a-store-1"]
    );
    assert!(growing.writes_nothing(), "no object's JSON is needed");
    let Action::Grow { size, .. } = growing.actions[0] else { panic!("{growing:?}") };
    assert_eq!(size.as_str(), "20Gi");
    assert!(
        !done(&plan(&self::desired(&json!({})), &Inputs::new(&observed)).unwrap())
            .iter()
            .any(|done| done.contains("Claim"))
    );
}

#[test]
fn claims_belong_to_the_cluster_that_their_labels_name() {
    assert_eq!(
        claim("data-a-store-0", "store", "1Gi").controller.as_deref(),
        Some(claims::owner("default", "a").as_str())
    );
    let foreign =
        json!({ "metadata": { "name": "x", "namespace": "default", "labels": { "app.kubernetes.io/instance": "a" } } });
    assert_eq!(child(&CLAIM, foreign, &Value::Null, &Value::Null, "u").controller, None, "it has no node of this kind");
}

#[test]
fn storage_that_shrinks_is_refused_as_it_is_written() {
    let sized = |size: &str| desired(&json!({ "store": { "storage": { "data": { "size": size } } } }));
    let observed = stored(&sized("20Gi"), running);
    let invalid = plan(&sized("5Gi"), &Inputs::new(&observed)).unwrap_err();
    assert_eq!(
        invalid[0].to_string(),
        "spec.store.storage.data.size: the storage has 20Gi and can't shrink to 5Gi: a PersistentVolumeClaim only grows; write 20Gi \
         or more, or add a node with smaller storage instead"
    );
    assert_eq!(done(&plan(&sized("30Gi"), &Inputs::new(&observed)).unwrap()), ["Replace StatefulSet a-store"]);
}

#[test]
fn a_generated_secret_is_kept_whatever_it_holds() {
    let desired = desired(&json!({}));
    let secret = &desired.objects[0];
    assert_eq!(secret.kind, &SECRET);
    let with = |data: Value, labels: Value| {
        let mut live = secret.json.clone();
        live["data"] = data;
        live["metadata"]["labels"] = labels;
        let applied = body(&live);
        vec![child(&SECRET, live, &applied, &Value::Null, "u")]
    };
    let labels = secret.json["metadata"]["labels"].clone();
    for content in ["b25l", "b3RoZXI="] {
        let observed = with(json!({ "password": content }), labels.clone());
        assert!(plan(&desired, &Inputs::new(&observed)).unwrap().is_done());
    }
    let one = with(json!({ "password": "b25l" }), labels.clone());
    let other = with(json!({ "password": "b3RoZXI=" }), labels.clone());
    assert_ne!(one[0].held, other[0].held, "the pods that read it roll");
    for changed in [with(json!({}), labels), with(json!({ "password": "b25l" }), json!({ "a": "b" }))] {
        assert_eq!(done(&plan(&desired, &Inputs::new(&changed)).unwrap()), ["Apply Secret a-password"]);
    }
}

#[test]
fn a_value_that_is_given_is_put_back() {
    let mut desired = desired(&json!({}));
    let secret = &mut desired.objects[0];
    secret.json["data"] = json!({ "user": "YWRtaW4=" });
    secret.given = operator_core::state::child::values(&secret.json);
    let mut live = secret.json.clone();
    live["data"]["password"] = "b25l".into();
    let applied = body(&live);
    secret.digest = child(&SECRET, live.clone(), &applied, &Value::Null, "u").digest.unwrap();
    let there = vec![child(&SECRET, live.clone(), &applied, &Value::Null, "u")];
    assert!(plan(&desired, &Inputs::new(&there)).unwrap().is_done());
    live["data"]["user"] = "bWU=".into();
    let changed = vec![child(&SECRET, live, &applied, &Value::Null, "u")];
    assert_eq!(done(&plan(&desired, &Inputs::new(&changed)).unwrap()), ["Apply Secret a-password"]);
}

/// A workload at an API server that does with `replicas` what server-side apply does.
#[derive(Clone, Debug)]
struct Live {
    spec: Value,
    replicas: i32,
    ours: bool,
    others: bool,
}

impl Live {
    fn child(&self, desired: &Desired) -> Child {
        let object = desired.objects.iter().find(|object| object.kind == &STATEFUL_SET).unwrap();
        let mut live = object.json.clone();
        live["spec"] = self.spec.clone();
        live["spec"]["replicas"] = self.replicas.into();
        live["status"] = json!({ "observedGeneration": 1, "replicas": self.replicas, "updatedReplicas": self.replicas,
                                 "readyReplicas": self.replicas });
        let mut applied = body(&live);
        if !self.ours {
            applied["spec"].as_object_mut().unwrap().remove("replicas");
        }
        let others = if self.others { json!({ "spec": { "replicas": 1 } }) } else { Value::Null };
        child(&STATEFUL_SET, live, &applied, &others, "u")
    }

    fn autoscaler_sets(&mut self, replicas: i32) {
        if self.replicas != replicas {
            *self = Self { replicas, ours: false, others: true, ..self.clone() };
        }
    }

    fn apply(&mut self, json: &Value, replicas: Replicas) {
        self.spec = json["spec"].clone();
        self.spec.as_object_mut().unwrap().remove("replicas");
        if let Replicas::HandedOver(number) = replicas {
            (self.replicas, self.others) = (number, true);
        }
        match json["spec"]["replicas"].as_i64().filter(|_| replicas == Replicas::AsWritten) {
            Some(number) => {
                self.others &= i64::from(self.replicas) == number;
                (self.replicas, self.ours) = (i32::try_from(number).unwrap(), true);
            }
            None if self.ours => {
                self.ours = false;
                // Nobody's any more: the default.
                self.replicas = if self.others { self.replicas } else { 1 };
            }
            None => {}
        }
    }
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

fn scaled(said: Said, size: i32) -> Desired {
    let mut store = json!({ "storage": { "data": { "size": format!("{size}Gi") } } });
    match said {
        Said::Fixed(replicas) => store["replicas"] = replicas.into(),
        Said::Nothing => {}
        Said::Autoscaled => {
            store["autoscaling"] = json!({ "maxReplicas": 9 });
            store["resources"] = json!({ "requests": { "cpu": "1" } });
        }
    }
    desired(&json!({ "store": store }))
}

fn others(desired: &Desired) -> Observed {
    without(&stored(desired, running), &STATEFUL_SET)
}

/// Plans and writes until nothing is left. Returns how often.
fn settle(
    desired: &Desired,
    live: &mut Option<Live>,
    status_now: &mut ClusterStatus,
    mut seen: impl FnMut(&Live),
) -> usize {
    for round in 0.. {
        assert!(round < 6, "no rest: {live:?}");
        let mut observed = others(desired);
        observed.extend(live.as_ref().map(|live| live.child(desired)));
        let before = status_now.clone();
        let inputs = Inputs { previous: Some(&before), ..Inputs::new(&observed) };
        let plan = plan(desired, &inputs).unwrap();
        let next = status(desired, &observed, &plan, Some(&before));
        let mut replaced = false;
        for action in &plan.actions {
            match action {
                Action::Create { object, replicas } => {
                    let mut made = Live { spec: Value::Null, replicas: 1, ours: false, others: false };
                    let mut json = object.json.clone();
                    if let Some(replicas) = replicas {
                        json["spec"]["replicas"] = (*replicas).into();
                    }
                    made.apply(&json, Replicas::AsWritten);
                    if let (Some(replicas), operator_core::settings::Scale::Initial) = (replicas, object.scale) {
                        made.apply(&object.json, Replicas::HandedOver(*replicas));
                    }
                    *live = Some(made);
                }
                Action::Apply { object, replicas, .. } => live.as_mut().unwrap().apply(&object.json, *replicas),
                Action::Replace { .. } => replaced = true,
                other => panic!("{other:?}"),
            }
        }
        if replaced {
            *live = None;
        }
        live.iter().for_each(&mut seen);
        *status_now = next;
        if plan.is_done() {
            return round;
        }
    }
    0
}

proptest! {
    #[test]
    fn the_number_of_pods_never_jumps(steps in prop::collection::vec((said(), 2..6i32, any::<bool>()), 1..7)) {
        let mut live = None;
        let mut status_now = ClusterStatus::default();
        let (mut before, mut size) = (None, 10);
        for (said, sets, grows) in steps {
            size += i32::from(grows);
            let desired = scaled(said, size);
            let number = live.as_ref().map(|live: &Live| live.replicas);
            let kept = match (before, said) {
                // Whatever it had.
                (Some(_), Said::Autoscaled) | (Some(Said::Autoscaled), Said::Nothing) => number,
                _ => None,
            };
            settle(&desired, &mut live, &mut status_now, |live| {
                if let Some(kept) = kept {
                    assert_eq!(live.replicas, kept, "{before:?} to {said:?}: {live:?}");
                }
            });
            let now = live.as_mut().unwrap();
            if let Said::Fixed(replicas) = said {
                prop_assert_eq!((now.replicas, now.ours), (replicas, true));
            }
            if said == Said::Autoscaled {
                prop_assert!(!now.ours, "{now:?}");
                now.autoscaler_sets(sets);
                settle(&desired, &mut live, &mut status_now, |live| assert_eq!(live.replicas, sets));
                prop_assert_eq!(status_now.nodes[0].replicas, sets);
            }
            before = Some(said);
        }
    }
}

#[test]
fn a_number_that_is_given_is_applied_at_once_when_autoscaling_is_turned_off() {
    let mut live = None;
    let mut status_now = ClusterStatus::default();
    settle(&scaled(Said::Autoscaled, 10), &mut live, &mut status_now, |_| {});
    live.as_mut().unwrap().autoscaler_sets(7);
    let desired = scaled(Said::Fixed(3), 10);
    let mut observed = others(&desired);
    observed.push(live.unwrap().child(&desired));
    let plan = plan(&desired, &Inputs::new(&observed)).unwrap();
    let [Action::Apply { replicas: Replicas::AsWritten, object, .. }] = plan.actions[..] else { panic!("{plan:?}") };
    assert_eq!(object.json["spec"]["replicas"], 3);
}

#[test]
fn the_number_of_a_workload_that_is_being_replaced_is_kept_in_the_status() {
    let desired = scaled(Said::Autoscaled, 10);
    let before = ClusterStatus {
        nodes: vec![NodeStatus { name: "store".to_owned(), replicas: 5, ..NodeStatus::default() }],
        ..ClusterStatus::default()
    };
    let observed = others(&desired);
    let plan = plan(&desired, &Inputs { previous: Some(&before), ..Inputs::new(&observed) }).unwrap();
    assert_eq!(plan.actions.iter().map(Action::verb).collect::<Vec<_>>(), [Verb::Create]);
    let [Action::Create { replicas: Some(5), .. }] = plan.actions[..] else { panic!("{plan:?}") };
    assert_eq!(status(&desired, &observed, &plan, Some(&before)).nodes[0].replicas, 5);
}

#[test]
fn nothing_that_is_planned_shows_what_is_in_an_object() {
    let mut desired = desired(&json!({}));
    desired.objects[0].json["data"] = Map::from_iter([("password".to_owned(), json!("aHVudGVyMg=="))]).into();
    let observed = stored(&desired, running);
    let plan = plan(&desired, &Inputs::new(&[])).unwrap();
    let shown = format!("{desired:?} {plan:?} {observed:?}");
    assert!(!shown.contains("aHVudGVyMg") && !shown.contains("c2VjcmV0"), "{shown}");
}
