//! What generated code calls. Small, stable, and not for people.

pub use k8s_openapi::{
    self, apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition,
    apimachinery::pkg::apis::meta::v1::ObjectMeta,
};
pub use kube;
pub use schemars;
pub use serde;

use crate::{Cluster, status::ClusterStatus};
use serde::{Serialize, Serializer, de::DeserializeOwned, ser::SerializeStruct};

/// Writes a cluster as Kubernetes expects it: with `apiVersion` and `kind`.
pub fn serialize_cluster<K: Cluster, S: Serializer>(
    serializer: S,
    metadata: &ObjectMeta,
    spec: &K::Spec,
    status: Option<&ClusterStatus>,
) -> Result<S::Ok, S::Error> {
    let mut object = serializer.serialize_struct(K::DEFINITION.kind, 5)?;
    object.serialize_field("apiVersion", &K::api_version(&()))?;
    object.serialize_field("kind", K::DEFINITION.kind)?;
    object.serialize_field("metadata", metadata)?;
    object.serialize_field("spec", spec)?;
    match status {
        Some(status) => object.serialize_field("status", status)?,
        None => object.skip_field("status")?,
    }
    object.end()
}

/// The CustomResourceDefinition of a kind.
pub fn crd<K: Cluster>() -> CustomResourceDefinition {
    crate::crd::crd::<K>()
}

/// Runs a `with = path` function of a configuration file over the struct that declares it.
pub fn compute<T: DeserializeOwned, V: Serialize>(
    holder: &serde_json::Value,
    with: fn(&T) -> V,
) -> Result<serde_json::Value, String> {
    let holder = T::deserialize(holder).map_err(|error| error.to_string())?;
    serde_json::to_value(with(&holder)).map_err(|error| error.to_string())
}
