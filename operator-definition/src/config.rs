//! Configuration files.

use crate::Surroundings;

/// A configuration file: a field marked `#[config(…)]`, or the struct itself, for what no field says.
#[derive(Clone, Copy, Debug)]
pub struct ConfigFile {
    /// JSON name of the field, in the spec or in the node; none: it is computed from what there is.
    pub field: Option<&'static str>,
    /// Names of the node types that read it, where it is the spec's; empty: all do.
    pub readers: &'static [&'static str],
    /// Name of the file.
    pub file: &'static str,
    /// Folder in the container. Files of the same folder share a volume.
    pub mount: &'static str,
    /// How the field's value is written.
    pub format: Format,
    /// Computes the value from the struct that holds the field (as JSON), instead of taking the field as it is.
    pub with: Option<Compute>,
    /// Effect of a change on running pods.
    pub reload: Reload,
}

impl ConfigFile {
    /// Name of the field, else of the file: what says what stands in it.
    pub const fn source(&self) -> &'static str {
        match self.field {
            Some(field) => field,
            None => self.file,
        }
    }
}

/// Effect of a changed configuration file on running pods.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reload {
    /// The pods are replaced: the file is part of the configuration hash, and its ConfigMap is immutable.
    Pods,
    /// None: the application watches the file, and its ConfigMap keeps its name.
    None,
}

/// Computes a configuration value from the JSON of the struct that declares it, and what is around it. The error says what is wrong with the
/// input.
pub type Compute = fn(&serde_json::Value, &Surroundings<'_>) -> Result<serde_json::Value, String>;

/// Format of a configuration file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// A string, written as it is.
    Raw,
    /// Java properties: `key=value` lines, sorted.
    Properties,
    /// JSON, indented.
    Json,
    /// YAML.
    Yaml,
    /// `KEY="value"` lines, sorted, as a shell reads them.
    Env,
    /// TOML.
    Toml,
    /// `key = value` lines, sorted, under `[section]`s for maps.
    Ini,
    /// Hadoop's XML: a `<property>` with `<name>` and `<value>` for each, sorted.
    Xml,
}

impl Format {
    /// Whether values of several sources can be merged.
    pub const fn merges(self) -> bool {
        !matches!(self, Self::Raw)
    }
}

/// Why the values of two fields can't be merged in one file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileClash {
    /// Their formats differ.
    Format,
    /// They are raw texts.
    Raw,
    /// Their effects on running pods differ.
    Reload,
}

impl FileClash {
    /// Of two fields that are written to the same file, in these formats and with these effects.
    pub const fn of(one: (Format, Reload), other: (Format, Reload)) -> Option<Self> {
        if one.0 as u8 != other.0 as u8 {
            Some(Self::Format)
        } else if !one.0.merges() {
            Some(Self::Raw)
        } else if one.1 as u8 != other.1 as u8 {
            Some(Self::Reload)
        } else {
            None
        }
    }
}
