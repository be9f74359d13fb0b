//! What is there: every child, reduced to what planning needs while it is decoded.
//!
//! | module | holds |
//! | --- | --- |
//! | [`child`] | a child: identity, owner, version, digest |
//! | [`health`] | how a workload is doing |
//! | [`claims`] | volumes: whose they are, and their sizes |
//! | [`owned`] | the part of an object that the operator applied, by managedFields |
//! | `zero` | what says nothing in an object |
//! | [`store`] | all children of a kind's clusters, by their owner's UID |

pub mod child;
pub mod claims;
pub mod health;
pub mod owned;
pub mod store;
mod zero;

pub use child::{Child, Held, Raw};
pub use health::Health;
pub use store::Store;

/// The children of one cluster.
pub type Observed = Vec<Child>;

/// Makes a type with a field `metadata` a kube resource whose kind is static data: `$names` gives what has `group`, `version`, `kind` and
/// `plural`.
macro_rules! static_resource {
    ($type:ty, $dynamic:ty, |$kind:ident| $names:expr) => {
        impl ::kube::Resource for $type {
            type DynamicType = $dynamic;
            type Scope = ::kube::core::DynamicResourceScope;

            fn kind($kind: &Self::DynamicType) -> ::std::borrow::Cow<'_, str> {
                $names.kind.into()
            }

            fn group($kind: &Self::DynamicType) -> ::std::borrow::Cow<'_, str> {
                $names.group.into()
            }

            fn version($kind: &Self::DynamicType) -> ::std::borrow::Cow<'_, str> {
                $names.version.into()
            }

            fn plural($kind: &Self::DynamicType) -> ::std::borrow::Cow<'_, str> {
                $names.plural.into()
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
pub(crate) use static_resource;
