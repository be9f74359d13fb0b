//! What the custom resource says of a node, and how it is put together from its layers.

mod check;
mod effective;
mod explain;
mod fields;
mod joined;
mod layers;
pub(crate) mod merge;
pub(crate) mod ports;
pub mod quantity;
mod reading;
mod spec;

pub(crate) use effective::once;
pub use effective::{Claim, Effective, Invalid, Scale, effective};
pub use explain::{Explained, Unexplained, explain};
pub use fields::FIELDS;
pub(crate) use fields::FITTING;
pub use layers::Layer;
pub use merge::merge;
pub(crate) use merge::{apply_patch, merge_values, unknown_directive};
pub(crate) use ports::Port;
pub use quantity::Quantity;
pub use spec::*;
