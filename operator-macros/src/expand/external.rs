//! `External`s, and the checks of their types.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::spanned::Spanned;

use crate::model::{External, ExternalCheck};

/// A slice of `External`.
pub fn externals(externals: &[External]) -> TokenStream {
    let externals = externals.iter().map(|external| {
        let (name, at) = (external.name.as_str(), external.path());
        let check = match &external.check {
            ExternalCheck::Tcp => quote!(Tcp),
            ExternalCheck::Http(path) => {
                let path = path.as_str();
                quote!(Http(#path))
            }
            // With the span of the path, so that the compiler points at a function with another signature.
            ExternalCheck::Function(path) => {
                let function = quote_spanned!(path.span()=> |value| _core::__private::check(value, #path));
                quote!(Function(#function))
            }
        };
        quote! {
            _core::definition::External {
                name: #name,
                at: &[#(#at),*],
                check: _core::definition::ExternalCheck::#check,
            }
        }
    });
    quote!(&[#(#externals),*])
}

/// One constant for each field that holds an address itself, at its type.
pub fn checks(externals: &[External]) -> TokenStream {
    let of_fields = externals.iter().filter(|external| {
        external.at.is_none() && matches!(external.check, ExternalCheck::Tcp | ExternalCheck::Http(_))
    });
    let checks = of_fields.map(|External { ty, .. }| {
        quote_spanned!(ty.span()=> const _: () = _core::settings::attributes::holds_address::<#ty>();)
    });
    quote!(#(#checks)*)
}
