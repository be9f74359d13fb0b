//! `plan --explain`: where each setting of a node comes from.

use std::path::Path;

use serde_json::Value;

use super::{file::File, output::print};
use crate::{
    Cluster, Result,
    runtime::Author,
    settings::{Explained, explain as explained},
};

/// Longest value that is shown whole, in characters.
const LONGEST: usize = 60;

/// Prints a table of the effective settings of `node` in the custom resource in `path`.
pub fn explain<K: Cluster>(path: &Path, node: &str) -> Result<()> {
    let file = File::read(path, K::DEFINITION)?;
    let spec = file.object.get("spec").unwrap_or(&Value::Null);
    let spec = (Author::of::<K>().read)(spec).map_err(|invalid| file.invalid(&invalid))?;
    let fields = explained(K::DEFINITION, &spec, node).map_err(|error| file.wrong(error))?;
    print(&table(&fields))
}

/// A line per field, in columns.
fn table(fields: &[Explained]) -> String {
    let head = ["FIELD".to_owned(), "VALUE".to_owned(), "FROM".to_owned()];
    let row = |field: &Explained| [field.path.clone(), shown(&field.value), field.layer.to_string()];
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
        assert_eq!(table(&fields), expected);
    }
}
