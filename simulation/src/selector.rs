//! Label and field selectors.

use std::fmt;

use serde_json::Value;

use crate::json::text;

/// Selects objects of a list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selector(Vec<Requirement>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Requirement {
    In(String, Vec<String>),
    NotIn(String, Vec<String>),
    Exists(String),
    Lacks(String),
    /// `metadata.name` or `metadata.namespace`.
    Field(String, String),
}

impl Selector {
    /// Reads the parameters `labelSelector` and `fieldSelector` of a list; empty for none. `None` where one can't be read.
    pub fn parse(labels: &str, fields: &str) -> Option<Self> {
        let mut requirements = Vec::new();
        for part in split(labels) {
            requirements.push(requirement(part)?);
        }
        for part in split(fields) {
            let (field, value) = part.split_once('=')?;
            let field = format!("/{}", field.trim().replace('.', "/"));
            requirements.push(Requirement::Field(field, value.trim_start_matches('=').to_owned()));
        }
        Some(Self(requirements))
    }

    /// The `matchLabels` of a selector in an object. One that selects nothing is no selector.
    pub fn of_labels(labels: Option<&Value>) -> Option<Self> {
        let labels = labels?.as_object().filter(|labels| !labels.is_empty())?;
        let requirement =
            |(key, value): (&String, &Value)| Some(Requirement::In(key.clone(), vec![value.as_str()?.to_owned()]));
        labels.iter().map(requirement).collect::<Option<Vec<_>>>().map(Self)
    }

    /// Whether an object is selected.
    pub fn matches(&self, object: &Value) -> bool {
        let label = |key: &str| object.pointer("/metadata/labels")?.get(key)?.as_str();
        let within =
            |key: &str, values: &[String]| label(key).is_some_and(|label| values.iter().any(|value| value == label));
        self.0.iter().all(|requirement| match requirement {
            Requirement::In(key, values) => within(key, values),
            Requirement::NotIn(key, values) => !within(key, values),
            Requirement::Exists(key) => label(key).is_some(),
            Requirement::Lacks(key) => label(key).is_none(),
            Requirement::Field(pointer, value) => text(object, pointer) == value,
        })
    }
}

impl fmt::Display for Selector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = self.0.iter().map(|requirement| match requirement {
            Requirement::In(key, values) if values.len() == 1 => format!("{key}={}", values.concat()),
            Requirement::In(key, values) => format!("{key} in ({})", values.join(",")),
            Requirement::NotIn(key, values) => format!("{key} notin ({})", values.join(",")),
            Requirement::Exists(key) => key.clone(),
            Requirement::Lacks(key) => format!("!{key}"),
            Requirement::Field(field, value) => format!("{field}={value}"),
        });
        f.write_str(&shown.collect::<Vec<_>>().join(","))
    }
}

/// Splits at commas outside of parentheses.
fn split(text: &str) -> impl Iterator<Item = &str> {
    let mut depth = 0;
    text.split(move |c| {
        depth += i32::from(c == '(') - i32::from(c == ')');
        c == ',' && depth == 0
    })
    .map(str::trim)
    .filter(|part| !part.is_empty())
}

fn requirement(part: &str) -> Option<Requirement> {
    let one = |key: &str, value: &str| (key.trim().to_owned(), vec![value.trim().to_owned()]);
    if let Some((key, value)) = part.split_once("!=") {
        let (key, values) = one(key, value);
        return Some(Requirement::NotIn(key, values));
    }
    if let Some((key, value)) = part.split_once('=') {
        let (key, values) = one(key, value.trim_start_matches('='));
        return Some(Requirement::In(key, values));
    }
    if let Some((head, values)) = part.strip_suffix(')').and_then(|part| part.split_once('(')) {
        let values = values.split(',').map(|value| value.trim().to_owned()).collect();
        let (key, operator) = head.trim().split_once(' ')?;
        return match operator.trim() {
            "in" => Some(Requirement::In(key.to_owned(), values)),
            "notin" => Some(Requirement::NotIn(key.to_owned(), values)),
            _ => None,
        };
    }
    match part.strip_prefix('!') {
        Some(key) => Some(Requirement::Lacks(key.trim().to_owned())),
        None => (!part.contains(' ')).then(|| Requirement::Exists(part.to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::Selector;
    use serde_json::json;

    #[test]
    fn selectors_are_read_as_kubectl_writes_them() {
        let object = json!({ "metadata": { "name": "x", "labels": { "app": "a", "tier": "hot" } } });
        let matches = |labels, fields| Selector::parse(labels, fields).map(|selector| selector.matches(&object));
        for selected in ["", "app=a", "app==a", "app in (a, b),tier", "tier!=cold", "!gone", "app notin (b)"] {
            assert_eq!(matches(selected, ""), Some(true), "{selected}");
        }
        for other in ["app=b", "app in (b,c)", "gone", "!app", "app notin (a),tier"] {
            assert_eq!(matches(other, ""), Some(false), "{other}");
        }
        assert_eq!(matches("app of (a)", ""), None);
        assert_eq!((matches("", "metadata.name=x"), matches("", "metadata.name=y")), (Some(true), Some(false)));
    }
}
