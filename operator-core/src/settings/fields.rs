//! Names of the fields of [`NodeSpec`](super::NodeSpec), for constants, and which of them go with which workloads.

use crate::definition::Workload::{self, DaemonSet, Deployment, StatefulSet};

/// Settings that only some kinds of workload know.
pub const FITTING: &[(&str, &[Workload])] = &[
    ("replicas", &[StatefulSet, Deployment]),
    ("autoscaling", &[StatefulSet, Deployment]),
    ("disruptionBudget", &[StatefulSet, Deployment]),
    ("podManagementPolicy", &[StatefulSet]),
    ("updateStrategy", &[StatefulSet, Deployment, DaemonSet]),
    ("minReadySeconds", &[StatefulSet, Deployment, DaemonSet]),
];

/// JSON names of the fields that every node has: a node type's own fields are called otherwise.
pub const FIELDS: &[&str] = &[
    "affinity",
    "args",
    "automountServiceAccountToken",
    "autoscaling",
    "configGroup",
    "configOverrides",
    "disruptionBudget",
    "dnsConfig",
    "dnsPolicy",
    "env",
    "envFrom",
    "hostAliases",
    "httpRoute",
    "image",
    "imagePullPolicy",
    "imagePullSecrets",
    "ingress",
    "initContainers",
    "lifecycle",
    "livenessProbe",
    "minReadySeconds",
    "networkPolicy",
    "nodeSelector",
    "podAnnotations",
    "podLabels",
    "podManagementPolicy",
    "podOverrides",
    "podSecurityContext",
    "ports",
    "priorityClassName",
    "readinessProbe",
    "replicas",
    "resources",
    "runtimeClassName",
    "schedulingGates",
    "securityContext",
    "service",
    "serviceAccountName",
    "serviceMonitor",
    "sidecars",
    "startupProbe",
    "storage",
    "storageRetention",
    "terminationGracePeriodSeconds",
    "tolerations",
    "topologySpreadConstraints",
    "updateStrategy",
    "volumeMounts",
    "volumes",
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::NodeSpec;

    #[test]
    fn the_fields_are_those_of_the_schema() {
        let schema = schemars::schema_for!(NodeSpec).to_value();
        let properties = schema.get("properties").and_then(serde_json::Value::as_object);
        let mut names: Vec<_> = properties.into_iter().flatten().map(|(name, _)| name.as_str()).collect();
        names.sort_unstable();
        assert_eq!(names, FIELDS);
    }
}
