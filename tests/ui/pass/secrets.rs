//! Secrets of the cluster and of a node type: named by the custom resource, or made where it names none.

use operator_core::prelude::*;

#[derive(DataOperator, Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[operator(group = "example.com", version = "v1", kind = "Ledger")]
#[serde(rename_all = "camelCase")]
pub struct LedgerSpec {
    #[secret(env = "DB_PASSWORD", key = "password")]
    pub database: SecretRef,
    #[secret(env = "ADMIN_PASSWORD", file = "/etc/ledger/admin", generate(length = 24))]
    pub admin_password: Option<SecretRef>,
    #[secret(env = "SALT", generate)]
    pub salt: Option<SecretRef>,
    #[node_type(env(LEDGER_USER = "admin"))]
    pub writers: Writer,
}

#[node_type]
pub struct Writer {
    #[secret(file = "/etc/ledger/token")]
    pub api_token: Option<SecretRef>,
    #[secret(folder = "/etc/ledger/tls")]
    pub tls: Option<SecretRef>,
    #[cfg(any())]
    #[secret(file = "/etc/ledger/token")]
    pub old_token: Token,
}

fn main() {
    let [database, admin, salt] = Ledger::DEFINITION.secrets else { panic!() };
    assert_eq!((database.field, database.key, database.env), ("database", "password", Some("DB_PASSWORD")));
    assert_eq!((database.file, database.generate), (None, None));
    assert_eq!((admin.field, admin.key), ("adminPassword", "admin-password"));
    assert_eq!((admin.file, admin.generate), (Some("/etc/ledger/admin"), Some(24)));
    assert_eq!(salt.generate, Some(32));

    let [token, tls] = Ledger::DEFINITION.node_types[0].layers[1].secrets else { panic!() };
    assert_eq!((token.field, token.key, token.env), ("apiToken", "api-token", None));
    assert_eq!((tls.field, tls.folder, tls.file), ("tls", Some("/etc/ledger/tls"), None));
}
