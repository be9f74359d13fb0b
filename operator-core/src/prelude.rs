//! What the author of an operator needs in scope: the macros, the types of fields, and the hook over the desired objects.

pub use std::collections::BTreeMap;

pub use schemars::JsonSchema;
pub use serde::{Deserialize, Serialize};

pub use crate::{
    Cluster, DataOperator, Freeform, Named, NodeDefaults, NodeSpec, Properties, SecretRef,
    definition::{Peer, Surroundings},
    model::{Identity, Invalid, kind::ChildKind},
    node_type, node_types,
    render::{Children, Customize, Form, Formed, HookError, Scope},
};
