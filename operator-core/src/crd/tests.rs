//! The definition of a kind with node types of every workload, and a list of nodes.

use std::collections::BTreeMap;

use super::*;
use crate::{
    ClusterStatus, NodeDefaults, NodeSpec, SecretRef,
    definition::{
        Cardinality, ConfigFile, External, ExternalCheck, Format, Groups, NodeTemplate, NodeType, Power, PrintColumn,
        Reload, ScaleSubresource, SecretField, StorageTemplate, Tag, Workload,
    },
};

#[derive(JsonSchema)]
#[serde(rename_all = "camelCase")]
#[allow(dead_code, reason = "only its schema is looked at")]
struct Spec {
    image: Option<String>,
    common: BTreeMap<String, String>,
    defaults: NodeDefaults,
    config_groups: BTreeMap<String, NodeDefaults>,
    app_config_groups: BTreeMap<String, Shared>,
    deployment_order: Vec<String>,
    password: Option<SecretRef>,
    external: Externals,
    stores: BTreeMap<String, Own>,
    query: Option<NodeSpec>,
    agents: NodeSpec,
    migration: Option<NodeSpec>,
    nodes: Vec<Item>,
}

#[derive(JsonSchema)]
#[allow(dead_code, reason = "only its schema is looked at")]
struct Externals {
    /// Where ZooKeeper is.
    zookeeper: String,
}

#[derive(JsonSchema)]
#[serde(rename_all = "camelCase")]
#[allow(dead_code, reason = "only its schema is looked at")]
struct Own {
    #[serde(default = "five")]
    settings: u16,
    #[serde(flatten)]
    node: NodeSpec,
}

#[derive(JsonSchema)]
#[allow(dead_code, reason = "only its schema is looked at")]
struct Shared {
    #[serde(default = "five")]
    settings: u16,
}

fn five() -> u16 {
    5
}

#[derive(JsonSchema)]
#[serde(rename_all = "camelCase")]
#[allow(dead_code, reason = "only its schema is looked at")]
struct Item {
    /// Name.
    name: String,
    /// Node type.
    node_type: String,
    k8s_config_group: Option<String>,
    app_config_group: Option<String>,
    tls: Option<SecretRef>,
    #[serde(flatten)]
    node: NodeSpec,
}

const fn node_type(name: &'static str, field: &'static str, cardinality: Cardinality, workload: Workload) -> NodeType {
    let template = NodeTemplate { workload: Some(workload), ..NodeTemplate::EMPTY };
    NodeType { name, field, cardinality, tag: None, order: 0, layers: template.alone() }
}

const fn tagged(node_type: NodeType) -> NodeType {
    NodeType { tag: Some(Tag { field: "nodeType", value: node_type.name }), ..node_type }
}

const fn store(name: &'static str, field: &'static str, cardinality: Cardinality) -> NodeType {
    NodeType { layers: STORE.alone(), ..node_type(name, field, cardinality, Workload::StatefulSet) }
}

const fn file(field: &'static str, file: &'static str, format: Format) -> ConfigFile {
    ConfigFile { field: Some(field), readers: &[], file, mount: "/etc", format, with: None, reload: Reload::Pods }
}

const STORE: NodeTemplate = NodeTemplate {
    storage: &[StorageTemplate { name: "data", mount: "/data", size: "1Gi", class: None }],
    configs: &[file("settings", "store.txt", Format::Raw)],
    ..NodeTemplate::EMPTY
};

const DEFINITION: Definition = Definition {
    group: "tests.example.com",
    version: "v1",
    kind: "Data",
    plural: "data",
    singular: "data",
    allow: &[Power::ServiceAccount, Power::ImagePullSecrets, Power::PodOverrides],
    image: Some("image"),
    defaults: Some("defaults"),
    config_groups: Some(Groups { field: "configGroups", by: "configGroup" }),
    app_config_groups: Some(Groups { field: "appConfigGroups", by: "appConfigGroup" }),
    deployment_order: Some("deploymentOrder"),
    configs: &[file("common", "common.yaml", Format::Yaml)],
    secrets: &[SecretField {
        field: "password",
        readers: &[],
        key: "pass",
        env: None,
        file: None,
        folder: None,
        generate: Some(32),
    }],
    externals: &[External { name: "zookeeper", at: &["external", "zookeeper"], check: ExternalCheck::Tcp }],
    node_types: &[
        store("store", "stores", Cardinality::Many),
        node_type("query", "query", Cardinality::Optional, Workload::Deployment),
        node_type("agent", "agents", Cardinality::One, Workload::DaemonSet),
        node_type("migration", "migration", Cardinality::Optional, Workload::Job),
        tagged(store("server", "nodes", Cardinality::List)),
        tagged(node_type("broker", "nodes", Cardinality::List, Workload::Deployment)),
    ],
    ..Definition::EMPTY
};

fn definition(definition: &Definition) -> Value {
    value::<Spec, ClusterStatus>(definition)
}

fn spec(crd: &Value) -> &Value {
    &crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"]
}

/// The schema of a field; `*` stands for items and values of maps.
fn at<'a>(crd: &'a Value, path: &str) -> &'a Value {
    path.split('.').fold(spec(crd), |schema, name| match name {
        "*" => schema.get("items").unwrap_or_else(|| &schema["additionalProperties"]),
        name => &schema["properties"][name],
    })
}

fn rules(schema: &Value) -> Vec<&str> {
    let rules = schema["x-kubernetes-validations"].as_array().into_iter().flatten();
    rules.filter_map(|rule| rule["rule"].as_str()).collect()
}

/// Every field below, with its path.
fn fields<'a>(schema: &'a Value, path: &str, found: &mut Vec<(String, &'a Value)>) {
    for (name, field) in schema["properties"].as_object().into_iter().flatten() {
        let path = format!("{path}.{name}");
        fields(field, &path, found);
        found.push((path, field));
    }
    for key in ["items", "additionalProperties"] {
        if schema.get(key).is_some_and(Value::is_object) {
            fields(&schema[key], &format!("{path}.*"), found);
        }
    }
}

#[test]
fn the_definition_is_one() {
    let crd = definition(&DEFINITION);
    serde_json::from_value::<CustomResourceDefinition>(crd).unwrap();
}

#[test]
fn a_node_has_what_its_workload_has() {
    let crd = definition(&DEFINITION);
    for (field, stores, query, agents, migration) in [
        ("replicas", true, true, false, false),
        ("autoscaling", true, true, false, false),
        ("disruptionBudget", true, true, false, false),
        ("storage", true, false, false, false),
        ("storageRetention", true, false, false, false),
        ("podManagementPolicy", true, false, false, false),
        ("updateStrategy", true, true, true, false),
        ("minReadySeconds", true, true, true, false),
        ("updateStrategy.partition", true, false, false, false),
        ("updateStrategy.maxSurge", false, true, true, false),
        ("service", true, true, true, true),
        ("service.type", false, true, true, true),
        ("service.external.type", true, true, true, true),
        ("ports", true, true, true, true),
    ] {
        let there =
            ["stores.*", "query", "agents", "migration"].map(|node| !at(&crd, &format!("{node}.{field}")).is_null());
        assert_eq!(there, [stores, query, agents, migration], "{field}");
    }
    for (node, types) in [
        ("stores.*", json!(["RollingUpdate", "OnDelete"])),
        ("query", json!(["RollingUpdate", "Recreate"])),
        ("agents", json!(["RollingUpdate", "OnDelete"])),
        ("defaults", json!(["RollingUpdate", "OnDelete", "Recreate"])),
    ] {
        assert_eq!(at(&crd, &format!("{node}.updateStrategy.type"))["enum"], types, "{node}");
    }
}

#[test]
fn what_nodes_share_has_what_some_node_can_have() {
    let crd = definition(&DEFINITION);
    assert!(!at(&crd, "defaults.podManagementPolicy").is_null());
    const JOBS: &[NodeType] = &[node_type("migration", "migration", Cardinality::Optional, Workload::Job)];
    let crd = definition(&Definition { node_types: JOBS, ..DEFINITION });
    assert!(at(&crd, "defaults.podManagementPolicy").is_null());
    assert!(at(&crd, "configGroups.*.updateStrategy").is_null());
}

#[test]
fn what_the_author_does_not_allow_is_not_in_the_schema() {
    let crd = definition(&Definition { allow: &[Power::PodOverrides], ..DEFINITION });
    for (field, is_there) in [("podOverrides", true), ("serviceAccountName", false), ("imagePullSecrets", false)] {
        for place in ["query", "stores.*", "defaults", "configGroups.*"] {
            assert_eq!(!at(&crd, &format!("{place}.{field}")).is_null(), is_there, "{place}.{field}");
        }
    }
}

#[test]
fn every_field_is_described() {
    let spec = fitted(schema::<Spec>(), &DEFINITION);
    let mut found = Vec::new();
    fields(&spec, "spec", &mut found);
    assert!(found.len() > 500, "{}", found.len());
    // What the author of the kind hasn't described and the definition doesn't know.
    let silent = ["spec.external", "spec.appConfigGroups.*.settings", "spec.nodes.*.k8sConfigGroup"];
    let bare: Vec<&str> = found
        .iter()
        .filter(|(path, field)| field.get("description").is_none() && !silent.contains(&path.as_str()))
        .map(|(path, _)| path.as_str())
        .collect();
    assert!(bare.is_empty(), "{bare:#?}");
}

#[test]
fn no_setting_has_a_default_or_a_format_that_kubernetes_does_not_know() {
    let crd = definition(&DEFINITION);
    let mut found = Vec::new();
    fields(spec(&crd), "spec", &mut found);
    for (path, field) in found {
        assert!(field.get("default").is_none(), "a stored default would beat every lower layer: {path}");
        let format = field["format"].as_str().unwrap_or_default();
        assert!(["", "int32", "int64"].contains(&format), "{path}: {format}");
    }
}

#[test]
fn fields_of_the_authors_own_stay_nullable() {
    let crd = definition(&DEFINITION);
    assert_eq!(at(&crd, "image")["nullable"], true);
    assert_eq!(at(&crd, "nodes.*.appConfigGroup")["nullable"], true);
    assert!(at(&crd, "query.image").get("nullable").is_none());
}

#[test]
fn nodes_in_a_list_say_their_type_and_have_names_of_their_own() {
    let crd = definition(&DEFINITION);
    let nodes = at(&crd, "nodes");
    assert_eq!(nodes["x-kubernetes-list-map-keys"], json!(["name"]));
    assert_eq!(nodes["maxItems"], 64);
    assert_eq!(at(&crd, "nodes.*.name")["maxLength"], 30);
    let rules = rules(&nodes["items"]);
    assert!(rules.contains(&"!has(self.storage) || self.nodeType in ['server']"), "{rules:#?}");
    assert!(rules.iter().all(|rule| !rule.contains("self.replicas")), "both have replicas: {rules:#?}");
    assert!(!at(&crd, "nodes.*.updateStrategy.partition").is_null());
}

#[test]
fn config_overrides_name_the_files_that_a_node_has() {
    let crd = definition(&DEFINITION);
    let files = |node: &str| {
        let files = at(&crd, &format!("{node}.configOverrides"))["properties"].as_object().unwrap();
        files.iter().map(|(name, file)| format!("{name} {}", file["type"])).collect::<Vec<_>>()
    };
    assert_eq!(files("query"), ["common.yaml \"object\""]);
    assert_eq!(files("stores.*"), ["common.yaml \"object\"", "store.txt \"string\""]);
    assert_eq!(files("defaults"), files("stores.*"));
    let none = definition(&Definition { configs: &[], ..DEFINITION });
    assert!(at(&none, "query.configOverrides").is_null());
}

#[test]
fn groups_are_named_by_the_field_that_the_definition_says() {
    let dsoi = Definition { config_groups: Some(Groups { field: "configGroups", by: "k8sConfigGroup" }), ..DEFINITION };
    let crd = definition(&dsoi);
    assert!(at(&crd, "nodes.*.configGroup").is_null() && at(&crd, "query.configGroup").is_null());
    let rules = rules(spec(&crd));
    assert_eq!(
        rules,
        ["k8sConfigGroup in self.configGroups", "appConfigGroup in self.appConfigGroups"].map(|exists| {
            let (by, rest) = exists.split_once(' ').unwrap();
            let groups = rest.trim_start_matches("in ");
            format!(
                "!has(self.nodes) || self.nodes.all(node, !has(node.{by}) || (has({groups}) && node.{by} in {groups}))"
            )
        })
    );
    assert_eq!(at(&crd, "nodes.*.k8sConfigGroup")["maxLength"], 30);
    let none = definition(&Definition { config_groups: None, ..DEFINITION });
    assert!(at(&none, "query.configGroup").is_null());
}

#[test]
fn order_secrets_and_externals_are_judged() {
    let crd = definition(&DEFINITION);
    let order = at(&crd, "deploymentOrder");
    assert_eq!(order["items"]["enum"], json!(["store", "query", "agent", "migration", "server", "broker"]));
    assert_eq!(order["x-kubernetes-list-type"], "set");
    let password = at(&crd, "password")["description"].as_str().unwrap();
    assert!(password.ends_with("Default: the operator creates one with 32 random letters and digits."), "{password}");
    assert_eq!(at(&crd, "password.key")["description"], "Key in its data. Default: `pass`.");
    let folder = SecretField { folder: Some("/etc/tls"), generate: None, ..DEFINITION.secrets[0] };
    let whole = definition(&Definition { secrets: Box::leak(Box::new([folder])), ..DEFINITION });
    assert!(at(&whole, "password.key").is_null(), "all keys become files");
    assert!(at(&whole, "password")["description"].as_str().unwrap().contains("each key of which becomes a file"));
    let zookeeper = at(&crd, "external.zookeeper");
    assert!(rules(zookeeper).iter().any(|rule| rule.starts_with("self.matches(")), "{zookeeper}");
}

#[test]
fn a_key_can_be_named_where_some_type_that_shares_the_field_reads_one() {
    const fn reads(name: &'static str, secrets: &'static [SecretField]) -> NodeType {
        let template = NodeTemplate { secrets, ..NodeTemplate::EMPTY };
        tagged(NodeType { layers: template.alone(), ..node_type(name, "nodes", Cardinality::List, Workload::Job) })
    }
    const FOLDER: &[SecretField] =
        &[SecretField { field: "tls", folder: Some("/tls"), generate: None, ..DEFINITION.secrets[0] }];
    const FILE: &[SecretField] = &[SecretField { folder: None, file: Some("/tls"), ..FOLDER[0] }];
    const ALIKE: &[NodeType] = &[reads("a", FOLDER), reads("b", FOLDER)];
    const MIXED: &[NodeType] = &[reads("a", FOLDER), reads("b", FILE)];
    let key = |node_types| at(&definition(&Definition { node_types, ..DEFINITION }), "nodes.*.tls.key").clone();
    assert!(key(ALIKE).is_null());
    assert!(key(MIXED).is_object());
}

#[test]
fn the_definition_has_the_keys_of_kube() {
    let crd = definition(&Definition {
        annotations: &[("a", "b")],
        labels: &[("c", "d")],
        served: false,
        storage: false,
        deprecated: Some("use v2"),
        scale: Some(ScaleSubresource {
            spec_replicas_path: ".spec.query.replicas",
            status_replicas_path: ".status.nodes[0].replicas",
            label_selector_path: None,
        }),
        selectable: &[".spec.image"],
        ..DEFINITION
    });
    assert_eq!(
        crd["metadata"],
        json!({ "name": "data.tests.example.com", "annotations": { "a": "b" }, "labels": { "c": "d" } })
    );
    let version = &crd["spec"]["versions"][0];
    assert_eq!((&version["served"], &version["storage"]), (&json!(false), &json!(false)));
    assert_eq!((&version["deprecated"], &version["deprecationWarning"]), (&json!(true), &json!("use v2")));
    assert_eq!(version["subresources"]["scale"]["specReplicasPath"], ".spec.query.replicas");
    assert_eq!(version["selectableFields"], json!([{ "jsonPath": ".spec.image" }]));
}

#[test]
fn a_column_of_the_author_replaces_one_of_core() {
    let column = |name| PrintColumn { name, type_: "string", json_path: ".metadata.creationTimestamp", priority: 0 };
    let print_columns = vec![column("AGE"), column("Ready"), column("Image")].leak();
    let shown = columns(&Definition { print_columns, ..Definition::EMPTY });
    let names: Vec<&Value> = shown.iter().map(|column| &column["name"]).collect();
    assert_eq!(names, ["Status", "Message", "AGE", "Ready", "Image"]);
}

#[test]
fn many_node_types_are_described_like_few() {
    let node_types: Vec<NodeType> = ["a", "b", "c", "d", "e", "f", "g", "h", "i"]
        .map(|field| node_type(field, field, Cardinality::One, Workload::StatefulSet))
        .to_vec();
    let fields: Map<String, Value> =
        node_types.iter().map(|node_type| (node_type.field.to_owned(), schema::<NodeSpec>())).collect();
    let own = json!({ "type": "object", "properties": fields });
    let definition = Definition { node_types: node_types.leak(), ..Definition::EMPTY };
    let crd = json(&definition, fitted(own, &definition), json!({ "type": "object" }));
    assert_eq!(at(&crd, "i.readinessProbe"), at(&crd, "a.readinessProbe"));
    assert!(at(&crd, "i.readinessProbe.periodSeconds").get("description").is_some());
}
