//! Folders and files: what is mounted where.

use super::{
    joined::{empty_dir, empty_dirs_count, storage, storage_count},
    text::{Message, same, split, starts_with, text},
};
use crate::{ConfigFile, Format, NodeType, SecretField};

/// A folder belongs to one volume.
#[track_caller]
pub const fn mounts(node_type: &NodeType, cluster: &[ConfigFile]) {
    let count = storage_count(node_type);
    let mut index = 0;
    while index < count {
        if let Some(storage) = storage(node_type, index) {
            let mut other = index + 1;
            while other < count {
                if let Some(other) = self::storage(node_type, other)
                    && same(storage.mount, other.mount)
                {
                    Message::new("the storage `")
                        .and(storage.name)
                        .and("` of this field is mounted where its type mounts `")
                        .and(other.name)
                        .and("`, at `")
                        .and(storage.mount)
                        .and("`: give it another folder, or the same name to replace that one")
                        .report();
                }
                other += 1;
            }
            let whose = if mounted_at(cluster, storage.mount) {
                Some("the cluster's")
            } else if has_configs_at(node_type, storage.mount) {
                Some("the type's")
            } else {
                None
            };
            if let Some(whose) = whose {
                Message::new("the storage `")
                    .and(storage.name)
                    .and("` of this node type is mounted where ")
                    .and(whose)
                    .and(" configuration files are, at `")
                    .and(storage.mount)
                    .and("`: give it another folder")
                    .report();
            }
        }
        index += 1;
    }
    empty_dirs(node_type, cluster);
}

/// Nothing else is mounted where an empty folder is.
#[track_caller]
const fn empty_dirs(node_type: &NodeType, cluster: &[ConfigFile]) {
    let mut index = 0;
    while index < empty_dirs_count(node_type) {
        let folder = empty_dir(node_type, index);
        let mut other = 0;
        while other < storage_count(node_type) {
            if let Some(storage) = storage(node_type, other)
                && same(storage.mount, folder)
            {
                Message::new("the storage `")
                    .and(storage.name)
                    .and("` is mounted at the empty folder `")
                    .and(folder)
                    .and("`: give it another folder, or leave that one out of empty_dirs(…)")
                    .report();
            }
            other += 1;
        }
        if mounted_at(cluster, folder) || has_configs_at(node_type, folder) {
            Message::new("configuration files are mounted at the empty folder `")
                .and(folder)
                .and("`: give them another folder, or leave that one out of empty_dirs(…)")
                .report();
        }
        index += 1;
    }
}

/// A file of the cluster and one of a node type may be the same where their values can be merged.
#[track_caller]
pub const fn files(node_type: &NodeType, cluster: &[ConfigFile]) {
    files_and_cluster(node_type.place.configs, cluster);
    files_and_cluster(node_type.template.configs, cluster);
}

#[track_caller]
const fn files_and_cluster(files: &[ConfigFile], cluster: &[ConfigFile]) {
    let mut file = 0;
    while file < files.len() {
        let mut other = 0;
        while other < cluster.len() {
            let (one, other_one) = (&files[file], &cluster[other]);
            let reason = if !same(one.mount, other_one.mount) || !same(one.file, other_one.file) {
                None
            } else if one.format as u8 != other_one.format as u8 {
                Some("in different formats: write the same for both, or give one of them another file")
            } else if matches!(one.format, Format::Raw) {
                Some("and raw texts can't be merged: give one of them another file, or both a format with keys")
            } else if one.reload as u8 != other_one.reload as u8 {
                Some("with a different `reload`: write the same for both")
            } else {
                None
            };
            if let Some(reason) = reason {
                Message::new("`")
                    .and(one.field)
                    .and("` of this node type and `")
                    .and(other_one.field)
                    .and("` of the cluster are written to `")
                    .and(one.mount)
                    .and("/")
                    .and(one.file)
                    .and("`, ")
                    .and(reason)
                    .report();
            }
            other += 1;
        }
        file += 1;
    }
}

/// A secret's file is nothing else.
#[track_caller]
pub const fn secret_files(node_type: &NodeType, cluster: &[SecretField], configs: &[ConfigFile]) {
    let mut index = 0;
    while index < cluster.len() {
        if let Some(file) = cluster[index].file {
            secret_file(node_type, cluster[index].field, file, configs);
            if is_secret_file(node_type.template.secrets, file) || is_secret_file(node_type.place.secrets, file) {
                Message::new("`")
                    .and(file)
                    .and("` carries a secret of this node type, and `")
                    .and(cluster[index].field)
                    .and("` of the cluster: give one of them another file")
                    .report();
            }
        }
        index += 1;
    }
    let of_node = node_type.template.secrets;
    let mut index = 0;
    while index < of_node.len() {
        if let Some(file) = of_node[index].file {
            secret_file(node_type, of_node[index].field, file, configs);
        }
        index += 1;
    }
}

#[track_caller]
const fn secret_file(node_type: &NodeType, field: &str, file: &str, cluster: &[ConfigFile]) {
    let mut taken = is_config_file(cluster, file) || is_config_file(node_type.template.configs, file);
    let mut index = 0;
    while index < storage_count(node_type) {
        if let Some(storage) = storage(node_type, index) {
            taken |= same(storage.mount, file);
        }
        index += 1;
    }
    let mut index = 0;
    while index < empty_dirs_count(node_type) {
        taken |= same(empty_dir(node_type, index), file);
        index += 1;
    }
    if taken {
        Message::new("the secret `")
            .and(field)
            .and("` is mounted at `")
            .and(file)
            .and("`, where something else is already: give it another file")
            .report();
    }
}

const fn is_secret_file(secrets: &[SecretField], file: &str) -> bool {
    let mut index = 0;
    while index < secrets.len() {
        if let Some(other) = secrets[index].file
            && same(other, file)
        {
            return true;
        }
        index += 1;
    }
    false
}

const fn is_config_file(configs: &[ConfigFile], path: &str) -> bool {
    let mut index = 0;
    while index < configs.len() {
        let config = &configs[index];
        if starts_with(path.as_bytes(), config.mount.as_bytes())
            && let Some((before, name)) = split(path.as_bytes().split_at(config.mount.len()).1, b'/')
            && before.is_empty()
            && same(text(name), config.file)
        {
            return true;
        }
        index += 1;
    }
    false
}

const fn has_configs_at(node_type: &NodeType, mount: &str) -> bool {
    mounted_at(node_type.place.configs, mount) || mounted_at(node_type.template.configs, mount)
}

const fn mounted_at(files: &[ConfigFile], mount: &str) -> bool {
    let mut index = 0;
    while index < files.len() {
        if same(files[index].mount, mount) {
            return true;
        }
        index += 1;
    }
    false
}
