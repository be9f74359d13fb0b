//! Values of keys, by the kind of value.

use std::ops::RangeInclusive;

use darling::{ast::NestedMeta, util::SpannedValue};
use proc_macro2::Span;
use syn::{Expr, Ident, Lit, Member, Path, UnOp, ext::IdentExt, spanned::Spanned};

use super::{Entry, Keys, Named, Value};
use crate::{
    attrs::Text,
    errors::{is_slip, suggestion},
    model::Number,
};

impl<'e> Keys<'e> {
    /// A string that may be given once.
    pub fn text(&mut self, key: &'static str) -> Option<Text> {
        let entry = self.once(key)?;
        self.as_text(&entry)
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
        let items = NestedMeta::parse_meta_list(tokens.clone()).unwrap_or_else(|error| {
            self.errors.add(error);
            Vec::new()
        });
        if tokens.is_empty() {
            self.errors.at(&entry.key, format!("`{key}` is empty: write {key}(\"…\"), or leave it out"));
        }
        let mut words = Vec::new();
        for item in items {
            match item {
                NestedMeta::Lit(Lit::Str(word)) => words.push(Text::new(word.value(), word.span())),
                other => self.errors.over(&other, format!("`{key}` takes strings: put this in quotes")),
            }
        }
        words
    }

    /// Names with strings: `key(NAME = "value", …)`; may be given several times.
    pub fn pairs(&mut self, key: &'static str) -> Vec<(Ident, Text)> {
        let mut pairs = Vec::new();
        for list in self.lists(key, "NAME = \"value\"") {
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
            self.mistake(&entry, format!("`{key}` takes {}, without quotes", integers(&range)));
        }
        converted.map(|value| SpannedValue::new(value, entry.span()))
    }

    /// What the author calls by names of his own, `name = value`: all keys that are left, without slips of a known one.
    /// To be called after the getters of those. `_` in a name stands for `-`.
    pub fn named(&mut self) -> Vec<Named> {
        let (misspelt, named) = self.entries.drain(..).partition(|entry| {
            let word = entry.key.unraw().to_string();
            is_slip(&word, &self.known)
        });
        self.entries = misspelt;
        let named = named.into_iter().map(|entry: Entry| Named {
            name: Text::new(entry.key.unraw().to_string().replace('_', "-"), entry.key.span()),
            entry,
        });
        named.collect()
    }

    /// An integer in a range, or the path of a constant.
    pub fn number(&self, named: &Named, range: RangeInclusive<i64>) -> Option<Number> {
        let number = match &named.entry.value {
            Value::Expression(Expr::Path(path)) => Some(Number::Constant(path.path.clone())),
            Value::Expression(expression) => {
                integer(expression).filter(|value| range.contains(value)).and_then(|value| {
                    Some(Number::Literal(SpannedValue::new(u16::try_from(value).ok()?, expression.span())))
                })
            }
            Value::Word | Value::List(_) => None,
        };
        if number.is_none() {
            let key = &named.entry.key;
            let message = format!("`{key}` takes {}, without quotes, or a constant: {key} = 8080", integers(&range));
            self.mistake(&named.entry, message);
        }
        number
    }

    /// A string.
    pub fn text_of(&self, named: &Named) -> Option<Text> {
        self.as_text(&named.entry)
    }

    /// One of several words, written without quotes.
    pub fn choice<T: Copy>(&mut self, key: &'static str, choices: &[(&str, T)]) -> Option<SpannedValue<T>> {
        let entry = self.once(key)?;
        let word = match &entry.value {
            Value::Expression(Expr::Path(path)) => path.path.get_ident().map(|word| word.unraw().to_string()),
            _ => None,
        };
        let Some(word) = word else {
            let example = entry.text().map_or_else(|| "…".to_owned(), |text| text.to_string());
            self.mistake(&entry, format!("`{key}` takes a word, without quotes: {key} = {example}"));
            return None;
        };
        self.chosen(key, &Text::new(word, entry.span()), choices)
    }

    /// One of several words, written as a string, as kube has it.
    pub fn quoted_choice<T: Copy>(&mut self, key: &'static str, choices: &[(&str, T)]) -> Option<SpannedValue<T>> {
        let text = self.text(key)?;
        self.chosen(key, &text, choices)
    }

    fn chosen<T: Copy>(&self, key: &str, text: &Text, choices: &[(&str, T)]) -> Option<SpannedValue<T>> {
        let found = choices.iter().find(|(word, _)| *word == text.as_str());
        if found.is_none() {
            let words: Vec<_> = choices.iter().map(|(word, _)| *word).collect();
            self.errors
                .at(&text.span(), format!("`{}` isn't a value of `{key}`; {}", **text, suggestion(text, &words)));
        }
        found.map(|(_, value)| SpannedValue::new(*value, text.span()))
    }

    /// The position of a key without a value.
    pub fn flag(&mut self, key: &'static str) -> Option<Span> {
        let entry = self.once(key)?;
        if !matches!(entry.value, Value::Word) {
            self.errors.at(&entry.key, format!("`{key}` stands alone, without a value"));
        }
        Some(entry.key.span())
    }

    /// A key that may have keys of its own, `key` or `key(…)`: its position, and those. `example` shows how to write those.
    pub fn flag_or_list(&mut self, key: &'static str, example: &str) -> Option<(Span, Option<Keys<'e>>)> {
        let entry = self.once(key)?;
        let list = if matches!(entry.value, Value::Word) { None } else { self.as_list(&entry, example) };
        Some((entry.key.span(), list))
    }

    /// `key`, `key = true` or `key = false`.
    pub fn boolean(&mut self, key: &'static str) -> Option<bool> {
        let entry = self.once(key)?;
        let value = match &entry.value {
            Value::Word => Some(true),
            Value::Expression(Expr::Lit(literal)) => match &literal.lit {
                Lit::Bool(value) => Some(value.value),
                _ => None,
            },
            Value::Expression(_) | Value::List(_) => None,
        };
        if value.is_none() {
            self.mistake(&entry, format!("`{key}` takes `true` or `false`, without quotes"));
        }
        value
    }

    /// A key that may have a string, `key` or `key = "…"`: none where it isn't given. `example` is how it would be written.
    pub fn flag_or_text(&mut self, key: &'static str, example: &str) -> Option<Option<Text>> {
        let entry = self.once(key)?;
        let text = entry.text();
        if text.is_none() && !matches!(entry.value, Value::Word) {
            self.mistake(&entry, format!("`{key}` stands alone, or takes a string: {key} = \"{example}\""));
        }
        Some(text)
    }

    /// Two strings, `key("…", "…")`; may be given several times. `example` is how they would be written.
    pub fn couples(&mut self, key: &'static str, example: &str) -> Vec<(Text, Text)> {
        self.take(key).iter().filter_map(|entry| self.as_couple(entry, example)).collect()
    }

    /// A path, bare or as a string.
    pub fn path(&mut self, key: &'static str) -> Option<Path> {
        let entry = self.once(key)?;
        let path = match &entry.value {
            Value::Expression(Expr::Path(path)) if path.qself.is_none() => Some(path.path.clone()),
            Value::Expression(Expr::Lit(literal)) => match &literal.lit {
                Lit::Str(text) => text.parse_with(Path::parse_mod_style).ok(),
                _ => None,
            },
            _ => None,
        };
        if path.is_none() {
            self.mistake(&entry, format!("`{key}` takes a path: {key} = path::to::item"));
        }
        path
    }

    /// A field of the struct itself: `key = self.field`.
    pub fn field(&mut self, key: &'static str) -> Option<Ident> {
        let entry = self.once(key)?;
        let field = match &entry.value {
            Value::Expression(Expr::Field(field)) => match (&*field.base, &field.member) {
                (Expr::Path(base), Member::Named(name)) if base.path.is_ident("self") => Some(name.clone()),
                _ => None,
            },
            _ => None,
        };
        if field.is_none() {
            self.mistake(&entry, format!("`{key}` takes a field of the struct: {key} = self.field"));
        }
        field
    }

    /// A list of keys, `key(…)`, that may be given once. `example` is how those would be written.
    pub fn list(&mut self, key: &'static str, example: &str) -> Option<Keys<'e>> {
        let entry = self.once(key)?;
        self.as_list(&entry, example)
    }

    /// A list of keys, `key(…)`, that may be given several times.
    pub fn lists(&mut self, key: &'static str, example: &str) -> Vec<Keys<'e>> {
        self.take(key).iter().filter_map(|entry| self.as_list(entry, example)).collect()
    }

    fn take(&mut self, key: &'static str) -> Vec<Entry> {
        self.known.push(key);
        self.drain(key)
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
        let text = entry.text();
        if text.is_none() {
            let key = &entry.key;
            self.mistake(entry, format!("`{key}` takes a string: {key} = \"…\""));
        }
        text
    }

    fn as_couple(&self, entry: &Entry, example: &str) -> Option<(Text, Text)> {
        let key = &entry.key;
        let items = match &entry.value {
            Value::List(tokens) => NestedMeta::parse_meta_list(tokens.clone()).unwrap_or_default(),
            Value::Word | Value::Expression(_) => Vec::new(),
        };
        if let [NestedMeta::Lit(Lit::Str(one)), NestedMeta::Lit(Lit::Str(other))] = items.as_slice() {
            return Some((Text::new(one.value(), one.span()), Text::new(other.value(), other.span())));
        }
        self.errors.at(key, format!("`{key}` takes a key and a value, two strings: {key}({example})"));
        None
    }

    fn as_list(&self, entry: &Entry, example: &str) -> Option<Keys<'e>> {
        let key = &entry.key;
        let Value::List(tokens) = &entry.value else {
            self.errors.at(key, format!("`{key}` takes keys in parentheses: {key}({example})"));
            return None;
        };
        let mut keys = Keys::new(format!("`{key}(…)`"), key.span(), self.errors);
        keys.read(tokens.clone());
        Some(keys)
    }

    /// Reports a value at its place, or at the key's where there is no value.
    fn mistake(&self, entry: &Entry, message: String) {
        match &entry.value {
            Value::Word | Value::List(_) => self.errors.at(&entry.key, message),
            Value::Expression(expression) => self.errors.over(expression, message),
        }
    }
}

impl Entry {
    /// Its value, where that is a string.
    fn text(&self) -> Option<Text> {
        match &self.value {
            Value::Expression(Expr::Lit(literal)) => match &literal.lit {
                Lit::Str(text) => Some(Text::new(text.value(), text.span())),
                _ => None,
            },
            _ => None,
        }
    }

    fn span(&self) -> Span {
        match &self.value {
            Value::Word | Value::List(_) => self.key.span(),
            Value::Expression(expression) => expression.span(),
        }
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

/// The range in words; the ends of a Rust type don't interest anyone.
fn integers(range: &RangeInclusive<i64>) -> String {
    let (from, to) = (range.start(), range.end());
    match (*from == i64::from(i32::MIN), *to == i64::from(i32::MAX)) {
        (true, true) => "an integer".to_owned(),
        (_, true) => format!("an integer of {from} or more"),
        _ => format!("an integer from {from} to {to}"),
    }
}
