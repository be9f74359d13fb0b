//! Dependencies that the operator doesn't run, and how it is seen that they are there.

use operator_core::{definition::ExternalCheck, prelude::*};

#[derive(DataOperator, Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[operator(group = "example.com", version = "v1", kind = "Table")]
#[serde(rename_all = "camelCase")]
pub struct TableSpec {
    #[external(tcp)]
    pub zoo_keeper: String,
    #[external(name = "catalog", at = "catalog.address", http = "/health")]
    #[external(name = "storage", at = "deepStorage", check = bucket::is_there)]
    pub external: External,
    #[external(check = answers)]
    pub mirror: Option<Address>,
    #[node_type]
    pub servers: NodeSpec,
}

#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct External {
    pub catalog: Address,
    pub deep_storage: bucket::Bucket,
}

#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Address {
    pub address: String,
}

mod bucket {
    use super::*;

    #[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
    pub struct Bucket {
        pub bucket: String,
    }

    pub async fn is_there(bucket: Bucket) -> Result<(), String> {
        (bucket.bucket == "segments").then_some(()).ok_or_else(|| format!("no bucket {}", bucket.bucket))
    }
}

/// Its error is one of a type.
fn answers(mirror: Option<Address>) -> std::future::Ready<Result<(), std::num::ParseIntError>> {
    std::future::ready(mirror.map_or(Ok(()), |mirror| mirror.address.parse::<u16>().map(|_| ())))
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let [zookeeper, catalog, storage, mirror] = Table::DEFINITION.externals else { panic!() };
    assert_eq!((zookeeper.name, zookeeper.at), ("zoo-keeper", ["zooKeeper"].as_slice()));
    assert!(matches!(zookeeper.check, ExternalCheck::Tcp));
    assert_eq!((catalog.name, catalog.at), ("catalog", ["external", "catalog", "address"].as_slice()));
    assert!(matches!(catalog.check, ExternalCheck::Http("/health")));
    assert_eq!(storage.at, ["external", "deepStorage"]);
    let ExternalCheck::Function(check) = storage.check else { panic!() };
    assert_eq!(check(serde_json::json!({ "bucket": "segments" })).await, Ok(()));
    assert_eq!(check(serde_json::json!({ "bucket": "other" })).await, Err("no bucket other".to_owned()));
    assert!(check(serde_json::json!({})).await.unwrap_err().contains("bucket"));
    assert_eq!(mirror.name, "mirror");
    let ExternalCheck::Function(check) = mirror.check else { panic!() };
    assert_eq!(check(serde_json::json!(null)).await, Ok(()));
    let error = check(serde_json::json!({ "address": "x" })).await;
    assert_eq!(error, Err("invalid digit found in string".to_owned()));
}
