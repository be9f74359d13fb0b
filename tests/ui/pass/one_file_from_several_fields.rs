//! Fields of the cluster and of a node type whose values end in one file.

use operator_core::{
    definition::{Format, Reload},
    prelude::*,
};

#[derive(DataOperator, Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[operator(group = "example.com", version = "v1", kind = "Hive")]
pub struct HiveSpec {
    #[config(file = "core-site.xml", mount = "/etc/hadoop")]
    pub core: Properties,
    #[config(file = "core-site.xml", mount = "/etc/hadoop")]
    pub storage: Properties,
    #[config(file = "limits.ini", mount = "/etc/hadoop")]
    pub limits: Properties,
    #[node_type]
    pub servers: Server,
}

#[node_type]
pub struct Server {
    #[config(file = "core-site.xml", mount = "/etc/hadoop")]
    pub own: Properties,
    #[config(file = "users.toml", mount = "/etc/users", reload = none)]
    pub users: Properties,
    #[config(file = "users.toml", mount = "/etc/users", reload = none)]
    pub more_users: Properties,
}

fn main() {
    let [core, storage, limits] = Hive::DEFINITION.configs else { panic!() };
    assert_eq!((core.file, core.format, core.reload), (storage.file, Format::Xml, Reload::Pods));
    assert_eq!(limits.format, Format::Ini);
    let [own, users, more] = Hive::DEFINITION.node_types[0].layers[1].configs else { panic!() };
    assert_eq!((own.field, own.file), (Some("own"), core.file));
    assert_eq!((users.format, users.reload, more.file), (Format::Toml, Reload::None, users.file));
}
