//! What a write changes, field by field.

use serde::Serialize;
use serde_json::{Map, Value, json};

use super::super::diff::{Difference, differences};
use crate::{
    apply::{Rehearsal, Writer},
    model::{
        Kind, Object,
        kind::{CONFIG_MAP, SECRET},
    },
    plan::{Action, Verb},
    render::{Blueprint, names},
    state::Snapshot,
};

/// Fields that the API server sets.
const SET_BY_SERVER: [&str; 6] =
    ["creationTimestamp", "generation", "managedFields", "resourceVersion", "selfLink", "uid"];
/// In which `kubectl apply` keeps what it last sent: of a Secret, its values.
const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";
/// Stand for values that nobody shall see.
const HIDDEN: [&str; 2] = ["(hidden)", "(hidden, another value)"];

/// What an action changes.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Change {
    /// What is done.
    pub verb: Verb,
    /// To what.
    pub kind: Kind,
    /// Its name.
    pub name: String,
    /// Of a file that changes: the ConfigMap that has it now. A ConfigMap that rolls pods never changes, a new one follows it.
    pub follows: Option<String>,
    /// Whether pods are replaced by it.
    pub rolls_pods: bool,
    /// The fields that change. Of what is created only those of a ConfigMap: the others stand in the plan.
    pub differences: Vec<Difference>,
    /// What the API server says where it would refuse it.
    pub refused: Option<String>,
}

impl Change {
    /// What an action comes to.
    pub async fn of(
        action: &Action,
        rehearsal: Option<Rehearsal>,
        writer: &Writer,
        blueprint: &Blueprint,
        snapshot: &Snapshot,
    ) -> Self {
        let (kind, name) = action.target();
        let mut change = Self {
            verb: action.verb(),
            kind: kind.clone(),
            name: name.to_owned(),
            follows: None,
            rolls_pods: false,
            differences: Vec::new(),
            refused: rehearsal.as_ref().and_then(Rehearsal::refusal),
        };
        match (action, rehearsal) {
            (Action::Create { object, .. }, _) if object.kind == &CONFIG_MAP => {
                let before = match predecessor(object, blueprint, snapshot) {
                    Some(name) => writer.live(kind, name, &snapshot.cluster).await.ok().flatten(),
                    None => None,
                };
                let name = before.as_ref().and_then(|before| before["metadata"]["name"].as_str());
                change.follows = name.map(str::to_owned);
                change.differences = differences(&content(before.as_ref()), &content(Some(&object.json)));
            }
            (_, Some(Rehearsal::Stored { live: Some(mut live), mut stored })) => {
                [&mut live, &mut stored].into_iter().for_each(|object| tidy(object, &names::intent(blueprint.group)));
                if *kind == &SECRET {
                    hide(&mut live, &mut stored);
                }
                if matches!(change.verb, Verb::Release | Verb::Replace) {
                    readdress(&mut live, &mut stored);
                }
                change.differences = differences(&live, &stored);
                let on_delete = stored.pointer("/spec/updateStrategy/type").is_some_and(|type_| type_ == "OnDelete");
                let mut paths = change.differences.iter().map(|difference| &difference.path);
                change.rolls_pods =
                    kind.is_workload() && !on_delete && paths.any(|path| path.starts_with("spec.template."));
            }
            _ => {}
        }
        change
    }
}

/// The newest ConfigMap that has the same file, and isn't wanted any more: the names of both end in a digest of their content.
fn predecessor<'a>(object: &Object, blueprint: &Blueprint, snapshot: &'a Snapshot) -> Option<&'a str> {
    if !object.once {
        return None;
    }
    let stem = |name: &str| name.rsplit_once('-').map(|(stem, _)| stem.to_owned());
    let is_wanted = |name: &str| blueprint.objects.iter().any(|other| other.kind == object.kind && other.name == name);
    let before = snapshot.children.iter().filter(|child| {
        child.kind == object.kind
            && child.node.as_deref() == object.node_name()
            && stem(&child.name) == stem(&object.name)
            && !is_wanted(&child.name)
    });
    before.max_by_key(|child| child.version).map(|child| &*child.name)
}

/// What a ConfigMap holds.
fn content(config_map: Option<&Value>) -> Value {
    let of = |field: &str| config_map.and_then(|config_map| config_map.get(field)).cloned().unwrap_or(json!({}));
    json!({ "data": of("data"), "binaryData": of("binaryData") })
}

/// Takes out what the API server sets, and the operator's own annotation.
fn tidy(object: &mut Value, intent: &str) {
    let Some(object) = object.as_object_mut() else { return };
    object.remove("status");
    let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut) else { return };
    SET_BY_SERVER.iter().for_each(|field| drop(metadata.remove(*field)));
    if let Some(annotations) = metadata.get_mut("annotations").and_then(Value::as_object_mut) {
        annotations.remove(intent);
    }
    // Without any, there may be an empty map or none.
    metadata.retain(|_, value| value.as_object().is_none_or(|map| !map.is_empty()));
}

/// A Service that is created again gets other addresses: which, a dry run doesn't say.
fn readdress(live: &mut Value, stored: &mut Value) {
    let is_address = |spec: &Value| spec.get("clusterIP").is_some_and(|address| *address != "None");
    for (object, address) in [(live, None), (stored, Some("(another)"))] {
        if let Some(spec) = object.get_mut("spec").filter(|spec| is_address(spec)).and_then(Value::as_object_mut) {
            spec.remove("clusterIPs");
            spec.extend(address.map(|address| ("clusterIP".to_owned(), address.into())));
        }
    }
}

/// Puts something else in the place of a Secret's values, from which only their change can be told.
fn hide(live: &mut Value, stored: &mut Value) {
    let values = live.get("data").and_then(Value::as_object).cloned().unwrap_or_else(Map::new);
    let [same, other] = HIDDEN;
    for (object, is_stored) in [(live, false), (stored, true)] {
        if let Some(annotations) = object.pointer_mut("/metadata/annotations").and_then(Value::as_object_mut) {
            annotations.remove(LAST_APPLIED);
        }
        for (key, value) in object.get_mut("data").and_then(Value::as_object_mut).into_iter().flatten() {
            let changes = is_stored && values.get(key).is_some_and(|before| before != value);
            *value = if changes { other } else { same }.into();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_secret_only_the_change_of_a_key_is_shown() {
        let secret = |data: Value| {
            let last = json!({ LAST_APPLIED: format!("{data}") });
            json!({ "metadata": { "annotations": last }, "data": data })
        };
        let mut live = secret(json!({ "kept": "a2VwdA==", "changed": "b2xk", "gone": "Z29uZQ==" }));
        let mut stored = secret(json!({ "kept": "a2VwdA==", "changed": "bmV3", "added": "YWRkZWQ=" }));
        hide(&mut live, &mut stored);
        let found = differences(&live, &stored);
        let text = json!(found).to_string();
        let paths: Vec<&str> = found.iter().map(|difference| difference.path.as_str()).collect();
        assert_eq!(paths, ["data.added", "data.changed", "data.gone"], "{text}");
        for value in ["b2xk", "bmV3", "Z29uZQ==", "YWRkZWQ=", "a2VwdA=="] {
            assert!(!text.contains(value), "{text}");
        }
    }

    #[test]
    fn what_the_api_server_sets_is_no_difference() {
        let object = |version: &str, annotations: Value| {
            json!({
                "metadata": {
                    "name": "a", "resourceVersion": version, "generation": 1, "uid": version, "managedFields": [version],
                    "annotations": annotations,
                },
                "status": { "replicas": version },
            })
        };
        let mut live = object("1", json!({ "example.com/intent": "1" }));
        let mut stored = object("2", json!({}));
        [&mut live, &mut stored].into_iter().for_each(|object| tidy(object, "example.com/intent"));
        assert_eq!(live, stored);
    }
}
