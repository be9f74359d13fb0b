//! A kind outside of namespaces can't be declared by `ChildKind::of`; `cluster_scoped` takes it.

use operator_core::prelude::*;

static CLUSTER_ROLE: ChildKind = ChildKind::of::<k8s_openapi::api::rbac::v1::ClusterRole>();

fn main() {
    let _ = &CLUSTER_ROLE;
}
