//! Kinds whose users write something else than the author's struct.

use operator_core::{
    check,
    model::kind::{CONFIG_MAP, DEPLOYMENT, REVISION, STATEFUL_SET},
    prelude::*,
    render::Author,
    settings::{explain, place},
};
use serde_json::{Value, json};

use crate::common::{World, built, cluster, sentences};

/// A shop, as others have designed it.
#[derive(DataOperator, Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[operator(group = "tests.example.com", version = "v1", kind = "Shop", form = ShopForm, validate = counted)]
#[operator(allow(annotations("")))]
#[operator(every_node(port(http = 80), env(SELF = "${node.name}")))]
#[operator(printcolumn(name = "Owner", type = "string", json_path = ".spec.owner"))]
#[serde(rename_all = "camelCase")]
pub struct ShopSpec {
    /// Without data.
    #[node_type(name = "front", workload = Deployment)]
    pub fronts: BTreeMap<String, NodeSpec>,
    /// With data.
    #[node_type(name = "stock", storage(data = "/data", size = "1Gi"))]
    pub stock: BTreeMap<String, NodeSpec>,
    /// What all read.
    #[config(file = "shop.properties", mount = "/etc/shop")]
    pub config: Properties,
}

fn counted(spec: &ShopSpec) -> Vec<Invalid> {
    let far = |(key, _): (&String, &NodeSpec)| Invalid::new(format!("stock.{key}"), "three are enough");
    spec.stock.iter().skip(3).map(far).collect()
}

/// What users write: nodes that say what they are.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ShopForm {
    /// Whose it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// Lines of the file.
    #[serde(default)]
    pub properties: String,
    /// By name.
    pub nodes: BTreeMap<String, Shelf>,
}

/// A node of either type.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Shelf {
    /// Kind of its workload.
    pub kind: Workload,
    /// Its image.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image: Option<String>,
    /// Size of its volume.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub volume: Option<String>,
    /// A text.
    #[serde(default)]
    pub text: String,
}

/// Kind of a workload.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub enum Workload {
    /// Has no volume.
    Deployment,
    /// Has one.
    StatefulSet,
}

impl Form for ShopForm {
    type Spec = ShopSpec;

    fn spec(self, cluster: &Identity) -> Result<Formed<ShopSpec>, Vec<Invalid>> {
        let lines = self.properties.lines().map(|line| line.split_once('=').ok_or(line));
        let config = lines
            .collect::<Result<Vec<_>, _>>()
            .map_err(|line| vec![Invalid::new("properties", format!("`{line}` has no `=`"))])?;
        assert!(!self.nodes.contains_key("panic"), "no such node");
        let config = Properties::from_iter(config.into_iter().chain([("cluster", &*cluster.name)]));
        let mut formed = Formed::from(ShopSpec { fronts: BTreeMap::new(), stock: BTreeMap::new(), config });
        formed.origin("config", "properties");
        for (key, shelf) in self.nodes {
            let from = format!("nodes.{key}");
            let mut node = NodeSpec::default();
            node.settings.image = shelf.image;
            let stock = "${service.stock.a.http}";
            let text = json!([{ "name": "TEXT", "value": shelf.text }, { "name": "STOCK", "value": stock }]);
            node.settings.env = serde_json::from_value(text).unwrap_or_default();
            node.settings.pod_labels.insert("team".to_owned(), "a".to_owned());
            let sidecar = json!([{ "name": "s", "image": "s", "args": [shelf.text], "env": [{ "name": "A", "value": "${node.type}" }] }]);
            node.settings.sidecars = serde_json::from_value(sidecar).unwrap_or_default();
            node.settings.pod_annotations.insert("example.com/text".to_owned(), shelf.text.clone());
            if let Some(size) = &shelf.volume {
                let storage = serde_json::from_value(json!({ "data": { "size": size } }));
                let refused =
                    |error: serde_json::Error| vec![Invalid::new(format!("{from}.volume"), error.to_string())];
                node.storage = storage.map_err(refused)?;
            }
            let (field, nodes) = match shelf.kind {
                Workload::Deployment => ("fronts", &mut formed.spec.fronts),
                Workload::StatefulSet => ("stock", &mut formed.spec.stock),
            };
            nodes.insert(key.clone(), node);
            formed.origin(format!("{field}.{key}"), &from);
            formed.origin(format!("{field}.{key}.env[TEXT]"), format!("{from}.text"));
            formed.origin(format!("{field}.{key}.storage.data.size"), format!("{from}.volume"));
        }
        Ok(formed)
    }
}

fn shop() -> Value {
    json!({
        "owner": "o",
        "properties": "a=${pod.name}",
        "nodes": {
            "a": { "kind": "StatefulSet", "image": "s", "volume": "2Gi", "text": "${node.name} $${cluster.name} ${x}" },
            "web": { "kind": "Deployment", "image": "f", "text": "" },
        },
    })
}

fn author() -> Author {
    Author::of::<Shop>()
}

/// What is wrong with the shop where this is changed.
fn wrong(pointer: &str, value: Value) -> Vec<String> {
    let mut spec = shop();
    *spec.pointer_mut(pointer).unwrap() = value;
    (author().read)(&spec).map_err(|invalid| sentences(&invalid)).and_then(|spec| built(author(), &spec)).unwrap_err()
}

#[test]
fn a_form_is_what_the_author_makes_of_it() {
    let blueprint = built(author(), &shop()).unwrap();
    let find = |kind, name: &str| &blueprint.find(&operator_core::model::Kind::Row(kind), name).unwrap().json;
    let env = |workload: &Value, name: &str| {
        let env = workload.pointer("/spec/template/spec/containers/0/env").unwrap().as_array().unwrap();
        env.iter().find(|it| it["name"] == name).unwrap()["value"].clone()
    };
    let (stock, front) = (find(&STATEFUL_SET, "a-stock-a"), find(&DEPLOYMENT, "a-front-web"));
    assert_eq!(stock.pointer("/spec/volumeClaimTemplates/0/spec/resources/requests/storage").unwrap(), "2Gi");
    assert_eq!(env(front, "STOCK"), "a-stock-a.default.svc:80");
    // The user's texts are literal, the author's are not.
    assert_eq!(env(stock, "SELF"), "a-stock-a");
    assert_eq!(env(stock, "TEXT"), "${node.name} $${cluster.name} ${x}");
    let template = stock.pointer("/spec/template").unwrap();
    let text = "${node.name} $${cluster.name} ${x}";
    assert_eq!(template["spec"]["containers"][1]["args"][0], text);
    assert_eq!(template["spec"]["containers"][1]["env"][0]["value"], "stock");
    assert_eq!(template["metadata"]["annotations"]["example.com/text"], text);
    let files = blueprint.objects.iter().find(|object| object.kind == &CONFIG_MAP).unwrap();
    assert_eq!(files.json["data"]["shop.properties"], "a=${pod.name}\ncluster=a\n");
    // What is kept is what the user wrote.
    let kept = blueprint.objects.iter().find(|object| object.kind == &REVISION).unwrap();
    assert_eq!(kept.json["data"], shop());
}

#[test]
fn mistakes_have_their_place_in_the_form() {
    assert_eq!(wrong("/properties", json!("${x}")), ["spec.properties: `${x}` has no `=`"]);
    let image = "no image: set it here, in a config group, or for the whole cluster";
    assert_eq!(wrong("/nodes/web/image", Value::Null), [format!("spec.nodes.web.image: {image}")]);
    let volume = wrong("/nodes/a/volume", json!("2 GB"));
    assert!(volume[0].starts_with("spec.nodes.a.volume: "), "{volume:?}");
    let [unknown] = &wrong("/nodes/a", json!({ "kind": "StatefulSet", "sise": 1 }))[..] else { panic!() };
    assert!(unknown.starts_with("spec.nodes.a.sise: unknown field `sise`"), "{unknown}");
    let shelf = json!({ "kind": "StatefulSet", "image": "i", "text": "" });
    let far = wrong("/nodes", json!({ "a": shelf, "b": shelf, "c": shelf, "d": shelf }));
    assert_eq!(far, ["spec.nodes.d: three are enough"], "by a rule of the author's over the struct");
}

#[test]
fn storage_that_shrinks_is_refused_in_the_words_of_the_form() {
    let sized = |size: &str| {
        let mut spec = shop();
        spec["nodes"]["a"]["volume"] = size.into();
        built(author(), &spec).unwrap()
    };
    let mut world = World::of(&sized("2Gi"));
    let shrinks = world.plan(&sized("1Gi"));
    assert!(shrinks.invalid[0].to_string().starts_with("spec.nodes.a.volume: the storage has 2Gi"), "{shrinks:?}");
    assert!(world.step(&sized("3Gi")).invalid.is_empty());
}

#[test]
fn each_setting_says_where_in_the_form_it_stands() {
    let formed = ShopSpec::FORM.unwrap()(&shop(), &cluster("a")).unwrap();
    let fields = explain(Shop::DEFINITION, &formed.spec, "stock-a").unwrap();
    let said = fields.iter().filter_map(|field| {
        let place = place(Shop::DEFINITION, &formed.spec, "stock-a", field)?;
        Some((field.path.as_str(), formed.origins().of(&place).unwrap()))
    });
    // What the function adds has no place of its own.
    let expected = [
        ("env[STOCK]", "nodes.a.env[STOCK]"),
        ("env[TEXT]", "nodes.a.text"),
        ("image", "nodes.a.image"),
        ("podAnnotations.example.com/text", "nodes.a.podAnnotations.example.com/text"),
        ("podLabels.team", "nodes.a.podLabels.team"),
        ("sidecars[s]", "nodes.a.sidecars[s]"),
        ("storage.data.size", "nodes.a.volume"),
    ];
    assert_eq!(said.collect::<Vec<_>>(), expected.map(|(field, place)| (field, place.to_owned())));
}

#[test]
fn the_longest_part_that_an_author_named_says_where_a_path_comes_from() {
    let mut formed = Formed::from(());
    formed.origin("a.b", "x").origin("a.b.c", "y[0]").origin("a.b.d", "").origin("l", "m");
    let origins = formed.origins();
    let of = |path: &str| origins.of(path).unwrap_or_else(|| "-".to_owned());
    assert_eq!(["a.b", "a.b.e", "a.b.c", "a.b.c.f", "a.b.c[1].g"].map(of), ["x", "x.e", "y[0]", "y[0].f", "y[0][1].g"]);
    assert_eq!(["a", "a.bc", "a.b.d", "a.b.d.e", "l[2]", "z"].map(of), ["-", "-", "", "e", "m[2]", "-"]);
    formed.origin("", "");
    assert_eq!(formed.origins().of("z.y").as_deref(), Some("z.y"));
    let elsewhere = Formed::from(()).origins().invalid(Invalid::new("a.b", "no."));
    assert_eq!(elsewhere.to_string(), "spec: no. (at `a.b` of what the operator makes of it)");
}

#[test]
fn check_looks_at_the_form_and_at_the_struct() {
    assert_eq!(check::<Shop>(), Ok(()));
    let found = check::<Wrong>().unwrap_err().to_string();
    let [_, column, file, form] = &*found.lines().collect::<Vec<_>>() else { panic!("{found}") };
    assert_eq!(*column, "- printcolumn \"Fronts\": `.spec` has no field `fronts`; it has: nodes");
    assert!(file.starts_with("- config \"a.properties\": `spec.tree` has a map or list in"), "{found}");
    assert_eq!(*form, "- form: it panics: index, over what the schema accepts: {\"nodes\":0}");
}

/// Has a mistake in each.
#[derive(DataOperator, Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[operator(group = "tests.example.com", version = "v1", kind = "Wrong", form = WrongForm)]
#[operator(printcolumn(name = "Fronts", type = "string", json_path = ".spec.fronts"))]
pub struct WrongSpec {
    /// The only one.
    #[node_type(name = "front", image = "i")]
    pub fronts: NodeSpec,
    /// No properties.
    #[config(file = "a.properties", mount = "/etc/a")]
    pub tree: BTreeMap<String, BTreeMap<String, BTreeMap<String, String>>>,
}

/// Counts.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct WrongForm {
    /// How many.
    pub nodes: u8,
}

impl Form for WrongForm {
    type Spec = WrongSpec;

    fn spec(self, _: &Identity) -> Result<Formed<WrongSpec>, Vec<Invalid>> {
        panic!("index")
    }
}
