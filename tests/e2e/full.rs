//! A kind that uses all that attributes can say, and all child kinds there are.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use k8s_openapi::api::{
    apps::v1::{DaemonSet, Deployment, StatefulSet},
    autoscaling::v2::HorizontalPodAutoscaler,
    batch::v1::{CronJob, Job},
    core::v1::{PersistentVolumeClaim, Pod, PodTemplateSpec, Secret, ServiceAccount},
    networking::v1::{Ingress, NetworkPolicy},
    policy::v1::PodDisruptionBudget,
    rbac::v1::{Role, RoleBinding},
};
use kube::{
    ResourceExt,
    api::{DeleteParams, ListParams, Patch, PatchParams},
};
use operator_core::{
    model::kind::ChildKind,
    prelude::*,
    render::{Children, Customize, HookError, Scope},
};
use operator_testbed::Request;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::setup::{Setup, eventually, with};

/// A data system with everything.
#[derive(DataOperator, Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[operator(group = "full.example.com", version = "v1", kind = "Full")]
#[operator(allow(annotations("operator-testbed/")))]
#[serde(rename_all = "camelCase")]
pub struct FullSpec {
    /// Image of every node.
    #[operator(image)]
    pub image: String,
    /// Settings under every node's own.
    #[operator(defaults)]
    #[serde(default)]
    pub defaults: NodeDefaults,
    /// Where the cluster keeps its coordination.
    #[external(tcp)]
    pub zookeeper: Option<String>,
    /// Password of the database.
    #[secret(env = "DB_PASSWORD", generate(length = 32))]
    pub database: Option<SecretRef>,
    /// Licence.
    #[secret(file = "/etc/full/licence/key", key = "licence")]
    pub licence: Option<SecretRef>,
    /// How often what is old is thrown away, as a CronJob has it.
    pub clean: Option<String>,
    /// Brings the database to the newest schema.
    #[node_type(workload = Job, order = -1, args("migrate"))]
    pub migration: Option<NodeSpec>,
    /// Answer requests.
    #[node_type(
        name = "api",
        workload = Deployment,
        order = 1,
        port(http = 8080),
        args("--store", "${service.store.data}"),
        talks_to("store"),
        rule(resources("pods"), verbs("get", "list")),
        metrics(port = "http")
    )]
    pub api: Option<NodeSpec>,
    /// Keeps data.
    #[node_type(
        order = 1,
        port(data = 9000),
        storage(data = "/data", size = "1Gi"),
        empty_dirs("/tmp"),
        read_only_root,
        run_as(user = 1000),
        publish_not_ready,
        talks_to("store")
    )]
    pub store: Option<NodeSpec>,
    /// Ships logs from every machine.
    #[node_type(workload = DaemonSet, order = 1)]
    pub agent: Option<NodeSpec>,
}

impl Customize for FullSpec {
    const KINDS: &'static [&'static ChildKind] = &[&CRON_JOB];

    fn customize(&self, scope: &Scope<'_>, children: &mut Children) -> Result<(), HookError> {
        match (scope.node, &self.clean) {
            (Some(node), _) if node.node_type.name == "api" => children.pod(|pod: &mut PodTemplateSpec| {
                pod.metadata
                    .get_or_insert_default()
                    .annotations
                    .get_or_insert_default()
                    .insert("hooked".into(), "yes".into());
            }),
            (None, Some(schedule)) => children.add(cron_job(&scope.cluster.name, schedule, &self.image)),
            _ => Ok(()),
        }
    }
}

static CRON_JOB: ChildKind = ChildKind::of::<CronJob>();

fn cron_job(cluster: &str, schedule: &str, image: &str) -> CronJob {
    serde_json::from_value(json!({
        "metadata": { "name": format!("{cluster}-clean") },
        "spec": {
            "schedule": schedule,
            "jobTemplate": { "spec": { "template": { "spec": {
                "restartPolicy": "Never",
                "containers": [{ "name": "clean", "image": image }],
            } } } },
        },
    }))
    .unwrap_or_default()
}

/// Every child kind that the API server of the testbed has by itself.
pub fn everything() -> Value {
    json!({
        "image": "example.com/full:1",
        "clean": "0 3 * * *",
        "migration": {},
        "api": {
            "ingress": { "hosts": ["full.example.com"] },
            "autoscaling": { "minReplicas": 2, "maxReplicas": 5 },
            "resources": { "requests": { "cpu": "100m" } },
            "networkPolicy": { "enabled": true },
            "service": { "external": { "type": "NodePort" } },
        },
        "store": { "replicas": 2, "networkPolicy": { "enabled": true } },
        "agent": {},
    })
}

/// Waits until the operator has asked nothing for a while.
async fn settled(setup: &Setup) {
    let mut before = usize::MAX;
    loop {
        let now = setup.requests().await.len();
        if now == before {
            return;
        }
        before = now;
        tokio::time::sleep(Duration::from_secs(2)).await;
    }
}

#[tokio::test]
async fn every_kind_of_child_is_made_with_one_write_and_then_nothing_is_asked() {
    let setup = Setup::of_kind::<Full>("full").await;
    setup.ready_as::<Full>("a", everything()).await;
    eventually("the autoscaler to ask for its fewest pods", || async {
        let replicas = setup.api::<Deployment>().get("a-api").await.unwrap().spec.unwrap().replicas;
        if replicas == Some(2) { Ok(()) } else { Err(format!("{replicas:?}")) }
    })
    .await;
    setup.reason_of::<Full>("a", "Ready").await;
    settled(&setup).await;
    let mut names = BTreeMap::new();
    names.insert("Secret", setup.names_of::<Secret, Full>().await);
    names.insert("ServiceAccount", setup.names_of::<ServiceAccount, Full>().await);
    names.insert("Role", setup.names_of::<Role, Full>().await);
    names.insert("RoleBinding", setup.names_of::<RoleBinding, Full>().await);
    names.insert("Service", setup.names_of::<k8s_openapi::api::core::v1::Service, Full>().await);
    names.insert("NetworkPolicy", setup.names_of::<NetworkPolicy, Full>().await);
    names.insert("PodDisruptionBudget", setup.names_of::<PodDisruptionBudget, Full>().await);
    names.insert("Ingress", setup.names_of::<Ingress, Full>().await);
    names.insert("StatefulSet", setup.names_of::<StatefulSet, Full>().await);
    names.insert("Deployment", setup.names_of::<Deployment, Full>().await);
    names.insert("DaemonSet", setup.names_of::<DaemonSet, Full>().await);
    names.insert("HorizontalPodAutoscaler", setup.names_of::<HorizontalPodAutoscaler, Full>().await);
    names.insert("CronJob", setup.names_of::<CronJob, Full>().await);
    let jobs = setup.names_of::<Job, Full>().await;
    assert_eq!(jobs.len(), 1, "{jobs:?}");
    let expected = BTreeMap::from([
        ("Secret", vec!["a-database"]),
        ("ServiceAccount", vec!["a-api"]),
        ("Role", vec!["a-api"]),
        ("RoleBinding", vec!["a-api"]),
        ("Service", vec!["a-api", "a-api-external", "a-store"]),
        ("NetworkPolicy", vec!["a-api", "a-store"]),
        ("PodDisruptionBudget", vec!["a-api", "a-store"]),
        ("Ingress", vec!["a-api"]),
        ("StatefulSet", vec!["a-store"]),
        ("Deployment", vec!["a-api"]),
        ("DaemonSet", vec!["a-agent"]),
        ("HorizontalPodAutoscaler", vec!["a-api"]),
        ("CronJob", vec!["a-clean"]),
    ]);
    assert_eq!(
        names,
        expected.into_iter().map(|(kind, names)| (kind, names.into_iter().map(str::to_owned).collect())).collect()
    );
    let children = names.values().map(Vec::len).sum::<usize>() + jobs.len();

    let mut requests = setup.requests().await;
    let before = requests.len();
    // Watches begin with a list, once: but for ConfigMaps and Services, whose first lists are streamed. No install costs that again.
    let begins = |request: &Request| request.verb == "list";
    let listed: Vec<&str> = requests.iter().filter(|it| begins(it)).map(|request| &*request.resource).collect();
    assert_eq!(listed.iter().collect::<BTreeSet<_>>().len(), listed.len(), "{listed:?}");
    assert!(!listed.iter().any(|resource| ["configmaps", "services"].contains(resource)), "{listed:?}");
    requests.retain(|request| !begins(request));
    let creates = requests.iter().filter(|request| request.code == 201).count();
    let status = requests.iter().filter(|request| request.subresource == "status").count();
    assert_eq!(creates, children + 1, "and the spec, once all of it was accepted: {requests:#?}");
    assert_eq!(requests.len(), creates + status, "nothing is read or written twice: {requests:#?}");
    tokio::time::sleep(Duration::from_secs(10)).await;
    let later = setup.requests().await;
    assert_eq!(later.len(), before, "{:#?}", &later[before..]);

    let pod = setup.api::<Deployment>().get("a-api").await.unwrap().spec.unwrap().template;
    assert_eq!(pod.metadata.unwrap().annotations.unwrap().get("hooked").map(String::as_str), Some("yes"));
    let args = pod.spec.unwrap().containers.remove(0).args.unwrap();
    assert_eq!(args, ["--store".to_owned(), format!("a-store.{}.svc:9000", setup.namespace)]);

    // All but the image can go.
    setup.ready_as::<Full>("a", json!({ "image": "example.com/full:1", "store": {} })).await;
    eventually("what is no longer wanted to be gone", || async {
        let mut left = setup.names_of::<CronJob, Full>().await;
        left.extend(setup.names_of::<Job, Full>().await);
        left.extend(setup.names_of::<Role, Full>().await);
        left.extend(setup.names_of::<Ingress, Full>().await);
        left.extend(setup.names_of::<NetworkPolicy, Full>().await);
        left.extend(setup.names_of::<PodDisruptionBudget, Full>().await);
        left.extend(setup.names_of::<HorizontalPodAutoscaler, Full>().await);
        left.extend(setup.names_of::<DaemonSet, Full>().await);
        if left.is_empty() { Ok(()) } else { Err(format!("{left:?}")) }
    })
    .await;
}

#[tokio::test]
async fn a_generated_secret_is_kept_and_a_named_one_rolls_its_readers_when_it_changes() {
    let setup = Setup::of_kind::<Full>("secrets").await;
    let spec = json!({ "image": "example.com/full:1", "store": {}, "licence": { "secretName": "licence" } });
    setup.apply_as::<Full>("a", spec).await.unwrap();
    let waits = setup.reason_of::<Full>("a", "Waiting").await;
    assert!(waits.contains("store: Secret licence/licence is not there yet"), "{waits}");
    assert!(setup.names_of::<StatefulSet, Full>().await.is_empty());

    let secrets = setup.api::<Secret>();
    let licence = |key: &str| json!({ "apiVersion": "v1", "kind": "Secret", "metadata": { "name": "licence" }, "stringData": { "licence": key } });
    let params = PatchParams::apply("user").force();
    secrets.patch("licence", &params, &Patch::Apply(licence("one"))).await.unwrap();
    setup.reason_of::<Full>("a", "Ready").await;
    let is_write = |request: &&Request| request.resource == "statefulsets" && request.verb != "list";
    let writes = setup.requests().await.iter().filter(is_write).count();
    assert_eq!(writes, 1, "the hash is there in the first apply");

    let password = |secret: Secret| secret.data.and_then(|mut data| data.remove("database")).map(|bytes| bytes.0);
    let before = password(secrets.get("a-database").await.unwrap()).unwrap();
    assert_eq!(before.len(), 32);
    assert!(before.iter().all(u8::is_ascii_alphanumeric));
    // A label that someone takes away is put back; the password stays.
    let label = json!({ "metadata": { "labels": { "app.kubernetes.io/instance": "x" } } });
    secrets.patch("a-database", &PatchParams::default(), &Patch::Merge(label)).await.unwrap();
    eventually("the label to be put back", || async {
        let secret = secrets.get("a-database").await.unwrap();
        let label = secret.labels().get("app.kubernetes.io/instance").cloned();
        if label.as_deref() == Some("a") { Ok(()) } else { Err(format!("{label:?}")) }
    })
    .await;
    assert_eq!(password(secrets.get("a-database").await.unwrap()), Some(before.clone()));

    let pods = setup.pods_of::<Full>().await;
    secrets.patch("licence", &params, &Patch::Apply(licence("two"))).await.unwrap();
    eventually("the pods to be replaced", || async {
        let now = setup.pods_of::<Full>().await;
        let ready = setup.api::<Full>().get("a").await.unwrap().status.is_some_and(|status| status.is_ready());
        if now.len() == pods.len() && now != pods && ready { Ok(()) } else { Err(format!("{now:?}")) }
    })
    .await;

    // One that goes away rolls nothing, and nothing is written until it is back.
    let pods = setup.pods_of::<Full>().await;
    secrets.delete("licence", &DeleteParams::default()).await.unwrap();
    setup.reason_of::<Full>("a", "Waiting").await;
    secrets.patch("licence", &params, &Patch::Apply(licence("two"))).await.unwrap();
    setup.reason_of::<Full>("a", "Ready").await;
    assert_eq!(setup.pods_of::<Full>().await, pods);

    // Nothing that people read shows any of it.
    let events = format!(
        "{:?}",
        setup.api::<k8s_openapi::api::events::v1::Event>().list(&ListParams::default()).await.unwrap().items
    );
    let cluster = format!("{:?}", setup.api::<Full>().get("a").await.unwrap());
    let before = String::from_utf8(before).unwrap();
    assert!(!events.contains(&before) && !cluster.contains(&before));
}

#[tokio::test]
async fn nodes_wait_for_an_external_until_it_is_there() {
    let setup = Setup::of_kind::<Full>("external").await;
    let port = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let spec = json!({ "image": "example.com/full:1", "store": {}, "zookeeper": port.to_string() });
    setup.apply_as::<Full>("a", spec.clone()).await.unwrap();
    let waits = setup.reason_of::<Full>("a", "WaitingForExternal").await;
    assert!(waits.contains("zookeeper") && waits.contains(&port.to_string()), "{waits}");
    assert!(setup.names_of::<StatefulSet, Full>().await.is_empty());
    let listener = TcpListener::bind(port).await.unwrap();
    setup.reason_of::<Full>("a", "Ready").await;
    // It runs: what becomes of the external now is not asked.
    drop(listener);
    settled(&setup).await;
    setup.reason_of::<Full>("a", "Ready").await;
    setup.apply_as::<Full>("a", with(spec, [("/zookeeper", json!("no address"))])).await.expect_err("it is no address");
}

#[tokio::test]
async fn what_has_a_higher_order_waits_for_a_job_that_runs_once_per_image_and_configuration() {
    let setup = Setup::of_kind::<Full>("job").await;
    let never = json!({ "operator-testbed/pod": "never-ready" });
    let spec = json!({ "image": "example.com/full:1", "store": {}, "migration": { "terminationGracePeriodSeconds": 1, "podAnnotations": never } });
    setup.apply_as::<Full>("a", spec.clone()).await.unwrap();
    let waits = setup.reason_of::<Full>("a", "Waiting").await;
    assert!(waits.contains("store") && waits.contains("migration"), "{waits}");
    assert!(setup.names_of::<StatefulSet, Full>().await.is_empty());
    let first = setup.names_of::<Job, Full>().await;
    // What a Job is doesn't change once it is there: another image makes another.
    let spec =
        json!({ "image": "example.com/full:2", "store": {}, "migration": { "terminationGracePeriodSeconds": 1 } });
    setup.ready_as::<Full>("a", spec.clone()).await;
    let second = setup.names_of::<Job, Full>().await;
    assert_ne!(first, second);
    assert_eq!(second.len(), 1);
    let uid = setup.api::<Job>().get(&second[0]).await.unwrap().metadata.uid;
    // Other settings don't run it again.
    setup.ready_as::<Full>("a", with(spec, [("/migration/terminationGracePeriodSeconds", json!(5))])).await;
    settled(&setup).await;
    assert_eq!(setup.api::<Job>().get(&second[0]).await.unwrap().metadata.uid, uid);
}

#[tokio::test]
async fn an_autoscaler_takes_over_and_gives_back_without_a_jump() {
    let setup = Setup::of_kind::<Full>("scale").await;
    let api = |node: Value| json!({ "image": "example.com/full:1", "api": node, "store": { "replicas": 0 } });
    let autoscaling = json!({ "minReplicas": 2, "maxReplicas": 9 });
    let cpu = json!({ "requests": { "cpu": "100m" } });
    let seen = async || setup.api::<Deployment>().get("a-api").await.unwrap().spec.unwrap().replicas.unwrap();
    let watch = tokio::spawn({
        let deployments = setup.api::<Deployment>();
        async move {
            let mut seen = Vec::new();
            loop {
                if let Ok(Some(deployment)) = deployments.get_opt("a-api").await {
                    let replicas = deployment.spec.and_then(|spec| spec.replicas).unwrap_or_default();
                    if seen.last() != Some(&replicas) {
                        seen.push(replicas);
                    }
                    if replicas == 4 {
                        return seen;
                    }
                }
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        }
    });
    setup.ready_as::<Full>("a", api(json!({ "replicas": 3, "resources": cpu }))).await;
    setup.ready_as::<Full>("a", api(json!({ "replicas": 3, "resources": cpu, "autoscaling": autoscaling }))).await;
    assert_eq!(seen().await, 3);
    // As the autoscaler would.
    let scale = json!({ "spec": { "replicas": 6 } });
    setup.api::<Deployment>().patch_scale("a-api", &PatchParams::default(), &Patch::Merge(scale)).await.unwrap();
    settled(&setup).await;
    assert_eq!(seen().await, 6);
    // Turned off without a word on the number: it stays.
    setup.ready_as::<Full>("a", api(json!({ "resources": cpu }))).await;
    settled(&setup).await;
    assert_eq!(seen().await, 6);
    setup.ready_as::<Full>("a", api(json!({ "replicas": 4, "resources": cpu }))).await;
    assert_eq!(watch.await.unwrap(), [3, 6, 4]);
    assert!(setup.names_of::<HorizontalPodAutoscaler, Full>().await.is_empty());
}

#[tokio::test]
async fn claims_grow_with_the_storage() {
    let setup = Setup::of_kind::<Full>("grow").await;
    let store = |size: &str, replicas: i32| json!({ "image": "example.com/full:1", "store": { "replicas": replicas, "storage": { "data": { "size": size } } } });
    setup.ready_as::<Full>("a", store("1Gi", 2)).await;
    let pods = setup.pods_of::<Full>().await;
    setup.ready_as::<Full>("a", store("2Gi", 2)).await;
    let sizes = async || {
        let claims = setup.api::<PersistentVolumeClaim>().list(&ListParams::default()).await.unwrap();
        let size = |claim: PersistentVolumeClaim| {
            claim.spec.and_then(|spec| spec.resources?.requests?.remove("storage")).map(|size| size.0)
        };
        claims.into_iter().filter_map(size).collect::<Vec<String>>()
    };
    eventually("the claims to grow", || async {
        let sizes = sizes().await;
        if sizes == ["2Gi", "2Gi"] { Ok(()) } else { Err(format!("{sizes:?}")) }
    })
    .await;
    assert_eq!(setup.pods_of::<Full>().await, pods, "no pod is restarted");
    settled(&setup).await;
    let requests = setup.requests().await.len();
    tokio::time::sleep(Duration::from_secs(5)).await;
    assert_eq!(setup.requests().await.len(), requests);
}

#[tokio::test]
async fn the_pods_of_everything_are_accepted_where_restricted_is_enforced() {
    let setup = Setup::of_kind::<Full>("restricted").await;
    setup.enforce_restricted().await;
    setup.ready_as::<Full>("a", everything()).await;
    let pods = setup.api::<Pod>().list(&ListParams::default()).await.unwrap().items;
    assert!(pods.len() >= 5, "{}", pods.len());
    for pod in &pods {
        let spec = pod.spec.as_ref().unwrap();
        let context = spec.security_context.clone().unwrap();
        assert_eq!(context.run_as_non_root, Some(true), "{}", pod.name_any());
        let token = pod.labels().get("app.kubernetes.io/component").is_some_and(|component| component == "api");
        assert_eq!(spec.automount_service_account_token, Some(token), "{}", pod.name_any());
    }
}
