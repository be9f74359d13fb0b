//! The generated struct: the custom resource.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};

use crate::model::Operator;

/// The struct itself. It is written next to the author's, outside of the `const` that hides everything else.
pub fn root(operator: &Operator) -> TokenStream {
    let Operator { vis, doc, root, derives, attributes, crate_path, .. } = operator;
    let written = operator.written();
    let doc = if doc.is_empty() { format!("A `{}`.", operator.kind.as_str()) } else { doc.clone() };
    quote! {
        #[doc = #doc]
        #[derive(
            ::core::clone::Clone,
            ::core::fmt::Debug,
            #(#derives,)*
        )]
        #(#[#attributes])*
        #vis struct #root {
            /// Name, namespace, labels and what else Kubernetes keeps of every object.
            pub metadata: #crate_path::__private::ObjectMeta,
            /// The desired state.
            pub spec: #written,
            /// The observed state, as last written by the operator.
            pub status: ::core::option::Option<#crate_path::ClusterStatus>,
        }
    }
}

/// The traits of kube and serde, and a constructor.
pub fn impls(operator: &Operator) -> TokenStream {
    let Operator { vis, root, .. } = operator;
    let written = operator.written();
    let crd_name = format!("{}.{}", operator.plural.as_str(), operator.group.as_str());
    let new_doc =
        format!("A `{}` with this name and desired state, as yet without a namespace.", operator.kind.as_str());
    let definition = quote!(<Self as _core::Cluster>::DEFINITION);
    let names = ["kind", "group", "version", "plural"].map(|name| {
        let name = quote::format_ident!("{name}");
        quote! {
            fn #name(_: &()) -> ::std::borrow::Cow<'_, str> {
                ::std::borrow::Cow::Borrowed(#definition.#name)
            }
        }
    });
    quote! {
        impl #root {
            #[doc = #new_doc]
            #vis fn new(name: &str, spec: #written) -> Self {
                Self {
                    metadata: _core::__private::ObjectMeta {
                        name: ::core::option::Option::Some(::std::string::ToString::to_string(name)),
                        ..::core::default::Default::default()
                    },
                    spec,
                    status: ::core::option::Option::None,
                }
            }
        }

        impl _core::__private::serde::Serialize for #root {
            fn serialize<S>(&self, serializer: S) -> ::core::result::Result<S::Ok, S::Error>
            where
                S: _core::__private::serde::Serializer,
            {
                _core::__private::serialize_cluster::<Self, S>(serializer, &self.metadata, &self.spec, self.status.as_ref())
            }
        }

        impl<'de> _core::__private::serde::Deserialize<'de> for #root {
            fn deserialize<D>(deserializer: D) -> ::core::result::Result<Self, D::Error>
            where
                D: _core::__private::serde::Deserializer<'de>,
            {
                let (metadata, spec, status) = _core::__private::deserialize_cluster::<Self, D>(deserializer)?;
                ::core::result::Result::Ok(Self { metadata, spec, status })
            }
        }

        impl _core::__private::kube::Resource for #root {
            type DynamicType = ();
            type Scope = _core::__private::kube::core::NamespaceResourceScope;

            #(#names)*

            fn meta(&self) -> &_core::__private::ObjectMeta {
                &self.metadata
            }

            fn meta_mut(&mut self) -> &mut _core::__private::ObjectMeta {
                &mut self.metadata
            }
        }

        impl _core::__private::kube::CustomResourceExt for #root {
            fn crd() -> _core::__private::CustomResourceDefinition {
                _core::__private::crd::<Self>()
            }

            fn crd_name() -> &'static str {
                #crd_name
            }

            fn api_resource() -> _core::__private::kube::core::ApiResource {
                _core::__private::kube::core::ApiResource::erase::<Self>(&())
            }

            fn shortnames() -> &'static [&'static str] {
                #definition.short_names
            }
        }

        impl _core::__private::kube::core::object::HasSpec for #root {
            type Spec = #written;

            fn spec(&self) -> &#written {
                &self.spec
            }

            fn spec_mut(&mut self) -> &mut #written {
                &mut self.spec
            }
        }

        impl _core::__private::kube::core::object::HasStatus for #root {
            type Status = _core::ClusterStatus;

            fn status(&self) -> ::core::option::Option<&_core::ClusterStatus> {
                self.status.as_ref()
            }

            fn status_mut(&mut self) -> &mut ::core::option::Option<_core::ClusterStatus> {
                &mut self.status
            }
        }
    }
}

/// A path as serde and schemars want it in their `crate = "…"`.
pub fn path_string(path: TokenStream) -> String {
    path.into_token_stream().to_string().replace(' ', "")
}
