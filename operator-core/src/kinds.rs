//! The kinds of objects that clusters are made of.

/// A kind of child object.
#[derive(Debug, PartialEq, Eq, Hash)]
pub struct ChildKind {
    /// API group; empty for the core group.
    pub group: &'static str,
    /// API version.
    pub version: &'static str,
    /// Kind.
    pub kind: &'static str,
    /// Plural, as in URLs.
    pub plural: &'static str,
    /// Fields below `spec` that can't be changed: a difference means delete and create again.
    pub immutable: &'static [&'static str],
    /// Whether it runs pods; its deletion for a replacement then leaves them running.
    pub workload: bool,
}

/// Configuration files. Those of the operator are immutable and named by content.
pub static CONFIG_MAP: ChildKind =
    ChildKind { group: "", version: "v1", kind: "ConfigMap", plural: "configmaps", immutable: &[], workload: false };

/// Names of nodes.
pub static SERVICE: ChildKind = ChildKind {
    group: "",
    version: "v1",
    kind: "Service",
    plural: "services",
    immutable: &["clusterIP"],
    workload: false,
};

/// Pods with stable names and claims.
pub static STATEFUL_SET: ChildKind = ChildKind {
    group: "apps",
    version: "v1",
    kind: "StatefulSet",
    plural: "statefulsets",
    immutable: &["selector", "serviceName", "podManagementPolicy", "volumeClaimTemplates"],
    workload: true,
};

/// Interchangeable pods.
pub static DEPLOYMENT: ChildKind = ChildKind {
    group: "apps",
    version: "v1",
    kind: "Deployment",
    plural: "deployments",
    immutable: &["selector"],
    workload: true,
};

/// Every kind, in the order in which children are created.
pub static ALL: [&ChildKind; 4] = [&CONFIG_MAP, &SERVICE, &STATEFUL_SET, &DEPLOYMENT];

impl ChildKind {
    /// `v1` or `apps/v1`.
    pub fn api_version(&self) -> String {
        if self.group.is_empty() { self.version.to_owned() } else { format!("{}/{}", self.group, self.version) }
    }

    /// Path of one object on the API server.
    pub fn url(&'static self, namespace: &str, name: &str) -> String {
        let prefix = if self.group.is_empty() { "api".to_owned() } else { format!("apis/{}", self.group) };
        format!("/{prefix}/{}/namespaces/{namespace}/{}/{name}", self.version, self.plural)
    }
}
