//! What the custom resource says of a node, and how it is put together from its layers.

mod check;
mod effective;
mod fields;
mod merge;
pub mod quantity;
mod spec;

pub use effective::{Claim, Effective, Invalid, Scale, effective};
pub use fields::FIELDS;
pub use merge::merge;
pub use quantity::Quantity;
pub use spec::*;
