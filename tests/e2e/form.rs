//! A kind whose users write a form: as an operator has it whose custom resources say of each node what it is, and hold its volumes and files as
//! texts.

use k8s_openapi::api::{
    apps::v1::{Deployment, StatefulSet},
    core::v1::{ConfigMap, PersistentVolumeClaim},
};
use kube::api::{DeleteParams, ListParams};
use operator_core::prelude::*;
use serde_json::{Value, json};

use crate::setup::{Setup, with};

/// What the operator makes of it.
#[derive(DataOperator, Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[operator(group = "forms.example.com", version = "v1", kind = "Classic", form = ClassicForm)]
#[operator(every_node(port(http = 8080), env(SELF = "${node.name}")))]
#[operator(printcolumn(name = "Image", type = "string", json_path = ".spec.image"))]
pub struct ClassicSpec {
    /// Image of every node.
    #[operator(image)]
    pub image: String,
    /// Answer queries.
    #[node_type(name = "broker", workload = Deployment)]
    pub brokers: BTreeMap<String, Node>,
    /// Keep segments.
    #[node_type(name = "historical", storage(data = "/druid/data", size = "1Gi"))]
    pub historicals: BTreeMap<String, Node>,
}

/// A node.
#[node_type]
pub struct Node {
    /// Its file.
    #[config(file = "runtime.properties", mount = "/etc/druid")]
    pub runtime: Properties,
}

/// What users write.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct ClassicForm {
    /// Image of every node.
    pub image: String,
    /// Lines of the file that every node reads.
    #[serde(rename = "common.runtime.properties", default)]
    pub common: String,
    /// By name.
    pub nodes: BTreeMap<String, ClassicNode>,
}

/// A node, and what it is.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct ClassicNode {
    /// What it is.
    #[serde(rename = "nodeType")]
    pub node_type: NodeType,
    /// Lines of its file.
    #[serde(rename = "runtime.properties", default)]
    pub runtime: String,
    /// Number of pods.
    pub replicas: i32,
    /// Its volume; only a historical has one.
    #[serde(rename = "volumeClaimTemplates", default, skip_serializing_if = "Vec::is_empty")]
    pub claims: Vec<PersistentVolumeClaim>,
}

/// What a node is.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum NodeType {
    /// Answers queries.
    Broker,
    /// Keeps segments.
    Historical,
}

impl Form for ClassicForm {
    type Spec = ClassicSpec;

    fn spec(self, _: &Identity) -> Result<Formed<ClassicSpec>, Vec<Invalid>> {
        let common = properties("common.runtime.properties", &self.common)?;
        let spec = ClassicSpec { image: self.image, brokers: BTreeMap::new(), historicals: BTreeMap::new() };
        let mut formed = Formed::from(spec);
        for (key, node) in self.nodes {
            let place = format!("nodes.{key}");
            let runtime = properties(&format!("{place}.runtime.properties"), &node.runtime)?.over(common.clone());
            let size = node.claims.first().and_then(|claim| {
                claim.spec.as_ref()?.resources.as_ref()?.requests.as_ref()?.get("storage").map(|size| size.0.as_str())
            });
            let settings = serde_json::from_value(match size {
                None => json!({ "replicas": node.replicas }),
                Some(size) => json!({ "replicas": node.replicas, "storage": { "data": { "size": size } } }),
            });
            let refused = |error: serde_json::Error| vec![Invalid::new(place.as_str(), error.to_string())];
            let (field, nodes) = match node.node_type {
                NodeType::Broker => ("brokers", &mut formed.spec.brokers),
                NodeType::Historical => ("historicals", &mut formed.spec.historicals),
            };
            nodes.insert(key.clone(), Node { runtime, node: settings.map_err(refused)? });
            let claim = format!("{place}.volumeClaimTemplates[0].spec.resources.requests.storage");
            formed.origin(format!("{field}.{key}"), &place);
            formed.origin(format!("{field}.{key}.storage.data.size"), claim);
        }
        Ok(formed)
    }
}

/// The lines of a text.
fn properties(path: &str, text: &str) -> Result<Properties, Vec<Invalid>> {
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    let pair = |line: &str| {
        let (name, value) =
            line.split_once('=').ok_or_else(|| vec![Invalid::new(path, format!("`{line}` has no `=`"))])?;
        Ok((name.to_owned(), value.to_owned()))
    };
    lines.map(pair).collect()
}

fn tiny() -> Value {
    json!({
        "image": "apache/druid:33.0.0",
        "common.runtime.properties": "# of all\ndruid.host=${cluster.name}\ndruid.zk=zk\n",
        "nodes": {
            "front": { "nodeType": "broker", "replicas": 1, "runtime.properties": "druid.plaintextPort=8080" },
            "hot": {
                "nodeType": "historical", "replicas": 2, "runtime.properties": "druid.zk=other",
                "volumeClaimTemplates": [{
                    "metadata": { "name": "data" },
                    "spec": { "accessModes": ["ReadWriteOnce"], "resources": { "requests": { "storage": "2Gi" } } },
                }],
            },
        },
    })
}

#[tokio::test]
async fn a_form_of_the_authors_own_is_installed_changed_and_refused_in_its_own_words() {
    operator_core::check::<Classic>().unwrap();
    let setup = Setup::of_kind::<Classic>("form").await;
    setup.enforce_restricted().await;
    let ready: Classic = setup.ready_as("tiny", tiny()).await;
    assert_eq!(ready.spec.nodes.len(), 2, "the spec is as the user wrote it");
    let names: Vec<String> = ready.status.unwrap().nodes.into_iter().map(|node| node.name).collect();
    assert_eq!(names, ["broker-front", "historical-hot"]);
    setup.api::<Deployment>().get("tiny-broker-front").await.unwrap();
    let maps = setup.api::<ConfigMap>().list(&ListParams::default()).await.unwrap().items;
    let file = |node: &str| {
        let map = maps.iter().find(|map| map.metadata.name.as_ref().is_some_and(|name| name.contains(node))).unwrap();
        map.data.as_ref().unwrap()["runtime.properties"].clone()
    };
    assert_eq!(file("front"), "druid.host=${cluster.name}\ndruid.plaintextPort=8080\ndruid.zk=zk\n");
    assert_eq!(file("hot"), "druid.host=${cluster.name}\ndruid.zk=other\n");
    assert_eq!(setup.claims().await.len(), 2);

    let size = "/nodes/hot/volumeClaimTemplates/0/spec/resources/requests/storage";
    for (pointer, value, refused) in [
        ("/nodes/hot/nodeType", json!("historian"), Some("spec.nodes.hot.nodeType: Unsupported value: \"historian\"")),
        ("/nodes/hot/replicas", json!("2"), Some("spec.nodes.hot.replicas")),
        ("/nodes/hot/replicaz", json!(2), Some(".spec.nodes.hot.replicaz: field not declared in schema")),
        ("/nodes/front/runtime.properties", json!("a"), None),
        (size, json!("1Gi"), None),
    ] {
        let applied = setup.apply_as::<Classic>("tiny", with(tiny(), [(pointer, value)])).await;
        let message = match refused {
            Some(_) => applied.unwrap_err().to_string(),
            None => setup.reason_of::<Classic>("tiny", "InvalidSpec").await,
        };
        let wanted = refused.unwrap_or(match pointer == size {
            true => "spec.nodes.hot.volumeClaimTemplates[0].spec.resources.requests.storage: the storage has 2Gi",
            false => "spec.nodes.front.runtime.properties: `a` has no `=`",
        });
        assert!(message.contains(wanted), "{pointer}: {message}");
    }

    let grown = with(tiny(), [("/nodes/hot/replicas", json!(3))]);
    let _: Classic = setup.ready_as("tiny", grown).await;
    let set = setup.api::<StatefulSet>().get("tiny-historical-hot").await.unwrap();
    assert_eq!(set.spec.unwrap().replicas, Some(3));
    setup.api::<Classic>().delete("tiny", &DeleteParams::default()).await.unwrap();
}
