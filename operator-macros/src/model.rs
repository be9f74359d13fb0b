//! What an author's struct means: names and defaults filled in, still with the places where things are written.

mod config;
mod external;
mod node;
mod operator;
mod secret;
mod template;

pub use config::{ConfigFile, Format, Reload};
pub use external::{External, ExternalCheck};
pub use node::{NodeStruct, OwnField};
pub use operator::{ColumnType, NodeType, Operator, PrintColumn, Validation, kind_of};
pub use secret::SecretField;
pub use template::{Check, Metrics, Port, Probe, Protocol, Rule, RunAs, Security, Storage, Template, Workload};

/// The field's `#[cfg(…)]`s: an attribute macro sees fields that are compiled out.
fn cfgs(field: &syn::Field) -> Vec<syn::Attribute> {
    field.attrs.iter().filter(|attribute| attribute.path().is_ident("cfg")).cloned().collect()
}
