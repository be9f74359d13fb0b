//! An enum marked `#[node_types]`.

use proc_macro2::TokenStream;
use syn::{Attribute, Fields, ItemEnum, Path, Type, Variant, parse_quote};

use super::{Template, doc};
use crate::{
    attrs::{Keys, PlaceKeys, Text, helper_key, kebab, renamed},
    errors::Errors,
};

/// Node types that share fields of specs.
pub struct NodeEnum {
    /// The enum, without the attributes that were for us.
    pub item: ItemEnum,
    /// JSON name of the field by which a node says its type.
    pub tag: Text,
    pub variants: Vec<NodeVariant>,
    pub crate_path: Path,
}

/// A node type of an enum.
pub struct NodeVariant {
    pub name: Text,
    /// Content of the tag.
    pub value: String,
    pub doc: String,
    /// The variant's `#[cfg(…)]`s: an attribute macro sees variants that are compiled out.
    pub cfgs: Vec<Attribute>,
    pub order: i32,
    /// The struct of its nodes.
    pub ty: Type,
    pub place: Template,
}

impl NodeEnum {
    /// JSON name of the tag, where the attribute says none.
    const TAG: &str = "nodeType";

    /// Reads the attribute's keys and the variants.
    pub fn read(arguments: TokenStream, mut item: ItemEnum, errors: &Errors) -> Self {
        let mut keys = Keys::of_macro("node_types", arguments, errors);
        let crate_path = keys.path("crate").unwrap_or_else(|| parse_quote!(::operator_core));
        let tag = keys.text("tag").unwrap_or_else(|| Text::new(Self::TAG.to_owned(), item.ident.span()));
        keys.finish();
        for key in ["rename_all", "tag", "content", "untagged"] {
            if let Some(span) = helper_key(&item.attrs, "serde", key) {
                errors.at(&span, "#[node_types] says how the enum is written: leave this out; a variant can have #[serde(rename = \"…\")]");
            }
        }
        let variants = item.variants.iter_mut().filter_map(|variant| {
            let (ours, others): (Vec<_>, Vec<_>) =
                variant.attrs.drain(..).partition(|attribute| attribute.path().is_ident("node_type"));
            variant.attrs = others;
            if let Some(second) = ours.get(1) {
                errors.at(second.path(), "#[node_type] is given twice on this variant: join them into one");
            }
            let keys = ours.first().map(|attribute| PlaceKeys::read(attribute, errors)).unwrap_or_default();
            let PlaceKeys { name, order, template } = keys;
            let kebab = kebab(&variant.ident);
            let value = match renamed(&variant.attrs, errors) {
                Some(value) => value,
                None => {
                    let value = name.as_ref().map_or(kebab, |name| name.to_string());
                    variant.attrs.push(parse_quote!(#[serde(rename = #value)]));
                    value
                }
            };
            let name = name.unwrap_or_else(|| Text::new(value.clone(), variant.ident.span()));
            let ty = match &variant.fields {
                Fields::Unnamed(fields) if fields.unnamed.len() == 1 => fields.unnamed.first()?.ty.clone(),
                _ => {
                    let ident = &variant.ident;
                    errors.at(
                        ident,
                        format!("a variant holds the nodes of its type, and nothing else: {ident}(NodeSpec)"),
                    );
                    return None;
                }
            };
            if value.is_empty() || value.contains(['\'', '\\']) {
                errors.at(&variant.ident, format!("`{value}` can't tell node types apart: take letters and digits"));
            }
            if let Some(span) = helper_key(&variant.attrs, "serde", "skip") {
                errors.at(&span, "a node type can't be skipped: leave out the variant, or `skip`");
            }
            let (doc, cfgs) =
                (doc(&variant.attrs), variant.attrs.iter().filter(|it| it.path().is_ident("cfg")).cloned().collect());
            Some(NodeVariant { name, value, doc, cfgs, order: order.map_or(0, |order| *order), ty, place: template })
        });
        let variants = variants.collect();
        Self { item, tag, variants, crate_path }
    }

    /// What is left where there were mistakes: an enum without node types.
    pub fn stub(mut self) -> Self {
        let keeps = |variant: &Variant| matches!(&variant.fields, Fields::Unnamed(fields) if fields.unnamed.len() == 1);
        self.item.variants = self.item.variants.into_iter().filter(keeps).collect();
        self.item.attrs.retain(|attribute| !attribute.path().is_ident("serde"));
        Self { variants: Vec::new(), ..self }
    }

    /// Whether nodes of these types can be made: an enum without parameters.
    pub fn has_usable_shape(&self) -> bool {
        self.item.generics.params.is_empty()
    }
}
