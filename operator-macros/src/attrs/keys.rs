//! The keys of an attribute, read one after the other, by name.

mod getters;

use darling::ast::NestedMeta;
use proc_macro2::{Span, TokenStream};
use quote::ToTokens;
use syn::{Attribute, Expr, Ident, Meta, Path, ext::IdentExt, spanned::Spanned};

use super::Text;
use crate::errors::{Errors, nearest, suggestion};

/// The keys of an attribute, or of a list inside of one.
///
/// Each getter removes its key; [`finish`](Self::finish) reports the keys that no getter has read. So the getters are the
/// grammar, and the suggestions for a misspelt key can't differ from it.
pub struct Keys<'e> {
    /// What the keys belong to, for messages: `#[config]`, `port(…)`.
    title: String,
    span: Span,
    entries: Vec<Entry>,
    /// The keys that were asked for.
    known: Vec<&'static str>,
    /// What must be added.
    missing: Vec<(&'static str, String)>,
    /// Whether some of it couldn't be read at all: then nothing is missing, as far as we know.
    broken: bool,
    pub errors: &'e Errors,
}

struct Entry {
    key: Ident,
    value: Value,
}

/// A key that is a name of the author's, with its value.
pub struct Named {
    pub name: Text,
    entry: Entry,
}

enum Value {
    /// `key`
    Word,
    /// `key = expression`
    Expression(Expr),
    /// `key(…)`
    List(TokenStream),
}

impl<'e> Keys<'e> {
    /// The keys of all attributes of this name, as if they were one.
    pub fn of(name: &str, attributes: &[&Attribute], errors: &'e Errors) -> Self {
        let span = attributes.first().map_or_else(Span::call_site, |attribute| attribute.path().span());
        let mut keys = Self::new(format!("#[{name}]"), span, errors);
        for attribute in attributes {
            match &attribute.meta {
                Meta::Path(_) => {}
                Meta::List(list) => keys.read(list.tokens.clone()),
                Meta::NameValue(pair) => {
                    errors.at(&pair.path, format!("write #[{name}(…)]"));
                    keys.broken = true;
                }
            }
        }
        keys
    }

    /// The keys between the parentheses of an attribute macro.
    pub fn of_macro(name: &str, tokens: TokenStream, errors: &'e Errors) -> Self {
        let mut keys = Self::new(format!("#[{name}]"), Span::call_site(), errors);
        keys.read(tokens);
        keys
    }

    fn new(title: String, span: Span, errors: &'e Errors) -> Self {
        Self { title, span, entries: Vec::new(), known: Vec::new(), missing: Vec::new(), broken: false, errors }
    }

    fn read(&mut self, tokens: TokenStream) {
        let list = match NestedMeta::parse_meta_list(tokens) {
            Ok(list) => list,
            Err(error) => {
                self.broken = true;
                return self.errors.at(&error.span(), format!("{error}; {} takes `key = value`", self.title));
            }
        };
        for item in list {
            match item {
                NestedMeta::Meta(meta) => self.read_item(meta),
                NestedMeta::Lit(literal) => {
                    self.errors.at(&literal, format!("a value without a key: {} takes `key = value`", self.title));
                    self.broken = true;
                }
                NestedMeta::NameValueInvalidExpr(pair) => {
                    let key = pair.path.to_token_stream();
                    self.errors.at(&pair.path, format!("`{key}` takes a literal or a path: {key} = \"…\""));
                    self.broken = true;
                }
            }
        }
    }

    fn read_item(&mut self, meta: Meta) {
        let Some(key) = one_word(meta.path()) else {
            return self.errors.over(meta.path(), format!("the keys of {} are single words", self.title));
        };
        let value = match meta {
            Meta::Path(_) => Value::Word,
            Meta::List(list) => Value::List(list.tokens),
            Meta::NameValue(pair) => Value::Expression(ungrouped(pair.value)),
        };
        self.entries.push(Entry { key, value });
    }

    /// The position of the attribute or list.
    pub fn span(&self) -> Span {
        self.span
    }

    /// Whether the key is given.
    pub fn has(&self, key: &str) -> bool {
        self.entries.iter().any(|entry| entry.key == key)
    }

    /// Whether the key is given as a list, `key(…)`.
    pub fn has_list(&self, key: &str) -> bool {
        self.entries.iter().any(|entry| entry.key == key && matches!(entry.value, Value::List(_)))
    }

    /// Whether no key is left.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Requires a key; `example` shows how to write it. To be called before the key's getter.
    pub fn require(&mut self, key: &'static str, example: &str) {
        if !self.has(key) {
            self.missing.push((key, example.to_owned()));
        }
    }

    /// Refuses a key that is right elsewhere.
    pub fn refuse(&mut self, key: &str, advice: &str) {
        for Entry { key, .. } in self.drain(key) {
            self.errors.at(&key, format!("{} has no key `{key}`: {advice}", self.title));
        }
    }

    /// Reports the keys that no getter has read, and required keys that are missing and not just misspelt.
    pub fn finish(mut self) {
        for Entry { key, .. } in &self.entries {
            let word = key.unraw().to_string();
            let meant = nearest(&word, &self.known);
            self.missing.retain(|(missing, _)| meant != Some(missing));
            self.errors.at(key, format!("{} has no key `{word}`; {}", self.title, suggestion(&word, &self.known)));
        }
        if !self.missing.is_empty() && !self.broken {
            let examples: Vec<_> = self.missing.into_iter().map(|(_, example)| example).collect();
            self.errors.at(&self.span, format!("{} isn't complete: add {}", self.title, examples.join(", ")));
        }
    }

    fn drain(&mut self, key: &str) -> Vec<Entry> {
        let (taken, left) = self.entries.drain(..).partition(|entry| entry.key == key);
        self.entries = left;
        taken
    }
}

/// The one word of a path; a keyword such as `crate` or `type` is one too.
fn one_word(path: &Path) -> Option<Ident> {
    match (path.leading_colon, path.segments.len(), path.segments.first()) {
        (None, 1, Some(segment)) if segment.arguments.is_none() => Some(segment.ident.clone()),
        _ => None,
    }
}

/// Without the invisible parentheses that a `macro_rules!` puts around what it passes on.
fn ungrouped(expression: Expr) -> Expr {
    match expression {
        Expr::Group(group) => ungrouped(*group.expr),
        other => other,
    }
}
