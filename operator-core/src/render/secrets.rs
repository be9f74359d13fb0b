//! Which Secrets a node reads, and how: fields marked `#[secret(…)]`.

use serde::Deserialize;
use serde_json::Value;

use super::{Object, names::Names, secret};
use crate::{
    definition::SecretField,
    settings::{Invalid, ResolvedNode, SecretRef, all_or_errors},
};

const ALL_KEYS: &str = "each key of the Secret becomes a file, called as the key: leave it out";

/// A key of a Secret, or all of them, and where the container finds it.
#[derive(Clone, Debug)]
pub struct Secret {
    /// Name of the Secret.
    pub name: String,
    /// Key in it; of a folder, none counts.
    pub key: String,
    /// Environment variable.
    pub env: Option<&'static str>,
    /// File, an absolute path.
    pub file: Option<&'static str>,
    /// Folder with a file of each key, an absolute path.
    pub folder: Option<&'static str>,
}

/// The Secrets that a node reads: the cluster's, and its node type's. A field that is neither set nor generated has none.
pub fn read(names: &Names<'_>, spec: &Value, node: &ResolvedNode) -> Result<Vec<Secret>, Vec<Invalid>> {
    let of_node = node.node_type.secrets();
    let of_cluster = names.definition.secrets_of(node.node_type).map(|field| (None, field, spec));
    let of_node = of_node.iter().map(|field| (Some(node), field, &node.spec_value));
    let secrets = of_cluster.chain(of_node).map(|(owner, field, holder)| match given(field, holder) {
        Ok(None) if field.generate.is_none() => Ok(None),
        Ok(Some(SecretRef { key: Some(_), .. })) if field.folder.is_some() => {
            Err([Invalid::new(format!("{}.key", path(owner, field)), ALL_KEYS)])
        }
        Ok(given) => Ok(Some(Secret {
            key: given.as_ref().and_then(|given| given.key.clone()).unwrap_or_else(|| field.key.to_owned()),
            name: given.map_or_else(|| name(names, owner, field), |given| given.secret_name),
            env: field.env,
            file: field.file,
            folder: field.folder,
        })),
        Err(error) => Err([Invalid::new(path(owner, field), error.to_string())]),
    });
    Ok(all_or_errors(secrets, Vec::new())?.into_iter().flatten().collect())
}

fn path(owner: Option<&ResolvedNode>, field: &SecretField) -> String {
    owner.map(|node| format!("{}.", node.path)).unwrap_or_default() + field.field
}

/// The generated Secrets of `fields` in `holder`.
pub fn generated(
    names: &Names<'_>,
    node: Option<&ResolvedNode>,
    fields: &[SecretField],
    holder: &Value,
) -> Vec<Object> {
    let missing = fields.iter().filter(|field| matches!(given(field, holder), Ok(None)));
    let build = |field: &SecretField| Some(secret::build(name(names, node, field), node, field.key, field.generate?));
    missing.filter_map(build).collect()
}

fn given(field: &SecretField, holder: &Value) -> Result<Option<SecretRef>, serde_json::Error> {
    holder.get(field.field).map_or(Ok(None), Option::deserialize)
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
