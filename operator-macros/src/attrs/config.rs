//! `#[config(…)]` on a field.

use darling::util::SpannedValue;
use syn::{Attribute, Path};

use super::{Keys, Text};
use crate::{errors::Errors, model::Format};

/// The keys of `#[config]`.
pub struct ConfigKeys {
    pub file: Text,
    pub mount: Text,
    pub format: SpannedValue<Format>,
    pub with: Option<Path>,
}

impl ConfigKeys {
    /// None where a required key is missing or unreadable, which is then reported.
    pub fn read(attribute: &Attribute, errors: &Errors) -> Option<Self> {
        let mut keys = Keys::of("config", &[attribute], errors);
        let file = keys.required_text("file", "runtime.properties");
        let mount = keys.required_text("mount", "/etc/app");
        let format_is_missing = !keys.has("format");
        let format = keys.choice("format", Format::ALL);
        let with = keys.path("with");
        if format_is_missing {
            let likely = file.as_ref().map_or("raw", |file| likely_format(file));
            errors.at(&keys.span(), format!("#[config] has no `format`: add format = \"{likely}\""));
        }
        keys.finish();
        Some(Self { file: file?, mount: mount?, format: format?, with })
    }
}

/// What a file of this name mostly is; only a suggestion.
fn likely_format(file: &str) -> &'static str {
    match file.rsplit('.').next() {
        Some("properties") => "properties",
        Some("json") => "json",
        Some("yaml" | "yml") => "yaml",
        Some("env") => "env",
        _ => "raw",
    }
}
