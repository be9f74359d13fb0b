//! Keys of the labels that every child carries; source: Kubernetes' recommended labels.

/// Name of the kind of application: the recommended label, and part of every selector.
pub const NAME: &str = "app.kubernetes.io/name";
/// Name of the cluster.
pub const INSTANCE: &str = "app.kubernetes.io/instance";
/// Node type.
pub const COMPONENT: &str = "app.kubernetes.io/component";
/// Who made it; the operator's watches select by it.
pub const MANAGED_BY: &str = "app.kubernetes.io/managed-by";
