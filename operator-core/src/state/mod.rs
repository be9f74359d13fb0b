//! The state of the world, as far as decisions depend on it: decoded no further than that.
//!
//! | module | holds |
//! | --- | --- |
//! | [`child`] | a child: identity, owner, version, whether anyone touched what the operator applied |
//! | [`health`] | how a workload is doing |
//! | [`claims`] | PVCs: whose they are, and their sizes |
//! | `content` | digests of what pods refer to |
//! | [`pod`], [`trouble`] | pods of nodes that aren't ready, and why they aren't |
//! | `member` | all pods of the StatefulSets of nodes that aren't ready |
//! | [`store`] | all children, by their owner's UID |
//! | [`fact`] | what the API server answered to a write |
//! | [`snapshot`] | everything that one decision depends on |

pub mod child;
pub mod claims;
mod content;
pub mod fact;
pub mod health;
mod member;
pub mod pod;
pub mod snapshot;
pub mod store;
pub mod trouble;

pub use child::{Child, Manager};
pub use content::{Data, keyed};
pub use fact::{Answer, Fact};
pub use health::Health;
pub use member::{Member, Standing, members};
pub use snapshot::{Availability, Deletion, Probe, Snapshot};
pub use store::{Memory, Store};
pub use trouble::Trouble;

/// Makes a type with a field `metadata` a kube resource whose kind is given at run time: `$names` gives what has `group`, `version`, `kind` and
/// `plural`.
macro_rules! dynamic_resource {
    ($type:ty, $dynamic:ty, |$kind:ident| $names:expr) => {
        impl ::kube::Resource for $type {
            type DynamicType = $dynamic;
            type Scope = ::kube::core::DynamicResourceScope;

            fn kind($kind: &Self::DynamicType) -> ::std::borrow::Cow<'_, str> {
                (*$names.kind).into()
            }

            fn group($kind: &Self::DynamicType) -> ::std::borrow::Cow<'_, str> {
                (*$names.group).into()
            }

            fn version($kind: &Self::DynamicType) -> ::std::borrow::Cow<'_, str> {
                (*$names.version).into()
            }

            fn plural($kind: &Self::DynamicType) -> ::std::borrow::Cow<'_, str> {
                (*$names.plural).into()
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
