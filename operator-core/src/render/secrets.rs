//! Which Secrets a node reads, and how: fields marked `#[secret(…)]`.

use serde::Deserialize;
use serde_json::Value;

use super::{Object, names::Names, secret};
use crate::{
    definition::SecretField,
    settings::{Invalid, ResolvedNode, SecretRef},
};

/// A key of a Secret, and where the container finds it.
#[derive(Clone, Debug)]
pub struct Secret {
    /// Name of the Secret.
    pub name: String,
    /// Key in it.
    pub key: String,
    /// Environment variable.
    pub env: Option<&'static str>,
    /// File, an absolute path.
    pub file: Option<&'static str>,
}

/// The Secrets that a node reads: the cluster's, and its node type's. A field that is neither set nor generated has none.
pub fn read(names: &Names<'_>, spec: &Value, node: &ResolvedNode) -> Result<Vec<Secret>, Vec<Invalid>> {
    let mut secrets = Vec::new();
    let mut errors = Vec::new();
    let of_node = node.node_type.secrets();
    let of_cluster = names.definition.secrets.iter().map(|field| (None, field, spec));
    let of_node = of_node.iter().map(|field| (Some(node), field, &node.spec_value));
    for (owner, field, holder) in of_cluster.chain(of_node) {
        match given(field, holder) {
            Ok(None) if field.generate.is_none() => {}
            Ok(given) => secrets.push(Secret {
                key: given.as_ref().and_then(|given| given.key.clone()).unwrap_or_else(|| field.key.to_owned()),
                name: given.map_or_else(|| name(names, owner, field), |given| given.secret_name),
                env: field.env,
                file: field.file,
            }),
            Err(message) => errors.push(Invalid::new(
                owner.map_or_else(|| field.field.to_owned(), |node| format!("{}.{}", node.path, field.field)),
                message,
            )),
        }
    }
    if errors.is_empty() { Ok(secrets) } else { Err(errors) }
}

/// The Secrets that are made, of `fields` of `holder`.
pub fn generated(
    names: &Names<'_>,
    node: Option<&ResolvedNode>,
    fields: &[SecretField],
    holder: &Value,
) -> Vec<Object> {
    fields
        .iter()
        .filter(|field| matches!(given(field, holder), Ok(None)))
        .filter_map(|field| Some(secret::build(name(names, node, field), node, field.key, field.generate?)))
        .collect()
}

fn given(field: &SecretField, holder: &Value) -> Result<Option<SecretRef>, String> {
    holder
        .get(field.field)
        .filter(|value| !value.is_null())
        .map(|value| SecretRef::deserialize(value).map_err(|error| error.to_string()))
        .transpose()
}

/// `<cluster>[-<node>]-<field>`
fn name(names: &Names<'_>, node: Option<&ResolvedNode>, field: &SecretField) -> String {
    let mut kebab = String::new();
    for c in field.field.chars() {
        if c.is_ascii_uppercase() {
            kebab.push('-');
        }
        kebab.push(if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' });
    }
    names.child(node.map(|node| node.name.as_str()), &kebab)
}
