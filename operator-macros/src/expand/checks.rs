//! Assertions over what only the compiler knows: what a field's type says, joined with what the field says.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::spanned::Spanned;

use crate::{attrs::Setting, model::Operator};

/// One constant for each rule, at the field or type that it is about.
pub fn checks(operator: &Operator) -> TokenStream {
    let settings = operator.settings.iter().map(|field| {
        let (ty, check) = (&field.ty, setting_check(field.setting));
        quote_spanned!(ty.span()=> const _: () = _core::definition::checks::#check::<#ty>();)
    });
    let node_types = operator.node_types.iter().enumerate().map(|(index, node_type)| {
        let index = syn::Index::from(index);
        quote_spanned! {node_type.ident.span()=>
            const _: () = _core::definition::checks::workload(&NODE_TYPES[#index]);
            const _: () = _core::definition::checks::ports(&NODE_TYPES[#index]);
            const _: () = _core::definition::checks::probes(&NODE_TYPES[#index]);
            const _: () = _core::definition::checks::mounts(&NODE_TYPES[#index], CONFIGS);
            const _: () = _core::definition::checks::files(&NODE_TYPES[#index], CONFIGS);
            const _: () = _core::definition::checks::names(NODE_TYPES, #index);
        }
    });
    quote!(#(#settings)* #(#node_types)*)
}

fn setting_check(setting: Setting) -> TokenStream {
    match setting {
        Setting::Image => quote!(holds_image),
        Setting::Defaults => quote!(holds_defaults),
        Setting::ConfigGroups => quote!(holds_config_groups),
    }
}
