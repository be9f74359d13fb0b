//! The types of fields that each attribute can be used on. The compiler asks for them in constants, where generated code calls a function per
//! attribute and field.

use std::collections::BTreeMap;

use super::{NodeDefaults, NodeSpec, SecretRef};
use crate::definition::{Cardinality, NodeField, NodeKind, NodeTemplate};

impl NodeKind for NodeSpec {
    const TEMPLATE: NodeTemplate = NodeTemplate::EMPTY;
    const FIELDS: &'static [&'static str] = &[];
}

impl NodeField for NodeSpec {
    type Node = Self;
    const CARDINALITY: Cardinality = Cardinality::One;
}

/// A field that can have `#[operator(image)]`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` can't hold the cluster's image",
    label = "not a string",
    note = "#[operator(image)] stands on a `String` or an `Option<String>`"
)]
pub trait HoldsImage {}
impl HoldsImage for String {}
impl HoldsImage for Option<String> {}

/// A field that can have `#[operator(defaults)]`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` can't hold the cluster's defaults",
    label = "not `NodeDefaults`",
    note = "#[operator(defaults)] stands on a `NodeDefaults` or an `Option<NodeDefaults>`"
)]
pub trait HoldsDefaults {}
impl HoldsDefaults for NodeDefaults {}
impl HoldsDefaults for Option<NodeDefaults> {}

/// A field that can have `#[operator(config_groups)]`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` can't hold config groups",
    label = "not a map of `NodeDefaults`",
    note = "#[operator(config_groups)] stands on a `BTreeMap<String, NodeDefaults>`"
)]
pub trait HoldsConfigGroups {}
impl HoldsConfigGroups for BTreeMap<String, NodeDefaults> {}

/// A field that can have `#[operator(app_config_groups)]`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` can't hold app config groups",
    label = "not a map by name",
    note = "#[operator(app_config_groups)] stands on a `BTreeMap<String, T>`, where `T` has those fields of the node types that are shared"
)]
pub trait HoldsAppConfigGroups {}
impl<T> HoldsAppConfigGroups for BTreeMap<String, T> {}

/// A field that can have `#[operator(deployment_order)]`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` can't hold the deployment order",
    label = "not a list of names",
    note = "#[operator(deployment_order)] stands on a `Vec<String>` or an `Option<Vec<String>>`"
)]
pub trait HoldsDeploymentOrder {}
impl HoldsDeploymentOrder for Vec<String> {}
impl HoldsDeploymentOrder for Option<Vec<String>> {}

/// A field that can have `#[secret(…)]`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` can't refer to a Secret",
    label = "not a `SecretRef`",
    note = "#[secret(…)] stands on a `SecretRef` or an `Option<SecretRef>`"
)]
pub trait HoldsSecret {}
impl HoldsSecret for SecretRef {}
impl HoldsSecret for Option<SecretRef> {}

/// A field that can have `#[secret(generate(…))]`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` can't leave the Secret to the operator",
    label = "not an `Option<SecretRef>`",
    note = "#[secret(generate(…))] stands on an `Option<SecretRef>`: a Secret is made where the custom resource names none"
)]
pub trait HoldsGeneratedSecret {}
impl HoldsGeneratedSecret for Option<SecretRef> {}

/// A field that can have `#[external(tcp)]` or `#[external(http = "…")]`. Implement it for a type of your own that is a string
/// in the custom resource.
#[diagnostic::on_unimplemented(
    message = "`{Self}` can't hold the address of an external",
    label = "not a string",
    note = "#[external(…)] stands on a `String` or an `Option<String>`; where the address is deeper down, say where with at = \"…\""
)]
pub trait HoldsAddress {}
impl HoldsAddress for String {}
impl HoldsAddress for Option<String> {}

/// The type of the field marked `#[operator(image)]`.
pub const fn holds_image<T: HoldsImage>() {}

/// The type of the field marked `#[operator(defaults)]`.
pub const fn holds_defaults<T: HoldsDefaults>() {}

/// The type of the field marked `#[operator(config_groups)]`.
pub const fn holds_config_groups<T: HoldsConfigGroups>() {}

/// The type of the field marked `#[operator(app_config_groups)]`.
pub const fn holds_app_config_groups<T: HoldsAppConfigGroups>() {}

/// The type of the field marked `#[operator(deployment_order)]`.
pub const fn holds_deployment_order<T: HoldsDeploymentOrder>() {}

/// The type of a field marked `#[secret(…)]`.
pub const fn holds_secret<T: HoldsSecret>() {}

/// The type of a field marked `#[secret(generate(…))]`.
pub const fn holds_generated_secret<T: HoldsGeneratedSecret>() {}

/// The type of a field marked `#[external(…)]` that holds the address itself.
pub const fn holds_address<T: HoldsAddress>() {}
