use operator_core::prelude::*;

#[derive(DataOperator, Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[operator(group = "example.com", version = "v1", kind = "Cache")]
pub struct CacheSpec {
    #[node_type(
        security = privileged,
        run_as(group = 1000),
        rule(groups("apps"), verbs("get", "")),
        read_only_root = "true",
        publish_not_ready(true),
        talks_to("client", "clients", "clients"),
        metrics(path = "metrics"),
        defaults = "a b",
        port(http = 80, protocol = SCTP)
    )]
    pub servers: NodeSpec,
    #[node_type(run_as(user = 0), rule(), metrics(port = "http", path = "metrics"), talks_to())]
    pub clients: Server,
}

#[node_type(port(http = 8080), metrics(port = "htp"))]
pub struct Server {}

fn main() {
    let _ = Cache::DEFINITION;
}
