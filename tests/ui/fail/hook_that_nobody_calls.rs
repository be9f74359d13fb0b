use operator_core::prelude::*;

#[derive(DataOperator, Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[operator(group = "example.com", version = "v1", kind = "Cache")]
pub struct CacheSpec {
    #[node_type]
    pub servers: NodeSpec,
}

impl Customize for CacheSpec {
    fn customize(&self, _: &Scope<'_>, _: &mut Children) -> Result<(), HookError> {
        Ok(())
    }
}

fn main() {
    let _ = Cache::DEFINITION;
}
