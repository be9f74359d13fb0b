//! Plans, carried out step by step on the real control plane: claims, autoscaling, Secrets, Jobs.

use k8s_openapi::api::{
    apps::v1::{Deployment, StatefulSet},
    batch::v1::Job,
    core::v1::{PersistentVolume, PersistentVolumeClaim, Secret},
    storage::v1::StorageClass,
};
use kube::{
    Api, ResourceExt,
    api::{ListParams, Patch, PatchParams, PostParams},
};
use operator_core::{
    model::{Kind, kind::CLAIM},
    plan::Verb,
    prelude::*,
};
use serde_json::{Value, json};

use crate::setup::{Setup, eventually};

/// A data system of every kind of workload that has an order.
#[derive(DataOperator, Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[operator(group = "plans.example.com", version = "v1", kind = "Planned")]
pub struct PlannedSpec {
    /// Image of every node.
    #[operator(image)]
    pub image: String,
    /// Password of the database.
    #[secret(env = "PASSWORD", generate(length = 24))]
    pub password: Option<SecretRef>,
    /// Brings the database to the newest schema.
    #[node_type(workload = Job, order = 1)]
    pub migrate: Option<NodeSpec>,
    /// Answers queries.
    #[node_type(workload = Deployment, order = 2)]
    pub query: Option<NodeSpec>,
    /// Ships logs from every machine.
    #[node_type(workload = DaemonSet)]
    pub agent: Option<NodeSpec>,
    /// Keeps data.
    #[node_type(storage(data = "/data", size = "1Gi"))]
    pub store: Option<NodeSpec>,
}

impl Setup {
    /// Applies a spec and waits until everything is as it shall be, and ready. `look` sees what is there meanwhile, again and again.
    async fn settle(&self, mut spec: Value, look: impl AsyncFn(&Setup)) {
        spec["image"] = "example.com/data:1".into();
        let applied: Planned = self.apply_as("a", spec).await.unwrap();
        let generation = applied.metadata.generation.unwrap();
        eventually("the cluster to be ready", || async {
            look(self).await;
            let cluster = self.api::<Planned>().get("a").await.unwrap();
            let status = cluster.status.unwrap_or_default();
            if status.observed_generation >= generation && status.is_ready() {
                Ok(())
            } else {
                Err(format!("{status:#?}"))
            }
        })
        .await;
        self.at_rest::<Planned>("a").await;
        look(self).await;
    }
}

async fn nothing(_: &Setup) {}

fn sized(size: &str) -> Value {
    json!({ "store": { "replicas": 2, "storage": { "data": { "size": size } } } })
}

#[tokio::test]
async fn claims_grow_in_place_and_keep_their_pods() {
    let setup = Setup::of_kind::<Planned>("claims").await;
    setup.settle(sized("1Gi"), nothing).await;
    let before = setup.pods().await;
    setup.settle(sized("2Gi"), nothing).await;
    assert_eq!(setup.pods().await, before);
    eventually("the volumes to have grown", || async {
        let claims = setup.api::<PersistentVolumeClaim>().list(&ListParams::default()).await.unwrap();
        let sizes = claims.into_iter().map(|claim| claim.status.unwrap().capacity.unwrap()["storage"].0.clone());
        let sizes: Vec<String> = sizes.collect();
        if sizes == ["2Gi", "2Gi"] { Ok(()) } else { Err(format!("{sizes:?}")) }
    })
    .await;
}

#[tokio::test]
async fn a_claim_that_cannot_grow_is_said_and_holds_nothing_up() {
    let setup = Setup::of_kind::<Planned>("fixed").await;
    // A class that lets no volume grow, and a volume of it.
    let class = setup.namespace.clone();
    let object: StorageClass =
        serde_json::from_value(json!({ "metadata": { "name": class }, "provisioner": "kubernetes.io/no-provisioner" }))
            .unwrap();
    Api::all(setup.client.clone()).create(&PostParams::default(), &object).await.unwrap();
    let volume: PersistentVolume = serde_json::from_value(json!({
        "metadata": { "name": class },
        "spec": { "storageClassName": class, "capacity": { "storage": "1Gi" }, "accessModes": ["ReadWriteOnce"],
                  "hostPath": { "path": "/data" } },
    }))
    .unwrap();
    let volumes: Api<PersistentVolume> = Api::all(setup.client.clone());
    volumes.create(&PostParams::default(), &volume).await.unwrap();
    let spec = |size: &str, replicas: i32| {
        json!({ "store": { "replicas": 1, "storage": { "data": { "size": size, "storageClass": class } } },
                "query": { "replicas": replicas } })
    };
    setup.settle(spec("1Gi", 1), nothing).await;
    let mut larger = spec("2Gi", 2);
    larger["image"] = "example.com/data:1".into();
    let _: Planned = setup.apply_as("a", larger).await.unwrap();
    let message = setup.reason_of::<Planned>("a", "Refused").await;
    assert!(message.starts_with("PersistentVolumeClaim data-a-store-0: "), "{message}");
    assert!(message.contains("must support resize"), "{message}");
    eventually("the other node to be scaled", || async {
        let query = setup.api::<Deployment>().get("a-query").await.unwrap().spec.unwrap();
        if query.replicas == Some(2) { Ok(()) } else { Err(format!("{:?}", query.replicas)) }
    })
    .await;
    eventually("nothing but the claim to be left", || async {
        let (_, plan) = setup.look::<Planned>("a").await;
        let left: Vec<_> = plan.actions.iter().map(|action| (action.verb(), action.target().0.clone())).collect();
        if left == [(Verb::Grow, Kind::Row(&CLAIM))] { Ok(()) } else { Err(format!("{left:?}")) }
    })
    .await;
}

#[tokio::test]
async fn an_autoscaler_takes_over_and_gives_back_without_a_jump() {
    let setup = Setup::of_kind::<Planned>("autoscaled").await;
    let spec = |mut said: Value, size: &str| {
        said["resources"] = json!({ "requests": { "cpu": "100m" } });
        let mut store = said.clone();
        store["storage"] = json!({ "data": { "size": size } });
        json!({ "query": said, "store": store })
    };
    let autoscaled = json!({ "autoscaling": { "maxReplicas": 9 } });
    let is = |wanted: i32| {
        async move |setup: &Setup| {
            let query = setup.api::<Deployment>().get("a-query").await.unwrap().spec.unwrap().replicas;
            assert_eq!(query, Some(wanted));
            // While it is being replaced it isn't there.
            if let Some(store) = setup.api::<StatefulSet>().get_opt("a-store").await.unwrap() {
                assert_eq!(store.spec.unwrap().replicas, Some(wanted));
            }
        }
    };
    setup.settle(spec(json!({ "replicas": 3 }), "1Gi"), nothing).await;
    setup.settle(spec(autoscaled.clone(), "1Gi"), is(3)).await;
    let scale = Patch::Merge(json!({ "spec": { "replicas": 4 } }));
    setup.api::<Deployment>().patch_scale("a-query", &PatchParams::default(), &scale).await.unwrap();
    setup.api::<StatefulSet>().patch_scale("a-store", &PatchParams::default(), &scale).await.unwrap();
    setup.settle(spec(autoscaled.clone(), "1Gi"), is(4)).await;
    let status = setup.api::<Planned>().get("a").await.unwrap().status.unwrap();
    assert!(status.nodes.iter().all(|node| node.replicas == 4), "{status:?}");
    let before = setup.pods().await;
    // A replaced workload comes back as it was.
    setup.settle(spec(autoscaled, "2Gi"), is(4)).await;
    // Turned off, and nobody says how many.
    setup.settle(spec(json!({}), "2Gi"), is(4)).await;
    setup.settle(spec(json!({}), "3Gi"), is(4)).await;
    assert_eq!(setup.pods().await, before);
    // Turned off, and somebody does.
    setup.settle(spec(json!({ "replicas": 2 }), "3Gi"), nothing).await;
    is(2)(&setup).await;
}

#[tokio::test]
async fn a_generated_secret_keeps_its_content_when_its_label_changes() {
    let setup = Setup::of_kind::<Planned>("generated").await;
    setup.settle(json!({}), nothing).await;
    let secrets = setup.api::<Secret>();
    let made = secrets.get("a-password").await.unwrap();
    assert_eq!(made.data.as_ref().unwrap()["password"].0.len(), 24);
    let label = json!({ "metadata": { "labels": { "app.kubernetes.io/instance": "b" } } });
    secrets.patch("a-password", &PatchParams::default(), &Patch::Merge(label)).await.unwrap();
    setup.settle(json!({}), nothing).await;
    let kept = secrets.get("a-password").await.unwrap();
    assert_eq!(kept.labels()["app.kubernetes.io/instance"], "a");
    assert!(kept.data == made.data, "its content changed");
}

#[tokio::test]
async fn what_comes_after_a_job_is_made_once_it_is_complete() {
    let setup = Setup::of_kind::<Planned>("jobs").await;
    let spec = json!({ "migrate": {}, "query": { "replicas": 1 } });
    setup
        .settle(spec.clone(), async |setup| {
            // Looked at in this order, for it may be made in between.
            let query = setup.api::<Deployment>().get_opt("a-query").await.unwrap();
            let jobs = setup.api::<Job>().list(&ListParams::default()).await.unwrap().items;
            let complete =
                jobs.iter().any(|job| job.status.as_ref().is_some_and(|status| status.completion_time.is_some()));
            assert!(query.is_none() || complete, "{jobs:?}");
        })
        .await;
    let job = setup.api::<Job>().list(&ListParams::default()).await.unwrap().items.remove(0);
    let made = setup.api::<Deployment>().get("a-query").await.unwrap().metadata.creation_timestamp.unwrap();
    assert!(made >= job.status.clone().unwrap().completion_time.unwrap());
    // It isn't run again where it was only lost sight of.
    let jobs = setup.api::<Job>();
    let label = Patch::Merge(json!({ "metadata": { "labels": { "app.kubernetes.io/managed-by": "me" } } }));
    jobs.patch(&job.name_any(), &PatchParams::default(), &label).await.unwrap();
    eventually("the Job to have its label again", || async {
        let found = jobs.get(&job.name_any()).await.unwrap();
        if (found.uid(), found.labels()) == (job.uid(), job.labels()) { Ok(()) } else { Err(format!("{found:?}")) }
    })
    .await;
    // Another version runs again, and the earlier one goes.
    let newer = json!({ "migrate": { "image": "example.com/data:2" }, "query": { "replicas": 1 } });
    setup.settle(newer, nothing).await;
    eventually("the earlier Job to be gone", || async {
        let jobs = setup.api::<Job>().list(&ListParams::default()).await.unwrap().items;
        match &jobs[..] {
            [only] if only.metadata.name != job.metadata.name => Ok(()),
            jobs => Err(format!("{:?}", jobs.iter().map(ResourceExt::name_any).collect::<Vec<_>>())),
        }
    })
    .await;
}
