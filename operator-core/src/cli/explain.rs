//! `plan --explain`: where each setting of a node comes from.

use std::path::Path;

use serde_json::Value;

use super::{file::File, output::print};
use crate::{
    Cluster, DataOperator, Result,
    model::Identity,
    render::unescape,
    runtime::Author,
    settings::{
        Explained, explain as explained,
        json::{joined, name},
        place,
    },
};

/// Longest value that is shown whole, in characters.
const LONGEST: usize = 60;

/// Prints a table of the effective settings of `node` in the custom resource in `path`.
pub fn explain<K: Cluster>(path: &Path, node: &str) -> Result<()> {
    let file = File::read(path, K::DEFINITION)?;
    let spec = file.object.get("spec").unwrap_or(&Value::Null);
    let spec = (Author::of::<K>().read)(spec).map_err(|invalid| file.invalid(&invalid))?;
    let Some(form) = K::Spec::FORM else {
        let fields = explained(K::DEFINITION, &spec, node).map_err(|error| file.wrong(error))?;
        return print(&table(&fields, |field| field.layer.to_string()));
    };
    let text = |field: &str, otherwise: &str| file.metadata(field).unwrap_or(otherwise).to_owned();
    let cluster = Identity { namespace: text("namespace", "default"), name: text("name", ""), uid: String::new() };
    let formed = form(&spec, &cluster).map_err(|invalid| file.invalid(&invalid))?;
    let mut fields = explained(K::DEFINITION, &formed.spec, node).map_err(|error| file.wrong(error))?;
    fields.iter_mut().for_each(|field| unescape(&mut field.value));
    print(&table(&fields, |field| {
        let place = place(K::DEFINITION, &formed.spec, node, field);
        match place.map(|place| formed.origins().of(&place)) {
            None => field.layer.to_string(),
            Some(Some(path)) if is_there(&spec, &path) => joined("spec", &path),
            Some(_) => "operator's form".to_owned(),
        }
    }))
}

/// Whether a value has something at a path such as `nodes.hot.env[A]`; items of lists are named by `name` or number.
fn is_there(value: &Value, path: &str) -> bool {
    let below = |path: &str, name: &str, value: &Value| {
        path.strip_prefix(name).is_some_and(|rest| {
            let is_end = rest.is_empty() || rest.starts_with(['.', '[']);
            is_end && is_there(value, rest.strip_prefix('.').unwrap_or(rest))
        })
    };
    match value {
        _ if path.is_empty() => true,
        Value::Object(map) => map.iter().any(|(name, value)| below(path, name, value)),
        Value::Array(items) => items.iter().enumerate().any(|(index, item)| {
            let names = [index.to_string(), name(item).to_owned()];
            names.iter().any(|name| below(path, &format!("[{name}]"), item))
        }),
        _ => false,
    }
}

/// A line per field, in columns.
fn table(fields: &[Explained], from: impl Fn(&Explained) -> String) -> String {
    let head = ["FIELD".to_owned(), "VALUE".to_owned(), "FROM".to_owned()];
    let row = |field: &Explained| [field.path.clone(), shown(&field.value), from(field)];
    let rows: Vec<[String; 3]> = std::iter::once(head).chain(fields.iter().map(row)).collect();
    let width = |column: fn(&[String; 3]) -> &String| rows.iter().map(|row| column(row).chars().count()).max();
    let (first, second) = (width(|[field, _, _]| field).unwrap_or(0), width(|[_, value, _]| value).unwrap_or(0));
    rows.iter().map(|[field, value, from]| format!("{field:first$}  {value:second$}  {from}\n")).collect()
}

/// As JSON on one line; its beginning, where it is long.
fn shown(value: &Value) -> String {
    let text = value.to_string();
    if text.chars().count() <= LONGEST {
        return text;
    }
    text.chars().take(LONGEST - 1).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::Layer;
    use serde_json::json;

    #[test]
    fn a_path_is_there_where_its_value_is() {
        let value = json!({ "a.b": { "c": [{ "name": "x", "value": 1 }, [2]] } });
        let there = |path| is_there(&value, path);
        assert!(["", "a.b", "a.b.c", "a.b.c[x].value", "a.b.c[0]", "a.b.c[1][0]"].into_iter().all(there));
        assert!(!["a", "a.bc", "a.b.c[y]", "a.b.c.x", "a.b.c[x].value.z"].into_iter().any(there));
    }

    #[test]
    fn columns_are_aligned_and_long_values_cut() {
        let fields = [
            Explained { path: "env[A]".to_owned(), value: json!("ä"), layer: Layer::Node },
            Explained { path: "image".to_owned(), value: json!("i".repeat(90)), layer: Layer::ClusterImage },
        ];
        let cut = format!("\"{}…", "i".repeat(LONGEST - 2));
        let expected = format!(
            "FIELD   {:LONGEST$}  FROM\nenv[A]  {:LONGEST$}  node\nimage   {cut}  cluster image\n",
            "VALUE", "\"ä\""
        );
        assert_eq!(table(&fields, |field| field.layer.to_string()), expected);
    }
}
