//! Parts of a node that are about its pods.

use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

use super::{
    part::parts,
    schema::{LABEL_KEY, LABEL_VALUE},
};

parts! {
    /// A taint that pods tolerate.
    pub struct Toleration {
        /// Key of the taint. Default: every taint, with `Exists`.
        key: Option<String> as LABEL_KEY,
        /// How the value is compared. Default: `Equal`.
        #[schemars(extend("enum" = ["Exists", "Equal"]))]
        operator: Option<String>,
        /// Value of the taint, for `Equal`.
        value: Option<String> as LABEL_VALUE,
        /// Effect of the taint. Default: every effect.
        #[schemars(extend("enum" = ["NoSchedule", "PreferNoSchedule", "NoExecute"]))]
        effect: Option<String>,
        /// Seconds for which a `NoExecute` taint is tolerated. Default: for ever.
        toleration_seconds: Option<i64>,
    } where {
        "(has(self.key) && self.key != '') || (has(self.operator) && self.operator == 'Exists')":
            "a toleration without a key needs operator: Exists",
        "!(has(self.operator) && self.operator == 'Exists' && has(self.value) && self.value != '')":
            "operator: Exists takes no value; write operator: Equal",
        "!has(self.tolerationSeconds) || (has(self.effect) && self.effect == 'NoExecute')":
            "tolerationSeconds goes with effect: NoExecute only",
    }

    /// How pods are replaced.
    pub struct UpdateStrategy {
        /// `RollingUpdate`: some pods at a time; `OnDelete`: when someone deletes them; `Recreate`: all at once. Default: `RollingUpdate`.
        #[serde(rename = "type")]
        #[schemars(extend("enum" = ["RollingUpdate", "OnDelete", "Recreate"]))]
        type_: Option<String>,
        /// Pods with a lower ordinal aren't replaced. Default: 0.
        #[schemars(range(min = 0))]
        partition: Option<i32>,
        /// Maximum number or percentage of pods that may be unavailable during an update. Default: 1, or 0 with `maxSurge`; Deployments: `25%`.
        #[schemars(schema_with = "super::schema::part")]
        max_unavailable: Option<IntOrString>,
        /// Maximum number or percentage of additional pods during an update. Default: `25%`; DaemonSets: 0.
        #[schemars(schema_with = "super::schema::surge")]
        max_surge: Option<IntOrString>,
    }

    /// Order in which the pods of a StatefulSet are started.
    pub enum PodManagement {
        /// All at once.
        Parallel,
        /// One after the other, each once the one before is ready.
        OrderedReady,
    }

    /// How the pods resolve names.
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
}
