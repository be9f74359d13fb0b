//! Kinds that the API server may lack, and kinds that only an earlier build of the operator declared.

use std::time::Duration;

use k8s_openapi::{
    api::{batch::v1::CronJob, core::v1::PersistentVolumeClaim},
    apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition,
};
use kube::{
    Api,
    api::{ApiResource, DeleteParams, DynamicObject, PostParams},
    core::GroupVersionKind,
};
use operator_core::{
    model::{Kind, kind::ChildKind},
    prelude::*,
    render::{Children, Customize, HookError, Scope},
};
use operator_testbed::{Request, Testbed};
use serde_json::{Value, json};

use crate::setup::{OPTIONAL_KINDS, Setup, eventually, install, uninstall, with};

/// A schedule over which the hook never ends.
pub const FOR_EVER: &str = "for ever";

/// A data system that Prometheus scrapes and that cleans up after itself.
#[derive(DataOperator, Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[operator(group = "optional.example.com", version = "v1", kind = "Optional")]
pub struct OptionalSpec {
    /// Image of every node.
    #[operator(image)]
    pub image: String,
    /// How often what is old is thrown away, as a CronJob has it.
    pub clean: Option<String>,
    /// Keeps data.
    #[node_type(port(http = 8080), metrics(port = "http"), storage(data = "/data", size = "2Gi"))]
    pub store: NodeSpec,
}

impl Customize for OptionalSpec {
    const KINDS: &'static [&'static ChildKind] = &[&CRON_JOB];

    fn customize(&self, scope: &Scope<'_>, children: &mut Children) -> Result<(), HookError> {
        let (None, Some(schedule)) = (scope.node, &self.clean) else { return Ok(()) };
        if schedule == FOR_EVER {
            loop {
                std::thread::park();
            }
        }
        let pod = json!({ "restartPolicy": "Never", "containers": [{ "name": "clean", "image": self.image }] });
        let job = json!({ "spec": { "template": { "spec": pod } } });
        let name = format!("{}-clean", scope.cluster.name);
        let clean = json!({ "metadata": { "name": name }, "spec": { "schedule": schedule, "jobTemplate": job } });
        children.add(serde_json::from_value::<CronJob>(clean).map_err(|error| error.to_string())?)
    }
}

static CRON_JOB: ChildKind = ChildKind::of::<CronJob>();

/// The same kind, by a build that leaves cleaning up to the data system.
mod newer {
    use operator_core::prelude::*;

    /// A data system that Prometheus scrapes.
    #[derive(DataOperator, Clone, Debug, Serialize, Deserialize, JsonSchema)]
    #[operator(group = "optional.example.com", version = "v1", kind = "Optional")]
    pub struct OptionalSpec {
        /// Image of every node.
        #[operator(image)]
        pub image: String,
        /// Keeps data.
        #[node_type(port(http = 8080), metrics(port = "http"), storage(data = "/data", size = "2Gi"))]
        pub store: NodeSpec,
    }
}

pub fn plain() -> Value {
    json!({ "image": "example.com/optional:1", "store": { "replicas": 1 } })
}

/// The part of the Prometheus operator's CustomResourceDefinition that matters here.
fn service_monitors() -> CustomResourceDefinition {
    let schema = json!({ "type": "object", "x-kubernetes-preserve-unknown-fields": true });
    serde_json::from_value(json!({
        "metadata": { "name": "servicemonitors.monitoring.coreos.com" },
        "spec": {
            "group": "monitoring.coreos.com", "scope": "Namespaced",
            "names": { "kind": "ServiceMonitor", "plural": "servicemonitors" },
            "versions": [{ "name": "v1", "served": true, "storage": true, "schema": { "openAPIV3Schema": schema } }],
        },
    }))
    .unwrap()
}

impl Setup {
    /// Waits until the inventory has children of these kinds, beside those that every cluster has.
    async fn remembers(&self, kinds: &[&str]) {
        let wanted = format!("to remember {kinds:?}");
        self.cluster("a", &wanted, |cluster: &Optional| {
            let kinds_now = cluster.status.iter().flat_map(|status| status.inventory.kinds());
            let names = |kind: &Kind| cluster.status.as_ref().is_some_and(|it| !it.inventory.0[&kind.id()].is_empty());
            let rare = kinds_now.filter(|kind| kind.is_optional() && names(kind)).map(|kind| kind.id());
            rare.collect::<Vec<_>>() == kinds
        })
        .await;
    }
}

#[tokio::test]
async fn an_optional_kind_is_left_out_until_it_is_installed_and_pruned_also_after_a_restart() {
    // The kinds are the whole control plane's: no other test has them meanwhile.
    let _alone = OPTIONAL_KINDS.write().await;
    uninstall(&Testbed::shared().await.unwrap().client().await.unwrap(), "servicemonitors.monitoring.coreos.com").await;
    let mut setup = Setup::of_kind::<Optional>("monitor").await;
    let monitored = with(plain(), [("/store/serviceMonitor", json!({}))]);
    setup.ready_as::<Optional>("a", monitored.clone()).await;
    let message = setup.reason_of::<Optional>("a", "Ready").await;
    assert!(message.ends_with("; ServiceMonitor a-store is left out: its CRD is not installed"), "{message}");

    install(&setup.client, service_monitors()).await;
    let kind = GroupVersionKind::gvk("monitoring.coreos.com", "v1", "ServiceMonitor");
    let resource = ApiResource::from_gvk_with_plural(&kind, "servicemonitors");
    let monitors: Api<DynamicObject> = Api::namespaced_with(setup.client.clone(), &setup.namespace, &resource);
    let there = async |wanted: bool| {
        eventually(&format!("the ServiceMonitor to be there: {wanted}"), || async {
            let there = monitors.get_opt("a-store").await.unwrap();
            if there.is_some() == wanted { Ok(()) } else { Err(format!("{there:?}")) }
        })
        .await;
    };
    there(true).await;
    setup
        .cluster("a", "to say no more of it", |cluster: &Optional| {
            let ready = cluster.status.as_ref().and_then(|status| status.condition("Ready"));
            ready.is_some_and(|ready| ready.status == "True" && !ready.message.contains("left out"))
        })
        .await;
    setup.remembers(&["monitoring.coreos.com/v1/ServiceMonitor/servicemonitors"]).await;
    let requests = setup.requests().await;
    let of_monitors: Vec<_> =
        requests.iter().filter(|it| it.resource == "servicemonitors" && it.verb != "list").collect();
    assert!(matches!(of_monitors[..], [only] if only.code == 201), "{of_monitors:#?}");

    // A restart finds it and writes nothing; a change while nothing runs is found out.
    setup.stop().await;
    let before = setup.requests().await.len();
    setup.start::<Optional>().await;
    tokio::time::sleep(Duration::from_secs(2)).await;
    let requests = setup.requests().await.split_off(before);
    assert!(requests.iter().all(|request| request.verb == "list"), "{requests:#?}");
    setup.stop().await;
    setup.apply_as::<Optional>("a", plain()).await.unwrap();
    setup.start::<Optional>().await;
    there(false).await;
    setup.remembers(&[]).await;

    // One that goes with its kind is nobody's concern.
    setup.ready_as::<Optional>("a", monitored).await;
    there(true).await;
    let crds: Api<CustomResourceDefinition> = Api::all(setup.client.clone());
    crds.delete("servicemonitors.monitoring.coreos.com", &DeleteParams::default()).await.unwrap();
    let left_out = |cluster: &Optional| {
        let ready = cluster.status.as_ref().and_then(|status| status.condition("Ready"));
        ready.is_some_and(|ready| ready.status == "True" && ready.message.contains("left out"))
    };
    setup.cluster("a", "to say that it is left out again", left_out).await;
}

#[tokio::test]
async fn what_an_earlier_build_declared_is_pruned_by_one_that_no_longer_does() {
    let mut setup = Setup::of_kind::<Optional>("earlier").await;
    setup.ready_as::<Optional>("a", with(plain(), [("/clean", json!("0 3 * * *"))])).await;
    assert_eq!(setup.names_of::<CronJob, Optional>().await, ["a-clean"]);
    setup.remembers(&["batch/v1/CronJob/cronjobs"]).await;
    let requests = setup.requests().await;
    let first = |is: fn(&Request) -> bool| requests.iter().position(is);
    let (said, made) =
        (first(|it| it.subresource == "status"), first(|it| it.resource == "cronjobs" && it.verb != "list"));
    assert!(said < made, "it is remembered before there is something to forget: {requests:#?}");
    let pods = setup.pods_of::<Optional>().await;
    setup.stop().await;
    let before = setup.requests().await.len();
    setup.start::<newer::Optional>().await;
    // As far as that build can tell, a newer one declares it: nothing is taken down.
    let message = setup.reason_of::<newer::Optional>("a", "InvalidSpec").await;
    assert_eq!(
        message,
        "spec.clean: this version of the operator does not know it; look for a typing mistake, or run a version that does"
    );
    assert_eq!(setup.names_of::<CronJob, Optional>().await, ["a-clean"]);
    setup.apply_as::<Optional>("a", plain()).await.unwrap();
    setup.remembers(&[]).await;
    assert!(setup.names_of::<CronJob, Optional>().await.is_empty());
    let writes = setup.requests().await.split_off(before);
    let writes: Vec<_> = writes.iter().filter(|request| !["list", "get"].contains(&&*request.verb)).collect();
    let of_others = writes.iter().filter(|write| {
        !["cronjobs", "controllerrevisions"].contains(&&*write.resource) && write.subresource != "status"
    });
    assert_eq!(of_others.count(), 0, "{writes:#?}");
    assert_eq!(setup.pods_of::<Optional>().await, pods);
}

#[tokio::test]
async fn a_claim_that_appears_is_seen_and_grown() {
    let setup = Setup::of_kind::<Optional>("claim").await;
    setup.ready_as::<Optional>("a", plain()).await;
    let claims = setup.api::<PersistentVolumeClaim>();
    let mut claim = claims.get("data-a-store-0").await.unwrap();
    // As one that was restored for a pod to come, smaller than it shall be now.
    let restored = json!({
        "metadata": { "name": "data-a-store-1", "labels": claim.metadata.labels.take() },
        "spec": { "accessModes": ["ReadWriteOnce"], "resources": { "requests": { "storage": "1Gi" } } },
    });
    claims.create(&PostParams::default(), &serde_json::from_value(restored).unwrap()).await.unwrap();
    eventually("the claim to grow", || async {
        let claim = claims.get("data-a-store-1").await.unwrap();
        let size = claim.spec.as_ref().and_then(|spec| spec.resources.as_ref()?.requests.as_ref()?.get("storage"));
        if size.is_some_and(|size| size.0 == "2Gi") { Ok(()) } else { Err(format!("{claim:?}")) }
    })
    .await;
}
