//! `#[config(…)]` on a field, and `config(…)` of a struct, for a file that no field says.

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
    /// Names of the node types that read it; empty: all.
    pub readers: Vec<Text>,
}

/// Whether some node type reads what both of these do.
pub fn overlap(one: &[Text], other: &[Text]) -> bool {
    let has = |name: &Text| other.iter().any(|other| other.as_str() == name.as_str());
    one.is_empty() || other.is_empty() || one.iter().any(has)
}

impl ConfigKeys {
    /// None where the file or its folder is missing or unreadable, which is then reported.
    pub fn read(attribute: &Attribute, errors: &Errors) -> Option<Self> {
        Self::of(Keys::of("config", &[attribute], errors))
    }

    /// The files that functions compute from the whole struct: `config(…)` of its attribute.
    pub fn computed(keys: &mut Keys) -> Vec<Self> {
        let example = "file = \"peers.txt\", mount = \"/etc/app\", with = path";
        let computed = keys.lists("config", example).into_iter().filter_map(|mut keys| {
            keys.require("with", "with = path, the function that computes it");
            Self::of(keys)
        });
        computed.collect()
    }

    fn of(mut keys: Keys) -> Option<Self> {
        keys.require("file", "file = \"runtime.properties\"");
        keys.require("mount", "mount = \"/etc/app\"");
        let file = keys.text("file");
        let usual = file.as_ref().and_then(|file| usual_format(file));
        if file.is_some() && usual.is_none() {
            keys.require("format", "format = raw, or the one in which it is written");
        }
        let mount = keys.text("mount");
        // A format that can't be read is reported; the rest is validated, too.
        let format = keys.choice("format", choices::FORMATS).map(|format| *format).or(usual).unwrap_or(Format::Raw);
        let with = keys.path("with");
        let reload = keys.choice("reload", choices::RELOADS).map_or(Reload::Pods, |reload| *reload);
        let readers = keys.words("readers");
        keys.finish();
        Some(Self { file: file?, mount: mount?, format, with, reload, readers })
    }
}

/// The format of a file of this name.
fn usual_format(file: &str) -> Option<Format> {
    match file.rsplit('.').next()? {
        "properties" => Some(Format::Properties),
        "json" => Some(Format::Json),
        "yaml" | "yml" => Some(Format::Yaml),
        "env" => Some(Format::Env),
        "toml" => Some(Format::Toml),
        "ini" => Some(Format::Ini),
        // Others in XML, such as log4j's, aren't lists of properties.
        "xml" if file.ends_with("-site.xml") => Some(Format::Xml),
        _ => None,
    }
}
