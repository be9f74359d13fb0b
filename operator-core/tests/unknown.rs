//! Fields that a kind's type doesn't know.

use operator_core::{prelude::*, render::cluster::Author};
use serde_json::{Value, json};

use crate::common::{built, sentences};

/// A data system.
#[derive(DataOperator, Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[operator(group = "tests.example.com", version = "v1", kind = "Terse")]
pub struct TerseSpec {
    /// Image of every node.
    #[operator(image)]
    pub image: String,
    /// Keep data.
    #[node_type(name = "store")]
    #[serde(default)]
    pub stores: BTreeMap<String, Store>,
}

/// Keeps data.
#[node_type(port(http = 80))]
pub struct Store {
    /// Not written where it is the default.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub debug: bool,
}

/// Has one node.
#[derive(DataOperator, Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[operator(group = "tests.example.com", version = "v1", kind = "Single")]
pub struct SingleSpec {
    /// Settings of every node.
    #[operator(defaults)]
    pub defaults: Option<NodeDefaults>,
    /// Answers.
    #[node_type(name = "query")]
    pub query: Query,
}

/// Answers.
#[node_type(port(http = 80))]
pub struct Query {
    /// Anything.
    pub own: Option<Value>,
}

fn read(spec: &Value) -> Result<Value, Vec<String>> {
    (Author::of::<Terse>().read)(spec).map_err(|invalid| sentences(&invalid))
}

#[test]
fn a_misspelt_field_is_found_where_the_schema_preserves_it() {
    let spec = json!({
        "defaults": { "readinessProbe": { "httpGet": { "port": 80, "pth": "/" } } },
        "query": {
            "own": { "any": 1 },
            "env": [{ "name": "A", "valueFrom": { "secretKeyRef": { "name": "a", "key": "b", "optinal": true } } }],
            "securityContext": { "seLinuxOptions": { "lvl": "a" } },
        },
    });
    let unknown = (Author::of::<Single>().read)(&spec).unwrap_err();
    let found: Vec<String> = unknown.into_iter().map(|invalid| invalid.path).collect();
    assert_eq!(
        found,
        [
            "defaults.readinessProbe.httpGet.pth",
            "query.env[0].valueFrom.secretKeyRef.optinal",
            "query.securityContext.seLinuxOptions.lvl",
        ]
    );
}

#[test]
fn an_unknown_field_is_found_though_it_holds_nothing() {
    // A node of a type that only a newer operator has.
    let unknown = (Author::of::<Single>().read)(&json!({ "query": {}, "mover": {} })).unwrap_err();
    assert!(matches!(&unknown[..], [only] if only.path == "mover"), "{unknown:?}");
    assert!((Author::of::<Single>().read)(&json!({ "query": { "env": [], "podLabels": {} }, "mover": null })).is_ok());
}

#[test]
fn what_cannot_be_read_is_named_by_its_path_wherever_it_stands() {
    let spec = json!({ "defaults": { "env": 1 }, "query": { "replicas": "two", "env": [{ "name": 1 }] } });
    let wrong = built(Author::of::<Single>(), &spec).unwrap_err();
    let found: Vec<&str> = wrong.iter().filter_map(|wrong| wrong.split(": ").next()).collect();
    assert_eq!(found, ["spec.defaults.env", "spec.query.env[0].name", "spec.query.replicas"]);
}

#[test]
fn what_is_written_otherwise_is_not_lost() {
    let spec = json!({ "query": {
        "resources": { "limits": { "cpu": "1000m" }, "requests": {} },
        "env": [{ "name": "A", "value": null }],
        "sidecars": [{ "name": "a", "anything": { "b": [1] } }],
        "affinity": { "anything": 1 },
        "hostAliases": [{ "ip": "10.0.0.1", "hostnames": [] }],
        "autoscaling": { "maxReplicas": 2, "behavior": { "scaleDown": {} } },
    } });
    assert!((Author::of::<Single>().read)(&spec).is_ok());
}

#[test]
fn a_field_that_nothing_reads_is_found_among_many_that_a_type_leaves_out() {
    let names = || (0..40).map(|at| format!("s{at}"));
    let stores: serde_json::Map<_, _> = names().map(|name| (name, json!({ "debug": false }))).collect();
    let mut spec = json!({ "image": "example.com/terse:1", "stores": stores });
    assert!(read(&spec).is_ok());
    spec["stores"]["s9"]["tier"] = "hot".into();
    spec["rocks"] = json!({ "a": 1 });
    let unknown =
        "this version of the operator does not know it; look for a typing mistake, or run a version that does";
    let expected = ["spec.rocks", "spec.stores.s9.tier"].map(|path| format!("{path}: {unknown}"));
    assert_eq!(read(&spec), Err(expected.to_vec()));
}

#[test]
fn too_many_of_them_are_no_reason_to_believe_that_all_is_known() {
    let stores: serde_json::Map<_, _> = (0..64)
        .map(|at| (format!("s{at}"), json!({ "debug": false, "env": [{ "name": "A", "value": "a".repeat(4000) }] })))
        .collect();
    let spec = json!({ "image": "example.com/terse:1", "stores": stores });
    let message = "spec: too many of its fields are written as their types leave them out; leave them out, too";
    assert_eq!(read(&spec), Err(vec![message.to_owned()]));
}
