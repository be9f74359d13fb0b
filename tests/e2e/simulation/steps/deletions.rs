//! Preconditions of deletions, finalizers, propagation.

use serde_json::{Value, json};

use super::{
    Body, Step, apply, at, delete,
    objects::{config_map, stateful_set},
    patch, with,
};

/// How owners are deleted: their names, the policy, and the child.
const DELETIONS: [(&str, &str, &str); 3] =
    [("orphaning", "Orphan", "kept"), ("foreground", "Foreground", "gone"), ("background", "Background", "lost")];

pub(super) fn owners() -> Vec<Step> {
    let mut steps = Vec::new();
    for (owner, _, child) in DELETIONS {
        let path = at("statefulsets", owner);
        steps.push(apply("an owner", &path, "operator", with(stateful_set(), &[("/metadata/name", Value::Null)])));
        let own: fn(Value) -> Value = |owner| {
            let reference = json!({ "apiVersion": "apps/v1", "kind": "StatefulSet", "name": owner["metadata"]["name"],
                "uid": owner["metadata"]["uid"], "controller": true, "blockOwnerDeletion": true });
            let name = match owner["metadata"]["name"].as_str() {
                Some("orphaning") => "kept",
                Some("foreground") => "gone",
                _ => "lost",
            };
            with(
                config_map(json!({ "a": "1" })),
                &[("/metadata/name", name.into()), ("/metadata/ownerReferences", json!([reference]))],
            )
        };
        let body = Body::Of(path.clone(), own);
        steps.push(Step { body, ..apply("a child", &at("configmaps", child), "operator", Value::Null) });
    }
    steps
}

/// The object that is written last before the controllers are let go.
pub fn last_owner() -> String {
    at("statefulsets", "background")
}

/// Deletions of every sort.
pub fn deletions() -> Vec<Step> {
    let mut steps = vec![
        delete("another UID", &at("configmaps", "settings"), json!({ "preconditions": { "uid": "0-0" } })),
        delete(
            "another version",
            &at("configmaps", "settings"),
            json!({ "preconditions": { "resourceVersion": "1" } }),
        ),
        Step {
            body: Body::Of(
                at("configmaps", "settings"),
                |live| json!({ "preconditions": { "uid": live["metadata"]["uid"] } }),
            ),
            ..delete("its UID", &at("configmaps", "settings"), Value::Null)
        },
        delete("what is missing", &at("configmaps", "settings"), json!({})),
        delete("a dry run", &at("configmaps", "posted"), json!({ "dryRun": ["All"] })),
        delete("a Service", &at("services", "query"), json!({})),
        patch(
            "a finalizer",
            &at("configmaps", "posted"),
            "user",
            json!({ "metadata": { "finalizers": ["example.com/a"] } }),
        ),
        delete("with a finalizer", &at("configmaps", "posted"), json!({})),
        delete("with a finalizer, again", &at("configmaps", "posted"), json!({})),
        patch("a change while it is deleted", &at("configmaps", "posted"), "user", json!({ "data": { "z": "1" } })),
        patch("its finalizer goes", &at("configmaps", "posted"), "user", json!({ "metadata": { "finalizers": null } })),
    ];
    for (owner, policy, _) in DELETIONS {
        let path = at("statefulsets", owner);
        steps.push(delete(policy, &path, json!({ "propagationPolicy": policy })));
        steps.push(delete("once more", &path, json!({ "propagationPolicy": policy })));
    }
    let foreground = &at("statefulsets", "foreground");
    let body = with(stateful_set(), &[("/metadata/name", Value::Null), ("/spec/replicas", 1.into())]);
    steps.push(apply("a change of what is deleted in the foreground", foreground, "operator", body));
    steps
}

/// What the garbage collectors decide about.
pub fn garbage() -> Vec<String> {
    let mut paths: Vec<_> = ["kept", "gone", "lost"].iter().map(|child| at("configmaps", child)).collect();
    paths.extend(["orphaning", "foreground", "background"].iter().map(|owner| at("statefulsets", owner)));
    paths
}
