//! `NodeTemplate` and its parts.

use proc_macro2::TokenStream;
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::{Type, ext::IdentExt, spanned::Spanned};

use super::{option, secret::secrets, strings, variant};
use crate::model::{Check, ConfigFile, Copies, Number, Probe, ReplicaRule, Rule, Template};

/// A `NodeTemplate`; only given values are written. `holder` is the struct that the configuration files are fields of.
pub fn template(template: &Template, holder: &Type) -> TokenStream {
    let mut fields = Vec::new();
    if let Some(workload) = &template.workload {
        let variant = variant(**workload);
        let workload = option(Some(quote!(_core::definition::Workload::#variant)));
        fields.push(quote!(workload: #workload));
    }
    for (name, text) in [("object_name", &template.object_name), ("container", &template.container)] {
        if let Some(text) = text {
            let (name, text) = (format_ident!("{name}"), option(Some(text.as_str())));
            fields.push(quote!(#name: #text));
        }
    }
    if !template.selector.is_empty() {
        let labels = template.selector.iter().map(|(key, text)| {
            let (key, text) = (key.as_str(), text.as_str());
            quote!((#key, #text))
        });
        fields.push(quote!(selector: &[#(#labels),*]));
    }
    if let Some(replicas) = template.replicas {
        let replicas = option(Some(*replicas));
        fields.push(quote!(replicas: #replicas));
    }
    if let Some(ReplicaRule { min, max, odd, fixed }) = &template.replica_rule {
        let (min, max) = (option(*min), option(*max));
        let fixed = option(fixed.as_ref().map(|why| why.as_ref().map_or("", |why| why.as_str())));
        let rule = quote!(_core::definition::ReplicaRule { min: #min, max: #max, odd: #odd, fixed: #fixed });
        let rule = option(Some(rule));
        fields.push(quote!(replica_rule: #rule));
    }
    if let Some(Copies { ident, field }) = &template.copies {
        // With the span of the field, so that the compiler points at one of another type.
        let number =
            quote_spanned!(ident.span()=> _core::__private::count(_core::__private::read::<#holder>(node)?.#ident));
        let copies = quote! {
            _core::definition::Copies { field: #field, number: |node| ::core::result::Result::Ok(#number) }
        };
        let copies = option(Some(copies));
        fields.push(quote!(copies: #copies));
    }
    if let Some(image) = &template.image {
        let image = option(Some(image.as_str()));
        fields.push(quote!(image: #image));
    }
    if !template.ports.is_empty() {
        let ports = template.ports.iter().map(|port| {
            let (name, number, protocol) = (port.name.as_str(), port.number.as_ref(), variant(port.protocol));
            quote! {
                _core::definition::Port { name: #name, number: #number, protocol: _core::definition::Protocol::#protocol }
            }
        });
        fields.push(quote!(ports: &[#(#ports),*]));
    }
    let lists = [
        ("command", &template.command),
        ("args", &template.args),
        ("empty_dirs", &template.empty_dirs),
        ("talks_to", &template.talks_to),
    ];
    for (name, words) in lists {
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
    if !template.secrets.is_empty() {
        let secrets = secrets(&template.secrets);
        fields.push(quote!(secrets: #secrets));
    }
    fields.extend(pod_settings(template));
    if fields.is_empty() {
        return quote!(_core::definition::NodeTemplate::EMPTY);
    }
    quote!(_core::definition::NodeTemplate { #(#fields,)* .._core::definition::NodeTemplate::EMPTY })
}

impl ToTokens for Number {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        match self {
            Self::Literal(number) => (**number).to_tokens(tokens),
            Self::Constant(path) => path.to_tokens(tokens),
        }
    }
}

/// Attributes of the pods other than their container.
fn pod_settings(template: &Template) -> Vec<TokenStream> {
    let mut fields = Vec::new();
    if let Some(path) = &template.defaults {
        // With the span of the path, so that the compiler points at a function with another signature.
        let defaults = quote_spanned!(path.span()=> ::core::option::Option::Some(|| _core::__private::defaults(#path)));
        fields.push(quote!(defaults: #defaults));
    }
    for (name, flag) in [("read_only_root", template.read_only_root), ("publish_not_ready", template.publish_not_ready)]
    {
        if flag.is_some() {
            let (name, flag) = (format_ident!("{name}"), option(flag));
            fields.push(quote!(#name: #flag));
        }
    }
    if let Some(security) = &template.security {
        let variant = variant(**security);
        let security = option(Some(quote!(_core::definition::Security::#variant)));
        fields.push(quote!(security: #security));
    }
    if let Some(run_as) = &template.run_as {
        let (user, group) = (run_as.user, run_as.group);
        let run_as = option(Some(quote!(_core::definition::RunAs { user: #user, group: #group })));
        fields.push(quote!(run_as: #run_as));
    }
    if !template.rules.is_empty() {
        let rules = template.rules.iter().map(|Rule { groups, resources, verbs }| {
            let [groups, resources, verbs] = [groups, resources, verbs].map(|texts| strings(texts));
            quote!(_core::definition::PolicyRule { groups: #groups, resources: #resources, verbs: #verbs })
        });
        fields.push(quote!(rules: &[#(#rules),*]));
    }
    if let Some(metrics) = &template.metrics {
        let port = metrics.port.as_str();
        // Source: the default path of Prometheus.
        let path = metrics.path.as_ref().map_or("/metrics", |path| path.as_str());
        let metrics = option(Some(quote!(_core::definition::Metrics { port: #port, path: #path })));
        fields.push(quote!(metrics: #metrics));
    }
    fields
}

/// A slice of `ConfigFile`.
pub fn configs(configs: &[ConfigFile], holder: &Type) -> TokenStream {
    let configs = configs.iter().map(|config| {
        let (field, readers) = (option(config.field.as_ref()), strings(&config.readers));
        let (file, mount) = (config.file.as_str(), config.mount.as_str());
        let (format, reload) = (variant(config.format), variant(config.reload));
        let with = option(
            // With the span of the path, so that the compiler points at a function with another signature.
            config.with.as_ref().map(|path| {
                quote_spanned! {path.span()=> |holder, around| {
                    #[allow(unused_imports, reason = "one of them is left")]
                    use _core::__private::{Fallible as _, Infallible as _};
                    (&_core::__private::compute::<#holder, _, _>(holder, around, #path)?).value()
                }}
            }),
        );
        let cfgs = &config.cfgs;
        quote! {
            #(#cfgs)*
            _core::definition::ConfigFile {
                field: #field,
                readers: #readers,
                file: #file,
                mount: #mount,
                format: _core::definition::Format::#format,
                with: #with,
                reload: _core::definition::Reload::#reload,
            }
        }
    });
    quote!(&[#(#configs),*])
}

fn probe(probe: &Probe) -> TokenStream {
    let check = match &probe.check {
        Check::Http { path, port } => {
            let (path, port) = (path.as_str(), option(port.as_ref().map(|port| port.as_str())));
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
