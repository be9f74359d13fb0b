//! Assertions over what only the compiler knows: what a field's type says, joined with what the field says.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::{Type, spanned::Spanned};

use super::{external, secret, strings};
use crate::{
    attrs::Setting,
    model::{NodeType, Operator, OwnField, Shared},
};

/// One constant for each rule, at the field or type that it is about.
pub fn checks(operator: &Operator) -> TokenStream {
    let settings = operator.settings.iter().map(|field| {
        let (ty, check) = (&field.ty, setting_check(field.setting));
        quote_spanned!(ty.span()=> const _: () = _core::settings::attributes::#check::<#ty>();)
    });
    let groups = operator.settings.iter().filter_map(|field| {
        let by = field.by.as_ref()?.as_str();
        let fields = operator.node_types.iter().map(|NodeType { ty, .. }| {
            quote_spanned!(ty.span()=> <<#ty as _core::definition::NodeField>::Node as _core::definition::NodeKind>::FIELDS)
        });
        let variants = operator.shared.iter().map(|Shared { ty, .. }| {
            quote_spanned!(ty.span()=> <<#ty as _core::definition::NodeField>::Node as _core::definition::NodeKinds>::VARIANTS)
        });
        Some(quote_spanned! {field.span=>
            const _: () = _core::definition::checks::referred_to(
                #by,
                &[_core::settings::FIELDS, #(#fields),*],
                &[#(#variants),*],
            );
        })
    });
    let secrets = secret::checks(&operator.secrets);
    let externals = external::checks(&operator.externals);
    let node_types =
        operator.node_types.iter().enumerate().map(|(index, node_type)| node_type_checks(index, node_type));
    let shared = operator.shared.iter().map(|Shared { field, ty, span }| {
        // With the span of the type: what isn't such an enum is complained of there already.
        let named = quote_spanned! {ty.span()=>
            const _: () = _core::definition::checks::named_kinds(
                <#ty as _core::definition::NodeField>::CARDINALITY,
                <<#ty as _core::definition::NodeField>::Node as _core::definition::NodeKinds>::TAG,
                <<#ty as _core::definition::NodeField>::Node as _core::definition::NodeKinds>::VARIANTS,
            );
        };
        quote_spanned! {*span=>
            #named
            const _: () = _core::definition::checks::shared(NODE_TYPES, #field, (CONFIGS, SECRETS, EXTERNALS));
        }
    });
    let readers = operator.configs.iter().map(|config| &config.readers);
    let readers = readers.chain(operator.secrets.iter().map(|secret| &secret.readers));
    let readers = readers.filter_map(|readers| {
        let (span, readers) = (readers.first()?.span(), strings(readers));
        Some(quote_spanned!(span=> const _: () = _core::definition::checks::readers(NODE_TYPES, #readers);))
    });
    quote!(#(#settings)* #(#groups)* #secrets #externals #(#node_types)* #(#shared)* #(#readers)*)
}

/// Of a field's own attributes and its type's together.
fn node_type_checks(index: usize, node_type: &NodeType) -> TokenStream {
    let index = syn::Index::from(index);
    let ty = &node_type.ty;
    let is_list = matches!(ty, Type::Path(path) if path.path.segments.last().is_some_and(|last| last.ident == "Vec"));
    let named = is_list.then(|| {
        // With the span of the type: what isn't a list of nodes is complained of there already.
        quote_spanned! {ty.span()=>
            const _: () = _core::definition::checks::named(
                NODE_TYPES[#index].cardinality,
                &[<<#ty as _core::definition::NodeField>::Node as _core::definition::NodeKind>::FIELDS],
            );
        }
    });
    quote_spanned! {node_type.span=>
        #named
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
