use operator_core::prelude::*;

#[derive(DataOperator, Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[operator(group = "example.com", version = "v1", kind = "Cache")]
pub struct CacheSpec {
    #[node_type(copies = self.shards)]
    pub place: NodeSpec,
}

#[node_type(copies = self.shard)]
pub struct Misspelt {
    pub shards: u32,
}

#[node_type(copies = self.shards)]
pub struct Text {
    pub shards: String,
}

#[node_type(copies = shards)]
pub struct Word {
    pub shards: u32,
}

fn main() {
    let _ = Cache::DEFINITION;
}
