use operator_core::prelude::*;

#[derive(DataOperator, Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[operator(group = "example.com", version = "v1", kind = "Cache")]
pub struct CacheSpec {
    #[secret(env = "PASSWORD")]
    pub password: SecretRef,
    #[secret(file = "/etc/token")]
    pub token: SecretRef,
    #[config(file = "cache.json", mount = "/etc/cache", format = json)]
    pub common: Properties,
    #[node_type(env(PASSWORD = "none"))]
    pub one: NodeSpec,
    #[node_type(config_hash_env = "PASSWORD")]
    pub two: NodeSpec,
    #[secret(folder = "/etc/tls")]
    pub tls: SecretRef,
    #[node_type]
    pub three: Variable,
    #[node_type]
    pub four: File,
    #[node_type]
    pub five: Config,
    #[node_type(empty_dirs("/etc/token"))]
    pub six: NodeSpec,
    #[node_type(config_hash_env = "HASH")]
    pub seven: Hash,
    #[node_type]
    pub eight: Folder,
    #[node_type(storage(tls = "/etc/tls", size = "1Gi"))]
    pub nine: NodeSpec,
    #[node_type]
    pub ten: Compiled,
}

#[node_type]
pub struct Variable {
    #[secret(env = "PASSWORD")]
    pub own: SecretRef,
}

#[node_type]
pub struct File {
    #[secret(file = "/etc/token")]
    pub own: SecretRef,
}

#[node_type]
pub struct Config {
    #[secret(file = "/etc/cache/cache.json")]
    pub own: SecretRef,
}

#[node_type(env(HASH = "none"))]
pub struct Hash {}

#[node_type]
pub struct Compiled {
    #[cfg(all())]
    #[secret(folder = "/etc/own")]
    pub one: SecretRef,
    #[secret(folder = "/etc/own")]
    pub other: SecretRef,
}

#[node_type]
pub struct Folder {
    #[secret(folder = "/etc/cache")]
    pub own: SecretRef,
    #[secret(folder = "/etc")]
    pub other: SecretRef,
}

fn main() {
    let _ = Cache::DEFINITION;
}
