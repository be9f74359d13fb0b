//! What the users of a cluster may do beyond what confined pods have is the author's to say.

use kube::CustomResourceExt;
use operator_core::{definition::Power, prelude::*};

#[derive(DataOperator, Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[operator(group = "example.com", version = "v1", kind = "Strict")]
pub struct StrictSpec {
    #[node_type]
    pub server: NodeSpec,
}

#[derive(DataOperator, Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[operator(group = "example.com", version = "v1", kind = "Open")]
#[operator(allow(pod_overrides, annotations("prometheus.io/", "nginx.ingress.kubernetes.io/rewrite-target")))]
pub struct OpenSpec {
    #[node_type]
    pub server: NodeSpec,
}

fn main() {
    assert_eq!(Strict::DEFINITION.allow, []);
    let annotations = ["prometheus.io/", "nginx.ingress.kubernetes.io/rewrite-target"].map(Power::Annotations);
    assert_eq!(Open::DEFINITION.allow, [Power::PodOverrides, annotations[0], annotations[1]]);
    // Fields that are a power as a whole are in the schema only where it is allowed.
    let field = |crd: serde_json::Value, field: &str| {
        let node = &crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"]["properties"]["server"];
        node["properties"].get(field).is_some()
    };
    for (name, is_open) in [("podOverrides", true), ("serviceAccountName", false), ("imagePullSecrets", false)] {
        assert!(!field(serde_json::to_value(Strict::crd()).unwrap(), name), "{name}");
        assert_eq!(field(serde_json::to_value(Open::crd()).unwrap(), name), is_open, "{name}");
    }
}
