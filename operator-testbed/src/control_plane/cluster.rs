//! The objects that a new cluster starts with: its nodes and its storage class.

use k8s_openapi::api::core::v1::{Node, ServiceAccount};
use k8s_openapi::api::storage::v1::StorageClass;
use kube::api::{Api, ListParams, PostParams};
use serde_json::{Value, json};

use crate::{Error, annotations};

/// One node per zone.
const ZONES: [&str; 3] = ["a", "b", "c"];

/// Creates the nodes and the storage class.
pub(super) async fn create(client: &kube::Client) -> Result<(), Error> {
    let storage_class: StorageClass = serde_json::from_value(storage_class())?;
    let classes: Api<StorageClass> = Api::all(client.clone());
    classes.create(&PostParams::default(), &storage_class).await.map_err(Error::kube("creating the storage class"))?;
    let nodes: Api<Node> = Api::all(client.clone());
    for zone in ZONES {
        let node: Node = serde_json::from_value(node(zone))?;
        nodes.create(&PostParams::default(), &node).await.map_err(Error::kube("creating a node"))?;
    }
    Ok(())
}

/// Whether pods can be created and will run: kwok has taken the nodes, and the controller manager works.
pub(super) async fn ready(client: &kube::Client) -> Result<Option<()>, Error> {
    let nodes: Api<Node> = Api::all(client.clone());
    let nodes = nodes.list(&ListParams::default()).await.map_err(Error::kube("listing the nodes"))?;
    let service_accounts: Api<ServiceAccount> = Api::namespaced(client.clone(), "default");
    let account = service_accounts.get_opt("default").await.map_err(Error::kube("reading a service account"))?;
    let all = nodes.items.len() == ZONES.len() && nodes.iter().all(schedulable);
    Ok((all && account.is_some()).then_some(()))
}

/// Ready, and the controller manager has taken away the taint of a node that isn't.
fn schedulable(node: &Node) -> bool {
    let conditions = node.status.iter().flat_map(|status| status.conditions.iter().flatten());
    let mut ready = conditions.filter(|condition| condition.type_ == "Ready");
    let taints = node.spec.iter().flat_map(|spec| spec.taints.iter().flatten());
    ready.any(|condition| condition.status == "True") && taints.count() == 0
}

fn node(zone: &str) -> Value {
    let name = format!("node-{zone}");
    json!({
        "metadata": {
            "name": name,
            "labels": {
                "kubernetes.io/hostname": name,
                "kubernetes.io/os": "linux",
                "kubernetes.io/arch": "amd64",
                "topology.kubernetes.io/region": "testbed",
                "topology.kubernetes.io/zone": zone,
            },
        },
    })
}

fn storage_class() -> Value {
    json!({
        "metadata": {
            "name": annotations::STORAGE_CLASS,
            "annotations": { "storageclass.kubernetes.io/is-default-class": "true" },
        },
        "provisioner": "kwok.x-k8s.io/volume",
        "allowVolumeExpansion": true,
    })
}
