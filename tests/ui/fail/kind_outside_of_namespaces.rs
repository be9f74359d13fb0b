//! A kind whose objects aren't in a namespace can't be a child's.

use operator_core::prelude::*;

static CLUSTER_ROLE: ChildKind = ChildKind::of::<k8s_openapi::api::rbac::v1::ClusterRole>();

fn main() {
    let _ = &CLUSTER_ROLE;
}
