use operator_core::prelude::*;

#[derive(DataOperator)]
#[operator(group = "example.com", version = "v1", kind = "Cache")]
pub struct CacheSpec {
    pub servers: u8,
}

fn main() {
    let _ = Cache::DEFINITION;
}
