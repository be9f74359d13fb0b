//! The words of everything that follows: identity, kinds, digests, quantities.

pub mod digest;
pub mod kind;
pub mod quantity;

pub use digest::Digest;
pub use quantity::Quantity;
