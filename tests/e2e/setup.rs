//! A namespace, an operator and a cluster for each test, and ways to look at them.

use std::{collections::BTreeMap, fmt::Debug, future::Future, time::Duration};

use k8s_openapi::{
    api::{
        admissionregistration::v1::{ValidatingAdmissionPolicy, ValidatingAdmissionPolicyBinding},
        apps::v1::{Deployment, StatefulSet},
        core::v1::{ConfigMap, Namespace, PersistentVolumeClaim, Pod, Service},
        events::v1::Event,
        policy::v1::PodDisruptionBudget,
    },
    apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition,
};
use kube::{
    Api, Client, Resource,
    api::{DeleteParams, DynamicObject, ListParams, Patch, PatchParams, PostParams, ResourceExt},
    core::NamespaceResourceScope,
    runtime::wait::{await_condition, conditions},
};
use operator_core::{Cluster, plan::Plan, render::names, runtime::Operator, settings::Invalid, state::Snapshot};
use operator_testbed::{Request, Testbed};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tokio::sync::{RwLock, oneshot};

use crate::{
    kinds::{Data, DataSpec},
    looked::Looked,
};

/// How long anything may take on a busy machine before a test gives up.
const PATIENCE: Duration = Duration::from_secs(60);

/// A namespace with an operator.
pub struct Setup {
    pub client: Client,
    pub namespace: String,
    operator: Option<Running>,
    /// With `TESTBED_KUBECONFIG`, dropping it deletes the namespace.
    _namespace: operator_testbed::Namespace,
}

struct Running {
    end: oneshot::Sender<()>,
    task: tokio::task::JoinHandle<()>,
}

impl Setup {
    /// A fresh namespace in which an operator runs.
    pub async fn new(prefix: &str) -> Self {
        Self::of_kind::<Data>(prefix).await
    }

    /// A fresh namespace in which an operator of `K` runs.
    pub async fn of_kind<K: Cluster>(prefix: &str) -> Self {
        let mut setup = Self::without_operator_of::<K>(prefix).await;
        setup.start::<K>().await;
        setup
    }

    /// A fresh namespace.
    pub async fn without_operator(prefix: &str) -> Self {
        Self::without_operator_of::<Data>(prefix).await
    }

    /// A fresh namespace, with the kind `K` installed.
    pub async fn without_operator_of<K: Cluster>(prefix: &str) -> Self {
        Self::on::<K>(Testbed::shared().await.unwrap(), prefix).await
    }

    /// The same on a control plane of its own.
    pub async fn on<K: Cluster>(testbed: &Testbed, prefix: &str) -> Self {
        let client = testbed.client().await.unwrap();
        install(&client, K::crd()).await;
        let namespace = testbed.namespace(prefix).await.unwrap();
        Self { client, namespace: namespace.name().to_owned(), operator: None, _namespace: namespace }
    }

    /// Starts an operator of this namespace.
    pub async fn start<K: Cluster>(&mut self) {
        self.start_with(Operator::new::<K>).await;
    }

    /// Starts an operator of this namespace that isn't as usual.
    pub async fn start_with(&mut self, operator: impl FnOnce(Client) -> Operator) {
        let testbed = Testbed::shared().await.unwrap();
        let config = testbed.operator_config().await.unwrap();
        let client = testbed.recorded(operator_core::runtime::client::client(config).unwrap());
        let (end, ended) = oneshot::channel();
        // What clusters depend on are listeners of the tests.
        let allow = vec!["127.0.0.0/8".parse().unwrap()];
        let operator = operator(client).namespace(Some(self.namespace.clone())).external_allow(allow);
        let task = tokio::spawn(operator.run(async {
            let _ = ended.await;
        }));
        self.operator = Some(Running { end, task });
    }

    /// Ends the operator as SIGTERM would.
    pub async fn stop(&mut self) {
        let Running { end, task } = self.operator.take().unwrap();
        let _ = end.send(());
        tokio::time::timeout(PATIENCE, task).await.expect("the operator didn't end").unwrap();
    }

    pub fn api<K>(&self) -> Api<K>
    where
        K: Resource<Scope = NamespaceResourceScope, DynamicType = ()>,
    {
        Api::namespaced(self.client.clone(), &self.namespace)
    }

    /// Applies a cluster as a user would, with strict field validation as `kubectl` has it.
    pub async fn apply(&self, name: &str, spec: Value) -> kube::Result<Data> {
        self.apply_as(name, spec).await
    }

    /// Applies a cluster of any kind.
    pub async fn apply_as<K: Cluster>(&self, name: &str, spec: Value) -> kube::Result<K> {
        let object = json!({
            "apiVersion": K::api_version(&()), "kind": K::kind(&()), "metadata": { "name": name }, "spec": spec,
        });
        let params = PatchParams {
            field_validation: Some(kube::api::ValidationDirective::Strict),
            ..PatchParams::apply("user")
        };
        self.api::<K>().patch(name, &params.force(), &Patch::Apply(object)).await
    }

    /// Applies a cluster and waits until its newest spec is ready.
    pub async fn ready(&self, name: &str, spec: Value) -> Data {
        self.ready_as(name, spec).await
    }

    /// Applies a cluster of any kind and waits until its newest spec is ready.
    pub async fn ready_as<K: Cluster>(&self, name: &str, spec: Value) -> K {
        let applied: K = self.apply_as(name, spec).await.unwrap();
        let generation = applied.meta().generation.unwrap();
        self.cluster(name, "to be ready", move |cluster: &K| {
            cluster.status().is_some_and(|status| status.observed_generation >= generation && status.is_ready())
        })
        .await
    }

    /// What an operator that has just started sees of a cluster, and what it would do.
    pub async fn look<K: Cluster>(&self, name: &str) -> (Snapshot, Plan) {
        let Looked { snapshot, plan, .. } = Looked::at::<K>(&self.client, &self.namespace, name).await.unwrap();
        (snapshot, plan)
    }

    /// Waits until nothing is left to do for a cluster, be the operator started anew, and its status is about its newest spec.
    pub async fn at_rest<K: Cluster>(&self, name: &str) -> Snapshot {
        eventually("nothing to be left to do", || async {
            let (snapshot, plan) = self.look::<K>(name).await;
            let status = snapshot.status.as_ref();
            let is_newest = status.is_some_and(|status| status.observed_generation == snapshot.generation);
            if plan.is_done() && is_newest && snapshot.children.iter().all(|child| !child.deleting) {
                Ok(snapshot)
            } else {
                Err(format!("{:#?} {:#?}\n{status:#?}", plan.actions, plan.gates))
            }
        })
        .await
    }

    /// Waits until a cluster is as wanted.
    pub async fn cluster<K: Cluster>(&self, name: &str, wanted: &str, is: impl Fn(&K) -> bool) -> K {
        eventually(&format!("the cluster {name} {wanted}"), || async {
            let cluster = self.api::<K>().get(name).await.unwrap();
            if is(&cluster) { Ok(cluster) } else { Err(format!("{:#?}", cluster.status())) }
        })
        .await
    }

    /// Waits until the condition `Ready` has this reason. Returns its message.
    pub async fn reason(&self, name: &str, reason: &str) -> String {
        self.reason_of::<Data>(name, reason).await
    }

    /// The same of a cluster of any kind.
    pub async fn reason_of<K: Cluster>(&self, name: &str, reason: &str) -> String {
        let ready = |cluster: &K| cluster.status().and_then(|status| status.condition("Ready").cloned());
        let cluster = self
            .cluster(name, &format!("to be {reason}"), |cluster: &K| {
                ready(cluster).is_some_and(|ready| {
                    ready.reason == reason && ready.observed_generation == cluster.meta().generation
                })
            })
            .await;
        ready(&cluster).unwrap().message
    }

    /// The names of all objects of a kind that bear the operator's label.
    pub async fn names<K>(&self) -> Vec<String>
    where
        K: Resource<Scope = NamespaceResourceScope, DynamicType = ()> + Clone + DeserializeOwned + Debug,
    {
        self.names_of::<K, Data>().await
    }

    /// The names of all objects of a kind that bear the label of the operator of `C`.
    pub async fn names_of<K, C: Cluster>(&self) -> Vec<String>
    where
        K: Resource<Scope = NamespaceResourceScope, DynamicType = ()> + Clone + DeserializeOwned + Debug,
    {
        let manager = names::manager(C::DEFINITION);
        let labels = ListParams::default().labels(&format!("{}={manager}", names::MANAGED_BY));
        let objects = self.api::<K>().list(&labels).await.unwrap();
        objects.into_iter().filter_map(|object| object.meta().name.clone()).collect()
    }

    /// Makes the namespace take only pods that meet the `restricted` Pod Security Standard.
    pub async fn enforce_restricted(&self) {
        let label = json!({ "metadata": { "labels": { "pod-security.kubernetes.io/enforce": "restricted" } } });
        let namespaces: Api<Namespace> = Api::all(self.client.clone());
        namespaces.patch(&self.namespace, &PatchParams::default(), &Patch::Merge(label)).await.unwrap();
    }

    /// Makes the API server deny operations on objects of a kind (group and plural) in this namespace unless a CEL expression
    /// holds. It takes a moment until it does.
    pub async fn deny(&self, (group, plural): (&str, &str), (operations, unless, message): (&[&str], &str, &str)) {
        let name = self.namespace.as_str();
        let rule =
            json!({ "apiGroups": [group], "apiVersions": ["v1"], "operations": operations, "resources": [plural] });
        let policy = json!({
            "apiVersion": "admissionregistration.k8s.io/v1", "kind": "ValidatingAdmissionPolicy", "metadata": { "name": name },
            "spec": {
                "matchConstraints": { "resourceRules": [rule] },
                "validations": [{ "expression": unless, "message": message, "reason": "Forbidden" }],
            },
        });
        let binding = json!({
            "apiVersion": "admissionregistration.k8s.io/v1", "kind": "ValidatingAdmissionPolicyBinding",
            "metadata": { "name": name },
            "spec": {
                "policyName": name,
                "validationActions": ["Deny"],
                "matchResources": { "namespaceSelector": { "matchLabels": { "kubernetes.io/metadata.name": name } } },
            },
        });
        let params = PatchParams::apply("tests").force();
        let policies: Api<ValidatingAdmissionPolicy> = Api::all(self.client.clone());
        policies.patch(name, &params, &Patch::Apply(policy)).await.unwrap();
        let bindings: Api<ValidatingAdmissionPolicyBinding> = Api::all(self.client.clone());
        bindings.patch(name, &params, &Patch::Apply(binding)).await.unwrap();
    }

    /// The names of all children.
    pub async fn children(&self) -> Vec<String> {
        let mut children = self.names::<ConfigMap>().await;
        children.extend(self.names::<Service>().await);
        children.extend(self.names::<StatefulSet>().await);
        children.extend(self.names::<Deployment>().await);
        children.extend(self.names::<PodDisruptionBudget>().await);
        children
    }

    /// UIDs of all objects of a kind, by name.
    pub async fn uids<K>(&self) -> BTreeMap<String, String>
    where
        K: Resource<Scope = NamespaceResourceScope, DynamicType = ()> + Clone + DeserializeOwned + Debug,
    {
        let objects = self.api::<K>().list(&ListParams::default()).await.unwrap();
        objects.into_iter().map(|object| (object.name_any(), object.uid().unwrap_or_default())).collect()
    }

    /// The UIDs of all pods, by node.
    pub async fn pods(&self) -> BTreeMap<String, Vec<String>> {
        self.pods_of::<Data>().await
    }

    /// The same for the operator of `C`.
    pub async fn pods_of<C: Cluster>(&self) -> BTreeMap<String, Vec<String>> {
        let label = names::node_label(C::DEFINITION.group);
        let mut pods = BTreeMap::<_, Vec<_>>::new();
        for pod in self.api::<Pod>().list(&ListParams::default()).await.unwrap() {
            let node = pod.metadata.labels.as_ref().and_then(|labels| labels.get(&label).cloned());
            if pod.metadata.deletion_timestamp.is_none() {
                pods.entry(node.unwrap_or_default()).or_default().push(pod.metadata.uid.unwrap_or_default());
            }
        }
        pods.values_mut().for_each(|uids| uids.sort());
        pods
    }

    pub async fn claims(&self) -> Vec<String> {
        let claims = self.api::<PersistentVolumeClaim>().list(&ListParams::default()).await.unwrap();
        claims.into_iter().filter_map(|claim| claim.metadata.name).collect()
    }

    /// Reason and note of the events on a cluster that this operator wrote.
    pub async fn events(&self, cluster: &str) -> Vec<(String, String)> {
        let events = self.api::<Event>().list(&ListParams::default()).await.unwrap();
        let of_cluster =
            |event: &Event| event.regarding.as_ref().and_then(|regarding| regarding.name.as_deref()) == Some(cluster);
        events
            .into_iter()
            .filter(|event| of_cluster(event) && event.reporting_controller.as_deref() == Some("data-operator"))
            .map(|event| (event.reason.unwrap_or_default(), event.note.unwrap_or_default()))
            .collect()
    }

    /// Waits until an event with this reason is there. Returns its note.
    pub async fn event(&self, cluster: &str, reason: &str) -> String {
        eventually(&format!("an event {reason} on {cluster}"), || async {
            let events = self.events(cluster).await;
            events
                .iter()
                .find(|(is, _)| is == reason)
                .map(|(_, note)| note.clone())
                .ok_or_else(|| format!("{events:#?}"))
        })
        .await
    }

    /// What operators asked the API server about this namespace, watches and events aside.
    pub async fn requests(&self) -> Vec<Request> {
        let requests = Testbed::shared().await.unwrap().requests().unwrap();
        requests
            .into_iter()
            .filter(|request| {
                request.namespace == self.namespace && request.verb != "watch" && request.resource != "events"
            })
            .collect()
    }

    pub fn any(&self, kind: &str) -> Api<DynamicObject> {
        let (group, plural) = match kind {
            "ConfigMap" => ("", "configmaps"),
            "Service" => ("", "services"),
            "StatefulSet" => ("apps", "statefulsets"),
            "Deployment" => ("apps", "deployments"),
            kind => panic!("no kind {kind}"),
        };
        let gvk = kube::core::GroupVersionKind::gvk(group, "v1", kind);
        let resource = kube::api::ApiResource::from_gvk_with_plural(&gvk, plural);
        Api::namespaced_with(self.client.clone(), &self.namespace, &resource)
    }

    pub async fn create(&self, kind: &str, object: Value) {
        self.any(kind).create(&PostParams::default(), &serde_json::from_value(object).unwrap()).await.unwrap();
    }
}

/// Held by tests that count on kinds that the API server may lack: to read, that they are there; to write, that one comes and goes.
pub static OPTIONAL_KINDS: RwLock<()> = RwLock::const_new(());

/// Panics if somebody else installed this kind in the cluster of `TESTBED_KUBECONFIG`: to change it would harm their objects.
async fn assert_not_of_others(crds: &Api<CustomResourceDefinition>, name: &str) {
    let managers = crds.get_opt(name).await.unwrap().map(|crd| crd.metadata.managed_fields.unwrap_or_default());
    let ours = managers.is_none_or(|managers| managers.iter().any(|entry| entry.manager.as_deref() == Some("tests")));
    assert!(ours, "{name} is installed in this cluster, and not by these tests: use a cluster without it");
}

/// Takes a kind away, if it is there, and waits until it is gone.
pub async fn uninstall(client: &Client, name: &str) {
    let crds: Api<CustomResourceDefinition> = Api::all(client.clone());
    assert_not_of_others(&crds, name).await;
    let _ = crds.delete(name, &DeleteParams::default()).await;
    eventually(&format!("{name} to be gone"), || async {
        match crds.get_opt(name).await.unwrap() {
            None => Ok(()),
            Some(crd) => Err(format!("{:?}", crd.status)),
        }
    })
    .await;
}

/// Installs a kind, and waits until it is served.
pub async fn install(client: &Client, crd: CustomResourceDefinition) {
    let crds: Api<CustomResourceDefinition> = Api::all(client.clone());
    let name = crd.metadata.name.clone().unwrap();
    assert_not_of_others(&crds, &name).await;
    crds.patch(&name, &PatchParams::apply("tests").force(), &Patch::Apply(&crd)).await.unwrap();
    let spec = crd.spec.clone();
    await_condition(crds, &name, conditions::is_crd_established()).await.unwrap();
    // It still takes a moment until its objects can be stored.
    let gvk = kube::core::GroupVersionKind::gvk(&spec.group, &spec.versions[0].name, &spec.names.kind);
    let resource = kube::api::ApiResource::from_gvk_with_plural(&gvk, &spec.names.plural);
    let objects: Api<DynamicObject> = Api::all_with(client.clone(), &resource);
    eventually(&format!("{name} to be served"), || async {
        objects.list(&ListParams::default()).await.map(drop).map_err(|error| error.to_string())
    })
    .await;
}

/// Asks until the answer is there, and fails with what was seen last.
pub async fn eventually<T, Answer: Future<Output = Result<T, String>>>(what: &str, ask: impl Fn() -> Answer) -> T {
    let end = tokio::time::Instant::now() + PATIENCE;
    loop {
        match ask().await {
            Ok(answer) => return answer,
            Err(seen) if tokio::time::Instant::now() > end => panic!("waited for {what}; last seen: {seen}"),
            Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
        }
    }
}

/// A spec as its type has it, for operators of changed definitions.
pub fn typed(spec: &Value) -> Result<Value, Vec<Invalid>> {
    let invalid = |error: serde_json::Error| vec![Invalid { path: String::new(), message: error.to_string() }];
    let spec: DataSpec = serde_json::from_value(spec.clone()).map_err(invalid)?;
    serde_json::to_value(spec).map_err(invalid)
}

/// Eight children: two ConfigMaps, two Services (the store's is headless), a StatefulSet, a Deployment, and a disruption budget for each of
/// the two nodes.
pub fn small() -> Value {
    json!({
        "image": "example.com/data:1",
        "common": { "a": 1 },
        "stores": { "hot": { "replicas": 2, "settings": { "tier": "hot" } } },
        "query": { "replicas": 2 },
    })
}

/// `spec` with some values set by JSON pointer.
pub fn with<const COUNT: usize>(mut spec: Value, changes: [(&str, Value); COUNT]) -> Value {
    for (pointer, value) in changes {
        let (parent, key) = pointer.rsplit_once('/').unwrap();
        spec.pointer_mut(parent).unwrap().as_object_mut().unwrap().insert(key.to_owned(), value);
    }
    spec
}
