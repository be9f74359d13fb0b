//! Plans, carried out step by step on the real control plane: claims, autoscaling, Secrets, Jobs.

use k8s_openapi::{
    api::{
        apps::v1::{Deployment, StatefulSet},
        batch::v1::Job,
        core::v1::{PersistentVolume, PersistentVolumeClaim, Secret},
        storage::v1::StorageClass,
    },
    jiff::Timestamp,
};
use kube::{
    Api, ResourceExt,
    api::{ListParams, Patch, PatchParams, PostParams},
};
use operator_core::{
    ClusterStatus,
    apply::{Outcome, Writer},
    definition::{Cardinality, Definition, NodeTemplate, NodeType, SecretField, StorageTemplate, Workload},
    model::Digest,
    model::kind::{self, CLAIM},
    plan::{Inputs, Verb, plan},
    render::{Content, Identity, Revisions, build},
    state::{Child, Observed, Raw, Store},
    status::Facts,
};
use operator_testbed::Testbed;
use serde_json::{Value, json};

use crate::setup::{Setup, eventually, small};

/// Of the kind that the other tests use, whose objects are the owners here; no operator runs beside.
static DEFINITION: Definition = Definition {
    group: "tests.example.com",
    version: "v1",
    kind: "Data",
    plural: "data",
    singular: "data",
    secrets: &[SecretField { field: "password", key: "password", env: None, file: None, generate: Some(24) }],
    node_types: &[
        node_type("migrate", Workload::Job, 1),
        node_type("query", Workload::Deployment, 2),
        NodeType {
            template: NodeTemplate {
                storage: &[StorageTemplate { name: "data", mount: "/data", size: "1Gi", class: None }],
                ..NodeTemplate::EMPTY
            },
            ..node_type("store", Workload::StatefulSet, 0)
        },
    ],
    ..Definition::EMPTY
};

const fn node_type(name: &'static str, workload: Workload, order: i32) -> NodeType {
    NodeType {
        name,
        field: name,
        cardinality: Cardinality::Optional,
        order,
        template: NodeTemplate::EMPTY,
        place: NodeTemplate { workload: Some(workload), image: Some("example.com/data:1"), ..NodeTemplate::EMPTY },
    }
}

/// What the loop does, a step at a time.
struct Steps {
    setup: Setup,
    cluster: Identity,
    writer: Writer,
    status: Option<ClusterStatus>,
}

impl Steps {
    async fn new(prefix: &str) -> Self {
        let setup = Setup::without_operator(prefix).await;
        let owner = setup.apply("a", small()).await.unwrap();
        let cluster =
            Identity { namespace: setup.namespace.clone(), name: "a".to_owned(), uid: owner.metadata.uid.unwrap() };
        let config = Testbed::shared().await.unwrap().operator_config().await.unwrap();
        let writer = Writer {
            client: operator_core::runtime::client::client(config).unwrap(),
            manager: "data-operator".to_owned(),
            node_label: "tests.example.com/node".to_owned(),
            wrote: std::sync::Arc::new(|_, _| {}),
        };
        Self { setup, cluster, writer, status: None }
    }

    async fn observe(&self, store: &Store) -> Observed {
        for kind in kind::of(&DEFINITION).into_iter().filter(|kind| !kind.optional).chain([&CLAIM]) {
            let api = Api::<Raw>::namespaced_with(self.setup.client.clone(), &self.setup.namespace, &kind);
            for raw in api.list(&ListParams::default()).await.unwrap() {
                let child = Child::reduce(kind, &self.writer.manager, &self.writer.node_label, &raw.object());
                store.apply(child.unwrap());
            }
        }
        store.cluster(&self.cluster.uid, &self.cluster.namespace, &self.cluster.name)
    }

    /// One look and one plan. `None` where there was nothing to do.
    async fn step(&mut self, spec: &Value) -> Option<Outcome> {
        let store = Store::default();
        let observed = self.observe(&store).await;
        let content = Content::Present(Digest::of(&Value::Null));
        let desired = build(&self.cluster, Revisions { newest: spec }, &DEFINITION, &|_| content).unwrap();
        let before = self.status.take();
        let plan = plan(&desired, &Inputs { previous: before.as_ref(), ..Inputs::new(&observed) }).unwrap();
        let done = plan.is_done();
        let outcome = self.writer.execute(&plan, &self.cluster.namespace, &self.cluster.uid, &store).await;
        let observed = store.cluster(&self.cluster.uid, &self.cluster.namespace, &self.cluster.name);
        self.status = Some(ClusterStatus::report(&Facts {
            waiting: &plan.waiting,
            previous: before.as_ref(),
            ..Facts::new(1, Some(&desired), &observed, Timestamp::now())
        }));
        (!done).then_some(outcome)
    }

    /// A step of an operator that sees nothing of what is there: its watches have lost it.
    async fn step_blindly(&self, spec: &Value) -> Outcome {
        let content = Content::Present(Digest::of(&Value::Null));
        let desired = build(&self.cluster, Revisions { newest: spec }, &DEFINITION, &|_| content).unwrap();
        let plan = plan(&desired, &Inputs::new(&[])).unwrap();
        self.writer.execute(&plan, &self.cluster.namespace, &self.cluster.uid, &Store::default()).await
    }

    /// Steps until there is nothing to do and everything is ready. `look` sees what is there after each.
    async fn settle(&mut self, spec: Value, look: impl AsyncFn(&Setup)) {
        let end = tokio::time::Instant::now() + std::time::Duration::from_secs(60);
        loop {
            let outcome = self.step(&spec).await;
            look(&self.setup).await;
            let status = self.status.as_ref().unwrap();
            if outcome.is_none() && status.is_ready() {
                return;
            }
            assert!(outcome.as_ref().is_none_or(|outcome| outcome.refused.is_empty()), "{outcome:?}");
            assert!(tokio::time::Instant::now() < end, "{outcome:?} {status:#?}");
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
    }
}

async fn nothing(_: &Setup) {}

fn sized(size: &str) -> Value {
    json!({ "store": { "replicas": 2, "storage": { "data": { "size": size } } } })
}

#[tokio::test]
async fn claims_grow_in_place_and_keep_their_pods() {
    let mut steps = Steps::new("claims").await;
    steps.settle(sized("1Gi"), nothing).await;
    let before = steps.setup.pods().await;
    steps.settle(sized("2Gi"), nothing).await;
    assert_eq!(steps.setup.pods().await, before);
    eventually("the volumes to have grown", || async {
        let claims = steps.setup.api::<PersistentVolumeClaim>().list(&ListParams::default()).await.unwrap();
        let sizes = claims.into_iter().map(|claim| claim.status.unwrap().capacity.unwrap()["storage"].0.clone());
        let sizes: Vec<String> = sizes.collect();
        if sizes == ["2Gi", "2Gi"] { Ok(()) } else { Err(format!("{sizes:?}")) }
    })
    .await;
    assert!(steps.step(&sized("2Gi")).await.is_none(), "nothing is left to do");
}

#[tokio::test]
async fn a_claim_that_cannot_grow_is_said_and_holds_nothing_up() {
    let mut steps = Steps::new("fixed").await;
    // A class that lets no volume grow, and a volume of it.
    let class = steps.setup.namespace.clone();
    let object: StorageClass =
        serde_json::from_value(json!({ "metadata": { "name": class }, "provisioner": "kubernetes.io/no-provisioner" }))
            .unwrap();
    Api::all(steps.setup.client.clone()).create(&PostParams::default(), &object).await.unwrap();
    let volume: PersistentVolume = serde_json::from_value(json!({
        "metadata": { "name": class },
        "spec": { "storageClassName": class, "capacity": { "storage": "1Gi" }, "accessModes": ["ReadWriteOnce"],
                  "hostPath": { "path": "/data" } },
    }))
    .unwrap();
    let volumes: Api<PersistentVolume> = Api::all(steps.setup.client.clone());
    volumes.create(&PostParams::default(), &volume).await.unwrap();
    let spec = |size: &str, replicas: i32| {
        json!({ "store": { "replicas": 1, "storage": { "data": { "size": size, "storageClass": class } } },
                "query": { "replicas": replicas } })
    };
    steps.settle(spec("1Gi", 1), nothing).await;
    let outcome = steps.step(&spec("2Gi", 2)).await.unwrap();
    let problem = outcome.problem().unwrap();
    assert_eq!(problem.reason.as_str(), "Refused");
    assert!(problem.message.starts_with("PersistentVolumeClaim data-a-store-0: "), "{}", problem.message);
    assert!(problem.message.contains("must support resize"), "{}", problem.message);
    assert!(
        outcome.done.iter().any(|(verb, kind, _)| *verb == Verb::Apply && kind.kind == "Deployment"),
        "{outcome:?}"
    );
}

#[tokio::test]
async fn an_autoscaler_takes_over_and_gives_back_without_a_jump() {
    let mut steps = Steps::new("autoscaled").await;
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
    steps.settle(spec(json!({ "replicas": 3 }), "1Gi"), nothing).await;
    steps.settle(spec(autoscaled.clone(), "1Gi"), is(3)).await;
    let scale = Patch::Merge(json!({ "spec": { "replicas": 4 } }));
    steps.setup.api::<Deployment>().patch_scale("a-query", &PatchParams::default(), &scale).await.unwrap();
    steps.setup.api::<StatefulSet>().patch_scale("a-store", &PatchParams::default(), &scale).await.unwrap();
    steps.settle(spec(autoscaled.clone(), "1Gi"), is(4)).await;
    assert!(steps.status.as_ref().unwrap().nodes.iter().all(|node| node.replicas == 4), "{:?}", steps.status);
    let before = steps.setup.pods().await;
    // A replaced workload comes back as it was.
    steps.settle(spec(autoscaled, "2Gi"), is(4)).await;
    // Turned off, and nobody says how many.
    steps.settle(spec(json!({}), "2Gi"), is(4)).await;
    steps.settle(spec(json!({}), "3Gi"), is(4)).await;
    assert_eq!(steps.setup.pods().await, before);
    // Turned off, and somebody does.
    steps.step(&spec(json!({ "replicas": 2 }), "3Gi")).await;
    is(2)(&steps.setup).await;
}

#[tokio::test]
async fn a_generated_secret_keeps_its_content_when_its_label_changes() {
    let mut steps = Steps::new("generated").await;
    steps.settle(json!({}), nothing).await;
    let secrets = steps.setup.api::<Secret>();
    let made = secrets.get("a-password").await.unwrap();
    assert_eq!(made.data.as_ref().unwrap()["password"].0.len(), 24);
    let label = json!({ "metadata": { "labels": { "app.kubernetes.io/instance": "b" } } });
    secrets.patch("a-password", &PatchParams::default(), &Patch::Merge(label)).await.unwrap();
    steps.settle(json!({}), nothing).await;
    let kept = secrets.get("a-password").await.unwrap();
    assert_eq!(kept.labels()["app.kubernetes.io/instance"], "a");
    assert!(kept.data == made.data, "its content changed");
}

#[tokio::test]
async fn what_comes_after_a_job_is_made_once_it_is_complete() {
    let mut steps = Steps::new("jobs").await;
    let spec = json!({ "migrate": {}, "query": { "replicas": 1 } });
    steps.step(&spec).await;
    let message = &steps.status.as_ref().unwrap().condition("Progressing").unwrap().message;
    assert!(message.contains("query: waits for migrate"), "{message}");
    assert!(steps.setup.api::<Deployment>().get_opt("a-query").await.unwrap().is_none());
    steps.settle(spec.clone(), nothing).await;
    let job = steps.setup.api::<Job>().list(&ListParams::default()).await.unwrap().items.remove(0);
    let made = steps.setup.api::<Deployment>().get("a-query").await.unwrap().metadata.creation_timestamp.unwrap();
    assert!(made >= job.status.clone().unwrap().completion_time.unwrap());
    // It isn't run again where it was only lost sight of.
    let jobs = steps.setup.api::<Job>();
    let label = Patch::Merge(json!({ "metadata": { "labels": { "app.kubernetes.io/managed-by": "me" } } }));
    jobs.patch(&job.name_any(), &PatchParams::default(), &label).await.unwrap();
    let outcome = steps.step_blindly(&spec).await;
    assert!(outcome.problem().is_none(), "{outcome:?}");
    let found = jobs.get(&job.name_any()).await.unwrap();
    assert_eq!((found.uid(), found.labels()), (job.uid(), job.labels()));
    // Another version runs again, and the earlier one goes.
    let newer = json!({ "migrate": { "image": "example.com/data:2" }, "query": { "replicas": 1 } });
    steps.settle(newer, nothing).await;
    eventually("the earlier Job to be gone", || async {
        let jobs = steps.setup.api::<Job>().list(&ListParams::default()).await.unwrap().items;
        match &jobs[..] {
            [only] if only.metadata.name != job.metadata.name => Ok(()),
            jobs => Err(format!("{:?}", jobs.iter().map(ResourceExt::name_any).collect::<Vec<_>>())),
        }
    })
    .await;
}
