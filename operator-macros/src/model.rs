//! What an author's struct means: names and defaults filled in, still with the places where things are written.

mod config;
mod crd;
mod external;
mod kinds;
mod node;
mod operator;
mod secret;
mod template;

pub use config::ConfigFile;
pub use crd::{ColumnType, Crd, Deprecated, PrintColumn, Scale, Validation};
pub use external::{External, ExternalCheck};
pub use kinds::{NodeEnum, NodeVariant};
pub use node::{NodeStruct, OwnField};
pub use operator::{NodeType, Operator, Shared, doc, kind_of, plural_of};
pub use secret::SecretField;
pub use template::{Check, Copies, Metrics, Number, Port, Probe, ReplicaRule, Rule, Storage, Template};

/// The field's `#[cfg(…)]`s: an attribute macro sees fields that are compiled out.
fn cfgs(field: &syn::Field) -> Vec<syn::Attribute> {
    field.attrs.iter().filter(|attribute| attribute.path().is_ident("cfg")).cloned().collect()
}
