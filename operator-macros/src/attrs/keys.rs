//! Takes the keys out of an attribute, one after the other, by name.

use std::ops::RangeInclusive;

use darling::{ast::NestedMeta, util::SpannedValue};
use proc_macro2::{Span, TokenStream};
use quote::ToTokens;
use syn::{Attribute, Expr, Ident, Lit, Meta, Path, UnOp, ext::IdentExt, spanned::Spanned};

use super::Text;
use crate::errors::{Errors, suggestion};

/// The keys of an attribute, or of a list inside of one.
///
/// Each getter takes its key out; [`finish`](Self::finish) reports what nobody asked for. So the getters are the grammar, and the
/// suggestions for a misspelt key can't differ from it.
pub struct Keys<'e> {
    /// What the keys belong to, for messages: `#[config]`, `port(…)`.
    title: String,
    /// Where that stands.
    span: Span,
    entries: Vec<Entry>,
    known: Vec<&'static str>,
    /// Keys that must be given and aren't, each with an example.
    missing: Vec<(&'static str, String)>,
    pub errors: &'e Errors,
}

struct Entry {
    key: Ident,
    value: Value,
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
                Meta::NameValue(pair) => errors.at(&pair.path, format!("write #[{name}(…)]")),
            }
        }
        keys
    }

    /// The keys between the parentheses of an attribute macro.
    pub fn of_macro(name: &str, tokens: TokenStream, errors: &'e Errors) -> Self {
        let mut keys = Self {
            title: format!("#[{name}]"),
            span: Span::call_site(),
            entries: Vec::new(),
            known: Vec::new(),
            errors,
        };
        keys.read(tokens);
        keys
    }

    /// Where the attribute or list stands.
    pub fn span(&self) -> Span {
        self.span
    }

    fn read(&mut self, tokens: TokenStream) {
        let list = match NestedMeta::parse_meta_list(tokens) {
            Ok(list) => list,
            Err(error) => return self.errors.add(error),
        };
        for item in list {
            match item {
                NestedMeta::Meta(meta) => {
                    let Some(key) = ident(meta.path()) else {
                        self.errors.at(meta.path(), format!("{} has keys of one word", self.title));
                        continue;
                    };
                    let value = match meta {
                        Meta::Path(_) => Value::Word,
                        Meta::List(list) => Value::List(list.tokens),
                        Meta::NameValue(pair) => Value::Expression(ungrouped(pair.value)),
                    };
                    self.entries.push(Entry { key, value });
                }
                NestedMeta::Lit(literal) => {
                    self.errors.at(&literal, format!("a value without a key; {} takes `key = value`", self.title));
                }
                NestedMeta::NameValueInvalidExpr(pair) => {
                    self.errors.at(&pair.value, format!("`{}` takes a literal or a path", pair.path.to_token_stream()));
                }
            }
        }
    }

    /// A string that may be given once.
    pub fn text(&mut self, key: &'static str) -> Option<Text> {
        let entry = self.once(key)?;
        self.as_text(&entry)
    }

    /// A string that must be given once.
    pub fn required_text(&mut self, key: &'static str, example: &str) -> Option<Text> {
        if !self.has(key) {
            self.known.push(key);
            self.errors.at(&self.span, format!("{} has no `{key}`: add {key} = \"{example}\"", self.title));
            return None;
        }
        self.text(key)
    }

    /// A string that may be given several times.
    pub fn texts(&mut self, key: &'static str) -> Vec<Text> {
        self.take(key).iter().filter_map(|entry| self.as_text(entry)).collect()
    }

    /// A list of strings: `key("a", "b")`.
    pub fn words(&mut self, key: &'static str) -> Vec<Text> {
        let Some(entry) = self.once(key) else { return Vec::new() };
        let Value::List(tokens) = &entry.value else {
            self.errors.at(&entry.key, format!("`{key}` takes a list of strings: {key}(\"…\", \"…\")"));
            return Vec::new();
        };
        match NestedMeta::parse_meta_list(tokens.clone()) {
            Err(error) => {
                self.errors.add(error);
                Vec::new()
            }
            Ok(items) => items
                .into_iter()
                .filter_map(|item| match item {
                    NestedMeta::Lit(Lit::Str(word)) => Some(Text::new(word.value(), word.span())),
                    other => {
                        self.errors.at(&other, format!("`{key}` takes strings: put this in quotes"));
                        None
                    }
                })
                .collect(),
        }
    }

    /// Names with strings: `key(NAME = "value", …)`; may be given several times.
    pub fn pairs(&mut self, key: &'static str) -> Vec<(Ident, Text)> {
        let mut pairs = Vec::new();
        for list in self.lists(key) {
            for entry in &list.entries {
                pairs.extend(list.as_text(entry).map(|value| (entry.key.clone(), value)));
            }
        }
        pairs
    }

    /// An integer in a range.
    pub fn integer<T: TryFrom<i64>>(
        &mut self,
        key: &'static str,
        range: RangeInclusive<i64>,
    ) -> Option<SpannedValue<T>> {
        let entry = self.once(key)?;
        let value = match &entry.value {
            Value::Expression(expression) => integer(expression),
            Value::Word | Value::List(_) => None,
        };
        let converted = value.filter(|value| range.contains(value)).and_then(|value| T::try_from(value).ok());
        if converted.is_none() {
            let (from, to) = range.into_inner();
            self.errors.at(&entry.span(), format!("`{key}` takes an integer from {from} to {to}, without quotes"));
        }
        converted.map(|value| SpannedValue::new(value, entry.span()))
    }

    /// An integer in a range that must be given.
    pub fn required_integer<T: TryFrom<i64>>(
        &mut self,
        key: &'static str,
        range: RangeInclusive<i64>,
        example: i64,
    ) -> Option<SpannedValue<T>> {
        if !self.has(key) {
            self.known.push(key);
            self.errors.at(&self.span, format!("{} has no `{key}`: add {key} = {example}", self.title));
            return None;
        }
        self.integer(key, range)
    }

    /// One of several words, written as a string.
    pub fn choice<T: Copy>(&mut self, key: &'static str, choices: &[(&str, T)]) -> Option<SpannedValue<T>> {
        let text = self.text(key)?;
        let found = choices.iter().find(|(word, _)| *word == text.as_str());
        if found.is_none() {
            let words: Vec<_> = choices.iter().map(|(word, _)| *word).collect();
            self.errors
                .at(&text.span(), format!("`{}` isn't a value of `{key}`; {}", *text, suggestion(&text, &words)));
        }
        found.map(|(_, value)| SpannedValue::new(*value, text.span()))
    }

    /// A key without a value.
    pub fn flag(&mut self, key: &'static str) -> Option<Span> {
        let entry = self.once(key)?;
        if !matches!(entry.value, Value::Word) {
            self.errors.at(&entry.key, format!("`{key}` stands alone, without a value"));
        }
        Some(entry.key.span())
    }

    /// A path, bare or as a string.
    pub fn path(&mut self, key: &'static str) -> Option<Path> {
        let entry = self.once(key)?;
        match &entry.value {
            Value::Expression(Expr::Path(path)) if path.qself.is_none() => return Some(path.path.clone()),
            Value::Expression(Expr::Lit(literal)) => {
                if let Lit::Str(text) = &literal.lit
                    && let Ok(path) = text.parse_with(Path::parse_mod_style)
                {
                    return Some(path);
                }
            }
            _ => {}
        }
        self.errors.at(&entry.span(), format!("`{key}` takes a path: {key} = path::to::item"));
        None
    }

    /// A list of keys, `key(…)`, that may be given once.
    pub fn list(&mut self, key: &'static str) -> Option<Keys<'e>> {
        let entry = self.once(key)?;
        self.as_list(&entry)
    }

    /// A list of keys, `key(…)`, that may be given several times.
    pub fn lists(&mut self, key: &'static str) -> Vec<Keys<'e>> {
        self.take(key).iter().filter_map(|entry| self.as_list(entry)).collect()
    }

    /// Refuses a key that is right elsewhere.
    pub fn refuse(&mut self, key: &str, advice: &str) {
        let (refused, entries) = self.entries.drain(..).partition(|entry| entry.key == key);
        self.entries = entries;
        let refused: Vec<Entry> = refused;
        for entry in refused {
            self.errors.at(&entry.key, format!("{} has no key `{key}`: {advice}", self.title));
        }
    }

    /// Whether the key is given.
    pub fn has(&self, key: &str) -> bool {
        self.entries.iter().any(|entry| entry.key == key)
    }

    /// Whether no key is left.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Reports the keys that nobody asked for.
    pub fn finish(self) {
        for Entry { key, .. } in &self.entries {
            let word = key.unraw().to_string();
            let message = format!("{} has no key `{word}`; {}", self.title, suggestion(&word, &self.known));
            self.errors.at(key, message);
        }
    }

    fn take(&mut self, key: &'static str) -> Vec<Entry> {
        self.known.push(key);
        let (taken, entries) = self.entries.drain(..).partition(|entry| entry.key == key);
        self.entries = entries;
        taken
    }

    fn once(&mut self, key: &'static str) -> Option<Entry> {
        let mut entries = self.take(key).into_iter();
        let first = entries.next();
        for repeated in entries {
            self.errors.at(&repeated.key, format!("`{key}` is given twice: keep one of them"));
        }
        first
    }

    fn as_text(&self, entry: &Entry) -> Option<Text> {
        if let Value::Expression(Expr::Lit(literal)) = &entry.value
            && let Lit::Str(text) = &literal.lit
        {
            return Some(Text::new(text.value(), text.span()));
        }
        let key = &entry.key;
        self.errors.at(&entry.span(), format!("`{key}` takes a string: {key} = \"…\""));
        None
    }

    fn as_list(&self, entry: &Entry) -> Option<Keys<'e>> {
        let key = &entry.key;
        let Value::List(tokens) = &entry.value else {
            self.errors.at(key, format!("`{key}` takes keys in parentheses: {key}(…)"));
            return None;
        };
        let (title, span) = (format!("{key}(…)"), key.span());
        let mut keys = Keys { title, span, entries: Vec::new(), known: Vec::new(), errors: self.errors };
        keys.read(tokens.clone());
        Some(keys)
    }
}

impl Entry {
    /// The value's place, or the key's where there is no value.
    fn span(&self) -> Span {
        match &self.value {
            Value::Word | Value::List(_) => self.key.span(),
            Value::Expression(expression) => expression.span(),
        }
    }
}

/// The one word of a path; a keyword such as `crate` or `type` is one too.
fn ident(path: &Path) -> Option<Ident> {
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

fn integer(expression: &Expr) -> Option<i64> {
    match expression {
        Expr::Lit(literal) => match &literal.lit {
            Lit::Int(integer) => integer.base10_parse().ok(),
            _ => None,
        },
        Expr::Unary(unary) if matches!(unary.op, UnOp::Neg(_)) => integer(&unary.expr).map(|value| -value),
        _ => None,
    }
}
