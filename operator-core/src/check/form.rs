//! What the author's form makes of a small value that its schema accepts.

use serde_json::Value;

use super::{
    Finding, caught,
    sample::{Sampler, TEXT, example},
    trial::panics,
};
use crate::{
    model::Identity,
    render::{Author, render},
    settings::json::joined,
};

/// The form's type reads it, and the author's functions don't panic over what comes of it. What the author gives as an example has children.
pub fn check(author: Author, schema: &Value) -> Vec<Finding> {
    let sample = Sampler::new(true).of(schema);
    let is_example = example(schema).is_some();
    let cluster = Identity { namespace: TEXT.to_owned(), name: TEXT.to_owned(), uid: TEXT.to_owned() };
    let rendered = caught(|| (author.read)(&sample).and_then(|spec| render(&cluster, &spec, author)));
    match rendered {
        Err(panic) => vec![Finding::new("form", panics(&panic, &sample))],
        Ok(Err(invalid)) if is_example => {
            let found = invalid.into_iter().map(|invalid| {
                Finding::new(joined("spec", &invalid.path), format!("{} (in the example of the form)", invalid.message))
            });
            found.collect()
        }
        // By a judgement about which nothing is known here.
        Ok(_) => Vec::new(),
    }
}
