use proptest::prelude::*;
use serde_json::json;

use super::*;

fn patched(mut template: Value, over: Value) -> Value {
    patch(&mut template, &over).unwrap();
    template
}

fn refused(over: Value) -> (String, String) {
    let mut template = json!({ "metadata": { "labels": { "a": "1" } }, "spec": { "containers": [{ "name": "a" }] } });
    let Invalid { path, message } = patch(&mut template, &over).unwrap_err();
    (path, message)
}

#[test]
fn lists_are_merged_by_the_keys_of_their_types() {
    let lists = [
        ("containers", "name", json!("a")),
        ("initContainers", "name", json!("a")),
        ("volumes", "name", json!("a")),
        ("imagePullSecrets", "name", json!("a")),
        ("schedulingGates", "name", json!("a")),
        ("resourceClaims", "name", json!("a")),
        ("hostAliases", "ip", json!("10.0.0.1")),
        ("topologySpreadConstraints", "topologyKey", json!("zone")),
    ];
    for (list, key, name) in lists {
        let base = json!({ "spec": { list: [{ key: name, "x": 1, "y": 1 }, { key: "other" }] } });
        let over = json!({ "spec": { list: [{ key: name, "y": 2 }, { key: "new", "z": null }] } });
        let merged = json!([{ key: name, "x": 1, "y": 2 }, { key: "other" }, { key: "new" }]);
        assert_eq!(patched(base, over), json!({ "spec": { list: merged } }), "{list}");
    }
    for (list, key, name) in [
        ("env", "name", json!("a")),
        ("ports", "containerPort", json!(80)),
        ("volumeMounts", "mountPath", json!("/a")),
        ("volumeDevices", "devicePath", json!("/a")),
    ] {
        let container = |items: Value| json!({ "spec": { "containers": [{ "name": "a", list: items }] } });
        let merged = patched(container(json!([{ key: name, "x": 1 }])), container(json!([{ key: name, "y": 2 }])));
        assert_eq!(merged, container(json!([{ key: name, "x": 1, "y": 2 }])), "{list}");
    }
}

#[test]
fn other_lists_are_replaced() {
    let pod = |tolerations: Value, args: Value| json!({ "spec": { "tolerations": tolerations, "containers": [{ "name": "a", "args": args }] } });
    let merged = patched(pod(json!([{ "key": "a" }]), json!(["x", "y"])), pod(json!([{ "key": "b" }]), json!(["z"])));
    assert_eq!(merged, pod(json!([{ "key": "b" }]), json!(["z"])));
}

#[test]
fn directives_and_null_are_obeyed() {
    let base = json!({ "spec": {
        "a": 1,
        "affinity": { "nodeAffinity": {}, "podAffinity": {} },
        "containers": [{ "name": "a", "resources": { "limits": { "cpu": 1 } } }, { "name": "b" }],
        "volumes": [{ "name": "v", "emptyDir": {} }],
        "hostAliases": [{ "ip": "1" }],
        "list": ["x", "y"],
    } });
    let over = json!({ "spec": {
        "a": null,
        "affinity": { "$patch": "replace", "podAntiAffinity": {} },
        "$setElementOrder/containers": [{ "name": "b" }],
        "containers": [{ "name": "b", "$patch": "delete" }, { "name": "a", "resources": { "$patch": "delete" } }],
        "volumes": [{ "name": "v", "$retainKeys": ["name", "hostPath"], "hostPath": { "path": "/" } }],
        "hostAliases": [{ "$patch": "replace" }, { "ip": "2" }],
        "$deleteFromPrimitiveList/list": ["x"],
        "new": { "$patch": "merge", "kept": { "gone": null } },
    } });
    assert_eq!(
        patched(base, over),
        json!({ "spec": {
            "affinity": { "podAntiAffinity": {} },
            "containers": [{ "name": "a" }],
            "volumes": [{ "name": "v", "hostPath": { "path": "/" } }],
            "hostAliases": [{ "ip": "2" }],
            "list": ["y"],
            "new": { "kept": {} },
        } })
    );
}

#[test]
fn what_does_not_fit_the_template_is_refused_where_it_stands() {
    for (over, at, message) in [
        (json!({ "metadata": "x" }), "metadata", "must be a map, as it is in the pod template"),
        (json!({ "spec": { "containers": {} } }), "spec.containers", "must be a list, as it is in the pod template"),
        (json!({ "spec": { "containers": [{}] } }), "spec.containers", "each item needs `name`, by which it is merged"),
        (
            json!({ "spec": { "containers": [{ "name": "a", "env": ["x"] }] } }),
            "spec.containers[a].env",
            "its items must be maps",
        ),
        (json!({ "spec": { "$patch": "x" } }), "spec.$patch", "must be delete, replace or merge"),
        (json!([]), "", "must be a map"),
    ] {
        assert_eq!(refused(over), (at.to_owned(), message.to_owned()));
    }
}

fn text() -> BoxedStrategy<Value> {
    "[xy]".prop_map(Value::from).boxed()
}

/// A map with some of these fields, and at times with a directive.
fn map(fields: Vec<(&'static str, BoxedStrategy<Value>)>) -> BoxedStrategy<Value> {
    let names: Vec<&str> = fields.iter().map(|(name, _)| *name).collect();
    let kept = prop::sample::subsequence(names, 1).prop_map(|kept| (RETAIN_KEYS, json!(kept)));
    let directive = prop::sample::select(vec!["replace", "delete", "merge"]);
    let directive = prop_oneof![kept, directive.prop_map(|directive| (DIRECTIVE, json!(directive)))];
    let value = |value: BoxedStrategy<Value>| prop::option::of(prop_oneof![6 => value, 1 => Just(Value::Null)]);
    let fields: Vec<_> =
        fields.into_iter().map(|(name, it)| value(it).prop_map(move |it| it.map(|it| (name, it)))).collect();
    (fields, prop::option::weighted(0.2, directive))
        .prop_map(|(fields, directive)| {
            let fields = fields.into_iter().flatten().chain(directive);
            Value::Object(fields.map(|(name, value)| (name.to_owned(), value)).collect())
        })
        .boxed()
}

/// A list whose items are told apart by `key`, at times one that starts anew.
fn items(key: &'static str, item: BoxedStrategy<Value>) -> BoxedStrategy<Value> {
    let item = ("[xyz]", item).prop_map(move |(name, mut item)| {
        item[key] = name.into();
        // Within an item, it would be about the list.
        if item[DIRECTIVE] == "replace" || item[DIRECTIVE] == "merge" {
            item.as_object_mut().unwrap().remove(DIRECTIVE);
        }
        item.as_object_mut().unwrap().remove(RETAIN_KEYS);
        item
    });
    (prop::collection::vec(item, 0..4), prop::bool::weighted(0.1))
        .prop_map(move |(items, anew)| {
            let mut seen = Vec::new();
            let items = items.into_iter().filter(|item| {
                let new = !seen.contains(&item[key]);
                seen.push(item[key].clone());
                new
            });
            anew.then(|| json!({ DIRECTIVE: "replace" })).into_iter().chain(items).collect()
        })
        .boxed()
}

/// A patch of a pod template, with every kind of list and directive.
fn layer() -> BoxedStrategy<Value> {
    let any = crate::settings::merge::tests::patch;
    let list = || prop::collection::vec("[xy]", 0..3).prop_map(Value::from).boxed();
    let env = items("name", map(vec![("value", text()), ("valueFrom", any())]));
    let mounts = items("mountPath", map(vec![("name", text())]));
    let container = map(vec![
        ("image", text()),
        ("command", list()),
        ("env", env),
        ("volumeMounts", mounts),
        ("securityContext", any()),
    ]);
    let spec = map(vec![
        ("hostNetwork", text()),
        ("affinity", any()),
        ("containers", items("name", container)),
        ("volumes", items("name", map(vec![("emptyDir", any()), ("secret", any())]))),
        ("list", list()),
        ("$deleteFromPrimitiveList/list", list()),
    ]);
    map(vec![("metadata", map(vec![("labels", map(vec![("a", text()), ("b", text())]))])), ("spec", spec)])
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    /// A patch of a layer that is there twice, as in the defaults and in a group, does what it does once.
    #[test]
    fn a_patch_that_is_applied_twice_does_what_it_does_once(base in layer(), over in layer()) {
        let mut once = json!({});
        prop_assume!(patch(&mut once, &base).is_ok());
        prop_assume!(patch(&mut once, &over).is_ok());
        let mut twice = once.clone();
        // What isn't well formed shows only where there is something to apply it to.
        prop_assume!(patch(&mut twice, &over).is_ok());
        prop_assert_eq!(twice, once);
    }
}
