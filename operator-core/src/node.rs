//! What the custom resource says of a node, and how it is put together from its layers.

mod check;
mod effective;
mod merge;
pub mod quantity;
mod spec;
mod unknown;

pub use effective::{Claim, Effective, Invalid, Scale, effective};
pub use merge::merge;
pub use quantity::Quantity;
pub use spec::*;
