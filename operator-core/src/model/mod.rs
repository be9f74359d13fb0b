//! The words of everything that follows: identity, kinds, labels, digests, quantities, mistakes.

pub mod digest;
pub mod invalid;
pub mod kind;
pub mod labels;
pub mod quantity;

pub use digest::Digest;
pub use invalid::Invalid;
pub use quantity::Quantity;
