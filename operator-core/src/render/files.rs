//! Configuration files: which values they are written from, and the hash over all that a pod reads.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{NodeContext, format, names::Names};
use crate::{
    definition::{ConfigFile, Reload},
    model::Digest,
    settings::{Invalid, ResolvedNode, all_or_errors, apply_patch, json::listed, merge_values, unknown_directive},
};

/// A configuration file with its content.
#[derive(Clone, Debug)]
pub struct File {
    /// Name of the file.
    pub name: &'static str,
    /// Folder in the container.
    pub mount: &'static str,
    /// Its content.
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
pub fn read(context: &NodeContext<'_>) -> Result<Vec<File>, Vec<Invalid>> {
    let declared = declared(context.names, context.node);
    let unknown = unknown_overrides(context.names, context.node, &declared);
    let files = declared.iter().map(|declared| declared.read(context).map_err(|invalid| [invalid]));
    let mut files: Vec<File> = all_or_errors(files, unknown)?.into_iter().flatten().collect();
    // Whatever the order in which fields are declared: to move one restarts no pods.
    files.sort_by_key(|file| (file.mount, file.name));
    Ok(files)
}

/// Over all files that roll a node's pods.
pub fn digest(files: &[File]) -> Digest {
    let rolling = files.iter().filter(|file| file.reload == Reload::Pods);
    Digest::of(&rolling.map(|file| json!([file.mount, file.name, file.content])).collect())
}

/// A file, with the fields that say what stands in it: the cluster's, then the node type's, as they are declared.
struct Declared {
    /// As the first field declares it, but that a change rolls the pods where any field says so.
    config: ConfigFile,
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
    let of_cluster = names.definition.configs_of(node.node_type).map(|config| (*config, Owner::Cluster));
    let of_node = node.node_type.configs().into_iter().map(|config| (config, Owner::Node));
    let mut files: Vec<Declared> = Vec::new();
    for (config, owner) in of_cluster.chain(of_node) {
        match files.iter_mut().find(|file| (file.config.mount, file.config.file) == (config.mount, config.file)) {
            Some(file) => {
                file.fields.push((config, owner));
                if config.reload == Reload::Pods {
                    file.config.reload = Reload::Pods;
                }
            }
            None => files.push(Declared { config, alike: false, fields: vec![(config, owner)] }),
        }
    }
    let readable: Vec<String> = files.iter().map(|file| super::names::readable(file.config.file)).collect();
    for (file, name) in files.iter_mut().zip(&readable) {
        file.alike = readable.iter().filter(|other| *other == name).count() > 1;
    }
    files
}

impl Declared {
    /// The file; none where no field and no override says what stands in it.
    fn read(&self, context: &NodeContext<'_>) -> Result<Option<File>, Invalid> {
        let (node, ConfigFile { file: name, format, .. }) = (context.node, self.config);
        let (mut merged, mut of_node) = self.of_fields(context)?;
        let mut shared = None;
        // `null` takes back what lower layers say.
        let given: Vec<&Value> = node.config_overrides.iter().filter_map(|layer| layer.get(name)).collect();
        let given = given.rsplit(|patch| patch.is_null()).next().unwrap_or_default();
        if !given.is_empty() {
            let path = format!("{}.configOverrides.{name}", node.path);
            let mut value = merged.map(|(value, _)| value);
            shared = value.as_ref().and_then(|value| format::write(format, value).ok());
            for patch in given {
                let mut patch = (*patch).clone();
                context.replace(&mut patch).map_err(|error| Invalid::new(path.as_str(), error.to_string()))?;
                let patched = self.overridden(value, patch);
                value = Some(patched.map_err(|error| Invalid::new(path.as_str(), error.to_string()))?);
            }
            merged = value.map(|value| (value, path));
        }
        let Some((value, path)) = merged else { return Ok(None) };
        let written = format::write(format, &value);
        let content = written.map_err(|error| Invalid::new(path.as_str(), error.to_string()))?;
        // An override that changes nothing doesn't make the file another.
        of_node |= !given.is_empty() && shared.as_ref() != Some(&content);
        let size = name.len() + content.len();
        if size > LARGEST {
            let message = format!("{name} would be {} KiB; a ConfigMap holds at most 1024", size.div_ceil(1024));
            return Err(Invalid::new(path, message));
        }
        Ok(Some(self.file(context.names, node, content, of_node)))
    }

    /// What the fields say, with the path of the last one that says anything; and whether it is about the node alone.
    fn of_fields(&self, context: &NodeContext<'_>) -> Result<(Option<(Value, String)>, bool), Invalid> {
        let (node, name) = (context.node, self.config.file);
        let mut merged: Option<(Value, String)> = None;
        let mut of_node = false;
        for (config, owner) in &self.fields {
            let (holder, at) = match owner {
                Owner::Cluster => (context.spec, None),
                Owner::Node => (&node.spec_value, Some(node.path.as_str())),
            };
            let path = [at, config.field].into_iter().flatten().collect::<Vec<_>>().join(".");
            // Where no field says what stands in the file, the file's name tells which is meant.
            let of_file = if config.field.is_none() { format!("{name}: ") } else { String::new() };
            let wrong = |message: String| Invalid::new(path.as_str(), format!("{of_file}{message}"));
            if config.format != self.config.format {
                return Err(wrong(format!("{name} is written in two formats: give its fields the same")));
            }
            let mut value = match config.with {
                Some(with) => {
                    let around = context.surroundings();
                    let value = with(holder, &around).map_err(wrong)?;
                    of_node |= around.is_of_node();
                    value
                }
                None => config.field.and_then(|field| holder.get(field)).cloned().unwrap_or(Value::Null),
            };
            if value.is_null() {
                continue;
            }
            of_node |= *owner == Owner::Node;
            of_node |= context.replace(&mut value).map_err(|error| wrong(error.to_string()))?;
            merged = Some(match merged {
                None => (value, path),
                Some((_, other)) if !config.format.merges() => {
                    let message = format!("{name} is text, and spec.{other} says already what stands in it");
                    return Err(wrong(format!("{message}: leave one of the two out")));
                }
                Some((below, _)) => (merge_values(below, value), path),
            });
        }
        Ok((merged, of_node))
    }

    /// The value with a patch applied; the error says what is wrong with the patch.
    fn overridden(&self, value: Option<Value>, patch: Value) -> Result<Value, Unpatchable> {
        if let Some(unknown) = unknown_directive(&patch) {
            return Err(Unpatchable::Directive(unknown.clone()));
        }
        match (self.config.format.merges(), &patch, &value) {
            (false, Value::String(_), _) => Ok(patch),
            (false, _, _) => Err(Unpatchable::Text),
            (true, Value::Object(_), None | Some(Value::Object(_))) => {
                Ok(apply_patch(value.unwrap_or(Value::Null), patch))
            }
            (true, Value::Object(_), Some(_)) => Err(Unpatchable::NoMap),
            (true, _, _) => Err(Unpatchable::Map),
        }
    }

    fn file(&self, names: &Names<'_>, node: &ResolvedNode, content: String, of_node: bool) -> File {
        let ConfigFile { file: name, mount, reload, .. } = self.config;
        let owner = of_node.then_some(node.name.as_str());
        let config_map = match reload {
            Reload::Pods => names.config_map(owner, name, &Digest::of(&json!([owner, mount, name, content]))),
            // Others may read a file of this name that is another one.
            Reload::None => {
                let is_of_some = self.fields.iter().any(|(config, _)| !config.readers.is_empty());
                let owner = owner.or(is_of_some.then_some(node.node_type.name));
                names.stable_config_map(owner, name, self.alike.then_some(mount))
            }
        };
        File { name, mount, content, config_map, reload, of_node }
    }
}

/// Why an override can't be applied to a file.
#[derive(Debug, thiserror::Error)]
enum Unpatchable {
    #[error("`$patch: {0}` means nothing: write delete, replace or merge")]
    Directive(Value),
    #[error("the file is text: write what it shall hold, as a string")]
    Text,
    #[error("the file has keys: write a map of what shall be different")]
    Map,
    #[error("the file holds no map, so nothing can be laid over it")]
    NoMap,
}

/// Overrides of files that don't exist. What several nodes share may be about a file that only another node type has.
fn unknown_overrides(names: &Names<'_>, node: &ResolvedNode, declared: &[Declared]) -> Vec<Invalid> {
    let given = |file: &str| node.spec_value.get("configOverrides").is_some_and(|given| given.get(file).is_some());
    let files: Vec<&str> = declared.iter().map(|declared| declared.config.file).collect();
    let of_types = names.definition.node_types.iter().flat_map(|node_type| node_type.configs());
    let of_others: Vec<&str> =
        of_types.chain(names.definition.configs.iter().copied()).map(|config| config.file).collect();
    let overrides = node.config_overrides.iter().filter_map(Value::as_object).flatten();
    let overrides: BTreeSet<&str> = overrides.map(|(file, _)| file.as_str()).collect();
    let unknown = overrides.into_iter().filter(|file| !files.contains(file));
    let message = format!("the node has no such file; it has: {}", listed(files.iter().copied()));
    unknown
        .filter(|file| given(file) || !of_others.contains(file))
        .map(|file| node.invalid(&format!("configOverrides.{file}"), &message))
        .collect()
}
