//! Objects, containers and labels that are called as the author says.

use operator_core::{
    check,
    model::{Kind, Object, kind},
    plan::{Plan, Verb},
    prelude::*,
    render::Author,
    state::Answer,
};
use serde_json::{Value, json};

use crate::{
    common::{World, built},
    plans::{refusal, waiting},
};

/// Called as another operator calls its own.
#[derive(DataOperator, Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[operator(group = "tests.example.com", version = "v1", kind = "Called", every_node(image = "i", port(http = 80)))]
pub struct CalledSpec {
    /// With names of their own.
    #[node_type(
        name = "store",
        object_name = "db-${cluster.name}-${node.key}",
        container = "db",
        selector("cr", "${cluster.name}"),
        selector("app", "${cluster.name}.${node.key}"),
        storage(data = "/data", size = "1Gi"),
        config_hash_env = "HASH",
        env(SELF = "${node.name}", FRONT = "${service.front.http}")
    )]
    #[serde(default)]
    pub stores: BTreeMap<String, NodeSpec>,
    /// With the operator's.
    #[node_type(workload = Deployment)]
    pub front: Front,
}

/// Knows the stores.
#[node_type(config(file = "stores.txt", mount = "/etc/stores", format = raw, with = stores))]
pub struct Front {}

fn stores(_: &Front, around: &Surroundings) -> String {
    around.nodes("store").flat_map(|store| store.pods().unwrap_or_default()).collect::<Vec<_>>().join("\n")
}

fn rendered(store: Value) -> Result<Vec<std::sync::Arc<Object>>, Vec<String>> {
    let spec = json!({ "stores": { "hot": store }, "front": {} });
    let spec = (Author::of::<Called>().read)(&spec).unwrap();
    built(Author::of::<Called>(), &spec).map(|blueprint| blueprint.objects)
}

fn find<'a>(objects: &'a [std::sync::Arc<Object>], kind: &'static kind::ChildKind, name: &str) -> &'a Value {
    let named: Vec<&str> = objects.iter().filter(|it| it.kind == Kind::Row(kind)).map(|it| it.name.as_str()).collect();
    let found = objects.iter().find(|it| it.kind == Kind::Row(kind) && it.name == name);
    &found.unwrap_or_else(|| panic!("no {name} among {named:?}")).json
}

#[test]
fn a_nodes_objects_are_called_and_selected_as_the_author_says() {
    check::<Called>().unwrap();
    let store = json!({
        "replicas": 2,
        "resources": { "requests": { "cpu": "1" } },
        "autoscaling": { "minReplicas": 2, "maxReplicas": 3 },
        "networkPolicy": { "enabled": true },
        "verticalAutoscaling": {},
    });
    let objects = rendered(store).unwrap();
    let set = find(&objects, &kind::STATEFUL_SET, "db-a-hot");
    let selector = json!({ "app": "a.hot", "cr": "a" });
    assert_eq!(set["spec"]["selector"]["matchLabels"], selector);
    assert_eq!(set["spec"]["serviceName"], "db-a-hot");
    let labels = &set["spec"]["template"]["metadata"]["labels"];
    let own = [
        ("app", "a.hot"),
        ("app.kubernetes.io/component", "store"),
        ("app.kubernetes.io/instance", "a"),
        ("tests.example.com/node", "store-hot"),
    ];
    assert!(own.iter().all(|(key, value)| labels[key] == *value), "{labels}");
    assert!(own.iter().all(|(key, value)| set["metadata"]["labels"][key] == *value), "{set}");
    let claim = &set["spec"]["volumeClaimTemplates"][0]["metadata"]["labels"];
    assert_eq!(claim["tests.example.com/node"], "store-hot", "claims are found by the operator's labels");
    let main = &set["spec"]["template"]["spec"]["containers"][0];
    assert_eq!(main["name"], "db");
    let env = main["env"].as_array().unwrap();
    let value = |name: &str| env.iter().find(|it| it["name"] == name).map(|it| it["value"].clone());
    assert_eq!(value("SELF").unwrap(), "db-a-hot");
    assert_eq!(value("FRONT").unwrap(), "a-front.default.svc:80");
    assert!(value("HASH").is_some_and(|hash| !hash.is_null()), "{env:?}");

    assert_eq!(find(&objects, &kind::SERVICE, "db-a-hot")["spec"]["selector"], selector);
    let budget = find(&objects, &kind::POD_DISRUPTION_BUDGET, "db-a-hot");
    assert_eq!(budget["spec"]["selector"]["matchLabels"], selector);
    let policy = find(&objects, &kind::NETWORK_POLICY, "db-a-hot");
    assert_eq!(policy["spec"]["podSelector"]["matchLabels"], selector);
    let scaler = find(&objects, &kind::AUTOSCALER, "db-a-hot");
    assert_eq!(scaler["spec"]["scaleTargetRef"]["name"], "db-a-hot");
    assert_eq!(scaler["spec"]["metrics"][0]["containerResource"]["container"], "db");
    let vertical = find(&objects, &kind::VERTICAL_AUTOSCALER, "db-a-hot");
    assert_eq!(vertical["spec"]["resourcePolicy"]["containerPolicies"][0]["containerName"], "db");

    let front = find(&objects, &kind::DEPLOYMENT, "a-front");
    assert_eq!(front["spec"]["template"]["spec"]["containers"][0]["name"], "front");
    assert_eq!(front["spec"]["selector"]["matchLabels"]["tests.example.com/node"], "front");
}

#[test]
fn others_reach_a_node_by_the_name_that_the_author_gave_it() {
    let objects = rendered(json!({ "replicas": 2 })).unwrap();
    let map = objects.iter().find(|it| it.kind == &kind::CONFIG_MAP).unwrap();
    let pods = ["db-a-hot-0.db-a-hot.default.svc", "db-a-hot-1.db-a-hot.default.svc"];
    assert_eq!(map.json["data"]["stores.txt"], pods.join("\n"));
}

#[test]
fn labels_that_select_pods_are_the_authors() {
    let wrong = rendered(json!({ "podLabels": { "app": "mine" } })).unwrap_err();
    assert_eq!(
        wrong,
        ["spec.stores.hot.podLabels: `app` is the operator's own: pods are selected by it; use another key"]
    );
    let overrides = json!({ "podOverrides": { "metadata": { "labels": { "app": "mine" } } } });
    let wrong = rendered(overrides).unwrap_err();
    assert!(wrong.iter().any(|it| it.contains("metadata.labels.app: is the operator's own")), "{wrong:?}");
}

#[test]
fn a_long_name_is_cut_and_tells_nodes_apart() {
    let (long, other) = ("k".repeat(40), format!("{}l", "k".repeat(39)));
    let spec = json!({ "stores": { &long: {}, &other: {} }, "front": {} });
    let cluster = operator_core::model::Identity { name: "c".repeat(40), ..crate::common::cluster("a") };
    let blueprint = operator_core::render::render(&cluster, &spec, Called::DEFINITION).unwrap();
    let sets = blueprint.objects.iter().filter(|it| it.kind == &kind::STATEFUL_SET);
    let names: std::collections::BTreeSet<&str> = sets.map(|it| it.name.as_str()).collect();
    assert!(names.len() == 2 && names.iter().all(|it| it.len() <= 52 && it.starts_with("db-c")), "{names:?}");
    let set = blueprint.objects.iter().find(|it| it.kind == &kind::STATEFUL_SET).unwrap();
    assert!(set.json["spec"]["selector"]["matchLabels"]["app"].as_str().unwrap().len() <= 63);
}

/// Its two types are selected alike.
#[derive(DataOperator, Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[operator(group = "tests.example.com", version = "v1", kind = "Alike")]
#[operator(every_node(image = "i", selector("app", "${cluster.name}")))]
pub struct AlikeSpec {
    /// One.
    #[node_type]
    pub one: NodeSpec,
    /// Another.
    #[node_type]
    pub other: NodeSpec,
}

#[test]
fn nodes_that_are_selected_alike_are_refused() {
    let found = check::<Alike>().unwrap_err().to_string();
    assert!(found.contains("spec.other: its pods have the labels by which those of one are selected"), "{found}");
}

#[test]
fn a_workload_with_another_selector_is_not_replaced_for_its_pods_would_be_nobodys() {
    let called = |image: &str| {
        let spec = json!({ "stores": { "hot": { "image": image } }, "front": {} });
        built(Author::of::<Called>(), &spec).unwrap()
    };
    let (mut other, wanted) = (called("i:1"), called("i:2"));
    for object in other.objects.iter_mut().filter(|it| it.kind == &kind::STATEFUL_SET) {
        std::sync::Arc::make_mut(object).json["spec"]["selector"] = json!({ "matchLabels": { "app": "theirs" } });
    }
    for (before, is_replaced) in [(other, false), (called("i:1"), true)] {
        let mut world = World::of(&before);
        let applies = |plan: &Plan| {
            let of_sets = plan.actions.iter().filter(|it| *it.target().0 == &kind::STATEFUL_SET);
            of_sets.map(|it| (it.verb(), it.clone())).next()
        };
        let (_, apply) = applies(&world.plan(&wanted)).unwrap();
        world.answers(&apply, Answer::Refused(refusal("field is immutable", true)));
        let plan = world.plan(&wanted);
        assert_eq!(applies(&plan).map(|(verb, _)| verb), is_replaced.then_some(Verb::Try));
        let says = "its selector is another one, which can't change";
        assert_eq!(waiting(&plan).iter().any(|it| it.contains(says)), !is_replaced, "{:?}", waiting(&plan));
    }
}
