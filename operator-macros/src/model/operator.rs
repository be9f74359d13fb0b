//! The struct that derives DataOperator.

use proc_macro2::Span;
use syn::{
    Attribute, Data, DeriveInput, Expr, Field, Fields, Ident, Lit, Meta, Path, Type, Visibility, ext::IdentExt,
    parse_quote,
};

use super::{ConfigFile, Crd, External, SecretField, Template, secret::kebab};
use crate::{
    attrs::{Allow, FieldAttributes, Names, OperatorKeys, PlaceKeys, Role, Setting, SettingKeys, Text, helper_key},
    errors::Errors,
};

/// A kind of cluster.
pub struct Operator {
    /// Name of the author's struct.
    pub spec: Ident,
    /// Its type in generated code.
    pub spec_type: Type,
    /// What users write, where that isn't the struct.
    pub form: Option<Path>,
    pub vis: Visibility,
    /// Its doc comment.
    pub doc: String,
    /// The kind's name in Rust.
    pub root: Ident,
    pub crate_path: Path,

    pub group: Text,
    pub version: Text,
    pub kind: Text,
    pub plural: Text,
    pub singular: Text,
    pub crd: Crd,
    pub allow: Allow,
    /// What all node types have in common.
    pub every_node: Template,

    /// JSON names of all fields that users write; none: some are of a flattened struct, or of a form.
    pub fields: Option<Vec<String>>,
    /// The author's own rules over a spec.
    pub validate: Option<Path>,
    pub settings: Vec<SettingField>,
    pub configs: Vec<ConfigFile>,
    pub secrets: Vec<SecretField>,
    pub externals: Vec<External>,
    pub node_types: Vec<NodeType>,
    pub shared: Vec<Shared>,
}

/// A field marked `#[operator(image)]` and the like.
pub struct SettingField {
    pub setting: Setting,
    /// JSON name of the field.
    pub field: String,
    /// JSON name by which nodes refer to what it holds, where they do.
    pub by: Option<Text>,
    pub ty: Type,
    /// The position of its attribute.
    pub span: Span,
}

/// A field marked `#[node_type(…)]`.
pub struct NodeType {
    /// The field's JSON name.
    pub field: String,
    pub ty: Type,
    pub name: Text,
    pub order: i32,
    pub place: Template,
    /// The field: what mistakes are pointed at.
    pub span: Span,
}

/// A field marked `#[node_types]`.
pub struct Shared {
    /// The field's JSON name.
    pub field: String,
    pub ty: Type,
    /// The field: what mistakes are pointed at.
    pub span: Span,
}

impl Operator {
    /// The type of what users write.
    pub fn written(&self) -> Type {
        self.form.as_ref().map_or_else(|| self.spec_type.clone(), |form| parse_quote!(#form))
    }

    /// Reads the struct. A name that is missing, which is reported, is filled with one that is valid, so that nothing
    /// else complains of it.
    pub fn read(input: &DeriveInput, errors: &Errors) -> Self {
        let keys = OperatorKeys::read(&input.attrs, &input.ident, errors);
        let or = |text: Option<Text>, standing_in: &str| {
            text.unwrap_or_else(|| Text::new(standing_in.to_owned(), input.ident.span()))
        };

        let kind = or(keys.kind, &kind_of(&input.ident));
        let lower = kind.to_lowercase();
        let root = keys.root.as_ref().unwrap_or(&kind);
        let spec = &input.ident;
        let usable = input.generics.params.is_empty();

        let crate_path = keys.crate_path.unwrap_or_else(|| parse_quote!(::operator_core));

        let mut operator = Self {
            spec: spec.clone(),
            spec_type: if usable { parse_quote!(#spec) } else { parse_quote!(#crate_path::__private::NoSpec) },
            form: keys.form,
            vis: input.vis.clone(),
            doc: doc(&input.attrs),
            root: root_ident(root, spec, errors),
            crate_path,
            group: or(keys.group, "example.com"),
            version: or(keys.version, "v1"),
            plural: keys.plural.unwrap_or_else(|| Text::new(plural_of(&lower), kind.span())),
            singular: keys.singular.unwrap_or_else(|| Text::new(lower, kind.span())),
            kind,
            crd: keys.crd,
            allow: keys.allow,
            every_node: keys.every_node,
            fields: Some(Vec::new()),
            validate: keys.validate,
            settings: Vec::new(),
            configs: keys.configs.into_iter().map(ConfigFile::computed).collect(),
            secrets: Vec::new(),
            externals: Vec::new(),
            node_types: Vec::new(),
            shared: Vec::new(),
        };
        let names = Names::of(&input.attrs, errors);
        if let Data::Struct(data) = &input.data
            && let Fields::Named(fields) = &data.fields
        {
            let flattened = fields.named.iter().any(|field| helper_key(&field.attrs, "serde", "flatten").is_some());
            operator.fields = (!flattened && operator.form.is_none())
                .then(|| fields.named.iter().filter_map(|field| names.if_named(field)).collect());
            for field in &fields.named {
                operator.place(field, names, errors);
            }
        }
        operator
    }

    fn place(&mut self, field: &Field, names: Names, errors: &Errors) {
        let (Some(ident), Some(attributes)) = (&field.ident, FieldAttributes::read(field, errors)) else {
            return;
        };
        match attributes.role {
            Some(Role::Setting(SettingKeys { setting, by })) => self.settings.push(SettingField {
                setting,
                field: names.of_field(field, errors),
                by: by.or_else(|| Some(Text::new(setting.by()?.to_owned(), attributes.span))),
                ty: field.ty.clone(),
                span: attributes.span,
            }),
            Some(Role::Config(keys)) => self.configs.push(ConfigFile::new(keys, field, names, errors)),
            Some(Role::Secret(keys)) => self.secrets.push(SecretField::new(keys, field, names, errors)),
            Some(Role::Externals(all)) => {
                let json_name = names.of_field(field, errors);
                self.externals.extend(all.into_iter().filter_map(|keys| External::new(keys, field, &json_name)));
            }
            Some(Role::NodeType(keys)) => {
                let PlaceKeys { name, order, template } = *keys;
                self.node_types.push(NodeType {
                    field: names.of_field(field, errors),
                    ty: field.ty.clone(),
                    name: name.unwrap_or_else(|| kebab(field)),
                    order: order.map_or(0, |order| *order),
                    place: template,
                    span: ident.span(),
                });
            }
            Some(Role::NodeTypes) => self.shared.push(Shared {
                field: names.of_field(field, errors),
                ty: field.ty.clone(),
                span: ident.span(),
            }),
            None => {}
        }
    }

    /// The field that holds a setting.
    pub fn setting(&self, setting: Setting) -> Option<&SettingField> {
        self.settings.iter().find(|field| field.setting == setting)
    }

    /// What is left where there were mistakes: the types and their names, so that code that uses them isn't complained
    /// of too.
    pub fn stub(self) -> Self {
        Self {
            crd: Crd::default(),
            every_node: Template::default(),
            validate: None,
            settings: Vec::new(),
            configs: Vec::new(),
            secrets: Vec::new(),
            externals: Vec::new(),
            node_types: Vec::new(),
            shared: Vec::new(),
            ..self
        }
    }
}

/// `DruidSpec` is the spec of a `Druid`: the placeholder for a missing kind.
pub fn kind_of(spec: &Ident) -> String {
    let name = spec.unraw().to_string();
    name.strip_suffix("Spec").filter(|kind| !kind.is_empty()).map_or_else(|| format!("{name}Cluster"), str::to_owned)
}

fn root_ident(root: &Text, spec: &Ident, errors: &Errors) -> Ident {
    syn::parse_str::<Ident>(root).map_or_else(
        |_| {
            errors.at(&root.span(), format!("the custom resource can't be called `{}`: give a Rust name", **root));
            Ident::new(&kind_of(spec), spec.span())
        },
        |ident| Ident::new(&ident.to_string(), root.span()),
    )
}

/// The plural that kube gives to a kind.
pub fn plural_of(word: &str) -> String {
    let sibilant = ["s", "x", "z", "ch", "sh"].iter().any(|end| word.ends_with(end));
    let before_y = word.strip_suffix('y').filter(|stem| stem.ends_with(|last: char| !"aeiou".contains(last)));
    match before_y {
        Some(stem) => format!("{stem}ies"),
        None if sibilant => format!("{word}es"),
        None => format!("{word}s"),
    }
}

/// The text of the doc comments.
pub fn doc(attributes: &[Attribute]) -> String {
    let lines: Vec<_> = attributes
        .iter()
        .filter_map(|attribute| match &attribute.meta {
            Meta::NameValue(pair) if pair.path.is_ident("doc") => literal(&pair.value),
            _ => None,
        })
        .collect();
    lines.join("\n").trim().to_owned()
}

fn literal(expression: &Expr) -> Option<String> {
    match expression {
        Expr::Lit(literal) => match &literal.lit {
            Lit::Str(text) => {
                let text = text.value();
                Some(text.strip_prefix(' ').unwrap_or(&text).to_owned())
            }
            _ => None,
        },
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plurals_are_those_of_kube() {
        for (kind, plural) in
            [("druid", "druids"), ("fox", "foxes"), ("batch", "batches"), ("proxy", "proxies"), ("gateway", "gateways")]
        {
            assert_eq!(plural_of(kind), plural);
        }
    }
}
