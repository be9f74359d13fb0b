//! What a hook reads is never lost, and what it adds is treated as what core makes.

use k8s_openapi::api::{
    apps::v1::{DaemonSet, Deployment, StatefulSet},
    batch::v1::{CronJob, Job},
    core::v1::{ConfigMap, PersistentVolumeClaim, PodTemplateSpec},
    networking::v1::NetworkPolicy,
};
use operator_core::{
    definition::{Definition, NodeTemplate, NodeType, Workload},
    model::{
        ChildKind, Kind,
        kind::{CLAIM, CONFIG_MAP, DEPLOYMENT, JOB, STATEFUL_SET},
    },
    plan::Action,
    render::{Author, Blueprint, Children, HookError, Scope, customize::Customization},
    state::Answer,
};
use serde_json::{Value, json};

use crate::{
    common::{DATA, HTTP, World, built, of, optional},
    plans::{done, refusal, says, waiting, wanted},
};

static DEFINITION: Definition = Definition {
    node_types: &[
        NodeType { order: 1, ..optional("store", NodeTemplate { ports: &[HTTP], ..of(Workload::StatefulSet) }) },
        NodeType { order: 2, ..optional("query", of(Workload::Deployment)) },
    ],
    ..DATA
};

static CRON_JOB: ChildKind = ChildKind::of::<CronJob>();
static CLAIMS: ChildKind = ChildKind::of::<PersistentVolumeClaim>();
static KINDS: [&ChildKind; 2] = [&CRON_JOB, &CLAIMS];

type Hook = fn(&Value, &Scope<'_>, &mut Children) -> Result<(), HookError>;

/// What the cluster `a` comes to with this hook.
fn hooked(call: Hook, spec: &Value) -> Result<Blueprint, Vec<String>> {
    built(Author { customize: Some(Customization { kinds: &KINDS, call }), ..Author::from(&DEFINITION) }, spec)
}

fn spec() -> Value {
    json!({ "image": "data:1", "store": { "replicas": 1 } })
}

/// Adds what the spec has under `add`, by kind, where the scope is that of the node `for`.
fn add(spec: &Value, scope: &Scope<'_>, children: &mut Children) -> Result<(), HookError> {
    if scope.node.map(|node| node.node_type.name) != spec["for"].as_str() {
        return Ok(());
    }
    for (kind, object) in spec["add"].as_object().into_iter().flatten() {
        let mut object = object.clone();
        let name = object["metadata"]["name"].as_str().unwrap_or(&kind.to_lowercase()).to_owned();
        object["metadata"]["name"] = format!("a-{name}").into();
        match kind.as_str() {
            "StatefulSet" => children.add(typed::<StatefulSet>(object))?,
            "Deployment" => children.add(typed::<Deployment>(object))?,
            "DaemonSet" => children.add(typed::<DaemonSet>(object))?,
            "Job" => children.add(typed::<Job>(object))?,
            "CronJob" => children.add(typed::<CronJob>(object))?,
            "ConfigMap" => children.add(typed::<ConfigMap>(object))?,
            _ => children.add(typed::<PersistentVolumeClaim>(object))?,
        }
    }
    Ok(())
}

fn typed<K: serde::de::DeserializeOwned>(object: Value) -> K {
    serde_json::from_value(object).unwrap()
}

fn template() -> Value {
    json!({ "spec": { "containers": [{ "name": "main", "image": "data:1" }] } })
}

fn adding(add: &Value) -> Value {
    let mut spec = spec();
    spec["add"] = add.clone();
    spec
}

fn workloads() -> Value {
    json!({
        "StatefulSet": { "spec": { "replicas": 2, "selector": {}, "template": template(), "volumeClaimTemplates": [{
            "metadata": { "name": "data" }, "spec": { "resources": { "requests": { "storage": "1Gi" } } },
        }] } },
        "Deployment": { "spec": { "selector": {}, "template": template() } },
        "DaemonSet": { "spec": { "selector": {}, "template": template() } },
        "Job": { "spec": { "template": template() } },
    })
}

fn change_pods(_: &Value, _: &Scope<'_>, children: &mut Children) -> Result<(), HookError> {
    if children.names::<StatefulSet>().is_empty() { Ok(()) } else { children.pod(|_: &mut PodTemplateSpec| ()) }
}

fn change_objects(_: &Value, _: &Scope<'_>, children: &mut Children) -> Result<(), HookError> {
    children.change_all::<NetworkPolicy>(|_| ())?;
    children.change_all::<StatefulSet>(|_| ())
}

#[test]
fn what_a_hook_would_lose_is_refused_with_its_place_in_the_spec() {
    let anti = json!({ "podAntiAffinty": {} });
    let stop = json!({ "preStopp": { "sleep": { "seconds": 1 } } });
    let aside = json!([{ "name": "aside", "image": "i", "lifecycle": stop }]);
    for (defaults, store, places) in [
        (json!({}), json!({ "affinity": anti }), vec!["store.affinity.podAntiAffinty"]),
        (json!({ "lifecycle": stop }), json!({}), vec!["defaults.lifecycle.preStopp"]),
        (
            json!({}),
            json!({ "podOverrides": { "spec": { "affinity": anti }, "metadata": { "labls": { "a": "b" } } } }),
            vec!["store.podOverrides.metadata.labls", "store.podOverrides.spec.affinity.podAntiAffinty"],
        ),
        (json!({}), json!({ "sidecars": aside }), vec!["store.sidecars[aside].lifecycle.preStopp"]),
        (
            json!({}),
            json!({ "volumes": [{ "name": "v", "emptyDir": { "sizelimit": "1Gi" } }] }),
            vec!["store.volumes[v].emptyDir.sizelimit"],
        ),
    ] {
        let spec = json!({ "image": "data:1", "defaults": defaults, "store": store });
        let say = |place: &&str| {
            format!(
                "spec.{place}: this version of the operator does not know it; look for a typing mistake, or run a version that does"
            )
        };
        let expected: Vec<String> = places.iter().map(say).collect();
        for hook in [change_pods, change_objects] {
            assert_eq!(hooked(hook, &spec).map(|_| ()).unwrap_err(), expected, "{spec}");
        }
        assert!(hooked(|_, _, _| Ok(()), &spec).is_ok(), "what isn't read is the API server's to refuse");
    }
    let policy = json!({ "enabled": true, "from": [{ "podSelectr": { "matchLabels": { "a": "b" } } }] });
    let spec = json!({ "image": "data:1", "store": { "networkPolicy": policy } });
    let refused = hooked(change_objects, &spec).map(|_| ()).unwrap_err();
    let object = "spec.store: NetworkPolicy a-store: spec.ingress[0].from[1].podSelectr: this version of the operator";
    assert!(refused.len() == 1 && refused[0].starts_with(object), "{refused:?}");
    let wrong = json!({ "image": "data:1", "store": { "podOverrides": { "spec": { "hostNetwork": "no" } } } });
    let sentence = "spec.store: the pods: spec.hostNetwork: invalid type: string \"no\", expected a boolean";
    assert_eq!(hooked(change_pods, &wrong).map(|_| ()).unwrap_err(), [sentence]);
}

#[test]
fn a_workload_that_a_hook_adds_is_made_like_a_nodes() {
    let blueprint = hooked(add, &adding(&workloads())).unwrap();
    let set = blueprint.find(&Kind::Row(&STATEFUL_SET), "a-statefulset").unwrap();
    let labels = json!({ "app.kubernetes.io/name": "data", "app.kubernetes.io/instance": "a", "tests.example.com/node": "statefulset" });
    let spec = &set.json["spec"];
    assert_eq!(spec["selector"]["matchLabels"], labels);
    let template = &spec["template"];
    for (label, value) in labels.as_object().unwrap() {
        assert_eq!(template["metadata"]["labels"][label], *value);
    }
    assert_eq!(template["spec"]["containers"][0]["imagePullPolicy"], "IfNotPresent", "{template}");
    assert_eq!(template["spec"]["containers"][0]["securityContext"]["allowPrivilegeEscalation"], false);
    assert_eq!(template["spec"]["securityContext"]["runAsNonRoot"], true);
    let claim = &spec["volumeClaimTemplates"][0];
    assert_eq!(claim["spec"]["volumeMode"], "Filesystem");
    assert_eq!(claim["metadata"]["labels"]["app.kubernetes.io/managed-by"], "data-operator");
    assert_eq!(set.claims.len(), 1);

    let job = |image: &str| {
        let mut workloads = workloads();
        workloads["Job"]["spec"]["template"]["spec"]["containers"][0]["image"] = image.into();
        wanted(&hooked(add, &adding(&workloads)).unwrap(), &JOB).name.clone()
    };
    assert!(job("data:1").starts_with("a-job-"), "{}", job("data:1"));
    assert_ne!(job("data:1"), job("data:2"), "it runs once for what it runs");

    let scheduled = json!({ "spec": { "schedule": "", "jobTemplate": { "spec": { "template": template } } } });
    let blueprint = hooked(add, &adding(&json!({ "CronJob": scheduled }))).unwrap();
    let container =
        &wanted(&blueprint, &CRON_JOB).json["spec"]["jobTemplate"]["spec"]["template"]["spec"]["containers"][0];
    assert_eq!(container["imagePullPolicy"], "IfNotPresent");
}

#[test]
fn what_a_hook_adds_counts_and_comes_to_rest() {
    let mut spec = adding(&workloads());
    spec.as_object_mut().unwrap().remove("store");
    let blueprint = hooked(add, &spec).unwrap();
    let world = World::new();
    let status = world.report(&blueprint, &world.plan(&blueprint));
    assert!(!status.is_ready() && status.ready.starts_with("0/"), "{status:#?}");
    let mut world = World::of(&blueprint);
    let plan = world.plan(&blueprint);
    assert!(plan.is_done(), "{plan:?}");
    let status = world.report(&blueprint, &plan);
    let rows: Vec<String> =
        status.nodes.iter().map(|row| format!("{} {}/{}", row.name, row.ready, row.replicas)).collect();
    assert_eq!(rows, ["statefulset 2/2", "deployment 1/1", "daemonset 3/3", "job 1/1"]);
    assert!(status.is_ready());
    // Nobody says how many: what a person or an autoscaler sets stays.
    world.scale(&DEPLOYMENT, "a-deployment", 5);
    world.step(&blueprint);
    let plan = world.plan(&blueprint);
    assert!(plan.is_done() && world.report(&blueprint, &plan).nodes[1].replicas == 5, "{plan:?}");
    let smaller = spec.to_string().replace("1Gi", "1Mi");
    let smaller = hooked(add, &serde_json::from_str(&smaller).unwrap()).unwrap();
    let sentence = "spec: StatefulSet a-statefulset: data has 1Gi and can't shrink to 1Mi: a PersistentVolumeClaim only grows; write 1Gi or more";
    let invalid: Vec<String> = world.plan(&smaller).invalid.iter().map(ToString::to_string).collect();
    assert_eq!(invalid, [sentence]);
}

#[test]
fn a_job_of_the_cluster_holds_nobody_and_one_of_a_node_what_has_a_higher_order() {
    let mut spec = adding(&json!({ "Job": { "spec": { "template": template() } } }));
    spec["query"] = json!({});
    let blueprint = hooked(add, &spec).unwrap();
    assert_eq!(waiting(&World::new().plan(&blueprint)), Vec::<String>::new());
    let mut world = World::of(&blueprint);
    world.reports(&JOB, &json!({}));
    let status = world.report(&blueprint, &world.plan(&blueprint));
    assert_eq!(says(&status, "Ready"), ("Progressing".to_owned(), "job: its Job is running".to_owned()));
    spec["for"] = "store".into();
    let blueprint = hooked(add, &spec).unwrap();
    assert_eq!(waiting(&World::new().plan(&blueprint)), ["query: waits for job"]);
    // What is added for the cluster comes last.
    let mut spec = adding(&json!({ "Deployment": workloads()["Deployment"] }));
    (spec["for"], spec["query"]) = ("query".into(), json!({}));
    let of_node = hooked(add, &spec).unwrap().nodes.last().unwrap().order;
    assert_eq!(of_node, 2);
}

#[test]
fn a_workload_that_a_hook_adds_may_need_whatever_the_cluster_has() {
    let config = json!({ "metadata": { "name": "config" }, "data": { "a": "b" } });
    let mut spec = adding(&json!({ "ConfigMap": config, "Deployment": workloads()["Deployment"] }));
    spec["for"] = "store".into();
    let (with, mut without) = (hooked(add, &spec).unwrap(), spec.clone());
    let mut world = World::new();
    world.refuses = Some((&CONFIG_MAP, refusal("no", false)));
    world.step(&with);
    let waits = waiting(&world.plan(&with));
    assert!(waits.contains(&"deployment: waits for ConfigMap a-config".to_owned()), "{waits:?}");

    let mut world = World::of(&with);
    without["add"].as_object_mut().unwrap().remove("ConfigMap");
    without["add"]["Deployment"]["spec"]["template"]["spec"]["containers"][0]["image"] = "data:2".into();
    let without = hooked(add, &without).unwrap();
    let first = done(&world.plan(&without));
    assert_eq!(first, ["Apply Deployment a-deployment"], "pods of the older template may read it");
    world.step(&without);
    assert_eq!(done(&world.plan(&without)), ["Delete ConfigMap a-config"]);
}

#[test]
fn a_claim_that_a_hook_adds_outlives_the_cluster_and_is_never_replaced() {
    let claim = |size: &str| {
        let claim = json!({ "spec": { "resources": { "requests": { "storage": size } } } });
        hooked(add, &adding(&json!({ "PersistentVolumeClaim": claim }))).unwrap()
    };
    let blueprint = claim("1Gi");
    let name = "a-persistentvolumeclaim";
    let wanted = blueprint.find(&Kind::Row(&CLAIM), name).unwrap();
    assert!(wanted.json["metadata"].get("ownerReferences").is_none(), "{}", wanted.json);
    let world = World::of(&blueprint);
    assert!(world.plan(&blueprint).is_done());
    let again = world.report(&blueprint, &world.plan(&blueprint)).inventory;
    assert!(again.mark(&Kind::Row(&CLAIM), name).is_some(), "a restart costs no write");

    let larger = claim("2Gi");
    let plan = world.plan(&larger);
    assert_eq!(done(&plan), [format!("Apply PersistentVolumeClaim {name}")]);
    let mut refused = world.clone();
    refused.answers(&plan.actions[0], Answer::Refused(refusal("spec: Forbidden", true)));
    let plan = refused.plan(&larger);
    assert!(
        !plan.actions.iter().any(|action| matches!(action, Action::Try { .. } | Action::Replace { .. })),
        "{plan:?}"
    );
    assert_eq!(waiting(&plan), [format!("PersistentVolumeClaim {name}: spec: Forbidden")]);
    assert!(done(&world.plan(&hooked(add, &spec()).unwrap())).is_empty(), "nor deleted");
}

#[test]
fn names_that_are_taken_and_metadata_that_a_hook_sets_are_not_lost() {
    let mut deployment = workloads()["Deployment"].clone();
    deployment["metadata"] = json!({ "name": "store", "finalizers": ["example.com/mine"] });
    let refused = hooked(add, &adding(&json!({ "Deployment": deployment }))).map(|_| ()).unwrap_err();
    let sentence = "spec: the Deployment that the hook adds would be the second node `store`: give it another name";
    assert_eq!(refused, [sentence]);
    deployment["metadata"]["name"] = "other".into();
    let blueprint = hooked(add, &adding(&json!({ "Deployment": deployment }))).unwrap();
    assert_eq!(wanted(&blueprint, &DEPLOYMENT).json["metadata"]["finalizers"], json!(["example.com/mine"]));
}

#[test]
fn a_hook_that_changes_the_number_of_a_nodes_pods_is_told_so() {
    let more: Hook =
        |_, _, children| children.change_all::<StatefulSet>(|set| set.spec.get_or_insert_default().replicas = Some(5));
    let sentence = "spec.store: the hook changed spec.replicas of the StatefulSet, which the node's `replicas` sets: leave it as it is";
    assert_eq!(hooked(more, &spec()).map(|_| ()).unwrap_err(), [sentence]);
}
