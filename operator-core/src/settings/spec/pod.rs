//! Parts of a node that are about its pods.

use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::schema::{LABEL_KEY, LABEL_VALUE};

/// A taint that pods tolerate.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(
    inline,
    extend("x-kubernetes-validations" = [
        {
            "rule": "(has(self.key) && self.key != '') || (has(self.operator) && self.operator == 'Exists')",
            "message": "a toleration without a key needs operator: Exists",
        },
        {
            "rule": "!(has(self.operator) && self.operator == 'Exists' && has(self.value) && self.value != '')",
            "message": "operator: Exists takes no value; write operator: Equal",
        },
        {
            "rule": "!has(self.tolerationSeconds) || (has(self.effect) && self.effect == 'NoExecute')",
            "message": "tolerationSeconds goes with effect: NoExecute only",
        },
    ])
)]
pub struct Toleration {
    /// Key of the taint. Default: every taint, with `Exists`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 316), regex(pattern = LABEL_KEY))]
    pub key: Option<String>,
    /// How the value is compared. Default: `Equal`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("enum" = ["Exists", "Equal"]))]
    pub operator: Option<String>,
    /// Value of the taint, for `Equal`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 63), regex(pattern = LABEL_VALUE))]
    pub value: Option<String>,
    /// Effect of the taint. Default: every effect.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("enum" = ["NoSchedule", "PreferNoSchedule", "NoExecute"]))]
    pub effect: Option<String>,
    /// Seconds for which a `NoExecute` taint is tolerated. Default: for ever.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub toleration_seconds: Option<i64>,
}

/// How pods are replaced.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(inline)]
pub struct UpdateStrategy {
    /// `RollingUpdate`: some pods at a time; `OnDelete`: when someone deletes them; `Recreate`: all at once. Default: `RollingUpdate`.
    #[serde(rename = "type", default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("enum" = ["RollingUpdate", "OnDelete", "Recreate"]))]
    pub type_: Option<String>,
    /// Pods with a lower ordinal aren't replaced. Default: 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0))]
    pub partition: Option<i32>,
    /// Maximum number or percentage of pods that may be unavailable during an update. Default: 1, or 0 with `maxSurge`; Deployments: `25%`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "super::schema::part")]
    pub max_unavailable: Option<IntOrString>,
    /// Maximum number or percentage of additional pods during an update. Default: `25%`; DaemonSets: 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "super::schema::surplus")]
    pub max_surge: Option<IntOrString>,
}

/// Order in which the pods of a StatefulSet are started.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(inline)]
pub enum PodManagement {
    /// All at once.
    Parallel,
    /// One after the other, each once the one before is ready.
    OrderedReady,
}

/// How the pods resolve names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(inline)]
pub enum DnsPolicy {
    /// The cluster's names first, on the host's network too.
    ClusterFirstWithHostNet,
    /// The cluster's names first.
    ClusterFirst,
    /// As the Kubernetes node does.
    Default,
    /// As `dnsConfig` says.
    None,
}
