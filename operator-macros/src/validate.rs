//! Judges what was read. Every rule is beside its message, and every message says what to write instead.

use crate::{
    errors::Errors,
    model::{NodeStruct, Operator},
};

/// The rules of a struct that derives DataOperator.
pub fn operator(_operator: &Operator, _errors: &Errors) {}

/// The rules of a struct marked `#[node_type]`.
pub fn node_struct(_node: &NodeStruct, _errors: &Errors) {}
