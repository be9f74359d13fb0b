//! What a cluster depends on and the operator doesn't run.

use syn::{Field, Path, Type};

use super::secret::kebab;
use crate::attrs::{ExternalKeys, Text};

/// A field marked `#[external(…)]`.
pub struct External {
    pub name: Text,
    /// JSON name of the field.
    pub field: String,
    pub ty: Type,
    /// Path below the field; none: the field itself.
    pub at: Option<Text>,
    pub check: ExternalCheck,
}

/// How it is seen that it is there.
pub enum ExternalCheck {
    Tcp,
    Http(Text),
    Function(Path),
}

impl External {
    /// Puts an attribute and its field together; none where it can't be checked, which is reported already.
    pub fn new(keys: ExternalKeys, field: &Field, json_name: &str) -> Option<Self> {
        let ExternalKeys { name, at, check, span } = keys;
        let name = name.unwrap_or_else(|| Text::new(kebab(field).to_string(), span));
        Some(Self { name, field: json_name.to_owned(), ty: field.ty.clone(), at, check: check? })
    }

    /// The path from the spec, as JSON names.
    pub fn path(&self) -> Vec<&str> {
        let below = self.at.iter().flat_map(|at| at.split('.'));
        std::iter::once(self.field.as_str()).chain(below).collect()
    }
}
