//! The operator knows by ownership whether a child is as wanted: what others do beside its fields costs nothing, what they do to its fields is
//! put back, and a restart writes nothing.

use k8s_openapi::api::{
    admissionregistration::v1::{MutatingAdmissionPolicy, MutatingAdmissionPolicyBinding},
    core::v1::ConfigMap,
};
use kube::{
    Api,
    api::{DeleteParams, Patch, PatchParams, PostParams},
};
use operator_core::{
    Cluster,
    apply::Writer,
    model::{Identity, Kind, kind::CONFIG_MAP},
    plan::{Action, Plan},
    runtime::tracked::ClusterKind,
    state::Manager,
};
use operator_testbed::Testbed;
use serde_json::{Value, json};

use crate::{
    kinds::Data,
    setup::{Setup, eventually, small, with},
};

/// Long enough for what would follow.
const SETTLE: std::time::Duration = std::time::Duration::from_secs(2);

const DEPLOYMENT: (&str, &str) = ("Deployment", "a-query");

impl Setup {
    /// The operator's writes of children since so many requests.
    async fn writes_since(&self, before: usize) -> Vec<String> {
        let requests = self.requests().await.split_off(before);
        let writes = requests.iter().filter(|request| request.verb != "list" && request.subresource != "status");
        writes.map(|request| format!("{} {} {}", request.verb, request.resource, request.name)).collect()
    }

    /// Restarts the operator and returns what it writes then, statuses included.
    async fn writes_of_a_restart(&mut self) -> Vec<String> {
        self.stop().await;
        let before = self.requests().await.len();
        self.start::<Data>().await;
        tokio::time::sleep(SETTLE).await;
        let requests = self.requests().await.split_off(before);
        let writes = requests.iter().filter(|request| request.verb != "list");
        writes.map(|request| format!("{} {} {}", request.verb, request.resource, request.name)).collect()
    }

    async fn merge(&self, (kind, name): (&str, &str), patch: &Value) {
        self.any(kind).patch(name, &PatchParams::apply("someone"), &Patch::Merge(patch)).await.unwrap();
    }

    async fn value(&self, (kind, name): (&str, &str), pointer: &str) -> Value {
        let object = serde_json::to_value(self.any(kind).get(name).await.unwrap()).unwrap();
        object.pointer(pointer).cloned().unwrap_or_default()
    }

    /// Waits until a value is what it was, at another version of its object.
    async fn put_back(&self, object: (&str, &str), pointer: &str, before: &Value) {
        eventually(&format!("{object:?} {pointer} to be put back"), || async {
            let now = self.value(object, pointer).await;
            if now == *before { Ok(()) } else { Err(now.to_string()) }
        })
        .await;
    }
}

#[tokio::test]
async fn what_others_do_beside_the_operators_fields_costs_nothing() {
    let setup = Setup::new("beside").await;
    let limited = json!({ "replicas": 2, "resources": { "limits": { "memory": "1024Mi" } } });
    setup.ready("a", with(small(), [("/query", limited)])).await;
    tokio::time::sleep(SETTLE).await;
    let before = setup.requests().await.len();
    let container = |more: Value| {
        let mut container = json!({ "name": "query" });
        container.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        json!({ "spec": { "template": { "spec": { "containers": [container] } } } })
    };
    for patch in [
        json!({ "metadata": { "labels": { "team": "data" }, "annotations": { "note": "mine" } } }),
        container(json!({ "env": [{ "name": "THEIRS", "value": "1" }] })),
        // The value that it has.
        json!({ "spec": { "replicas": 2 } }),
        container(json!({ "resources": { "limits": { "memory": "1Gi" } } })),
        json!({ "spec": { "template": { "metadata": { "annotations": { "kubectl.kubernetes.io/restartedAt": "now" } } } } }),
    ] {
        setup.any("Deployment").patch("a-query", &PatchParams::default(), &Patch::Strategic(patch)).await.unwrap();
    }
    setup.at_rest::<Data>("a").await;
    tokio::time::sleep(SETTLE).await;
    assert_eq!(setup.writes_since(before).await, Vec::<String>::new());
    assert_eq!(setup.value(DEPLOYMENT, "/metadata/labels/team").await, "data");
}

#[tokio::test]
async fn what_others_do_to_the_operators_fields_is_put_back() {
    let setup = Setup::new("touched").await;
    setup.ready("a", small()).await;
    let first = "/spec/template/spec/containers/0";
    let container = |more: Value| {
        let mut container = json!({ "name": "query" });
        container.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        json!({ "spec": { "template": { "spec": { "containers": [container] } } } })
    };
    for (pointer, patch) in [
        (format!("{first}/image"), container(json!({ "image": "example.com/other:1" }))),
        (format!("{first}/env"), container(json!({ "env": [{ "name": "CONFIG_HASH", "value": "mine" }] }))),
        (format!("{first}/env"), container(json!({ "env": [{ "$patch": "delete", "name": "CONFIG_HASH" }] }))),
        (
            "/metadata/labels/app.kubernetes.io~1component".to_owned(),
            json!({ "metadata": { "labels": { "app.kubernetes.io/component": null } } }),
        ),
    ] {
        let before = setup.value(DEPLOYMENT, &pointer).await;
        setup.any("Deployment").patch("a-query", &PatchParams::default(), &Patch::Strategic(patch)).await.unwrap();
        setup.put_back(DEPLOYMENT, &pointer, &before).await;
    }
    // The spec says how many.
    let scale = Patch::Merge(json!({ "spec": { "replicas": 5 } }));
    let deployments = setup.api::<k8s_openapi::api::apps::v1::Deployment>();
    deployments.patch_scale("a-query", &PatchParams::default(), &scale).await.unwrap();
    setup.put_back(DEPLOYMENT, "/spec/replicas", &json!(2)).await;
    let selector = setup.value(("Service", "a-query"), "/spec/selector").await;
    setup.merge(("Service", "a-query"), &json!({ "spec": { "selector": { "mine": "1" } } })).await;
    eventually("the selector to be whole again", || async {
        let now = setup.value(("Service", "a-query"), "/spec/selector").await;
        let is_whole = selector.as_object().unwrap().iter().all(|(key, value)| now.get(key) == Some(value));
        if is_whole { Ok(()) } else { Err(now.to_string()) }
    })
    .await;
}

#[tokio::test]
async fn a_policy_that_rewrites_images_costs_no_write_and_hides_no_drift() {
    let mut setup = Setup::without_operator("rewritten").await;
    let name = setup.namespace.clone();
    let patch =
        r#"[JSONPatch{op: "replace", path: "/spec/template/spec/containers/0/image", value: "example.com/mirror:1"}]"#;
    let policy = json!({
        "apiVersion": "admissionregistration.k8s.io/v1", "kind": "MutatingAdmissionPolicy", "metadata": { "name": name },
        "spec": {
            "failurePolicy": "Fail", "reinvocationPolicy": "Never",
            "matchConstraints": { "resourceRules": [
                { "apiGroups": ["apps"], "apiVersions": ["v1"], "operations": ["CREATE", "UPDATE"], "resources": ["deployments", "statefulsets"] },
            ] },
            "mutations": [{ "patchType": "JSONPatch", "jsonPatch": { "expression": patch } }],
        },
    });
    let binding = json!({
        "apiVersion": "admissionregistration.k8s.io/v1", "kind": "MutatingAdmissionPolicyBinding", "metadata": { "name": name },
        "spec": {
            "policyName": name,
            "matchResources": { "namespaceSelector": { "matchLabels": { "kubernetes.io/metadata.name": name } } },
        },
    });
    let params = PatchParams::apply("tests").force();
    let policies: Api<MutatingAdmissionPolicy> = Api::all(setup.client.clone());
    policies.patch(&name, &params, &Patch::Apply(policy)).await.unwrap();
    let bindings: Api<MutatingAdmissionPolicyBinding> = Api::all(setup.client.clone());
    bindings.patch(&name, &params, &Patch::Apply(binding)).await.unwrap();
    let probe = json!({ "apiVersion": "apps/v1", "kind": "Deployment", "metadata": { "name": "probe" }, "spec": {
        "selector": { "matchLabels": { "a": "b" } },
        "template": { "metadata": { "labels": { "a": "b" } }, "spec": { "containers": [{ "name": "a", "image": "a" }] } } } });
    let image = "/spec/template/spec/containers/0/image";
    eventually("the policy to work", || async {
        let params = PatchParams::apply("tests").dry_run();
        let answer = setup.any("Deployment").patch("probe", &params, &Patch::Apply(&probe)).await;
        let answer = serde_json::to_value(answer.unwrap()).unwrap();
        if answer.pointer(image) == Some(&json!("example.com/mirror:1")) { Ok(()) } else { Err(answer.to_string()) }
    })
    .await;

    setup.start::<Data>().await;
    setup.ready("a", small()).await;
    assert_eq!(setup.value(DEPLOYMENT, image).await, "example.com/mirror:1");
    tokio::time::sleep(SETTLE).await;
    assert_eq!(setup.writes_of_a_restart().await, Vec::<String>::new());
    let component = "/metadata/labels/app.kubernetes.io~1component";
    setup.merge(DEPLOYMENT, &json!({ "metadata": { "labels": { "app.kubernetes.io/component": "x" } } })).await;
    setup.put_back(DEPLOYMENT, component, &json!("query")).await;
    let args =
        json!({ "spec": { "template": { "spec": { "containers": [{ "name": "query", "args": ["other"] }] } } } });
    setup.any("Deployment").patch("a-query", &PatchParams::default(), &Patch::Strategic(args)).await.unwrap();
    setup.put_back(DEPLOYMENT, "/spec/template/spec/containers/0/args", &json!(["query"])).await;
    let before = setup.requests().await.len();
    tokio::time::sleep(SETTLE).await;
    assert_eq!(setup.writes_since(before).await, Vec::<String>::new(), "it isn't fought");
}

#[tokio::test]
async fn a_status_that_is_lost_costs_one_apply_a_child_and_changes_none() {
    let mut setup = Setup::new("lost").await;
    setup.ready("a", small()).await;
    tokio::time::sleep(SETTLE).await;
    let versions = async |setup: &Setup| {
        let (snapshot, _) = setup.look::<Data>("a").await;
        let mut versions: Vec<(String, String)> = snapshot
            .children
            .iter()
            .map(|child| (format!("{} {}", child.kind.kind, child.name), child.version.to_string()))
            .collect();
        versions.sort();
        versions
    };
    let (before, pods) = (versions(&setup).await, setup.pods().await);
    setup.stop().await;
    let wiped = Patch::Merge(json!({ "status": null }));
    setup.api::<Data>().patch_status("a", &PatchParams::default(), &wiped).await.unwrap();
    let requests = setup.requests().await.len();
    setup.start::<Data>().await;
    setup.reason("a", "Ready").await;
    setup.at_rest::<Data>("a").await;
    assert_eq!(setup.writes_since(requests).await.len(), 9, "one for each child");
    assert_eq!((versions(&setup).await, setup.pods().await), (before, pods));
    assert_eq!(setup.writes_of_a_restart().await, Vec::<String>::new());
}

#[tokio::test]
async fn a_child_restored_from_a_backup_is_applied_once_and_then_at_rest() {
    let mut setup = Setup::new("restored").await;
    setup.ready("a", small()).await;
    tokio::time::sleep(SETTLE).await;
    setup.stop().await;
    let config_map = setup.names::<ConfigMap>().await.remove(0);
    for (kind, name) in [("Service", "a-query"), ("ConfigMap", config_map.as_str())] {
        let mut backup = serde_json::to_value(setup.any(kind).get(name).await.unwrap()).unwrap();
        let metadata = backup["metadata"].as_object_mut().unwrap();
        for key in ["managedFields", "uid", "resourceVersion", "creationTimestamp"] {
            metadata.remove(key);
        }
        setup.any(kind).delete(name, &DeleteParams::default()).await.unwrap();
        setup.any(kind).create(&PostParams::default(), &serde_json::from_value(backup).unwrap()).await.unwrap();
    }
    let before = setup.requests().await.len();
    setup.start::<Data>().await;
    setup.at_rest::<Data>("a").await;
    let mut writes = setup.writes_since(before).await;
    writes.sort();
    assert_eq!(writes, [format!("patch configmaps {config_map}"), "patch services a-query".to_owned()]);
    assert_eq!(setup.writes_of_a_restart().await, Vec::<String>::new());
    // It is the operator's again.
    setup
        .merge(("Service", "a-query"), &json!({ "metadata": { "labels": { "app.kubernetes.io/component": "x" } } }))
        .await;
    setup.put_back(("Service", "a-query"), "/metadata/labels/app.kubernetes.io~1component", &json!("query")).await;
}

#[tokio::test]
async fn an_api_server_that_writes_ownership_otherwise_costs_one_apply_a_child() {
    let mut setup = Setup::new("upgraded").await;
    setup.ready("a", small()).await;
    tokio::time::sleep(SETTLE).await;
    setup.stop().await;
    // As if the API server had written other bytes when the operator saw them.
    let status = setup.api::<Data>().get("a").await.unwrap().status.unwrap();
    let mut inventory = serde_json::to_value(status.inventory).unwrap();
    let mark = &mut inventory["apps/v1/Deployment/deployments"]["a-query"];
    let sent = mark.as_str().unwrap().split_once('.').unwrap().0.to_owned();
    *mark = format!("{sent}.0123456789abcdef").into();
    let patch = Patch::Merge(json!({ "status": { "inventory": inventory } }));
    setup.api::<Data>().patch_status("a", &PatchParams::default(), &patch).await.unwrap();
    let version = setup.value(DEPLOYMENT, "/metadata/resourceVersion").await;
    let before = setup.requests().await.len();
    setup.start::<Data>().await;
    setup.at_rest::<Data>("a").await;
    assert_eq!(setup.writes_since(before).await, ["patch deployments a-query"]);
    assert_eq!(setup.value(DEPLOYMENT, "/metadata/resourceVersion").await, version);
    assert_eq!(setup.writes_of_a_restart().await, Vec::<String>::new());
}

#[tokio::test]
async fn what_is_meant_for_an_object_that_is_gone_never_reaches_its_successor() {
    let setup = Setup::without_operator("successor").await;
    let clusters = setup.api::<Data>();
    setup.apply("a", small()).await.unwrap();
    let metadata = clusters.get("a").await.unwrap().metadata;
    let (gone, version) = (metadata.uid.unwrap(), metadata.resource_version.unwrap().parse().unwrap());
    clusters.delete("a", &DeleteParams::default()).await.unwrap();
    setup.apply("a", small()).await.unwrap();
    let map = json!({ "apiVersion": "v1", "kind": "ConfigMap", "metadata": { "name": "m" } });
    setup.create("ConfigMap", map).await;

    let client = operator_core::runtime::client::client(Testbed::shared().await.unwrap().config().await.unwrap());
    let writer = Writer::new(client.unwrap(), Manager::of(Data::DEFINITION));
    let cluster = Identity { namespace: setup.namespace.clone(), name: "a".to_owned(), uid: gone.clone() };
    let kind = ClusterKind(Data::DEFINITION).into();
    let written = writer.status(&kind, &cluster, version, json!({ "status": { "ready": "9/9" } })).await;
    let written = written.map_err(|failure| (failure.code, failure.message));
    assert_eq!(written, Ok(None), "it counts as gone");
    assert!(clusters.get("a").await.unwrap().status.is_none());

    let delete =
        Action::Delete { kind: Kind::Row(&CONFIG_MAP), name: "m".to_owned(), uid: gone.as_str().into(), version: None };
    let outcome = writer.execute(&Plan { actions: vec![delete], ..Plan::default() }, &cluster).await;
    let failed: Vec<_> = outcome.failed.into_iter().map(|failed| failed.message).collect();
    assert_eq!((outcome.deleted, failed), (vec![gone.into()], Vec::new()), "what was meant is gone already");
    assert!(setup.api::<ConfigMap>().get_opt("m").await.unwrap().is_some());
}
