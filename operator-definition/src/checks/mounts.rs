//! Folders and files: what is mounted where. Configuration files and secrets are the type's, never the field's.

use crate::{
    ConfigFile, FileClash, NodeType, SecretField,
    text::{contains, report, report_if, same},
};

/// A folder belongs to one volume.
#[track_caller]
pub const fn mounts(node_type: &NodeType, cluster: &[ConfigFile]) {
    each_joined!(node_type.storage, |storage| storage.name, {
        let (name, mount) = (storage.name, storage.mount);
        each_joined!(node_type.storage, |other| other.name, {
            report_if(
                same(other.mount, mount) && !same(other.name, name),
                "the storage `{}` and `{}` of the node type `{}` are both mounted at `{}`: give one of them another \
                 folder, or the same name, to replace the other",
                &[name, other.name, node_type.name, mount],
            );
        });
        let of_cluster = has_files(node_type, cluster, mount);
        report_if(
            of_cluster || has_own_files(node_type, mount),
            "the storage `{}` of the node type `{}` is mounted where {} configuration files are, at `{}`: give it \
             another folder",
            &[name, node_type.name, if of_cluster { "the cluster's" } else { "the type's" }, mount],
        );
    });
    each!(&node_type.layers, |layer| {
        each!(layer.empty_dirs, |folder| { empty_dir(node_type, folder, cluster) });
    });
}

/// Nothing else is mounted where an empty folder is.
#[track_caller]
const fn empty_dir(node_type: &NodeType, folder: &str, cluster: &[ConfigFile]) {
    each_joined!(node_type.storage, |storage| storage.name, {
        report_if(
            same(storage.mount, folder),
            "the storage `{}` is mounted at the empty folder `{}`: give it another folder, or leave that one out of \
             empty_dirs(…)",
            &[storage.name, folder],
        );
    });
    report_if(
        has_files(node_type, cluster, folder) || has_own_files(node_type, folder),
        "configuration files are mounted at the empty folder `{}`: give them another folder, or leave that one out of \
         empty_dirs(…)",
        &[folder],
    );
}

const fn has_own_files(node_type: &NodeType, folder: &str) -> bool {
    any!(&node_type.layers, |layer| has_files(node_type, layer.configs, folder))
}

const fn has_files(node_type: &NodeType, configs: &[ConfigFile], folder: &str) -> bool {
    any!(configs, |config| same(config.mount, folder) && node_type.is_of(config.readers))
}

/// A file of the cluster and one of a node type may be the same where their values can be merged.
#[track_caller]
pub const fn files(node_type: &NodeType, cluster: &[ConfigFile]) {
    each_joined!(node_type.configs, |own| own.source(), {
        each!(cluster, |other| {
            if !same(own.mount, other.mount) || !same(own.file, other.file) || !node_type.is_of(other.readers) {
                continue;
            }
            let reason = match FileClash::of((own.format, own.reload), (other.format, other.reload)) {
                Some(FileClash::Format) => {
                    "in different formats: write the same for both, or give one of them another file"
                }
                Some(FileClash::Raw) => {
                    "and raw texts can't be merged: give one of them another file, or both a format with keys"
                }
                Some(FileClash::Reload) => "with a different `reload`: write the same for both",
                None => continue,
            };
            report(
                "`{}` of the node type `{}` and `{}` of the cluster are written to `{}/{}`, {}",
                &[own.source(), node_type.name, other.source(), own.mount, own.file, reason],
            );
        });
    });
}

/// A secret's file, or folder, is nothing else.
#[track_caller]
pub const fn secret_files(node_type: &NodeType, cluster: &[SecretField], configs: &[ConfigFile]) {
    each!(cluster, |secret| {
        if !node_type.is_of(secret.readers) {
            continue;
        }
        secret_file(node_type, secret, configs);
        each!(cluster, |other| {
            if node_type.is_of(other.readers) {
                two(node_type, secret, other)
            }
        });
        each_joined!(node_type.secrets, |other| other.field, { two(node_type, secret, other) });
    });
    each_joined!(node_type.secrets, |secret| secret.field, {
        secret_file(node_type, secret, configs);
        each_joined!(node_type.secrets, |other| other.field, { two(node_type, secret, other) });
    });
}

/// Two secrets aren't in each other's way; a secret isn't in its own.
#[track_caller]
const fn two(node_type: &NodeType, secret: &SecretField, other: &SecretField) {
    let (Some(path), Some(other_path)) = (secret.path(), other.path()) else { return };
    report_if(
        !same(secret.field, other.field) && path.meets(other_path),
        "pods of the node type `{}` have the secret `{}` at `{}`, and `{}` at `{}`: give one of them another {}",
        &[node_type.name, secret.field, path.as_str(), other.field, other_path.as_str(), path.what()],
    );
}

#[track_caller]
const fn secret_file(node_type: &NodeType, secret: &SecretField, cluster: &[ConfigFile]) {
    let Some(at) = secret.path() else { return };
    let path = at.as_str();
    let mut taken = any!(cluster, |config| at.meets_file(config.mount, config.file) && node_type.is_of(config.readers));
    each!(&node_type.layers, |layer| {
        taken |=
            contains(layer.empty_dirs, path) || any!(layer.configs, |config| at.meets_file(config.mount, config.file));
    });
    each_joined!(node_type.storage, |storage| storage.name, { taken |= same(storage.mount, path) });
    report_if(
        taken,
        "the secret `{}` is mounted at `{}`, where something else is already: give it another {}",
        &[secret.field, path, at.what()],
    );
}
