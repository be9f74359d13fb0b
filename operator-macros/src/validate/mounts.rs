//! Folders and files: what is mounted where.

use operator_definition::{FileClash, SecretPath, names::is_data_key};

use super::unique;
use crate::{
    attrs::{Text, overlap},
    errors::Errors,
    model::{ConfigFile, SecretField, Template},
};

/// Each folder and file by itself, and all of one container against each other. Configuration files of one folder share
/// it.
pub fn mounts(template: &Template, errors: &Errors) {
    let Template { storage, empty_dirs, configs, secrets, .. } = template;
    let storage_mounts = storage.iter().map(|storage| &storage.mount);
    storage_mounts.clone().for_each(|mount| path("a mount", "/etc/app", mount, errors));
    empty_dirs.iter().for_each(|folder| path("an empty folder", "/tmp", folder, errors));
    unique(storage_mounts, errors, |mount| {
        format!("other storage is mounted at `{mount}` already: give each a folder of its own")
    });
    unique(empty_dirs, errors, |folder| format!("`{folder}` is given twice: keep one of them"));
    let has_storage = |mount: &Text| storage.iter().any(|storage| *storage.mount == **mount);
    for folder in empty_dirs.iter().filter(|folder| has_storage(folder)) {
        let message = format!("storage is mounted at `{}` already: leave this one out", folder.as_str());
        errors.at(&folder.span(), message);
    }
    for mount in configs.iter().map(|config| &config.mount) {
        if has_storage(mount) {
            let message = format!("storage is mounted at `{}` already: give the file another folder", mount.as_str());
            errors.at(&mount.span(), message);
        }
        if empty_dirs.iter().any(|folder| **folder == **mount) {
            let advice = "give the file another folder";
            let message = format!("`{}` is a folder that is empty at first: {advice}", mount.as_str());
            errors.at(&mount.span(), message);
        }
    }
    files(configs, errors);
    let folders: Vec<_> = storage.iter().map(|storage| &storage.mount).chain(empty_dirs).collect();
    secret_files(secrets, configs, &folders, errors);
}

/// Each file, and those of the same name against each other: they are merged.
pub fn files(configs: &[ConfigFile], errors: &Errors) {
    for (index, config) in configs.iter().enumerate() {
        path("a mount", "/etc/app", &config.mount, errors);
        file(&config.file, errors);
        let same = |other: &&ConfigFile| {
            *other.mount == *config.mount && *other.file == *config.file && overlap(&other.readers, &config.readers)
        };
        // Fields under `cfg` may exclude each other.
        let earlier = configs.iter().take(index).filter(|other| other.cfgs.is_empty() && config.cfgs.is_empty());
        if let Some(reason) = earlier.into_iter().find(same).and_then(|other| clash(config, other)) {
            let (file, mount) = (config.file.as_str(), config.mount.as_str());
            errors.at(&config.file.span(), format!("another field is written to `{mount}/{file}` already, {reason}"));
        }
    }
}

/// Why two fields can't be written to one file.
fn clash(config: &ConfigFile, other: &ConfigFile) -> Option<&'static str> {
    FileClash::of((config.format, config.reload), (other.format, other.reload)).map(|clash| match clash {
        FileClash::Format => "in another format: write the same for both, or give this one another name",
        FileClash::Raw => "and raw texts can't be merged: give this one another name, or both a format with keys",
        FileClash::Reload => "with another `reload`: write the same for both",
    })
}

/// The files and folders that carry secrets: each is its own.
pub fn secret_files(secrets: &[SecretField], configs: &[ConfigFile], folders: &[&Text], errors: &Errors) {
    let mut seen: Vec<&SecretField> = Vec::new();
    for secret in secrets {
        if secret.folder.is_none() {
            key("a key of a Secret", &secret.key, errors);
        }
        let Some((text, at)) = secret.path() else { continue };
        let (what, example) = match at {
            SecretPath::Folder(_) => ("a secret's folder", "/etc/app/tls"),
            SecretPath::File(_) => ("a secret's file", "/etc/app/password"),
        };
        path(what, example, text, errors);
        let is_read = |readers: &[Text]| overlap(readers, &secret.readers);
        // Fields under `cfg` may exclude each other: the compiler compares what is left of them.
        let meets = |other: &&SecretField| other.path().is_some_and(|(_, other)| other.meets(at));
        let other_secret = secret.cfgs.is_empty() && seen.iter().any(|seen| meets(seen) && is_read(&seen.readers));
        let is_config = |config: &ConfigFile| at.meets_file(&config.mount, &config.file) && is_read(&config.readers);
        if other_secret || configs.iter().any(is_config) || folders.iter().any(|folder| ***folder == **text) {
            let message =
                format!("something else is at `{}` already: give the secret another {}", at.as_str(), at.what());
            errors.at(&text.span(), message);
        }
        if secret.cfgs.is_empty() {
            seen.push(secret);
        }
    }
}

/// An absolute path in its shortest form, so that equal ones are spelt equally.
fn path(what: &str, example: &str, path: &Text, errors: &Errors) {
    let parts: Vec<_> = path.split('/').filter(|part| !part.is_empty() && *part != ".").collect();
    let shortest = format!("/{}", parts.join("/"));
    if parts.is_empty() {
        errors.at(&path.span(), format!("{what} is below `/`, such as \"{example}\""));
    } else if parts.contains(&"..") || path.contains(':') {
        errors.at(&path.span(), format!("{what} has neither `..` nor `:` in it: write the path itself"));
    } else if *path.as_str() != shortest {
        errors.at(&path.span(), format!("{what} is an absolute path without a `/` at its end: write \"{shortest}\""));
    }
}

/// A key of a ConfigMap.
fn file(name: &Text, errors: &Errors) {
    if let Some((folder, file)) = name.rsplit_once('/') {
        let advice = format!("put the folder into `mount`, and write file = \"{file}\"");
        errors.at(&name.span(), format!("`{folder}/` is no part of a file's name: {advice}"));
    } else {
        key("a file's name", name, errors);
    }
}

/// A key of a ConfigMap or Secret.
fn key(what: &str, name: &Text, errors: &Errors) {
    if !is_data_key(name) {
        let rule = "at most 253 letters, digits, `-`, `_` and `.`";
        errors.at(&name.span(), format!("`{}` can't be {what}: {rule}", name.as_str()));
    }
}
