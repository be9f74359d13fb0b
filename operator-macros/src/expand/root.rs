//! The custom resource.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};

use crate::model::Operator;

/// The kind's name for it. It is written next to the author's struct, outside of the `const` that hides everything else.
pub fn root(operator: &Operator) -> TokenStream {
    let Operator { vis, doc, root, spec_type, crate_path, .. } = operator;
    let doc = if doc.is_empty() { format!("A `{}`.", operator.kind.as_str()) } else { doc.clone() };
    quote! {
        #[doc = #doc]
        #vis type #root = #crate_path::CustomResource<#spec_type>;
    }
}

/// A path as serde and schemars want it in their `crate = "…"`.
pub fn path_string(path: TokenStream) -> String {
    path.into_token_stream().to_string().replace(' ', "")
}
