//! Differences between two JSON values, by field.

use std::collections::BTreeSet;

use serde::Serialize;
use serde_json::Value;

/// Where items of lists have what tells them apart, the most telling first: the keys of Kubernetes' own lists. One counts where it tells all
/// items of a list apart.
const KEYS: [&str; 5] = ["/name", "/metadata/name", "/mountPath", "/containerPort", "/ip"];

/// A field that differs.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Difference {
    /// Where, for instance `spec.template.spec.containers[broker].image`.
    pub path: String,
    /// What is there; none: nothing.
    pub from: Option<Value>,
    /// What shall be there; none: nothing.
    pub to: Option<Value>,
}

/// Every field in which `to` differs from `from`, in order.
pub fn differences(from: &Value, to: &Value) -> Vec<Difference> {
    let mut found = Vec::new();
    walk("", Some(from), Some(to), &mut found);
    found
}

fn walk(path: &str, from: Option<&Value>, to: Option<&Value>, found: &mut Vec<Difference>) {
    if from == to {
        return;
    }
    if let (Some(Value::Object(a)), Some(Value::Object(b))) = (from, to) {
        let keys: BTreeSet<&String> = a.keys().chain(b.keys()).collect();
        keys.into_iter().for_each(|key| walk(&below(path, key), a.get(key), b.get(key), found));
        return;
    }
    let lists = from.and_then(Value::as_array).zip(to.and_then(Value::as_array));
    match lists.and_then(|(a, b)| KEYS.iter().find_map(|key| keyed(key, a).zip(keyed(key, b)))) {
        Some((a, b)) => walk_items(path, &a, &b, found),
        None => found.push(Difference { path: path.to_owned(), from: from.cloned(), to: to.cloned() }),
    }
}

/// Keys with dots or slashes, as annotations and files have them, would not be told from a path.
fn below(path: &str, key: &str) -> String {
    match path {
        _ if key.contains(['.', '/']) => format!("{path}[{key}]"),
        "" => key.to_owned(),
        _ => format!("{path}.{key}"),
    }
}

/// The items of a list, with what tells them apart.
type Items<'a> = [(String, &'a Value)];

/// Items that are there in the order in which they are, then new ones.
fn walk_items(path: &str, from: &Items<'_>, to: &Items<'_>, found: &mut Vec<Difference>) {
    let before = found.len();
    for (name, item) in from {
        walk(&format!("{path}[{name}]"), Some(item), find(to, name), found);
    }
    for (name, item) in to.iter().filter(|(name, _)| find(from, name).is_none()) {
        walk(&format!("{path}[{name}]"), None, Some(item), found);
    }
    if found.len() == before {
        let names = |items: &Items<'_>| Some(items.iter().map(|(name, _)| name.as_str()).collect());
        found.push(Difference { path: format!("{path} (order)"), from: names(from), to: names(to) });
    }
}

fn find<'a>(items: &Items<'a>, name: &str) -> Option<&'a Value> {
    items.iter().find(|(other, _)| other == name).map(|(_, item)| *item)
}

/// The items with their keys; `None` where some lack it, or share one.
fn keyed<'a>(key: &str, list: &'a [Value]) -> Option<Vec<(String, &'a Value)>> {
    let mut found = Vec::new();
    for item in list {
        let name = match item.pointer(key)? {
            Value::String(name) => name.clone(),
            Value::Number(number) => number.to_string(),
            _ => return None,
        };
        if find(&found, &name).is_some() {
            return None;
        }
        found.push((name, item));
    }
    Some(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn paths(from: &Value, to: &Value) -> Vec<String> {
        differences(from, to).into_iter().map(|difference| difference.path).collect()
    }

    #[test]
    fn differences_name_the_field() {
        let from = json!({ "a": 1, "list": [{ "name": "x", "v": 1 }], "gone": true });
        let to = json!({ "a": 1, "list": [{ "name": "x", "v": 2 }, { "name": "y" }], "new": [1] });
        assert_eq!(paths(&from, &to), ["gone", "list[x].v", "list[y]", "new"]);
        assert_eq!(paths(&to, &to), [""; 0]);
    }

    #[test]
    fn names_with_dots_and_slashes_stand_in_brackets() {
        let of = |value: &str| json!({ "data": { "a.conf": value }, "annotations": { "example.com/a": value } });
        assert_eq!(paths(&of("1"), &of("2")), ["annotations[example.com/a]", "data[a.conf]"]);
    }

    #[test]
    fn mounts_of_one_volume_are_told_apart_by_their_paths() {
        let mount = |path: &str, file: &str| json!({ "name": "files", "mountPath": path, "subPath": file });
        let from = json!({ "mounts": [mount("/a", "1"), mount("/b", "2")] });
        let to = json!({ "mounts": [mount("/a", "1"), mount("/b", "3")] });
        assert_eq!(paths(&from, &to), ["mounts[/b].subPath"]);
    }

    #[test]
    fn claims_are_told_apart_by_their_names() {
        let claim = |size: &str| json!([{ "metadata": { "name": "data" }, "size": size }]);
        assert_eq!(
            paths(&json!({ "claims": claim("1Gi") }), &json!({ "claims": claim("2Gi") })),
            ["claims[data].size"]
        );
    }

    #[test]
    fn another_order_is_a_difference() {
        let (a, b) = (json!({ "name": "a" }), json!({ "name": "b" }));
        let found = differences(&json!({ "env": [a, b] }), &json!({ "env": [b, a] }));
        let expected =
            Difference { path: "env (order)".to_owned(), from: Some(json!(["a", "b"])), to: Some(json!(["b", "a"])) };
        assert_eq!(found, [expected]);
    }

    #[test]
    fn lists_without_keys_differ_as_a_whole() {
        assert_eq!(paths(&json!({ "args": ["a", "b"] }), &json!({ "args": ["a"] })), ["args"]);
        let double = json!({ "list": [{ "name": "x", "v": 1 }, { "name": "x", "v": 2 }] });
        assert_eq!(paths(&double, &json!({ "list": [] })), ["list"]);
    }
}
