//! Assertions over what only the compiler knows: what a field's type says, joined with what the field says.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::spanned::Spanned;

use super::{external, secret};
use crate::{
    attrs::Setting,
    model::{NodeType, Operator, OwnField},
};

/// One constant for each rule, at the field or type that it is about.
pub fn checks(operator: &Operator) -> TokenStream {
    let settings = operator.settings.iter().map(|field| {
        let (ty, check) = (&field.ty, setting_check(field.setting));
        quote_spanned!(ty.span()=> const _: () = _core::settings::attributes::#check::<#ty>();)
    });
    let groups = operator.settings.iter().filter_map(|field| {
        let by = field.by.as_ref()?.as_str();
        let fields = operator.node_types.iter().map(|node_type| {
            let kind = kind(node_type);
            quote!(#kind::FIELDS)
        });
        Some(quote_spanned! {field.span=>
            const _: () = _core::definition::checks::referred_to(#by, &[_core::settings::FIELDS, #(#fields),*]);
        })
    });
    let secrets = secret::checks(&operator.secrets);
    let externals = external::checks(&operator.externals);
    let node_types =
        operator.node_types.iter().enumerate().map(|(index, node_type)| node_type_checks(index, node_type));
    quote!(#(#settings)* #(#groups)* #secrets #externals #(#node_types)*)
}

/// Of a field's own attributes and its type's together.
fn node_type_checks(index: usize, node_type: &NodeType) -> TokenStream {
    let index = syn::Index::from(index);
    let kind = kind(node_type);
    let repeated = node_type.repeated.then(|| {
        quote_spanned! {node_type.span=>
            const _: () = _core::definition::checks::repeated(&NODE_TYPES[#index]);
        }
    });
    let unnamed = (!node_type.named).then(|| {
        quote_spanned! {node_type.span=>
            const _: () = _core::definition::checks::unnamed(&NODE_TYPES[#index]);
        }
    });
    quote_spanned! {node_type.span=>
        #repeated
        #unnamed
        const _: () = _core::definition::checks::list_items(&NODE_TYPES[#index], #kind::FIELDS);
        const _: () = _core::definition::checks::workload(&NODE_TYPES[#index]);
        const _: () = _core::definition::checks::ports(&NODE_TYPES[#index]);
        const _: () = _core::definition::checks::probes(&NODE_TYPES[#index]);
        const _: () = _core::definition::checks::metrics(&NODE_TYPES[#index]);
        const _: () = _core::definition::checks::mounts(&NODE_TYPES[#index], CONFIGS);
        const _: () = _core::definition::checks::files(&NODE_TYPES[#index], CONFIGS);
        const _: () = _core::definition::checks::secret_files(&NODE_TYPES[#index], SECRETS, CONFIGS);
        const _: () = _core::definition::checks::variables(&NODE_TYPES[#index], SECRETS);
        const _: () = _core::definition::checks::references(&NODE_TYPES[#index], NODE_TYPES, EXTERNALS);
        const _: () = _core::definition::checks::names(NODE_TYPES, #index);
        const _: () = _core::definition::checks::talks_to(NODE_TYPES, #index);
    }
}

/// With the span of the type, so that the compiler points at a type that can't hold nodes.
fn kind(node_type: &NodeType) -> TokenStream {
    let ty = &node_type.ty;
    quote_spanned!(ty.span()=> <#ty as _core::definition::NodeField>)
}

/// One constant for each field of a node type, at its name.
pub fn own_fields(fields: &[OwnField]) -> TokenStream {
    let checks = fields.iter().map(|OwnField { name, ident, cfgs }| {
        let check = quote_spanned!(ident.span()=> const _: () = _core::definition::checks::own_field(#name, _core::settings::FIELDS););
        quote!(#(#cfgs)* #check)
    });
    quote!(#(#checks)*)
}

fn setting_check(setting: Setting) -> TokenStream {
    match setting {
        Setting::Image => quote!(holds_image),
        Setting::Defaults => quote!(holds_defaults),
        Setting::ConfigGroups => quote!(holds_config_groups),
        Setting::AppConfigGroups => quote!(holds_app_config_groups),
        Setting::DeploymentOrder => quote!(holds_deployment_order),
    }
}
