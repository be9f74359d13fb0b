use operator_core::prelude::*;

#[derive(DataOperator, Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[operator(group = "example.com", version = "v1", kind = "Cache")]
pub struct CacheSpec {
    #[config(file = "a.json", mount = "/etc/cache", format = json, with = of_nothing)]
    pub a: Properties,
    #[config(file = "b.json", mount = "/etc/cache", format = json, with = of_the_field)]
    pub b: Properties,
    #[config(file = "c.json", mount = "/etc/cache", format = json, with = unwritable)]
    pub c: Properties,
    #[config(file = "d.json", mount = "/etc/cache", format = json, with = missing)]
    pub d: Properties,
    #[node_type]
    pub servers: NodeSpec,
}

fn of_nothing() -> String {
    String::new()
}

fn of_the_field(field: &Properties) -> Properties {
    field.clone()
}

struct Unwritable;

fn unwritable(_: &CacheSpec) -> Unwritable {
    Unwritable
}

fn main() {
    let _ = Cache::DEFINITION;
}
