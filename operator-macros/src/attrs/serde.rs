//! The JSON names of fields and variants, as serde and its attributes give them.

use darling::ast::NestedMeta;
use proc_macro2::Span;
use syn::{Attribute, Expr, Field, Ident, Lit, Meta, ext::IdentExt, spanned::Spanned};

use crate::errors::Errors;

/// How a struct's fields are called in JSON.
#[derive(Clone, Copy)]
pub struct Names(RenameRule);

impl Names {
    /// From the `#[serde(…)]` attributes of the struct.
    pub fn of(attributes: &[Attribute], errors: &Errors) -> Self {
        let mut rule = RenameRule::None;
        for item in items(attributes, "serde").filter(|item| item.path().is_ident("rename_all")) {
            // Serde itself reports a rule that doesn't exist.
            if let Some((name, _)) = new_name(&item, errors)
                && let Some((_, found)) = RenameRule::ALL.iter().find(|(known, _)| *known == name)
            {
                rule = *found;
            }
        }
        Self(rule)
    }

    /// Names as they are in Rust, in camelCase.
    pub fn camel_case() -> Self {
        Self(RenameRule::Camel)
    }

    /// The JSON name of a field; none where it isn't in the JSON under a name of its own.
    pub fn if_named(self, field: &Field) -> Option<String> {
        let unnamed = |item: Meta| ["flatten", "skip"].iter().any(|key| item.path().is_ident(key));
        // What `rename` can't say is reported where the field plays a part; else serde may read and write different names.
        (!items(&field.attrs, "serde").any(unnamed)).then(|| self.of_field(field, &Errors::default()))
    }

    /// The JSON name of a field that plays a part; one that isn't in the JSON under a name of its own is reported.
    pub fn of_field(self, field: &Field, errors: &Errors) -> String {
        let ident = field.ident.as_ref().map(|ident| ident.unraw().to_string()).unwrap_or_default();
        let mut name = self.0.apply(&ident);
        for item in items(&field.attrs, "serde") {
            let path = item.path();
            if path.is_ident("rename") {
                if let Some((renamed, _)) = new_name(&item, errors) {
                    name = renamed;
                }
            } else if path.is_ident("flatten") {
                errors.at(path, "this field needs a name of its own in the custom resource: leave out `flatten`");
            } else if ["skip", "skip_serializing", "skip_deserializing"].iter().any(|skip| path.is_ident(skip)) {
                errors.at(
                    path,
                    "this field must be in the custom resource: leave out `skip`, or the field's other attribute",
                );
            }
        }
        name
    }
}

/// What `#[serde(rename = "…")]` calls a variant, where it has one.
pub fn renamed(attributes: &[Attribute], errors: &Errors) -> Option<String> {
    let renames = items(attributes, "serde").filter(|item| item.path().is_ident("rename"));
    renames.filter_map(|item| new_name(&item, errors)).last().map(|(name, _)| name)
}

/// A variant's name as serde writes it in kebab-case: `MiddleManager` is `middle-manager`.
pub fn kebab(variant: &Ident) -> String {
    let mut kebab = String::new();
    for character in variant.unraw().to_string().chars() {
        if character.is_ascii_uppercase() && !kebab.is_empty() {
            kebab.push('-');
        }
        kebab.push(character.to_ascii_lowercase());
    }
    kebab
}

/// Where the attributes of this name (`serde`, `schemars`) have the key, if they do.
pub fn helper_key(attributes: &[Attribute], name: &str, key: &str) -> Option<Span> {
    items(attributes, name).find(|item| item.path().is_ident(key)).map(|item| item.path().span())
}

/// The items of all attributes of this name. What their owner can't read, it reports itself.
fn items(attributes: &[Attribute], name: &str) -> impl Iterator<Item = Meta> {
    attributes
        .iter()
        .filter(move |attribute| attribute.path().is_ident(name))
        .filter_map(|attribute| attribute.meta.require_list().ok())
        .filter_map(|list| NestedMeta::parse_meta_list(list.tokens.clone()).ok())
        .flatten()
        .filter_map(|item| match item {
            NestedMeta::Meta(meta) => Some(meta),
            NestedMeta::Lit(_) | NestedMeta::NameValueInvalidExpr(_) => None,
        })
}

/// The value of `rename` or `rename_all`, in either of serde's two forms.
fn new_name(item: &Meta, errors: &Errors) -> Option<(String, Span)> {
    match item {
        Meta::Path(_) => None,
        Meta::NameValue(pair) => string(&pair.value),
        Meta::List(list) => {
            let parts = NestedMeta::parse_meta_list(list.tokens.clone()).ok()?;
            let values: Vec<_> = parts
                .iter()
                .filter_map(|part| match part {
                    NestedMeta::Meta(Meta::NameValue(pair)) => string(&pair.value),
                    _ => None,
                })
                .collect();
            match values.as_slice() {
                [(one, _), (other, span)] if one == other => Some((one.clone(), *span)),
                _ => {
                    let message = "a custom resource is read and written under the same names";
                    let key = list.path.get_ident().map(ToString::to_string).unwrap_or_default();
                    errors.at(&list.path, format!("{message}: write {key} = \"…\""));
                    None
                }
            }
        }
    }
}

fn string(expression: &Expr) -> Option<(String, Span)> {
    match expression {
        Expr::Lit(literal) => match &literal.lit {
            Lit::Str(text) => Some((text.value(), text.span())),
            _ => None,
        },
        _ => None,
    }
}

/// Serde's `rename_all`, for fields: <https://serde.rs/container-attrs.html#rename_all>.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RenameRule {
    None,
    Upper,
    Pascal,
    Camel,
    Kebab,
    ScreamingKebab,
}

impl RenameRule {
    /// Serde's names. Fields are in snake case already, so two rules leave them alone and one is the same as another.
    const ALL: [(&'static str, Self); 8] = [
        ("lowercase", Self::None),
        ("UPPERCASE", Self::Upper),
        ("PascalCase", Self::Pascal),
        ("camelCase", Self::Camel),
        ("snake_case", Self::None),
        ("SCREAMING_SNAKE_CASE", Self::Upper),
        ("kebab-case", Self::Kebab),
        ("SCREAMING-KEBAB-CASE", Self::ScreamingKebab),
    ];

    /// The name of a field.
    pub fn apply(self, field: &str) -> String {
        match self {
            Self::None => field.to_owned(),
            Self::Upper => field.to_ascii_uppercase(),
            Self::Pascal => field.split('_').map(capitalised).collect(),
            Self::Camel => {
                let pascal = Self::Pascal.apply(field);
                let mut characters = pascal.chars();
                characters.next().map(|first| first.to_ascii_lowercase()).into_iter().chain(characters).collect()
            }
            Self::Kebab => field.replace('_', "-"),
            Self::ScreamingKebab => field.to_ascii_uppercase().replace('_', "-"),
        }
    }
}

fn capitalised(word: &str) -> String {
    let mut characters = word.chars();
    characters.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(characters).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_renamed_as_serde_does() {
        for (rule, expected) in [
            ("lowercase", "max_heap_size"),
            ("UPPERCASE", "MAX_HEAP_SIZE"),
            ("PascalCase", "MaxHeapSize"),
            ("camelCase", "maxHeapSize"),
            ("snake_case", "max_heap_size"),
            ("SCREAMING_SNAKE_CASE", "MAX_HEAP_SIZE"),
            ("kebab-case", "max-heap-size"),
            ("SCREAMING-KEBAB-CASE", "MAX-HEAP-SIZE"),
        ] {
            let attribute = syn::parse_quote!(#[serde(rename_all = #rule)]);
            let field = syn::parse_quote!(max_heap_size: u8);
            let errors = Errors::default();
            assert_eq!(Names::of(&[attribute], &errors).of_field(&field, &errors), expected, "{rule}");
        }
    }
}
