//! A custom resource in a file.

use std::path::Path;

use serde_json::Value;

use crate::{Error, Result, definition::Definition, settings::Invalid};

/// A file with one custom resource.
pub struct File {
    path: String,
    /// The custom resource.
    pub object: Value,
}

impl File {
    /// Reads a file, YAML or JSON.
    ///
    /// # Errors
    /// Where it can't be read, or holds another kind of object.
    pub fn read(path: &Path, definition: &Definition) -> Result<Self> {
        let mut file = Self { path: path.display().to_string(), object: Value::Null };
        let text = std::fs::read_to_string(path).map_err(|error| file.wrong(error))?;
        file.object = serde_saphyr::from_str(&text).map_err(|error| file.wrong(error))?;
        if file.object.get("kind").and_then(Value::as_str) != Some(definition.kind) {
            return Err(file.wrong(format!("is no {}", definition.kind)));
        }
        Ok(file)
    }

    /// What is wrong with it.
    pub fn wrong(&self, message: impl ToString) -> Error {
        Error::File { path: self.path.clone(), message: message.to_string() }
    }

    /// What is wrong with its spec.
    pub fn invalid(&self, invalid: &[Invalid]) -> Error {
        self.wrong(invalid.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))
    }
}
