//! Collects every mistake, so that one build shows them all.

use std::{cell::RefCell, fmt::Display};

use proc_macro2::TokenStream;
use syn::spanned::Spanned;

/// The mistakes found so far. Shared by reference: whoever finds one adds it and goes on.
#[derive(Default)]
pub struct Errors(RefCell<Option<syn::Error>>);

impl Errors {
    /// Adds a mistake at the token that broke the rule.
    pub fn at(&self, token: &impl Spanned, message: impl Display) {
        self.add(syn::Error::new(token.span(), message));
    }

    /// Adds what a parser found.
    pub fn add(&self, error: syn::Error) {
        match &mut *self.0.borrow_mut() {
            Some(errors) => errors.combine(error),
            none => *none = Some(error),
        }
    }

    /// The mistakes as `compile_error!`s; none where there are none.
    pub fn finish(self) -> Option<TokenStream> {
        self.0.into_inner().map(|errors| errors.to_compile_error())
    }
}

/// `; did you mean …?` where one of the known words is near, else `; …` with all of them.
pub fn suggestion(word: &str, known: &[&str]) -> String {
    let nearest = known
        .iter()
        .map(|candidate| (strsim::jaro_winkler(&word.to_lowercase(), &candidate.to_lowercase()), candidate))
        .filter(|(likeness, _)| *likeness > 0.8)
        .max_by(|(one, _), (other, _)| one.total_cmp(other));
    match nearest {
        Some((_, candidate)) => format!("did you mean `{candidate}`?"),
        None => format!("there are {}", listed(known)),
    }
}

/// `a`, `b` and `c`.
pub fn listed(words: &[&str]) -> String {
    let quoted: Vec<_> = words.iter().map(|word| format!("`{word}`")).collect();
    match quoted.as_slice() {
        [] => String::new(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}
