//! Differences between two JSON values, by field.

use serde::Serialize;
use serde_json::Value;

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
    match (from, to) {
        (Some(Value::Object(a)), Some(Value::Object(b))) => {
            let mut keys: Vec<&String> = a.keys().chain(b.keys()).collect();
            keys.sort();
            keys.dedup();
            for key in keys {
                let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                walk(&path, a.get(key), b.get(key), found);
            }
        }
        (Some(Value::Array(a)), Some(Value::Array(b))) if named(a) && named(b) => {
            let mut names: Vec<&str> = a.iter().chain(b).filter_map(name).collect();
            names.sort_unstable();
            names.dedup();
            for item in names {
                let find = |list: &[Value]| list.iter().position(|value| name(value) == Some(item));
                let at = |list: &'_ [Value]| find(list).and_then(|index| list.get(index).cloned());
                walk(&format!("{path}[{item}]"), at(a).as_ref(), at(b).as_ref(), found);
            }
        }
        _ => found.push(Difference { path: path.to_owned(), from: from.cloned(), to: to.cloned() }),
    }
}

fn named(list: &[Value]) -> bool {
    !list.is_empty() && list.iter().all(|item| name(item).is_some())
}

fn name(item: &Value) -> Option<&str> {
    item.get("name")?.as_str()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn differences_name_the_field() {
        let from = json!({ "a": 1, "list": [{ "name": "x", "v": 1 }], "gone": true });
        let to = json!({ "a": 1, "list": [{ "name": "x", "v": 2 }, { "name": "y" }], "new": [1] });
        let paths: Vec<String> = differences(&from, &to).into_iter().map(|difference| difference.path).collect();
        assert_eq!(paths, ["gone", "list[x].v", "list[y]", "new"]);
    }
}
