//! The volumes of a pod and their mounts in its container: configuration, secrets, PVCs, empty folders, and the custom resource's own.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::{
    model::Digest,
    render::{files::File, names::cut, secrets::Secret},
    settings::{Invalid, ResolvedNode, json},
};

/// Volumes, and the container's mounts.
#[derive(Debug, Default)]
pub struct Volumes {
    /// As in a pod's `volumes`.
    pub volumes: Vec<Value>,
    /// As in a container's `volumeMounts`.
    pub mounts: Vec<Value>,
}

pub fn build(node: &ResolvedNode, files: &[File], secrets: &[Secret]) -> Result<Volumes, Vec<Invalid>> {
    let mut built = Volumes::default();
    let mut errors = Vec::new();
    for claim in &node.claims {
        built.mounts.push(json!({ "name": claim.name, "mountPath": claim.mount }));
    }
    for folder in node.node_type.empty_dirs() {
        let name = name("empty", folder);
        built.volumes.push(json!({ "name": name, "emptyDir": {} }));
        built.mounts.push(json!({ "name": name, "mountPath": folder }));
    }
    for (folder, sources) in folders(files, secrets) {
        if folder.is_empty() || built.mounted(folder) {
            let place = if folder.is_empty() { "the root folder" } else { folder };
            let message = format!("files can't be put into {place}, for it is no folder of theirs alone: name another");
            errors.push(Invalid::new(node.path.as_str(), message));
            continue;
        }
        let name = name("config", folder);
        built.volumes.push(json!({ "name": name, "projected": { "sources": sources } }));
        built.mounts.push(json!({ "name": name, "mountPath": folder, "readOnly": true }));
    }
    errors.extend(built.add(node));
    if errors.is_empty() { Ok(built) } else { Err(errors) }
}

impl Volumes {
    /// The custom resource's own.
    fn add(&mut self, node: &ResolvedNode) -> Vec<Invalid> {
        let settings = &node.spec.settings;
        let mut errors = Vec::new();
        for volume in &settings.volumes {
            let called = json::name(volume);
            let claimed = node.claims.iter().any(|claim| claim.name == called);
            if claimed || self.volumes.iter().any(|other| other["name"] == called) {
                let message = format!("`{called}` is a volume of the operator's; use another name, or podOverrides");
                errors.push(node.invalid("volumes", message));
            }
        }
        for path in settings.volume_mounts.iter().map(|mount| &mount.mount_path).filter(|path| self.mounted(path)) {
            let message = format!("`{path}` is mounted by the operator; use another path, or podOverrides");
            errors.push(node.invalid("volumeMounts", message));
        }
        self.volumes.extend(settings.volumes.iter().cloned());
        self.mounts.extend(settings.volume_mounts.iter().map(|mount| json!(mount)));
        errors
    }

    fn mounted(&self, folder: &str) -> bool {
        self.mounts.iter().any(|mount| mount["mountPath"] == folder)
    }
}

/// The sources of each folder: one volume for all ConfigMaps and Secrets of its files. A file is never mounted by itself, since such a
/// mount never sees a change; so files of secrets share a folder with configuration files. A Secret of which all keys are there has a folder alone.
fn folders(files: &[File], secrets: &[Secret]) -> BTreeMap<&'static str, Vec<Value>> {
    let mut folders = BTreeMap::<_, Vec<_>>::new();
    for file in files {
        folders.entry(file.mount).or_default().push(json!({ "configMap": { "name": file.config_map } }));
    }
    // By path, as configuration files are: to move a field restarts no pods.
    let in_files = secrets.iter().filter_map(|secret| Some((secret.file?.rsplit_once('/')?, secret)));
    let in_files: BTreeMap<_, _> = in_files.collect();
    for ((folder, file), secret) in in_files {
        let items = json!([{ "key": secret.key, "path": file }]);
        folders.entry(folder).or_default().push(json!({ "secret": { "name": secret.name, "items": items } }));
    }
    let whole: BTreeMap<_, _> = secrets.iter().filter_map(|secret| Some((secret.folder?, secret))).collect();
    for (folder, secret) in whole {
        folders.entry(folder).or_default().push(json!({ "secret": { "name": secret.name } }));
    }
    folders
}

/// `config-opt-druid-conf`; a hash distinguishes folders whose names differ in characters that a label can't have.
fn name(prefix: &str, mount: &str) -> String {
    let readable: String =
        mount.to_ascii_lowercase().chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
    let readable = readable.trim_matches('-');
    let plain = format!("/{}", readable.replace('-', "/")) == mount;
    let name = format!("{prefix}-{readable}");
    if plain { cut(&name, 63) } else { format!("{}-{}", cut(&name, 52), Digest::of(&mount.into()).short()) }
}
