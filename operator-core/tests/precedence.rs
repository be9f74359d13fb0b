//! Properties of precedence: how layers of settings are put together.

use operator_core::{NodeDefaults, settings::merge};
use proptest::prelude::*;
use serde_json::{Map, Value, json};

/// A map with some of these fields.
fn some(fields: Vec<(&'static str, BoxedStrategy<Value>)>) -> BoxedStrategy<Value> {
    let fields: Vec<_> = fields
        .into_iter()
        .map(|(name, value)| prop::option::of(value).prop_map(move |value| value.map(|value| (name.to_owned(), value))))
        .collect();
    fields.prop_map(|fields| Value::Object(fields.into_iter().flatten().collect())).boxed()
}

fn one_of(values: &'static [&'static str]) -> BoxedStrategy<Value> {
    prop::sample::select(values).prop_map(Value::from).boxed()
}

fn text() -> BoxedStrategy<Value> {
    one_of(&["x", "y", "z"])
}

fn number() -> BoxedStrategy<Value> {
    (1..4).prop_map(Value::from).boxed()
}

fn map(value: BoxedStrategy<Value>) -> BoxedStrategy<Value> {
    prop::collection::btree_map("[ab]", value, 0..3)
        .prop_map(|map| Value::Object(map.into_iter().collect::<Map<_, _>>()))
        .boxed()
}

/// A list in which no two items have the same values of `keys`.
fn list(item: BoxedStrategy<Value>, keys: &'static [&'static str]) -> BoxedStrategy<Value> {
    let key = move |item: &Value| keys.iter().map(|key| item.get(key).cloned()).collect::<Vec<_>>();
    prop::collection::vec(item, 0..4)
        .prop_map(move |items| {
            let mut kept: Vec<Value> = Vec::new();
            for item in items {
                if keys.is_empty() || !kept.iter().any(|other| key(other) == key(&item)) {
                    kept.push(item);
                }
            }
            Value::Array(kept)
        })
        .boxed()
}

fn with(mut item: Value, name: &str, value: Value) -> Value {
    item[name] = value;
    item
}

/// An item of a list: this key, and some of these fields.
fn item(
    key: &'static str,
    keys: &'static [&'static str],
    fields: Vec<(&'static str, BoxedStrategy<Value>)>,
) -> BoxedStrategy<Value> {
    (one_of(keys), some(fields)).prop_map(move |(value, item)| with(item, key, value)).boxed()
}

fn port() -> BoxedStrategy<Value> {
    (text(), number()).prop_map(|(name, number)| json!({ "name": name, "number": number })).boxed()
}

fn variable() -> BoxedStrategy<Value> {
    let reference = Just(json!({ "secretKeyRef": { "name": "s", "key": "k" } })).boxed();
    prop_oneof![
        item("name", &["A", "B"], vec![("value", text())]),
        item("name", &["A", "B"], vec![("valueFrom", reference)])
    ]
    .boxed()
}

/// Tolerations that differ in their value alone stand together, as they do once they are merged.
fn together(mut tolerations: Value) -> Value {
    let key = |item: &Value| ["key", "operator", "effect"].map(|key| item[key].to_string());
    tolerations.as_array_mut().unwrap().sort_by_key(key);
    tolerations
}

fn layer() -> BoxedStrategy<Value> {
    let toleration = some(vec![
        ("key", text()),
        ("operator", one_of(&["Exists", "Equal"])),
        ("value", text()),
        ("effect", one_of(&["NoSchedule", "NoExecute"])),
    ]);
    let probe = prop_oneof![
        Just(json!({ "tcpSocket": { "port": 1 } })),
        Just(json!({ "exec": { "command": ["x"] } })),
        number().prop_map(|number| json!({ "periodSeconds": number })),
    ]
    .boxed();
    let spread = (text(), one_of(&["DoNotSchedule", "ScheduleAnyway"]), number())
        .prop_map(|(key, when, skew)| json!({ "topologyKey": key, "whenUnsatisfiable": when, "maxSkew": skew }));
    let service_port = (text(), number()).prop_map(|(name, port)| json!({ "name": name, "port": port })).boxed();
    some(vec![
        ("image", text()),
        ("args", list(text(), &[])),
        ("env", list(variable(), &["name"])),
        ("ports", list(port(), &["name"])),
        ("resources", some(vec![("limits", map(number())), ("requests", map(number()))])),
        ("podLabels", map(text())),
        ("tolerations", list(toleration, &["key", "operator", "effect", "value"]).prop_map(together).boxed()),
        ("topologySpreadConstraints", list(spread.boxed(), &["topologyKey", "whenUnsatisfiable"])),
        (
            "volumeMounts",
            list(
                item("mountPath", &["/a", "/b"], vec![]).prop_map(|item| with(item, "name", "v".into())).boxed(),
                &["mountPath"],
            ),
        ),
        (
            "sidecars",
            list(item("name", &["x", "y"], vec![("image", text()), ("command", list(text(), &[]))]), &["name"]),
        ),
        ("hostAliases", list(item("ip", &["1.1.1.1", "::1"], vec![("hostnames", list(text(), &[]))]), &["ip"])),
        ("affinity", map(map(number()))),
        ("readinessProbe", probe),
        ("disruptionBudget", some(vec![("maxUnavailable", number())])),
        ("updateStrategy", some(vec![("type", one_of(&["RollingUpdate", "OnDelete"])), ("partition", number())])),
        (
            "securityContext",
            some(vec![
                ("runAsUser", number()),
                (
                    "seccompProfile",
                    some(vec![("localhostProfile", text())])
                        .prop_map(|profile| with(profile, "type", "Localhost".into()))
                        .boxed(),
                ),
            ]),
        ),
        ("service", some(vec![("annotations", map(text())), ("ports", list(service_port, &["name"]))])),
    ])
}

/// As the type has it: this is how layers come.
fn typed(layer: &Value) -> Value {
    let layer: NodeDefaults = serde_json::from_value(layer.clone()).unwrap();
    serde_json::to_value(layer).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn it_does_not_matter_in_which_order_layers_are_put_together(a in layer(), b in layer(), c in layer()) {
        let left = merge(merge(a.clone(), b.clone()), c.clone());
        let right = merge(a, merge(b, c));
        prop_assert_eq!(left, right);
    }

    #[test]
    fn a_layer_that_says_nothing_changes_nothing(layer in layer()) {
        for nothing in [Value::Null, json!({})] {
            prop_assert_eq!(&merge(nothing.clone(), layer.clone()), &layer);
            prop_assert_eq!(&merge(layer.clone(), nothing), &layer);
        }
    }

    #[test]
    fn what_a_layer_says_holds_over_what_is_below(below in layer(), above in layer()) {
        let merged = merge(below, above.clone());
        for (field, value) in above.as_object().unwrap() {
            match (field.as_str(), value) {
                ("env" | "ports" | "sidecars" | "tolerations" | "volumeMounts" | "hostAliases" | "topologySpreadConstraints", _) => {
                    let merged = merged[field].as_array().unwrap();
                    prop_assert!(value.as_array().unwrap().iter().all(|item| merged.contains(item)), "{field}");
                }
                (_, Value::Object(map)) if !["readinessProbe", "updateStrategy", "disruptionBudget"].contains(&field.as_str()) => {
                    for (key, value) in map.iter().filter(|(key, value)| !value.is_object() && *key != "ports") {
                        prop_assert_eq!(&merged[field][key], value);
                    }
                }
                _ => prop_assert_eq!(&merged[field], value),
            }
        }
        prop_assert_eq!(&merge(merged.clone(), above), &merged, "a layer twice is a layer once");
    }

    #[test]
    fn merged_layers_are_settings_again(below in layer(), above in layer()) {
        let merged = merge(typed(&below), typed(&above));
        prop_assert_eq!(typed(&merged), merged);
    }
}
