//! Which attributes a field of these types can have.

use std::collections::BTreeMap;

use super::{NodeDefaults, NodeSpec, SecretRef};
use crate::definition::{
    Cardinality, NodeField, NodeKind, NodeTemplate,
    checks::{HoldsConfigGroups, HoldsDefaults, HoldsGeneratedSecret, HoldsSecret},
};

impl NodeKind for NodeSpec {
    const TEMPLATE: NodeTemplate = NodeTemplate::EMPTY;
    const FIELDS: &'static [&'static str] = &[];
}

impl NodeField for NodeSpec {
    const CARDINALITY: Cardinality = Cardinality::One;
    const TEMPLATE: NodeTemplate = NodeTemplate::EMPTY;
    const FIELDS: &'static [&'static str] = &[];
}

impl HoldsDefaults for NodeDefaults {}
impl HoldsDefaults for Option<NodeDefaults> {}
impl HoldsConfigGroups for BTreeMap<String, NodeDefaults> {}
impl HoldsSecret for SecretRef {}
impl HoldsSecret for Option<SecretRef> {}
impl HoldsGeneratedSecret for Option<SecretRef> {}
