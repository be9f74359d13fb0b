//! Folders and files: what is mounted where.

use crate::{
    attrs::Text,
    errors::Errors,
    model::{ConfigFile, Storage},
};

/// Each folder and file by itself, and all of one container against each other. Configuration files of one folder share
/// it.
pub fn mounts(storage: &[Storage], configs: &[ConfigFile], errors: &Errors) {
    let storage_mounts = storage.iter().map(|storage| &storage.mount);
    for mount in storage_mounts.clone().chain(configs.iter().map(|config| &config.mount)) {
        folder(mount, errors);
    }
    super::unique(storage_mounts, errors, |mount| {
        format!("other storage is mounted at `{mount}` already: give each a folder of its own")
    });
    for (index, config) in configs.iter().enumerate() {
        file(&config.file, errors);
        if storage.iter().any(|storage| *storage.mount == *config.mount) {
            let message =
                format!("storage is mounted at `{}` already: give the file another folder", config.mount.as_str());
            errors.at(&config.mount.span(), message);
        }
        let same = |other: &ConfigFile| *other.mount == *config.mount && *other.file == *config.file;
        // Fields under `cfg` may exclude each other.
        if config.cfgs.is_empty() && configs.iter().take(index).any(|other| other.cfgs.is_empty() && same(other)) {
            let (file, mount) = (config.file.as_str(), config.mount.as_str());
            errors.at(
                &config.file.span(),
                format!("another field is written to `{mount}/{file}` already: give this one another name"),
            );
        }
    }
}

/// An absolute path in its shortest form, so that equal folders are spelt equally.
fn folder(mount: &Text, errors: &Errors) {
    let parts: Vec<_> = mount.split('/').filter(|part| !part.is_empty() && *part != ".").collect();
    let shortest = format!("/{}", parts.join("/"));
    if parts.is_empty() {
        errors.at(&mount.span(), "a mount is a folder of its own below `/`, such as \"/etc/app\"");
    } else if parts.contains(&"..") || mount.contains(':') {
        errors.at(&mount.span(), "a mount has neither `..` nor `:` in it: write the folder itself");
    } else if *mount.as_str() != shortest {
        errors.at(&mount.span(), format!("a mount is an absolute path without a `/` at its end: write \"{shortest}\""));
    }
}

/// A key of a ConfigMap.
fn file(name: &Text, errors: &Errors) {
    let allowed = |c: char| c.is_ascii_alphanumeric() || ['-', '_', '.'].contains(&c);
    if let Some((folder, file)) = name.rsplit_once('/') {
        let advice = format!("put the folder into `mount`, and write file = \"{file}\"");
        errors.at(&name.span(), format!("`{folder}/` is no part of a file's name: {advice}"));
    } else if name.is_empty()
        || name.len() > 253
        || name.starts_with("..")
        || *name.as_str() == *"."
        || !name.chars().all(allowed)
    {
        let rule = "at most 253 letters, digits, `-`, `_` and `.`";
        errors.at(&name.span(), format!("`{}` can't be a file's name: {rule}", name.as_str()));
    }
}
