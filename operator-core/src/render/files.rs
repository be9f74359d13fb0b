//! Configuration files: which values they are written from, and the hash over all that a pod reads.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{
    format,
    names::Names,
    placeholder::{References, Replaced},
};
use crate::{
    definition::{ConfigFile, Format, Reload},
    model::Digest,
    settings::{Invalid, ResolvedNode, apply_patch, merge_values, unknown_directive},
};

/// A configuration file with its content.
#[derive(Clone, Debug)]
pub struct File {
    /// Name of the file.
    pub name: &'static str,
    /// Folder in the container.
    pub mount: &'static str,
    /// What stands in it.
    pub content: String,
    /// Name of its ConfigMap.
    pub config_map: String,
    /// What a change does to running pods.
    pub reload: Reload,
    /// Whether the node has it for itself; else every node that reads it has the same.
    pub of_node: bool,
}

/// Largest content of a ConfigMap, keys and values, in bytes; source: the API server's validation of ConfigMaps.
const LARGEST: usize = 1024 * 1024;

/// The files that `node` reads: the cluster's and its own. A field that isn't there adds nothing, and a file without any isn't there.
pub fn read(
    names: &Names<'_>,
    spec: &Value,
    nodes: &[ResolvedNode],
    node: &ResolvedNode,
) -> Result<Vec<File>, Vec<Invalid>> {
    let references = References { names, spec, nodes, node };
    let declared = declared(names, node);
    let mut errors = unknown_overrides(names, node, &declared);
    let mut files = Vec::new();
    for declared in &declared {
        match declared.content(&references) {
            Ok(Some((content, of_node))) => files.push(declared.file(names, node, content, of_node)),
            Ok(None) => {}
            Err(invalid) => errors.push(invalid),
        }
    }
    // Whatever the order in which fields are declared: to move one restarts no pods.
    files.sort_by_key(|file| (file.mount, file.name));
    if errors.is_empty() { Ok(files) } else { Err(errors) }
}

/// Over all files that roll a node's pods.
pub fn digest(files: &[File]) -> Digest {
    let rolling = files.iter().filter(|file| file.reload == Reload::Pods);
    Digest::of(&rolling.map(|file| json!([file.mount, file.name, file.content])).collect())
}

/// A file, with the fields that say what stands in it: the cluster's, then the node type's, as they are declared.
struct Declared {
    name: &'static str,
    mount: &'static str,
    format: Format,
    reload: Reload,
    /// Whether its ConfigMap's stable name needs the folder in it, for another file is called alike.
    alike: bool,
    fields: Vec<(ConfigFile, Owner)>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Owner {
    Cluster,
    Node,
}

fn declared(names: &Names<'_>, node: &ResolvedNode) -> Vec<Declared> {
    let of_cluster = names.definition.configs.iter().map(|config| (*config, Owner::Cluster));
    let of_node = node.node_type.configs().into_iter().map(|config| (config, Owner::Node));
    let mut files: Vec<Declared> = Vec::new();
    for (config, owner) in of_cluster.chain(of_node) {
        match files.iter_mut().find(|file| (file.mount, file.name) == (config.mount, config.file)) {
            Some(file) => {
                file.fields.push((config, owner));
                if config.reload == Reload::Pods {
                    file.reload = Reload::Pods;
                }
            }
            None => files.push(Declared {
                name: config.file,
                mount: config.mount,
                format: config.format,
                reload: config.reload,
                alike: false,
                fields: vec![(config, owner)],
            }),
        }
    }
    let readable: Vec<String> = files.iter().map(|file| super::names::readable(file.name)).collect();
    for (file, name) in files.iter_mut().zip(&readable) {
        file.alike = readable.iter().filter(|other| *other == name).count() > 1;
    }
    files
}

impl Declared {
    /// What stands in it, and whether that is about the node alone; none where no field and no override says anything.
    fn content(&self, references: &References<'_>) -> Result<Option<(String, bool)>, Invalid> {
        let node = references.node;
        let mut merged: Option<(Value, String)> = None;
        let mut of_node = false;
        for (config, owner) in &self.fields {
            let (holder, path) = match owner {
                Owner::Cluster => (references.spec, config.field.to_owned()),
                Owner::Node => (&node.spec_value, format!("{}.{}", node.path, config.field)),
            };
            let wrong = |message: String| Invalid::new(path.as_str(), message);
            if config.format != self.format {
                return Err(wrong(format!("{} is written in two formats: give its fields the same", self.name)));
            }
            let value = match config.with {
                Some(with) => with(holder).map_err(|error| wrong(error.to_string()))?,
                None => holder.get(config.field).cloned().unwrap_or(Value::Null),
            };
            if value.is_null() {
                continue;
            }
            let Replaced { value, of_node: about_node } = references.value(value).map_err(wrong)?;
            of_node |= about_node || *owner == Owner::Node;
            merged = Some(match merged {
                None => (value, path),
                Some((_, other)) if !self.format.merges() => {
                    let message = format!("{} is text, and spec.{other} says already what stands in it", self.name);
                    return Err(wrong(format!("{message}: leave one of the two out")));
                }
                Some((below, _)) => (merge_values(below, value), path),
            });
        }
        let mut shared = None;
        // `null` takes back what lower layers say.
        let given: Vec<&Value> = node.config_overrides.iter().filter_map(|layer| layer.get(self.name)).collect();
        let given = given.rsplit(|patch| patch.is_null()).next().unwrap_or_default();
        if !given.is_empty() {
            let path = format!("{}.configOverrides.{}", node.path, self.name);
            let wrong = |message: String| Invalid::new(path.as_str(), message);
            let mut value = merged.map(|(value, _)| value);
            shared = value.as_ref().and_then(|value| format::write(self.format, value).ok());
            for patch in given {
                let patch = references.value((*patch).clone()).map_err(wrong)?.value;
                value = Some(self.overridden(value, patch).map_err(wrong)?);
            }
            merged = value.map(|value| (value, path));
        }
        let Some((value, path)) = merged else { return Ok(None) };
        let content = format::write(self.format, &value).map_err(|message| Invalid::new(path.as_str(), message))?;
        // An override that changes nothing doesn't make the file another.
        of_node |= !given.is_empty() && shared.as_ref() != Some(&content);
        let size = self.name.len() + content.len();
        if size > LARGEST {
            let message = format!("{} would be {} KiB; a ConfigMap holds at most 1024", self.name, size.div_ceil(1024));
            return Err(Invalid::new(path, message));
        }
        Ok(Some((content, of_node)))
    }

    fn overridden(&self, value: Option<Value>, patch: Value) -> Result<Value, String> {
        if let Some(unknown) = unknown_directive(&patch) {
            return Err(format!("`$patch: {unknown}` means nothing: write delete, replace or merge"));
        }
        match (self.format.merges(), &patch, &value) {
            (false, Value::String(_), _) => Ok(patch),
            (false, _, _) => Err("the file is text: write what it shall hold, as a string".to_owned()),
            (true, Value::Object(_), None | Some(Value::Object(_))) => {
                Ok(apply_patch(value.unwrap_or(Value::Null), patch))
            }
            (true, Value::Object(_), Some(_)) => {
                Err("the file holds no map, so nothing can be laid over it".to_owned())
            }
            (true, _, _) => Err("the file has keys: write a map of what shall be different".to_owned()),
        }
    }

    fn file(&self, names: &Names<'_>, node: &ResolvedNode, content: String, of_node: bool) -> File {
        let owner = of_node.then_some(node.name.as_str());
        let config_map = match self.reload {
            Reload::Pods => {
                let hash = Digest::of(&json!([owner, self.mount, self.name, content]));
                names.config_map(owner, self.name, &hash)
            }
            Reload::None => names.stable_config_map(owner, self.name, self.alike.then_some(self.mount)),
        };
        File { name: self.name, mount: self.mount, content, config_map, reload: self.reload, of_node }
    }
}

/// Overrides of files that there aren't. What several nodes share may be about a file that only another node type has.
fn unknown_overrides(names: &Names<'_>, node: &ResolvedNode, declared: &[Declared]) -> Vec<Invalid> {
    let given = |file: &str| node.spec_value.get("configOverrides").is_some_and(|given| given.get(file).is_some());
    let of_others: Vec<&str> = names
        .definition
        .node_types
        .iter()
        .flat_map(|node_type| node_type.configs())
        .map(|config| config.file)
        .collect();
    let overrides: BTreeSet<&String> =
        node.config_overrides.iter().filter_map(Value::as_object).flatten().map(|(file, _)| file).collect();
    overrides
        .into_iter()
        .filter(|file| !declared.iter().any(|declared| declared.name == file.as_str()))
        .filter(|file| given(file) || !of_others.contains(&file.as_str()))
        .map(|file| {
            let mut files: Vec<&str> = declared.iter().map(|declared| declared.name).collect();
            files.dedup();
            let there = if files.is_empty() { "none".to_owned() } else { files.join(", ") };
            Invalid::new(
                format!("{}.configOverrides.{file}", node.path),
                format!("the node has no such file; it has: {there}"),
            )
        })
        .collect()
}
