use operator_core::prelude::*;

#[node_type]
pub struct Server<T> {
    pub inner: T,
}

#[node_type]
pub struct Unit;

#[node_type]
pub struct Tuple(pub String);

fn main() {}
