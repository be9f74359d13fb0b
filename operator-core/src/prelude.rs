//! What the author of an operator needs in scope.

pub use std::collections::BTreeMap;

pub use schemars::JsonSchema;
pub use serde::{Deserialize, Serialize};

pub use crate::{Cluster, DataOperator, NodeDefaults, NodeSpec, Properties, SecretRef, node_type};
