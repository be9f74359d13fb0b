//! `#[config(…)]` on a field.

use operator_definition::{Format, Reload};
use syn::{Attribute, Path};

use super::{Keys, Text, choices};
use crate::errors::Errors;

/// The keys of `#[config]`.
pub struct ConfigKeys {
    pub file: Text,
    pub mount: Text,
    pub format: Format,
    pub with: Option<Path>,
    pub reload: Reload,
}

impl ConfigKeys {
    /// None where the file or its folder is missing or unreadable, which is then reported.
    pub fn read(attribute: &Attribute, errors: &Errors) -> Option<Self> {
        let mut keys = Keys::of("config", &[attribute], errors);
        keys.require("file", "file = \"runtime.properties\"");
        keys.require("mount", "mount = \"/etc/app\"");
        let file = keys.text("file");
        let likely = file.as_ref().map_or("properties", |file| likely_format(file));
        keys.require("format", &format!("format = \"{likely}\""));
        let mount = keys.text("mount");
        // A format that can't be read is reported; the rest is validated, too.
        let format = keys.choice("format", choices::FORMATS).map_or(Format::Raw, |format| *format);
        let with = keys.path("with");
        let reload = keys.choice("reload", choices::RELOADS).map_or(Reload::Pods, |reload| *reload);
        keys.finish();
        Some(Self { file: file?, mount: mount?, format, with, reload })
    }
}

/// What a file of this name mostly is; only a suggestion.
fn likely_format(file: &str) -> &'static str {
    match file.rsplit('.').next() {
        Some("properties") => "properties",
        Some("json") => "json",
        Some("yaml" | "yml") => "yaml",
        Some("env") => "env",
        Some("toml") => "toml",
        Some("ini") => "ini",
        // Others in XML, such as log4j's, aren't lists of properties.
        Some("xml") if file.ends_with("-site.xml") => "xml",
        _ => "raw",
    }
}
