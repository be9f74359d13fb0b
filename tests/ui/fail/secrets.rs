use operator_core::prelude::*;

#[derive(DataOperator, Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[operator(group = "example.com", version = "v1", kind = "Cache")]
pub struct CacheSpec {
    #[secret(key = "a key")]
    pub a: SecretRef,
    #[secret(env = "DB-PASSWORD", file = "etc/password")]
    pub b: SecretRef,
    #[secret(env = "PASSWORD", generate(length = 8))]
    pub c: Option<SecretRef>,
    #[secret(env = "PASSWORD", generate)]
    pub d: Option<SecretRef>,
    #[secret(file = "/etc/cache/cache.json")]
    pub e: SecretRef,
    #[secret(folder = "/etc/ssl")]
    pub g: SecretRef,
    #[secret(file = "/etc/ssl/key")]
    pub h: SecretRef,
    #[secret(folder = "/etc/cache/cache.json")]
    pub i: SecretRef,
    #[config(file = "cache.json", mount = "/etc/cache", format = json)]
    #[secret(env = "F")]
    pub f: Properties,
    #[node_type]
    pub servers: Server,
}

#[node_type(env(TOKEN = "none"), config_hash_env = "HASH", empty_dirs("/run/token"))]
pub struct Server {
    #[secret(env = "TOKEN", generat(length = 32))]
    pub a: SecretRef,
    #[secret(env = "HASH", file = "/run/token")]
    pub b: SecretRef,
    #[secret(env = "B")]
    #[secret(file = "/b")]
    pub c: SecretRef,
    #[secret(folder = "/etc/tls/", env = "TLS", key = "a")]
    pub e: SecretRef,
    #[secret(env = "D")]
    #[config(file = "d", mount = "/d", format = raw)]
    pub d: String,
}

fn main() {
    let _ = Cache::DEFINITION;
}
