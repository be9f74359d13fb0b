//! The Druid cluster `wiki`, asked and changed through the API server as anyone would.

use std::collections::{BTreeMap, BTreeSet};

use druid_operator::Druid;
use k8s_openapi::api::core::v1::{PersistentVolumeClaim, Pod, Secret};
use kube::{
    Api, Client, Resource, ResourceExt,
    api::{ApiResource, DeleteParams, DynamicObject, GroupVersionKind, ListParams, Patch, PatchParams},
    core::NamespaceResourceScope,
};
use operator_core::{
    Cluster as _,
    model::kind::{self, ChildKind},
};
use serde_json::{Value, json};

use crate::{
    place::MANAGER,
    view::Row,
    wait::{Failure, Result, Seen},
};

/// What `kubectl apply -f cluster.yaml` would send.
const FILE: &str = include_str!("../../cluster.yaml");
/// The cluster's name there.
pub const NAME: &str = "wiki";
/// The Secret that cluster.yaml names.
pub const SECRET: &str = "druid-metadata";
/// The label of children and pods that names their node.
const NODE: &str = "druid.example.com/node";
/// What the cluster's children, pods and claims have in common.
const ALL: &str = "app.kubernetes.io/name=druid,app.kubernetes.io/instance=wiki";

pub struct Cluster {
    pub clusters: Api<Druid>,
    client: Client,
    namespace: String,
    /// Where ZooKeeper is, if elsewhere than cluster.yaml says.
    zookeeper: Option<String>,
}

/// A pod, as far as the demo looks at it.
struct Seat {
    node: String,
    uid: String,
    ready: bool,
    ending: bool,
}

/// The UIDs of each node's pods.
pub type Pods = BTreeMap<String, BTreeSet<String>>;

/// The cluster and its pods at one moment.
pub struct Picture {
    cluster: Option<Druid>,
    seats: Vec<Seat>,
}

impl Cluster {
    pub fn new(client: Client, namespace: &str, zookeeper: Option<String>) -> Self {
        Self {
            clusters: Api::namespaced(client.clone(), namespace),
            client,
            namespace: namespace.to_owned(),
            zookeeper,
        }
    }

    /// Applies cluster.yaml.
    pub async fn apply(&self) -> Result<Druid> {
        let mut file: Value = serde_saphyr::from_str(FILE).map_err(Failure::during("reading cluster.yaml"))?;
        if let Some(address) = &self.zookeeper {
            file["spec"]["zookeeper"] = address.as_str().into();
        }
        self.clusters
            .patch(NAME, &PatchParams::apply(MANAGER), &Patch::Apply(&file))
            .await
            .map_err(Failure::during("applying cluster.yaml"))
    }

    /// Changes the spec, as `kubectl patch --type=merge`.
    pub async fn patch(&self, patch: &Value) -> std::result::Result<Druid, kube::Error> {
        self.clusters.patch(NAME, &PatchParams::default(), &Patch::Merge(patch)).await
    }

    /// Creates the Secret with the metadata store's password, or changes it.
    pub async fn set_password(&self, password: &str) -> Result<()> {
        let secret = json!({
            "apiVersion": "v1", "kind": "Secret", "metadata": { "name": SECRET }, "stringData": { "password": password },
        });
        let applied = self.api::<Secret>().patch(SECRET, &PatchParams::apply(MANAGER), &Patch::Apply(&secret)).await;
        applied.map(drop).map_err(Failure::during(format!("applying the Secret {SECRET}")))
    }

    pub async fn delete(&self) -> Result<()> {
        let deleted = self.clusters.delete(NAME, &DeleteParams::default()).await;
        deleted.map(drop).map_err(Failure::during("deleting the cluster"))
    }

    /// The objects of one kind that an operator of Druid may make here.
    pub fn api<K>(&self) -> Api<K>
    where
        K: Resource<DynamicType = (), Scope = NamespaceResourceScope>,
    {
        Api::namespaced(self.client.clone(), &self.namespace)
    }

    pub async fn picture(&self) -> Result<Picture> {
        let cluster = self.clusters.get_opt(NAME).await.map_err(Failure::during("reading the cluster"))?;
        let pods = self.api::<Pod>().list(&ListParams::default().labels(ALL)).await;
        let seats = pods.map_err(Failure::during("reading the pods"))?.into_iter().map(seat).collect();
        Ok(Picture { cluster, seats })
    }

    /// Kind and name of the children of one node, or of all, and of their pods.
    pub async fn children(&self, node: Option<&str>) -> Result<Vec<String>> {
        let mut found = Vec::new();
        for kind in kind::ALL {
            found.extend(self.names(kind, node).await?);
        }
        found.extend(self.names(&ChildKind::of::<Pod>(), node).await?);
        Ok(found)
    }

    /// The claims of one node's pods, or of all.
    pub async fn claims(&self, node: Option<&str>) -> Result<Vec<String>> {
        self.names(&ChildKind::of::<PersistentVolumeClaim>(), node).await
    }

    async fn names(&self, kind: &ChildKind, node: Option<&str>) -> Result<Vec<String>> {
        let selector = node.map_or_else(|| ALL.to_owned(), |node| format!("{ALL},{NODE}={node}"));
        let resource = GroupVersionKind::gvk(&kind.group, &kind.version, &kind.kind);
        let resource = ApiResource::from_gvk_with_plural(&resource, &kind.plural);
        let api = Api::<DynamicObject>::namespaced_with(self.client.clone(), &self.namespace, &resource);
        let kind = &kind.kind;
        match api.list_metadata(&ListParams::default().labels(&selector)).await {
            Ok(objects) => Ok(objects.iter().map(|object| format!("{kind} {}", object.name_any())).collect()),
            // Of a kind that isn't installed there is nothing.
            Err(kube::Error::Api(status)) if status.code == 404 => Ok(Vec::new()),
            Err(error) => Err(Failure::during(format!("reading the objects of kind {kind}"))(error)),
        }
    }
}

fn seat(pod: Pod) -> Seat {
    let conditions = pod.status.and_then(|status| status.conditions).unwrap_or_default();
    Seat {
        node: pod.metadata.labels.unwrap_or_default().remove(NODE).unwrap_or_default(),
        uid: pod.metadata.uid.unwrap_or_default(),
        ready: conditions.iter().any(|condition| condition.type_ == "Ready" && condition.status == "True"),
        ending: pod.metadata.deletion_timestamp.is_some(),
    }
}

impl Picture {
    /// The nodes, by name: those that the cluster reports, and those that have pods. A report about an earlier generation may name nodes
    /// that are gone, and not yet those that are new.
    pub fn rows(&self, generation: i64) -> Vec<Row> {
        let mut wanted = BTreeMap::<&str, usize>::new();
        for seat in self.seats.iter().filter(|seat| !seat.ending) {
            *wanted.entry(&seat.node).or_default() += 1;
        }
        let status = self.cluster.as_ref().and_then(|cluster| cluster.status());
        for node in status.iter().flat_map(|status| &status.nodes) {
            if self.is_about(generation) || wanted.contains_key(node.name.as_str()) {
                wanted.insert(&node.name, usize::try_from(node.replicas).unwrap_or_default());
            }
        }
        wanted.into_iter().map(|(node, wanted)| self.row(node, wanted)).collect()
    }

    fn row(&self, node: &str, wanted: usize) -> Row {
        let count = |which: fn(&Seat) -> bool| {
            let seats = self.seats.iter().filter(|seat| seat.node == node);
            seats.filter(|seat| which(seat)).count()
        };
        let notes = [(count(|seat| !seat.ready && !seat.ending), "starting"), (count(|seat| seat.ending), "ending")];
        let notes = notes.iter().filter(|(pods, _)| *pods > 0);
        let notes: Vec<String> = notes.map(|(pods, what)| format!("{pods} {what}")).collect();
        Row { node: node.to_owned(), ready: count(|seat| seat.ready && !seat.ending), wanted, note: notes.join(", ") }
    }

    /// Hash of the configuration that a node shall be on, as the status has it.
    pub fn revision(&self, node: &str) -> Option<String> {
        let status = self.cluster.as_ref()?.status()?;
        Some(status.nodes.iter().find(|row| row.name == node)?.config_hash.clone())
    }

    /// What the cluster's status says it waits for, where something must be made by someone else first.
    pub fn waits_for(&self) -> Option<&str> {
        let ready = self.cluster.as_ref()?.status()?.condition("Ready")?;
        (ready.reason == "Waiting").then_some(ready.message.as_str())
    }

    /// Whether the operator has seen this generation of the cluster, or a later one.
    pub fn is_about(&self, generation: i64) -> bool {
        let status = self.cluster.as_ref().and_then(|cluster| cluster.status());
        status.is_some_and(|status| status.observed_generation >= generation)
    }

    /// Whether the cluster says of this generation, or a later one, that it is ready, and no pod is on its way in or out.
    pub fn ready_at(&self, generation: i64) -> Seen<Pods> {
        let Some(cluster) = &self.cluster else {
            return Seen::Not("there is no such cluster".to_owned());
        };
        let Some(status) = cluster.status() else {
            return Seen::Not("the operator reported nothing yet".to_owned());
        };
        let Some(condition) = status.condition("Ready") else {
            return Seen::Not("there is no condition Ready".to_owned());
        };
        if !self.is_about(generation) {
            return Seen::Not(format!("the status is about generation {}", status.observed_generation));
        }
        if condition.status != "True" {
            let (reason, message) = (&condition.reason, &condition.message);
            return Seen::Not(format!("the condition Ready is {}: {reason}, {message}", condition.status));
        }
        match self.seats.iter().find(|seat| seat.ending || !seat.ready) {
            Some(seat) => Seen::Not(format!("a pod of {} is on its way in or out", seat.node)),
            None => Seen::Yes(self.pods()),
        }
    }

    fn pods(&self) -> Pods {
        let mut pods = Pods::new();
        for seat in &self.seats {
            pods.entry(seat.node.clone()).or_default().insert(seat.uid.clone());
        }
        pods
    }
}
