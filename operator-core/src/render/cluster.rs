//! The trait of a kind of cluster, implemented by `#[derive(DataOperator)]`.

use std::fmt::Debug;

use kube::{CustomResourceExt, Resource, core::NamespaceResourceScope};
use schemars::JsonSchema;
use serde::{Serialize, de::DeserializeOwned};

use super::customize::Customization;
use crate::{definition::Definition, model::ClusterStatus};

/// A kind of cluster: the type that `#[derive(DataOperator)]` makes from a spec. It is an ordinary kube resource.
pub trait Cluster:
    Resource<DynamicType = (), Scope = NamespaceResourceScope>
    + CustomResourceExt
    + Clone
    + Debug
    + Serialize
    + DeserializeOwned
    + Send
    + Sync
    + 'static
{
    /// The struct that carries the derive.
    type Spec: Serialize + DeserializeOwned + JsonSchema;

    /// What the struct says.
    const DEFINITION: &'static Definition;

    /// The author's hook over the desired objects.
    const CUSTOMIZE: Option<Customization> = None;

    /// The desired state.
    fn spec(&self) -> &Self::Spec;

    /// The observed state, as last written by the operator.
    fn status(&self) -> Option<&ClusterStatus>;
}
