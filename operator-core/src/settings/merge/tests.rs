use proptest::prelude::*;
use serde_json::json;

use super::{
    patch::{DIRECTIVE, apply_patch},
    *,
};

/// A random value of a patch: `null`, single values, lists, and maps with or without a directive.
pub(crate) fn patch() -> BoxedStrategy<Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        (1..4).prop_map(Value::from),
        prop::collection::vec("[xy]", 0..3).prop_map(Value::from)
    ];
    let directive = prop::option::weighted(0.3, prop::sample::select(vec!["replace", "delete", "merge"]));
    leaf.prop_recursive(3, 12, 3, move |inner| {
        (prop::collection::btree_map("[abc]", inner, 0..3), directive.clone()).prop_map(|(map, directive)| {
            let directive = directive.map(|directive| (DIRECTIVE.to_owned(), Value::from(directive)));
            Value::Object(map.into_iter().chain(directive).collect())
        })
    })
    .boxed()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_patch_that_is_applied_twice_does_what_it_does_once(value in patch(), over in patch()) {
        let patched = |value: Value| apply_patch(value, json!({ "value": over }));
        let once = patched(apply_patch(Value::Null, json!({ "value": value })));
        prop_assert_eq!(patched(once.clone()), once);
    }
}

#[test]
fn the_higher_layer_wins_key_by_key() {
    let base = json!({
        "image": "a", "podLabels": { "x": "1", "y": "2" }, "args": ["1", "2"],
        "env": [{ "name": "A", "value": "1" }, { "name": "B" }],
    });
    let over = json!({
        "image": null, "podLabels": { "y": "3" }, "args": ["3"],
        "env": [{ "name": "C" }, { "name": "A", "valueFrom": {} }],
    });
    assert_eq!(
        merge(base, over),
        json!({
            "image": "a", "podLabels": { "x": "1", "y": "3" }, "args": ["3"],
            "env": [{ "name": "A", "valueFrom": {} }, { "name": "B" }, { "name": "C" }],
        })
    );
}

#[test]
fn lists_have_keys_of_their_own() {
    let base = json!({
        "tolerations": [{ "key": "a", "operator": "Exists" }, { "key": "a", "operator": "Exists", "effect": "NoSchedule" }],
        "volumeMounts": [{ "mountPath": "/a", "name": "x" }],
        "service": { "ports": [{ "name": "a", "port": 1 }] },
        "dnsConfig": { "options": [{ "name": "ndots", "value": "1" }] },
    });
    let over = json!({
        "tolerations": [{ "key": "a", "operator": "Exists", "tolerationSeconds": 5 }],
        "volumeMounts": [{ "mountPath": "/a", "name": "y" }, { "mountPath": "/b", "name": "x" }],
        "service": { "ports": [{ "name": "b", "port": 2 }] },
        "dnsConfig": { "options": [{ "name": "timeout" }] },
    });
    assert_eq!(
        merge(base, over),
        json!({
            "tolerations": [
                { "key": "a", "operator": "Exists", "tolerationSeconds": 5 },
                { "key": "a", "operator": "Exists", "effect": "NoSchedule" },
            ],
            "volumeMounts": [{ "mountPath": "/a", "name": "y" }, { "mountPath": "/b", "name": "x" }],
            "service": { "ports": [{ "name": "a", "port": 1 }, { "name": "b", "port": 2 }] },
            "dnsConfig": { "options": [{ "name": "timeout" }] },
        })
    );
}

#[test]
fn tolerations_of_one_layer_that_differ_in_their_value_both_stay() {
    let two = json!({ "tolerations": [
        { "key": "team", "operator": "Equal", "value": "a" }, { "key": "team", "operator": "Equal", "value": "b" },
    ] });
    assert_eq!(merge(json!({}), two.clone()), two);
    let one = json!({ "tolerations": [{ "key": "team", "operator": "Equal", "value": "c" }] });
    assert_eq!(merge(two.clone(), one.clone()), one);
    assert_eq!(merge(one, two.clone()), two);
}

#[test]
fn one_of_several_is_replaced_as_a_whole() {
    let base = json!({
        "readinessProbe": { "httpGet": { "port": 1 } },
        "updateStrategy": { "type": "RollingUpdate", "partition": 1 },
        "securityContext": { "runAsUser": 1, "seccompProfile": { "type": "Localhost", "localhostProfile": "p" } },
    });
    let over = json!({
        "readinessProbe": { "exec": {} }, "updateStrategy": { "type": "OnDelete" },
        "securityContext": { "seccompProfile": { "type": "RuntimeDefault" } },
    });
    assert_eq!(
        merge(base, over),
        json!({
            "readinessProbe": { "exec": {} }, "updateStrategy": { "type": "OnDelete" },
            "securityContext": { "runAsUser": 1, "seccompProfile": { "type": "RuntimeDefault" } },
        })
    );
}

#[test]
fn what_comes_after_a_removal_starts_anew() {
    let patches = [json!({ "a": { "x": 1 } }), json!({ "a": null }), json!({ "a": { "y": 2 } })];
    let patched = patches.into_iter().fold(json!({ "a": { "z": 3 }, "b": 1 }), apply_patch);
    assert_eq!(patched, json!({ "a": { "y": 2 }, "b": 1 }));
}

#[test]
fn a_patch_removes_and_leaves_no_trace() {
    let value = json!({ "a": 1, "b": { "c": 2, "d": [1] }, "e": {}, "null": null });
    let patch = json!({ "a": null, "b": { "d": [2], "n": null }, "e": { "$patch": "delete" }, "new": { "x": null } });
    assert_eq!(apply_patch(value, patch), json!({ "b": { "c": 2, "d": [2] }, "new": {}, "null": null }));
}
