//! The `Definition`.

use proc_macro2::TokenStream;
use quote::{format_ident, quote, quote_spanned};
use syn::spanned::Spanned;

use super::{
    crd,
    external::externals,
    option,
    secret::secrets,
    template::{configs, template},
    variant,
};
use crate::{
    attrs::Setting,
    model::{Operator, Shared},
};

/// The constants `CONFIGS`, `SECRETS`, `EXTERNALS`, `EVERY_NODE` and `NODE_TYPES`, on which the checks look too.
pub fn parts(operator: &Operator) -> TokenStream {
    let configs = configs(&operator.configs, &operator.spec_type);
    let secrets = secrets(&operator.secrets);
    let externals = externals(&operator.externals);
    let every_node = template(&operator.every_node, &operator.spec_type);
    let node_types = operator.node_types.iter().map(|node_type| {
        let (name, field, order) = (node_type.name.as_str(), &node_type.field, node_type.order);
        let place = template(&node_type.place, &operator.spec_type);
        // With the span of the type, so that the compiler points at a type that can't hold nodes.
        let ty = &node_type.ty;
        let field_type = quote_spanned!(ty.span()=> <#ty as _core::definition::NodeField>);
        let kind = quote_spanned!(ty.span()=> <#field_type::Node as _core::definition::NodeKind>);
        quote! {
            _core::definition::NodeType {
                name: #name,
                field: #field,
                cardinality: #field_type::CARDINALITY,
                tag: ::core::option::Option::None,
                order: #order,
                layers: [EVERY_NODE, #kind::TEMPLATE, #place],
            }
        }
    });
    let own = quote!(&[#(#node_types),*]);
    let node_types = if operator.shared.is_empty() { own } else { joined(&own, &operator.shared) };
    quote! {
        const CONFIGS: &[_core::definition::ConfigFile] = #configs;
        const SECRETS: &[_core::definition::SecretField] = #secrets;
        const EXTERNALS: &[_core::definition::External] = #externals;
        const EVERY_NODE: _core::definition::NodeTemplate = #every_node;
        const NODE_TYPES: &[_core::definition::NodeType] = #node_types;
    }
}

/// The node types of the struct's own fields, and those of enums, whose number only the compiler knows.
fn joined(own: &TokenStream, shared: &[Shared]) -> TokenStream {
    let lists = shared.iter().map(|Shared { field, ty, .. }| {
        let field_type = quote_spanned!(ty.span()=> <#ty as _core::definition::NodeField>);
        let kinds = quote_spanned!(ty.span()=> #field_type::Node as _core::definition::NodeKinds);
        // With the span of the type, so that the compiler points at one that isn't such an enum.
        quote_spanned! {ty.span()=>
            &_core::definition::shared::<#field_type::Node, { <#kinds>::VARIANTS.len() }>(
                #field,
                #field_type::CARDINALITY,
                EVERY_NODE,
            )
        }
    });
    quote! {{
        const FIELDS: &[&[_core::definition::NodeType]] = &[#own, #(#lists),*];
        &_core::definition::joined::<{ _core::definition::number(FIELDS) }>(FIELDS)
    }}
}

/// The value of `DataOperator::DEFINITION`.
pub fn definition(operator: &Operator) -> TokenStream {
    let Operator { doc, allow, .. } = operator;
    let [group, version, kind, plural, singular] =
        [&operator.group, &operator.version, &operator.kind, &operator.plural, &operator.singular]
            .map(|text| text.as_str());
    let mut fields = crd::fields(&operator.crd);
    if !doc.is_empty() {
        fields.push(quote!(doc: #doc));
    }
    if !(allow.powers.is_empty() && allow.annotations.is_empty()) {
        let powers = allow.powers.iter().map(variant);
        let annotations = allow.annotations.iter().map(|prefix| prefix.as_str());
        fields.push(quote! {
            allow: &[
                #(_core::definition::Power::#powers,)*
                #(_core::definition::Power::Annotations(#annotations),)*
            ]
        });
    }
    for (name, setting) in [
        ("image", Setting::Image),
        ("defaults", Setting::Defaults),
        ("deployment_order", Setting::DeploymentOrder),
        ("config_groups", Setting::ConfigGroups),
        ("app_config_groups", Setting::AppConfigGroups),
    ] {
        let Some(set) = operator.setting(setting) else { continue };
        let field = &set.field;
        let name = format_ident!("{name}");
        let value = if setting.by().is_some() {
            let by = set.by.as_ref().map(|by| by.as_str());
            quote!(_core::definition::Groups { field: #field, by: #by })
        } else {
            quote!(#field)
        };
        let value = option(Some(value));
        fields.push(quote!(#name: #value));
    }
    quote! {
        &_core::definition::Definition {
            group: #group,
            version: #version,
            kind: #kind,
            plural: #plural,
            singular: #singular,
            #(#fields,)*
            configs: CONFIGS,
            secrets: SECRETS,
            externals: EXTERNALS,
            node_types: NODE_TYPES,
            .._core::definition::Definition::EMPTY
        }
    }
}

/// The constant `DataOperator::CUSTOMIZE`: the author's hook, where there is one.
pub fn customize(operator: &Operator) -> TokenStream {
    let spec = &operator.spec_type;
    quote! {
        const CUSTOMIZE: ::core::option::Option<_core::render::customize::Customization> = {
            #[allow(unused_imports, reason = "it is what is left where there is no hook")]
            use _core::__private::NoHook as _;
            _core::__private::Hook::<#spec>::CUSTOMIZE
        };
    }
}

/// The constant `DataOperator::FORM`, where users write something else than the struct.
pub fn form(operator: &Operator) -> Option<TokenStream> {
    let form = operator.form.as_ref()?;
    // With the span of the path, so that the compiler points at a type that isn't a form of the struct.
    Some(quote_spanned! {form.span()=>
        const FORM: ::core::option::Option<_core::render::Former> =
            ::core::option::Option::Some(_core::__private::form::<#form, Self>);
    })
}

/// The constant `DataOperator::VALIDATE`, where the author has rules.
pub fn validate(operator: &Operator) -> Option<TokenStream> {
    let path = operator.validate.as_ref()?;
    // With the span of the path, so that the compiler points at a function with another signature.
    Some(quote_spanned! {path.span()=>
        const VALIDATE: ::core::option::Option<_core::render::cluster::Validate<Self>> =
            ::core::option::Option::Some(#path);
    })
}
