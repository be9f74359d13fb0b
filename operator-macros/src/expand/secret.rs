//! `SecretField`s, and the checks of their types.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::spanned::Spanned;

use super::{option, strings};
use crate::model::SecretField;

/// A slice of `SecretField`.
pub fn secrets(secrets: &[SecretField]) -> TokenStream {
    let secrets = secrets.iter().map(|secret| {
        let SecretField { field, cfgs, .. } = secret;
        let (key, readers) = (secret.key.as_str(), strings(&secret.readers));
        let [env, file, folder] =
            [&secret.env, &secret.file, &secret.folder].map(|text| option(text.as_ref().map(|text| text.as_str())));
        let generate = option(secret.generate.map(|length| *length));
        quote! {
            #(#cfgs)*
            _core::definition::SecretField {
                field: #field,
                readers: #readers,
                key: #key,
                env: #env,
                file: #file,
                folder: #folder,
                generate: #generate,
            }
        }
    });
    quote!(&[#(#secrets),*])
}

/// One constant for each field, at its type.
pub fn checks(secrets: &[SecretField]) -> TokenStream {
    let checks = secrets.iter().map(|SecretField { ty, cfgs, generate, .. }| {
        let check = if generate.is_some() { quote!(holds_generated_secret) } else { quote!(holds_secret) };
        let check = quote_spanned!(ty.span()=> const _: () = _core::settings::attributes::#check::<#ty>(););
        quote!(#(#cfgs)* #check)
    });
    quote!(#(#checks)*)
}
