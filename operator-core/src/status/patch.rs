//! The part of a status that changed.

use serde_json::{Map, Value};

use crate::model::ClusterStatus;

/// The JSON merge patch (RFC 7386) that makes `after` of `before`; `None` where nothing changed. Lists are replaced as a whole.
pub fn patch(before: Option<&ClusterStatus>, after: &ClusterStatus) -> Option<Value> {
    if before == Some(after) {
        return None;
    }
    let value = |status: &ClusterStatus| serde_json::to_value(status).unwrap_or_default();
    difference(&before.map(value).unwrap_or_default(), &value(after))
}

fn difference(before: &Value, after: &Value) -> Option<Value> {
    if before == after {
        return None;
    }
    let (Value::Object(before), Value::Object(after)) = (before, after) else { return Some(after.clone()) };
    let changed = after.iter().filter_map(|(key, after)| {
        let change = before.get(key).map_or_else(|| Some(after.clone()), |before| difference(before, after))?;
        Some((key.clone(), change))
    });
    let gone = before.keys().filter(|key| !after.contains_key(*key)).map(|key| (key.clone(), Value::Null));
    Some(changed.chain(gone).collect::<Map<_, _>>().into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn only_what_changed_is_sent() {
        let before = json!({ "a": 1, "list": [1, 2], "map": { "x": "1", "y": "2", "z": "3" } });
        let after = json!({ "a": 1, "list": [1], "map": { "x": "1", "y": "4" } });
        assert_eq!(difference(&before, &after), Some(json!({ "list": [1], "map": { "y": "4", "z": null } })));
        assert_eq!(difference(&after, &after), None);
        assert_eq!(difference(&Value::Null, &after), Some(after));
    }
}
