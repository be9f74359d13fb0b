//! The author's hook over the desired objects.

use operator_core::{model::Identity, prelude::*};

#[derive(DataOperator, Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[operator(group = "example.com", version = "v1", kind = "Cache")]
pub struct CacheSpec {
    pub shards: u32,
    #[node_type]
    pub servers: NodeSpec,
}

static LEASE: ChildKind = ChildKind::of::<k8s_openapi::api::coordination::v1::Lease>();

impl Customize for CacheSpec {
    const KINDS: &'static [&'static ChildKind] = &[&LEASE];

    fn customize(&self, scope: &Scope<'_>, _: &mut Children) -> Result<(), HookError> {
        Err(format!("{} of {}", self.shards, scope.cluster.name).into())
    }
}

fn main() {
    let customization = <CacheSpec as DataOperator>::CUSTOMIZE.unwrap();
    assert_eq!(customization.kinds[0].plural, "leases");
    let _call: fn(&serde_json::Value, &Scope<'_>, &mut Children) -> Result<(), HookError> = customization.call;
    let _ = |cluster: &Identity, children: &mut Children| {
        (customization.call)(&serde_json::json!({}), &Scope { cluster, node: None }, children)
    };
}
