//! One layer of settings over another.

use serde_json::{Map, Value};

/// Puts `over` on `base`: maps merge by key, lists of named things (such as `env`) by `name`, everything else is replaced.
/// Later wins, nothing (`null`) says nothing.
pub fn merge(base: Value, over: Value) -> Value {
    match (base, over) {
        (base, Value::Null) => base,
        (Value::Object(base), Value::Object(over)) => Value::Object(merge_maps(base, over)),
        (Value::Array(base), Value::Array(over)) if named(&base) && named(&over) => merge_lists(base, over),
        (_, over) => over,
    }
}

fn merge_maps(mut base: Map<String, Value>, over: Map<String, Value>) -> Map<String, Value> {
    for (key, value) in over {
        let below = base.remove(&key).unwrap_or(Value::Null);
        base.insert(key, merge(below, value));
    }
    base
}

/// A named item replaces the one of its name, in place: an `env` entry with `valueFrom` must not keep the lower one's `value`.
fn merge_lists(mut base: Vec<Value>, over: Vec<Value>) -> Value {
    for item in over {
        match base.iter_mut().find(|below| below.get("name") == item.get("name")) {
            Some(below) => *below = item,
            None => base.push(item),
        }
    }
    Value::Array(base)
}

fn named(list: &[Value]) -> bool {
    list.iter().all(|item| item.get("name").is_some())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_higher_layer_wins_key_by_key() {
        let base = json!({"a": 1, "map": {"x": 1, "y": 2}, "list": [1, 2], "env": [{"name": "A", "value": "1"}, {"name": "B"}]});
        let over =
            json!({"a": null, "map": {"y": 3}, "list": [3], "env": [{"name": "A", "valueFrom": {}}, {"name": "C"}]});
        assert_eq!(
            merge(base, over),
            json!({"a": 1, "map": {"x": 1, "y": 3}, "list": [3], "env": [{"name": "A", "valueFrom": {}}, {"name": "B"}, {"name": "C"}]})
        );
    }
}
