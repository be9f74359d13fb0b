//! The settings of a node: their fields, their layers, and how the layers are merged.

pub mod attributes;
mod check;
mod explain;
mod fields;
pub mod freeform;
pub(crate) mod json;
pub(crate) mod kinds;
mod layers;
pub(crate) mod merge;
pub(crate) mod ports;
pub mod properties;
pub(crate) mod replica_rule;
mod resolve;
mod spec;
pub(crate) mod strategy;
pub(crate) mod unknown;

pub use crate::model::{Invalid, Quantity, Scale};
pub use explain::{Explained, Unexplained, explain, place};
pub(crate) use fields::{PassedTo, Setting};
pub use kinds::Named;
pub use layers::Layer;
pub use merge::merge;
pub(crate) use merge::{
    Rule, merge_setting, merge_values,
    patch::{apply_patch, unknown_directive},
};
pub(crate) use ports::Port;
pub use resolve::{Claim, ResolvedNode, resolve};
pub(crate) use resolve::{MOST_COPIES, all_or_errors, once};
pub use spec::*;
