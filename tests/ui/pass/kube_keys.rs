//! The keys of kube's `CustomResource` that say how a kind is served, with kube's names and meaning.

use kube::CustomResourceExt;
use operator_core::prelude::*;

#[derive(DataOperator, Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[operator(group = "example.com", version = "v1alpha1", kind = "Cache", root = "OldCache")]
#[operator(annotation("example.com/owner", "data team"), annotation("note", ""), label("example.com/tier", "gold"))]
#[operator(served = false, storage = false, deprecated = "Cache v1alpha1 goes; use v1")]
#[operator(scale(spec_replicas_path = ".spec.servers.replicas", status_replicas_path = ".status.replicas"))]
#[operator(selectable = ".spec.tier", selectable = ".spec.servers.image")]
pub struct CacheSpec {
    pub tier: String,
    #[node_type]
    pub servers: NodeSpec,
}

#[derive(DataOperator, Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[operator(group = "example.com", version = "v1", kind = "Plain", served, storage = true, deprecated)]
#[operator(selectable = ".status.ready", printcolumn(name = "A", type = "string", json_path = ".spec.inner"))]
pub struct PlainSpec {
    #[serde(flatten)]
    pub more: BTreeMap<String, String>,
    #[node_type]
    pub servers: NodeSpec,
}

fn main() {
    let crd = serde_json::to_value(OldCache::crd()).unwrap();
    assert_eq!(crd["metadata"]["annotations"], serde_json::json!({ "example.com/owner": "data team", "note": "" }));
    assert_eq!(crd["metadata"]["labels"], serde_json::json!({ "example.com/tier": "gold" }));
    let version = &crd["spec"]["versions"][0];
    assert_eq!((&version["served"], &version["storage"]), (&false.into(), &false.into()));
    assert_eq!(version["deprecationWarning"], "Cache v1alpha1 goes; use v1");
    let scale =
        serde_json::json!({ "specReplicasPath": ".spec.servers.replicas", "statusReplicasPath": ".status.replicas" });
    assert_eq!(version["subresources"]["scale"], scale);
    assert_eq!(version["selectableFields"][1]["jsonPath"], ".spec.servers.image");

    let plain = serde_json::to_value(Plain::crd()).unwrap();
    let version = &plain["spec"]["versions"][0];
    assert_eq!((&version["served"], &version["deprecated"]), (&true.into(), &true.into()));
    assert!(version.get("deprecationWarning").is_none());
}
