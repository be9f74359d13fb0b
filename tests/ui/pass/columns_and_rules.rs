//! Print columns and CEL rules, as in kube.

use operator_core::prelude::*;

/// A search
/// engine.
///
/// With an index.
#[derive(DataOperator, Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[operator(group = "example.com", version = "v1", kind = "Search")]
#[operator(printcolumn(name = "Image", type = "string", json_path = ".spec.image"))]
#[operator(printcolumn(name = "Shards", type_ = "integer", json_path = ".spec.shards", priority = 1))]
#[operator(validation(rule = "self.spec.shards > 0", message = "give at least one shard"))]
pub struct SearchSpec {
    #[operator(image)]
    pub image: String,
    pub shards: i32,
    #[node_type]
    pub data: NodeSpec,
}

fn main() {
    let [image, shards] = Search::DEFINITION.print_columns else { panic!() };
    assert_eq!((image.name, image.type_, image.priority), ("Image", "string", 0));
    assert_eq!((shards.json_path, shards.type_, shards.priority), (".spec.shards", "integer", 1));
    assert_eq!(Search::DEFINITION.validations[0].rule, "self.spec.shards > 0");
    assert_eq!(Search::DEFINITION.doc, "A search\nengine.\n\nWith an index.");
}
