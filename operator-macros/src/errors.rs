//! Collects every mistake, so that one build shows them all.

use std::{cell::RefCell, fmt::Display};

use proc_macro2::{Span, TokenStream};
use quote::ToTokens;
use syn::spanned::Spanned;

/// The mistakes found so far. Shared by reference: whoever finds one adds it and goes on.
#[derive(Default)]
pub struct Errors(RefCell<Vec<syn::Error>>);

impl Errors {
    /// Adds a mistake at the token that broke the rule.
    pub fn at(&self, token: &impl Spanned, message: impl Display) {
        self.add(syn::Error::new(token.span(), message));
    }

    /// Adds a mistake that several tokens make up.
    pub fn over(&self, tokens: &impl ToTokens, message: impl Display) {
        self.add(syn::Error::new_spanned(tokens, message));
    }

    /// Adds what a parser found.
    pub fn add(&self, error: syn::Error) {
        self.0.borrow_mut().push(error);
    }

    /// The mistakes as `compile_error!`s, in the order of the source; none where there are none.
    pub fn finish(self) -> Option<TokenStream> {
        let mut errors = self.0.into_inner();
        errors.sort_by_key(|error| position(error.span()));
        errors
            .into_iter()
            .reduce(|mut all, error| {
                all.combine(error);
                all
            })
            .map(|errors| errors.to_compile_error())
    }
}

/// Line and column; outside of the compiler, in unit tests, tokens have none.
fn position(span: Span) -> (usize, usize) {
    if !proc_macro::is_available() {
        return (0, 0);
    }
    let span = span.unwrap();
    (span.line(), span.column())
}

/// `did you mean …?` where one of the known words is near, else all of them.
pub fn suggestion(word: &str, known: &[&str]) -> String {
    match (nearest(word, known), known) {
        (Some(candidate), _) => format!("did you mean `{candidate}`?"),
        (None, [only]) => format!("there is only `{only}`"),
        (None, _) => format!("there are {}", listed(known)),
    }
}

/// The known word that may have been meant.
pub fn nearest<'a>(word: &str, known: &[&'a str]) -> Option<&'a str> {
    alike(word, known, 0.8)
}

/// Whether a name of the author's is rather a slip of a known word: `protocl`, but not `proto`.
pub fn is_slip(name: &str, known: &[&str]) -> bool {
    alike(name, known, 0.93).is_some()
}

/// The known word that is most like it, and more than so much, of 1.
fn alike<'a>(word: &str, known: &[&'a str], least: f64) -> Option<&'a str> {
    known
        .iter()
        .map(|candidate| (strsim::jaro_winkler(&word.to_lowercase(), &candidate.to_lowercase()), *candidate))
        .filter(|(likeness, _)| *likeness > least)
        .max_by(|(one, _), (other, _)| one.total_cmp(other))
        .map(|(_, candidate)| candidate)
}

/// `a`, `b` and `c`.
fn listed(words: &[&str]) -> String {
    let quoted: Vec<_> = words.iter().map(|word| format!("`{word}`")).collect();
    match quoted.as_slice() {
        [] => String::new(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}
