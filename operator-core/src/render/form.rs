//! What users write, where its shape isn't that of the author's struct.

use schemars::JsonSchema;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

use super::placeholder;
use crate::{
    model::{Identity, Invalid},
    settings::json::joined,
};

/// A `spec` of the author's own shape: what users write and the API server validates. Its type stands in `#[operator(form = …)]` of the struct
/// that carries the derive, which then is what the form comes to; users don't see it.
///
/// The schema of the kind is that of the form. Rules and columns (`validation`, `printcolumn`, `scale`, `selectable`) name its fields;
/// all other attributes are about the struct, and so is what functions, `validate` and a hook get.
#[diagnostic::on_unimplemented(
    message = "`{Self}` isn't the form of a kind",
    label = "has no `impl Form`",
    note = "write `impl Form for {Self}`: its `spec` makes of it the struct that carries the derive"
)]
pub trait Form: Serialize + DeserializeOwned + JsonSchema {
    /// The struct that carries the derive.
    type Spec;

    /// Whether references `${…}` in texts of the form are replaced. Otherwise they are literal, and those in texts that [`Form::spec`]
    /// adds are references all the same.
    const REFERENCES: bool = false;

    /// What it comes to. Pure: equal forms of a cluster give equal specs.
    ///
    /// # Errors
    /// What is wrong with it, each with its path in the form.
    fn spec(self, cluster: &Identity) -> Result<Formed<Self::Spec>, Vec<Invalid>>;
}

/// What a form comes to, and where the parts of that come from.
///
/// ```
/// # use operator_core::render::Formed;
/// # struct CacheSpec;
/// # let (spec, key) = (CacheSpec, "hot");
/// let mut formed = Formed::from(spec);
/// formed.origin(format!("servers.{key}"), format!("nodes.{key}"));
/// formed.origin(format!("servers.{key}.storage.data"), format!("nodes.{key}.volume"));
/// # assert_eq!(formed.origins().of("servers.hot.storage.data.size").as_deref(), Some("nodes.hot.volume.size"));
/// ```
#[derive(Clone, Debug)]
pub struct Formed<Spec> {
    /// The spec.
    pub spec: Spec,
    origins: Origins,
}

impl<Spec> From<Spec> for Formed<Spec> {
    fn from(spec: Spec) -> Self {
        Self { spec, origins: Origins::default() }
    }
}

impl<Spec> Formed<Spec> {
    /// What is wrong with `part` of the spec, or below it, is wrong with this place of the form. An empty path is the whole; of several parts,
    /// the longest counts.
    pub fn origin(&mut self, part: impl Into<String>, of_form: impl Into<String>) -> &mut Self {
        self.origins.0.push((part.into(), of_form.into()));
        self
    }

    /// Where its parts come from.
    pub fn origins(&self) -> &Origins {
        &self.origins
    }
}

/// Where in a form the parts of a spec come from.
#[derive(Clone, Debug, Default)]
pub struct Origins(Vec<(String, String)>);

impl Origins {
    /// The path in the form for one in the spec; none where the author says nothing about it.
    pub fn of(&self, path: &str) -> Option<String> {
        let below = |(part, of_form): &(String, String)| {
            let rest = path.strip_prefix(part.as_str())?;
            let is_part = rest.is_empty() || part.is_empty() || rest.starts_with(['.', '[']);
            let rest = rest.strip_prefix('.').unwrap_or(rest);
            let joined = if rest.starts_with('[') || rest.is_empty() {
                format!("{of_form}{rest}")
            } else {
                joined(of_form, rest)
            };
            is_part.then_some((part.len(), joined))
        };
        self.0.iter().filter_map(below).max_by_key(|(length, _)| *length).map(|(_, path)| path)
    }

    /// A mistake in the words of the form.
    pub fn invalid(&self, invalid: Invalid) -> Invalid {
        let Invalid { path, mut message } = invalid;
        placeholder::unescape_text(&mut message);
        match self.of(&path) {
            Some(path) => Invalid { path, message },
            None if path.is_empty() => Invalid { path, message },
            None => Invalid::new("", format!("{message} (at `{path}` of what the operator makes of it)")),
        }
    }
}

/// What the author's form makes of what a user wrote.
pub type Former = fn(&Value, &Identity) -> Result<Formed<Value>, Vec<Invalid>>;

/// Calls the form's function over its JSON.
pub(crate) fn call<F: Form>(form: &Value, cluster: &Identity) -> Result<Formed<Value>, Vec<Invalid>>
where
    F::Spec: Serialize,
{
    let wrong = |error: serde_json::Error| vec![Invalid::new("", error.to_string())];
    let mut form = form.clone();
    if !F::REFERENCES {
        placeholder::escape(&mut form);
    }
    let formed = F::deserialize(form).map_err(wrong)?.spec(cluster);
    let Formed { spec, origins } = formed.map_err(|mut invalid| {
        invalid.iter_mut().for_each(|invalid| placeholder::unescape_text(&mut invalid.message));
        invalid
    })?;
    Ok(Formed { spec: serde_json::to_value(spec).map_err(wrong)?, origins })
}
