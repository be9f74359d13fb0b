//! What is there: every child, reduced to what planning needs while it is decoded.
//!
//! | module | holds |
//! | --- | --- |
//! | [`child`] | a child: identity, owner, version, digest, health |
//! | [`owned`] | the part of an object that the operator applied, by managedFields |
//! | [`store`] | all children of a kind's clusters, by their owner's UID |

pub mod child;
pub mod owned;
pub mod store;

pub use child::{Child, Health, Raw};
pub use store::Store;

/// The children of one cluster.
pub type Observed = Vec<Child>;

/// Makes a type whose kind is only known at run time a kube resource; it has a field `metadata`.
macro_rules! dynamic_resource {
    ($type:ty) => {
        impl ::kube::Resource for $type {
            type DynamicType = ::kube::api::ApiResource;
            type Scope = ::kube::core::DynamicResourceScope;

            fn kind(resource: &Self::DynamicType) -> ::std::borrow::Cow<'_, str> {
                resource.kind.as_str().into()
            }

            fn group(resource: &Self::DynamicType) -> ::std::borrow::Cow<'_, str> {
                resource.group.as_str().into()
            }

            fn version(resource: &Self::DynamicType) -> ::std::borrow::Cow<'_, str> {
                resource.version.as_str().into()
            }

            fn plural(resource: &Self::DynamicType) -> ::std::borrow::Cow<'_, str> {
                resource.plural.as_str().into()
            }

            fn meta(&self) -> &::k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta {
                &self.metadata
            }

            fn meta_mut(&mut self) -> &mut ::k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta {
                &mut self.metadata
            }
        }
    };
}
pub(crate) use dynamic_resource;
