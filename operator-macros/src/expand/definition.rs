//! The `Definition`.

use proc_macro2::{Ident, TokenStream};
use quote::{quote, quote_spanned};
use syn::spanned::Spanned;

use super::{
    external::externals,
    option,
    secret::secrets,
    strings,
    template::{configs, template},
};
use crate::{attrs::Setting, model::Operator};

/// The constants `CONFIGS`, `SECRETS`, `EXTERNALS` and `NODE_TYPES`, on which the checks look too.
pub fn parts(operator: &Operator) -> TokenStream {
    let configs = configs(&operator.configs, &operator.spec_type);
    let secrets = secrets(&operator.secrets);
    let externals = externals(&operator.externals);
    let node_types = operator.node_types.iter().map(|node_type| {
        let (name, field, order) = (node_type.name.as_str(), &node_type.field, node_type.order);
        let place = template(&node_type.place, &operator.spec_type);
        // A type that can't hold nodes shall be pointed at itself.
        let ty = &node_type.ty;
        let kind = quote_spanned!(ty.span()=> <#ty as _core::definition::NodeField>);
        quote! {
            _core::definition::NodeType {
                name: #name,
                field: #field,
                cardinality: #kind::CARDINALITY,
                order: #order,
                template: #kind::TEMPLATE,
                place: #place,
            }
        }
    });
    quote! {
        const CONFIGS: &[_core::definition::ConfigFile] = #configs;
        const SECRETS: &[_core::definition::SecretField] = #secrets;
        const EXTERNALS: &[_core::definition::External] = #externals;
        const NODE_TYPES: &[_core::definition::NodeType] = &[#(#node_types),*];
    }
}

/// The value of `Cluster::DEFINITION`.
pub fn definition(operator: &Operator) -> TokenStream {
    let Operator { doc, .. } = operator;
    let [group, version, kind, plural, singular] =
        [&operator.group, &operator.version, &operator.kind, &operator.plural, &operator.singular]
            .map(|text| text.as_str());
    let (short_names, categories) = (strings(&operator.short_names), strings(&operator.categories));
    let columns = operator.print_columns.iter().map(|column| {
        let (name, type_, json_path) = (column.name.as_str(), column.type_.0, column.json_path.as_str());
        let priority = column.priority;
        quote! {
            _core::definition::PrintColumn { name: #name, type_: #type_, json_path: #json_path, priority: #priority }
        }
    });
    let validations = operator.validations.iter().map(|validation| {
        let (rule, message) = (validation.rule.as_str(), validation.message.as_str());
        quote!(_core::definition::Validation { rule: #rule, message: #message })
    });
    let [image, defaults, deployment_order] = [Setting::Image, Setting::Defaults, Setting::DeploymentOrder]
        .map(|setting| option(operator.setting(setting).map(|field| &field.field)));
    let [config_groups, app_config_groups] = [Setting::ConfigGroups, Setting::AppConfigGroups].map(|setting| {
        option(operator.setting(setting).map(|field| {
            let (by, field) = (field.by.as_ref().map(|by| by.as_str()), &field.field);
            quote!(_core::definition::Groups { field: #field, by: #by })
        }))
    });
    let customize = option(operator.customize.map(|span| {
        // All of it at the key: a struct without the hook shall be complained of where it is said to have one.
        let spec = Ident::new(&operator.spec.to_string(), span);
        quote_spanned! {span=>
            _core::definition::Customization {
                kinds: <#spec as _core::desired::Customize>::KINDS,
                call: _core::__private::customize::<#spec>,
            }
        }
    }));
    quote! {
        &_core::definition::Definition {
            group: #group,
            version: #version,
            kind: #kind,
            plural: #plural,
            singular: #singular,
            short_names: #short_names,
            categories: #categories,
            doc: #doc,
            print_columns: &[#(#columns),*],
            validations: &[#(#validations),*],
            image: #image,
            defaults: #defaults,
            config_groups: #config_groups,
            app_config_groups: #app_config_groups,
            deployment_order: #deployment_order,
            configs: CONFIGS,
            secrets: SECRETS,
            externals: EXTERNALS,
            customize: #customize,
            node_types: NODE_TYPES,
            .._core::definition::Definition::EMPTY
        }
    }
}
