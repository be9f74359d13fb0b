//! The kinds that are served.

use crate::fields::{Place, Rule, Rules};

/// A kind of object, and all that is special about it.
#[derive(Clone, Debug)]
pub struct Kind {
    /// API group; empty for the core group.
    pub group: String,
    /// API version.
    pub version: String,
    /// Kind.
    pub kind: String,
    /// Plural, as in URLs.
    pub plural: String,
    /// Whether its objects are in namespaces.
    pub namespaced: bool,
    /// Whether its status is a subresource.
    pub status: bool,
    /// Whether it has the subresource `scale`, at `spec.replicas`.
    pub scale: bool,
    /// Whether `metadata.generation` follows its spec.
    pub generation: bool,
    /// Merge rules of a custom kind; `None` for a built-in kind, whose rules and defaults the model knows.
    pub rules: Option<Rules>,
}

impl Kind {
    /// A custom kind, namespaced, with the subresource `status`. Its schema has no defaults.
    pub fn custom(group: &str, version: &str, kind: &str, plural: &str, rules: Rules) -> Self {
        Self {
            group: group.to_owned(),
            version: version.to_owned(),
            kind: kind.to_owned(),
            plural: plural.to_owned(),
            namespaced: true,
            status: true,
            scale: false,
            generation: true,
            rules: Some(rules),
        }
    }

    /// What names a kind in this crate: `configmaps`, `deployments.apps`.
    pub fn id(&self) -> String {
        qualified(&self.plural, &self.group)
    }

    /// As messages name a kind: `ConfigMap`, `Deployment.apps`.
    pub(crate) fn shown(&self) -> String {
        qualified(&self.kind, &self.group)
    }

    /// The value of `apiVersion`.
    pub fn api_version(&self) -> String {
        if self.group.is_empty() { self.version.clone() } else { format!("{}/{}", self.group, self.version) }
    }

    pub(crate) fn place(&self) -> Place<'static> {
        // What a ControllerRevision keeps is opaque to the API server.
        const OPAQUE: Rules = &[("data", Rule::Atomic)];
        Place::root(if self.plural == "controllerrevisions" { Some(OPAQUE) } else { self.rules })
    }

    pub(crate) fn is_built_in(&self) -> bool {
        self.rules.is_none()
    }
}

fn qualified(name: &str, group: &str) -> String {
    if group.is_empty() { name.to_owned() } else { format!("{name}.{group}") }
}

/// Every built-in kind: group, version, kind, plural, and flags (`c`: not in namespaces, `s`: status, `r`: scale, `g`: generation).
const BUILT_IN: &[(&str, &str, &str, &str, &str)] = &[
    ("", "v1", "Namespace", "namespaces", "cs"),
    ("", "v1", "Node", "nodes", "cs"),
    ("", "v1", "ConfigMap", "configmaps", ""),
    ("", "v1", "Secret", "secrets", ""),
    ("", "v1", "Service", "services", "s"),
    ("", "v1", "ServiceAccount", "serviceaccounts", ""),
    ("", "v1", "Pod", "pods", "sg"),
    ("", "v1", "PersistentVolumeClaim", "persistentvolumeclaims", "s"),
    ("", "v1", "Event", "events", ""),
    ("apps", "v1", "StatefulSet", "statefulsets", "srg"),
    ("apps", "v1", "Deployment", "deployments", "srg"),
    ("apps", "v1", "ReplicaSet", "replicasets", "srg"),
    ("apps", "v1", "DaemonSet", "daemonsets", "sg"),
    ("apps", "v1", "ControllerRevision", "controllerrevisions", ""),
    ("batch", "v1", "Job", "jobs", "sg"),
    ("autoscaling", "v2", "HorizontalPodAutoscaler", "horizontalpodautoscalers", "s"),
    ("coordination.k8s.io", "v1", "Lease", "leases", ""),
    ("events.k8s.io", "v1", "Event", "events", ""),
    ("networking.k8s.io", "v1", "Ingress", "ingresses", "sg"),
    ("networking.k8s.io", "v1", "NetworkPolicy", "networkpolicies", "g"),
    ("policy", "v1", "PodDisruptionBudget", "poddisruptionbudgets", "sg"),
    ("rbac.authorization.k8s.io", "v1", "Role", "roles", ""),
    ("rbac.authorization.k8s.io", "v1", "RoleBinding", "rolebindings", ""),
    ("storage.k8s.io", "v1", "StorageClass", "storageclasses", "c"),
];

/// The kinds that every API server has.
pub(crate) fn built_in() -> impl Iterator<Item = Kind> {
    BUILT_IN.iter().map(|(group, version, kind, plural, flags)| Kind {
        namespaced: !flags.contains('c'),
        status: flags.contains('s'),
        scale: flags.contains('r'),
        generation: flags.contains('g'),
        rules: None,
        ..Kind::custom(group, version, kind, plural, &[])
    })
}
