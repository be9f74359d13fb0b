//! What an author's hook adds is treated as what core makes: its health, its rows, its claims, its place in the order.

use std::time::Duration;

use k8s_openapi::api::{
    apps::v1::{DaemonSet, Deployment, StatefulSet},
    autoscaling::v2::HorizontalPodAutoscaler,
    batch::v1::{CronJob, Job},
    core::v1::{ConfigMap, PersistentVolumeClaim, Secret, Service, ServiceAccount},
    networking::v1::{Ingress, NetworkPolicy},
    policy::v1::PodDisruptionBudget,
    rbac::v1::{Role, RoleBinding},
    scheduling::v1::PriorityClass,
};
use kube::{
    Api,
    api::{DeleteParams, ListParams, Patch, PatchParams, PostParams},
};
use operator_core::{
    model::Identity,
    prelude::*,
    render::{Author, customize::Customization, render},
};
use operator_testbed::Request;
use serde_json::{Value, json};

use crate::{
    fields,
    full::{self, Full},
    kinds::Data,
    setup::{Setup, eventually, with},
};

/// A data system most of which comes from a hook.
#[derive(DataOperator, Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[operator(group = "hooked.example.com", version = "v1", kind = "Hooked")]
#[serde(rename_all = "camelCase")]
pub struct HookedSpec {
    /// Image of all pods.
    #[operator(image)]
    pub image: String,
    /// Size of the claims that the hook adds. None: it adds nothing.
    pub size: Option<String>,
    /// Value of the PriorityClass that the hook adds, which is in no namespace.
    pub priority: Option<i32>,
    /// How the testbed treats the pods of the Job that the hook adds.
    pub seed: Option<String>,
    /// Keeps data.
    #[node_type(order = 1)]
    pub store: Option<NodeSpec>,
}

impl Customize for HookedSpec {
    const KINDS: &'static [&'static ChildKind] = &[&CRON_JOB, &CLAIM, &PRIORITY];

    fn customize(&self, scope: &Scope<'_>, children: &mut Children) -> Result<(), HookError> {
        if let (None, Some(value)) = (scope.node, self.priority) {
            let class = format!("{}-{}", scope.cluster.namespace, scope.cluster.name);
            children.add::<PriorityClass>(typed(json!({ "metadata": { "name": class }, "value": value }))?)?;
        }
        let (None, Some(size)) = (scope.node, &self.size) else { return Ok(()) };
        let name = |of: &str| json!({ "name": format!("{}-{of}", scope.cluster.name) });
        let pod = |of: &str| {
            let seed = self.seed.iter().filter(|_| of == "seed");
            let annotations: BTreeMap<&str, &String> = seed.map(|seed| ("operator-testbed/pod", seed)).collect();
            let spec = json!({ "containers": [{ "name": "main", "image": self.image }] });
            json!({ "metadata": { "labels": { "app": of }, "annotations": annotations }, "spec": spec })
        };
        let once = |of: &str| with(pod(of), [("/spec/restartPolicy", json!("Never"))]);
        let claim = json!({ "accessModes": ["ReadWriteOnce"], "resources": { "requests": { "storage": size } } });
        let selector = |of: &str| json!({ "matchLabels": { "app": of } });
        children.add::<StatefulSet>(typed(json!({ "metadata": name("cache"), "spec": {
            "replicas": 2, "selector": selector("cache"), "template": pod("cache"),
            "volumeClaimTemplates": [{ "metadata": { "name": "data" }, "spec": claim }],
        } }))?)?;
        children.add::<Deployment>(typed(
            json!({ "metadata": name("ui"), "spec": { "selector": selector("ui"), "template": pod("ui") } }),
        )?)?;
        children.add::<Job>(typed(json!({ "metadata": name("seed"), "spec": { "template": once("seed") } }))?)?;
        children.add::<CronJob>(typed(json!({ "metadata": name("clean"), "spec": {
            "schedule": "0 3 * * *", "jobTemplate": { "spec": { "template": once("clean") } },
        } }))?)?;
        children.add::<PersistentVolumeClaim>(typed(json!({ "metadata": name("shared"), "spec": claim }))?)
    }
}

static CRON_JOB: ChildKind = ChildKind::of::<CronJob>();
static CLAIM: ChildKind = ChildKind::of::<PersistentVolumeClaim>();
static PRIORITY: ChildKind = ChildKind::cluster_scoped::<PriorityClass>();

fn typed<K: serde::de::DeserializeOwned>(json: Value) -> Result<K, HookError> {
    serde_json::from_value(json).map_err(|error| error.to_string().into())
}

fn spec() -> Value {
    json!({ "image": "example.com/hooked:1", "size": "1Gi" })
}

impl Setup {
    /// The rows of the cluster: `<node> <ready>/<wanted>`.
    async fn rows(&self) -> Vec<String> {
        let status = self.api::<Hooked>().get("a").await.unwrap().status.unwrap_or_default();
        status.nodes.iter().map(|node| format!("{} {}/{}", node.name, node.ready, node.replicas)).collect()
    }

    /// The sizes of all claims.
    async fn sizes(&self) -> Vec<(String, String)> {
        let claims = self.api::<PersistentVolumeClaim>().list(&ListParams::default()).await.unwrap();
        let size = |claim: PersistentVolumeClaim| {
            Some((claim.metadata.name?, claim.spec?.resources?.requests?.remove("storage")?.0))
        };
        claims.into_iter().filter_map(size).collect()
    }

    /// Nothing is written for a while.
    async fn quiet_for_a_while(&self) {
        self.at_rest::<Hooked>("a").await;
        tokio::time::sleep(Duration::from_secs(1)).await;
        let before = self.requests().await.len();
        tokio::time::sleep(Duration::from_secs(3)).await;
        let later = self.requests().await.split_off(before);
        assert!(later.is_empty(), "{later:#?}");
    }
}

#[tokio::test]
async fn what_a_hook_adds_counts_holds_nobody_back_and_survives_a_restart() {
    let mut setup = Setup::of_kind::<Hooked>("hooked").await;
    let waiting = with(spec(), [("/seed", json!("never-ready")), ("/store", json!({}))]);
    setup.apply_as::<Hooked>("a", waiting).await.unwrap();
    // The Job of the hook never ends: the cluster isn't ready, but the store, of a higher order, is.
    eventually("all but the Job to be ready", || async {
        let rows = setup.rows().await;
        if rows == ["store 1/1", "cache 2/2", "ui 1/1", "seed 0/1"] { Ok(()) } else { Err(format!("{rows:?}")) }
    })
    .await;
    let message = setup.reason_of::<Hooked>("a", "Progressing").await;
    assert_eq!(message, "seed: its Job is running");
    // It runs anew with another image.
    let newer = with(spec(), [("/image", json!("example.com/hooked:2"))]);
    let cluster = setup.ready_as::<Hooked>("a", with(newer, [("/store", json!({}))])).await;
    assert_eq!(cluster.status.unwrap().ready, "5/5");
    setup.quiet_for_a_while().await;

    setup.stop().await;
    let before = setup.requests().await.len();
    setup.start::<Hooked>().await;
    tokio::time::sleep(Duration::from_secs(3)).await;
    let writes = setup.requests().await.split_off(before);
    let writes: Vec<&Request> = writes.iter().filter(|request| request.verb != "list").collect();
    assert!(writes.is_empty(), "{writes:#?}");

    // Another image: pods are replaced, workloads are changed where they can be, and the Job runs again.
    let uid = async || setup.api::<StatefulSet>().get("a-cache").await.unwrap().metadata.uid;
    let (set, job) = (uid().await, setup.names_of::<Job, Hooked>().await);
    setup.ready_as::<Hooked>("a", with(spec(), [("/image", json!("example.com/hooked:3"))])).await;
    assert_eq!(uid().await, set);
    let jobs = setup.names_of::<Job, Hooked>().await;
    assert!(jobs.len() == 1 && jobs != job, "{jobs:?} after {job:?}");
    assert_eq!(setup.rows().await, ["cache 2/2", "ui 1/1", "seed 1/1"]);
    setup.quiet_for_a_while().await;
}

#[tokio::test]
async fn claims_of_a_hook_grow_and_stay_like_those_of_nodes() {
    let setup = Setup::of_kind::<Hooked>("hookedclaims").await;
    setup.ready_as::<Hooked>("a", spec()).await;
    let all =
        |size: &str| ["a-shared", "data-a-cache-0", "data-a-cache-1"].map(|name| (name.to_owned(), size.to_owned()));
    assert_eq!(setup.sizes().await, all("1Gi"));
    setup.ready_as::<Hooked>("a", with(spec(), [("/size", json!("2Gi"))])).await;
    eventually("the claims to grow", || async {
        let sizes = setup.sizes().await;
        if sizes == all("2Gi") { Ok(()) } else { Err(format!("{sizes:?}")) }
    })
    .await;
    setup.quiet_for_a_while().await;
    setup.apply_as::<Hooked>("a", spec()).await.unwrap();
    let message = setup.reason_of::<Hooked>("a", "InvalidSpec").await;
    assert!(message.contains("StatefulSet a-cache: data has 2Gi and can't shrink to 1Gi"), "{message}");

    // What the hook no longer adds is pruned, claims aside.
    setup.ready_as::<Hooked>("a", json!({ "image": "example.com/hooked:1", "store": {} })).await;
    eventually("what is no longer added to be gone", || async {
        let mut left = setup.names_of::<CronJob, Hooked>().await;
        left.extend(setup.names_of::<Job, Hooked>().await);
        left.extend(setup.names_of::<Deployment, Hooked>().await);
        left.extend(setup.names_of::<StatefulSet, Hooked>().await);
        if left == ["a-store"] { Ok(()) } else { Err(format!("{left:?}")) }
    })
    .await;
    assert_eq!(setup.sizes().await, all("2Gi"));
    setup.quiet_for_a_while().await;

    // They are the next cluster's of this name.
    setup.api::<Hooked>().delete("a", &DeleteParams::default()).await.unwrap();
    eventually("the cluster and what it had to be gone", || async {
        let left = setup.names_of::<StatefulSet, Hooked>().await;
        if left.is_empty() { Ok(()) } else { Err(format!("{left:?}")) }
    })
    .await;
    setup.ready_as::<Hooked>("a", with(spec(), [("/size", json!("2Gi"))])).await;
    assert_eq!(setup.sizes().await, all("2Gi"));
    setup.quiet_for_a_while().await;
}

/// Reads every object as its type has it, and changes nothing.
fn read_all(_: &Value, scope: &Scope<'_>, children: &mut Children) -> Result<(), HookError> {
    // Those of configuration files can only be read.
    for name in children.names::<ConfigMap>() {
        children.get::<ConfigMap>(&name)?;
    }
    children.change_all::<CronJob>(|_| ())?;
    children.change_all::<DaemonSet>(|_| ())?;
    children.change_all::<Deployment>(|_| ())?;
    children.change_all::<HorizontalPodAutoscaler>(|_| ())?;
    children.change_all::<Ingress>(|_| ())?;
    children.change_all::<Job>(|_| ())?;
    children.change_all::<NetworkPolicy>(|_| ())?;
    children.change_all::<PodDisruptionBudget>(|_| ())?;
    children.change_all::<Role>(|_| ())?;
    children.change_all::<RoleBinding>(|_| ())?;
    children.change_all::<Secret>(|_| ())?;
    children.change_all::<Service>(|_| ())?;
    children.change_all::<ServiceAccount>(|_| ())?;
    children.change_all::<StatefulSet>(|_| ())?;
    scope.node.map_or(Ok(()), |_| children.pod(|_| ()))
}

#[test]
fn a_hook_that_reads_everything_changes_nothing_of_any_field() {
    let full = std::iter::once((Author::of::<Full>(), full::everything()));
    for (author, spec) in fields::specs().into_iter().map(|spec| (Author::of::<Data>(), spec)).chain(full) {
        let identity = Identity { namespace: "n".to_owned(), name: "a".to_owned(), uid: "u".to_owned() };
        let rendered = |customize: Option<Customization>| {
            let spec = (author.read)(&spec).unwrap();
            let built = render(&identity, &spec, Author { customize, ..author });
            let built = built.unwrap_or_else(|invalid| panic!("{invalid:#?} {spec:#}"));
            built.objects.iter().map(|object| object.json.clone()).collect::<Vec<Value>>()
        };
        assert_eq!(rendered(Some(Customization { kinds: &[], call: read_all })), rendered(None), "{spec:#}");
    }
}

/// No garbage collector deletes it after the cluster: its owner would be in a namespace.
#[tokio::test]
async fn what_a_hook_adds_in_no_namespace_is_put_back_and_goes_before_the_cluster() {
    let mut setup = Setup::of_kind::<Hooked>("outside").await;
    let name = format!("{}-a", setup.namespace);
    let classes = Api::<PriorityClass>::all(setup.client.clone());
    let spec = |priority: Option<i32>| json!({ "image": "example.com/hooked:1", "store": {}, "priority": priority });
    let value = || async { classes.get_opt(&name).await.unwrap().map(|class| (class.value.unwrap(), class.metadata)) };
    setup.ready_as::<Hooked>("a", spec(Some(7))).await;
    let (_, metadata) = value().await.unwrap();
    assert_eq!(metadata.owner_references, None);
    let held = |cluster: &Hooked| cluster.metadata.finalizers == Some(vec!["hooked.example.com/cleanup".to_owned()]);
    setup.cluster::<Hooked>("a", "held", held).await;
    setup.quiet_for_a_while().await;

    classes.delete(&name, &DeleteParams::default()).await.unwrap();
    eventually("the class to come back", || async { value().await.ok_or("it is gone".to_owned()) }).await;
    let unmarked = json!({ "metadata": { "labels": { "app.kubernetes.io/managed-by": null } } });
    classes.patch(&name, &PatchParams::default(), &Patch::Merge(unmarked)).await.unwrap();
    eventually("the label to come back", || async {
        let labels = value().await.unwrap().1.labels.unwrap();
        labels.get("app.kubernetes.io/managed-by").map(drop).ok_or(format!("{labels:?}"))
    })
    .await;
    setup.ready_as::<Hooked>("a", spec(None)).await;
    eventually("the class to go", || async { value().await.map_or(Ok(()), |(value, _)| Err(value.to_string())) }).await;

    setup.ready_as::<Hooked>("a", spec(Some(9))).await;
    // Also where nobody remembers it.
    setup.stop().await;
    let wiped = json!({ "status": null });
    setup.api::<Hooked>().patch_status("a", &PatchParams::default(), &Patch::Merge(wiped)).await.unwrap();
    setup.api::<Hooked>().delete("a", &DeleteParams::default()).await.unwrap();
    assert!(setup.api::<Hooked>().get_opt("a").await.unwrap().is_some(), "it waits for its operator");
    setup.start::<Hooked>().await;
    eventually("the cluster to go", || async {
        setup.api::<Hooked>().get_opt("a").await.unwrap().map_or(Ok(()), |_| Err("it is there".to_owned()))
    })
    .await;
    assert!(value().await.is_none(), "the class went first");

    // Another cluster's is left alone, also where this one takes over what is nobody's.
    let labels =
        json!({ "app.kubernetes.io/managed-by": "hooked-operator", "hooked.example.com/cluster-uid": "1-2-3" });
    let other = json!({ "metadata": { "name": name, "labels": labels }, "value": 1 });
    classes.create(&PostParams::default(), &serde_json::from_value(other).unwrap()).await.unwrap();
    setup.apply_as::<Hooked>("a", spec(Some(9))).await.unwrap();
    let adopts = json!({ "metadata": { "annotations": { "hooked.example.com/adopt": "true" } } });
    setup.api::<Hooked>().patch("a", &PatchParams::default(), &Patch::Merge(adopts)).await.unwrap();
    let message = setup.reason_of::<Hooked>("a", "NameTaken").await;
    let whose = format!("PriorityClass {name} is there already and not this cluster's: the cluster with the UID 1-2-3");
    assert!(message.contains(&whose), "{message}");
    setup.api::<Hooked>().delete("a", &DeleteParams::default()).await.unwrap();
    eventually("the cluster to go", || async {
        setup.api::<Hooked>().get_opt("a").await.unwrap().map_or(Ok(()), |_| Err("it is there".to_owned()))
    })
    .await;
    assert_eq!(value().await.map(|(value, _)| value), Some(1));
    classes.delete(&name, &DeleteParams::default()).await.unwrap();
}
