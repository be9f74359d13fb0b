//! The custom resource: what Kubernetes keeps of a cluster.

use std::{borrow::Cow, fmt};

use k8s_openapi::{
    apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition,
    apimachinery::pkg::apis::meta::v1::ObjectMeta,
};
use kube::{
    CustomResourceExt, Resource,
    core::{
        ApiResource, NamespaceResourceScope,
        object::{HasSpec, HasStatus},
    },
};
use serde::{Deserialize, Deserializer, Serialize, Serializer, ser::SerializeStruct};

use super::cluster::{Cluster, DataOperator};
use crate::{crd, model::ClusterStatus};

/// A custom resource: an ordinary kube resource, in a namespace. `#[derive(DataOperator)]` gives that of its struct the kind's name.
pub struct CustomResource<S: DataOperator> {
    /// Name, namespace, labels and what else Kubernetes keeps of every object.
    pub metadata: ObjectMeta,
    /// The desired state.
    pub spec: S::Form,
    /// The observed state, as last written by the operator.
    pub status: Option<ClusterStatus>,
}

impl<S: DataOperator> CustomResource<S> {
    /// One with this name and desired state, as yet without a namespace.
    pub fn new(name: &str, spec: S::Form) -> Self {
        let metadata = ObjectMeta { name: Some(name.to_owned()), ..ObjectMeta::default() };
        Self { metadata, spec, status: None }
    }
}

impl<S: DataOperator> Cluster for CustomResource<S> {
    type Spec = S;

    fn spec(&self) -> &S::Form {
        &self.spec
    }

    fn status(&self) -> Option<&ClusterStatus> {
        self.status.as_ref()
    }
}

// By hand: derived, these would ask the same of `S`, which isn't in it.
impl<S: DataOperator> Clone for CustomResource<S> {
    fn clone(&self) -> Self {
        Self { metadata: self.metadata.clone(), spec: self.spec.clone(), status: self.status.clone() }
    }
}

impl<S: DataOperator> fmt::Debug for CustomResource<S> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { metadata, spec, status } = self;
        let mut object = formatter.debug_struct(S::DEFINITION.kind);
        object.field("metadata", metadata).field("spec", spec).field("status", status).finish()
    }
}

impl<S: DataOperator<Form: Default>> Default for CustomResource<S> {
    fn default() -> Self {
        Self { metadata: ObjectMeta::default(), spec: S::Form::default(), status: None }
    }
}

impl<S: DataOperator<Form: PartialEq>> PartialEq for CustomResource<S> {
    fn eq(&self, other: &Self) -> bool {
        self.metadata == other.metadata && self.spec == other.spec && self.status == other.status
    }
}

/// As Kubernetes expects it: with `apiVersion` and `kind`.
impl<S: DataOperator> Serialize for CustomResource<S> {
    fn serialize<To: Serializer>(&self, serializer: To) -> Result<To::Ok, To::Error> {
        let mut object = serializer.serialize_struct(S::DEFINITION.kind, 5)?;
        object.serialize_field("apiVersion", &Self::api_version(&()))?;
        object.serialize_field("kind", S::DEFINITION.kind)?;
        object.serialize_field("metadata", &self.metadata)?;
        object.serialize_field("spec", &self.spec)?;
        match &self.status {
            Some(status) => object.serialize_field("status", status)?,
            None => object.skip_field("status")?,
        }
        object.end()
    }
}

impl<'de, S: DataOperator> Deserialize<'de> for CustomResource<S> {
    fn deserialize<From: Deserializer<'de>>(deserializer: From) -> Result<Self, From::Error> {
        #[derive(Deserialize)]
        #[serde(rename = "custom resource")]
        struct Object<Spec> {
            metadata: ObjectMeta,
            spec: Spec,
            status: Option<ClusterStatus>,
        }
        Object::deserialize(deserializer).map(|Object { metadata, spec, status }| Self { metadata, spec, status })
    }
}

impl<S: DataOperator> Resource for CustomResource<S> {
    type DynamicType = ();
    type Scope = NamespaceResourceScope;

    fn kind(&(): &()) -> Cow<'_, str> {
        S::DEFINITION.kind.into()
    }

    fn group(&(): &()) -> Cow<'_, str> {
        S::DEFINITION.group.into()
    }

    fn version(&(): &()) -> Cow<'_, str> {
        S::DEFINITION.version.into()
    }

    fn plural(&(): &()) -> Cow<'_, str> {
        S::DEFINITION.plural.into()
    }

    fn meta(&self) -> &ObjectMeta {
        &self.metadata
    }

    fn meta_mut(&mut self) -> &mut ObjectMeta {
        &mut self.metadata
    }
}

impl<S: DataOperator> CustomResourceExt for CustomResource<S> {
    fn crd() -> CustomResourceDefinition {
        if S::FORM.is_some() {
            return crd::of_form::<S::Form, ClusterStatus>(S::DEFINITION);
        }
        crd::crd::<S, ClusterStatus>(S::DEFINITION)
    }

    fn crd_name() -> &'static str {
        S::CRD_NAME
    }

    fn api_resource() -> ApiResource {
        ApiResource::erase::<Self>(&())
    }

    fn shortnames() -> &'static [&'static str] {
        S::DEFINITION.short_names
    }
}

impl<S: DataOperator> HasSpec for CustomResource<S> {
    type Spec = S::Form;

    fn spec(&self) -> &S::Form {
        &self.spec
    }

    fn spec_mut(&mut self) -> &mut S::Form {
        &mut self.spec
    }
}

impl<S: DataOperator> HasStatus for CustomResource<S> {
    type Status = ClusterStatus;

    fn status(&self) -> Option<&ClusterStatus> {
        self.status.as_ref()
    }

    fn status_mut(&mut self) -> &mut Option<ClusterStatus> {
        &mut self.status
    }
}
