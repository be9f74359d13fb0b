//! `NodeTemplate` and its parts.

use proc_macro2::TokenStream;
use quote::{format_ident, quote, quote_spanned};
use syn::{Type, ext::IdentExt, spanned::Spanned};

use super::{option, strings, variant};
use crate::model::{Check, ConfigFile, Probe, Template};

/// A `NodeTemplate`; only what is given is written. `holder` is the struct that the configuration files are fields of.
pub fn template(template: &Template, holder: &Type) -> TokenStream {
    let mut fields = Vec::new();
    if let Some(workload) = &template.workload {
        let variant = variant(**workload);
        let workload = option(Some(quote!(_core::definition::Workload::#variant)));
        fields.push(quote!(workload: #workload));
    }
    if let Some(image) = &template.image {
        let image = option(Some(image.as_str()));
        fields.push(quote!(image: #image));
    }
    if !template.ports.is_empty() {
        let ports = template.ports.iter().map(|port| {
            let (name, number) = (port.name.as_str(), port.number.map(|number| *number));
            quote!(_core::definition::Port { name: #name, number: #number, protocol: _core::definition::Protocol::Tcp })
        });
        fields.push(quote!(ports: &[#(#ports),*]));
    }
    for (name, words) in [("command", &template.command), ("args", &template.args)] {
        if !words.is_empty() {
            let (name, words) = (format_ident!("{name}"), strings(words));
            fields.push(quote!(#name: #words));
        }
    }
    if !template.env.is_empty() {
        let variables = template.env.iter().map(|(name, value)| {
            let (name, value) = (name.unraw().to_string(), value.as_str());
            quote!((#name, #value))
        });
        fields.push(quote!(env: &[#(#variables),*]));
    }
    if !template.storage.is_empty() {
        let storage = template.storage.iter().map(|storage| {
            let (name, mount, size) = (storage.name.as_str(), storage.mount.as_str(), storage.size.as_str());
            let class = option(storage.class.as_ref().map(|class| class.as_str()));
            quote!(_core::definition::StorageTemplate { name: #name, mount: #mount, size: #size, class: #class })
        });
        fields.push(quote!(storage: &[#(#storage),*]));
    }
    let probes = [("readiness", &template.readiness), ("liveness", &template.liveness), ("startup", &template.startup)];
    for (name, given) in probes {
        if let Some(given) = given {
            let (name, given) = (format_ident!("{name}"), option(Some(probe(given))));
            fields.push(quote!(#name: #given));
        }
    }
    if let Some(variable) = &template.config_hash_env {
        let variable = option(Some(variable.as_str()));
        fields.push(quote!(config_hash_env: #variable));
    }
    if !template.configs.is_empty() {
        let configs = configs(&template.configs, holder);
        fields.push(quote!(configs: #configs));
    }
    if fields.is_empty() {
        return quote!(_core::definition::NodeTemplate::EMPTY);
    }
    quote!(_core::definition::NodeTemplate { #(#fields,)* .._core::definition::NodeTemplate::EMPTY })
}

/// A slice of `ConfigFile`.
pub fn configs(configs: &[ConfigFile], holder: &Type) -> TokenStream {
    let configs = configs.iter().map(|config| {
        let (field, file, mount) = (&config.field, config.file.as_str(), config.mount.as_str());
        let format = variant(config.format);
        let with = option(
            // All of it at the path: a function that doesn't fit shall be pointed at itself.
            config.with.as_ref().map(
                |path| quote_spanned!(path.span()=> |holder| _core::__private::compute::<#holder, _>(holder, #path)),
            ),
        );
        let cfgs = &config.cfgs;
        quote! {
            #(#cfgs)*
            _core::definition::ConfigFile {
                field: #field,
                file: #file,
                mount: #mount,
                format: _core::definition::Format::#format,
                with: #with,
                reload: _core::definition::Reload::Pods,
            }
        }
    });
    quote!(&[#(#configs),*])
}

fn probe(probe: &Probe) -> TokenStream {
    let check = match &probe.check {
        Check::Http { path, port } => {
            let (path, port) = (path.as_str(), port.as_ref().map(|port| port.as_str()));
            quote!(Http { path: #path, port: #port })
        }
        Check::Tcp { port } => {
            let port = port.as_str();
            quote!(Tcp { port: #port })
        }
        Check::Exec { command } => {
            let command = strings(command);
            quote!(Exec { command: #command })
        }
    };
    let [period, timeout, failures, delay] =
        [probe.period, probe.timeout, probe.failures, probe.delay].map(|number| option(number.map(|number| *number)));
    quote! {
        _core::definition::Probe {
            check: _core::definition::Check::#check,
            period: #period,
            timeout: #timeout,
            failures: #failures,
            delay: #delay,
        }
    }
}
