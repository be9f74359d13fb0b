//! What generated code calls. Small, stable, and not for people.

use std::{fmt::Display, marker::PhantomData};

pub use k8s_openapi;
pub use schemars;
pub use serde;

use crate::{
    DataOperator, NodeDefaults,
    definition::{Definition, NodeKinds, Surroundings},
    model::{Identity, Invalid},
    render::{Customize, Form, Formed, HookError, call_form, customize::Customization},
    settings::kinds,
};
use ::schemars::JsonSchema;
use futures::future::{BoxFuture, FutureExt, TryFutureExt};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

/// Stands for a struct that can't be a spec.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct NoSpec {}

impl DataOperator for NoSpec {
    type Form = Self;

    const DEFINITION: &'static Definition = &Definition::EMPTY;
    const CRD_NAME: &'static str = "";
}

/// Makes the struct `S` of its form.
///
/// # Errors
/// What is wrong with it.
pub fn form<F: Form<Spec = S>, S: Serialize>(
    form: &serde_json::Value,
    cluster: &Identity,
) -> Result<Formed<serde_json::Value>, Vec<Invalid>> {
    call_form::<F>(form, cluster)
}

/// Runs a `defaults = path` function.
pub fn defaults(defaults: fn() -> NodeDefaults) -> serde_json::Value {
    serde_json::to_value(defaults()).unwrap_or_default()
}

/// Runs a `with = path` function of a configuration file over the struct that declares it.
///
/// # Errors
/// Where the struct can't be read.
pub fn compute<T: DeserializeOwned, Arguments, F: Computes<T, Arguments>>(
    holder: &serde_json::Value,
    around: &Surroundings<'_>,
    with: F,
) -> Result<Computed<F::Value>, String> {
    let holder = T::deserialize(holder).map_err(|error| error.to_string())?;
    Ok(Computed(with.compute(&holder, around)))
}

/// A function that computes what is written to a file, from the struct that declares it, or from that and its surroundings.
#[diagnostic::on_unimplemented(
    message = "this function can't compute a file of `{T}`",
    label = "not `fn(&{T}) -> V`",
    note = "write `fn(&{T}) -> V` or `fn(&{T}, &Surroundings) -> V`, where `V`, or the `V` of a `Result<V, E>`, can be serialised"
)]
pub trait Computes<T, Arguments> {
    /// What it returns.
    type Value;

    /// Calls it.
    fn compute(&self, holder: &T, around: &Surroundings<'_>) -> Self::Value;
}

impl<T, V, F: Fn(&T) -> V> Computes<T, fn(&T) -> V> for F {
    type Value = V;

    fn compute(&self, holder: &T, _: &Surroundings<'_>) -> V {
        self(holder)
    }
}

impl<T, V, F: Fn(&T, &Surroundings<'_>) -> V> Computes<T, fn(&T, &Surroundings<'_>) -> V> for F {
    type Value = V;

    fn compute(&self, holder: &T, around: &Surroundings<'_>) -> V {
        self(holder, around)
    }
}

/// What a function returned. Generated code calls `value` on a reference to it: of both traits that have such a method, the compiler
/// takes [`Fallible`] where it returned a `Result`, or else [`Infallible`].
pub struct Computed<V>(V);

/// See [`Computed`].
pub trait Fallible {
    /// The value as JSON, or the function's own error.
    ///
    /// # Errors
    /// The function's own, or where the value can't be serialised.
    fn value(&self) -> Result<serde_json::Value, String>;
}

impl<V: Serialize, E: Display> Fallible for Computed<Result<V, E>> {
    fn value(&self) -> Result<serde_json::Value, String> {
        self.0.as_ref().map_err(ToString::to_string).and_then(json)
    }
}

/// See [`Computed`].
pub trait Infallible {
    /// The value as JSON.
    ///
    /// # Errors
    /// Where it can't be serialised.
    fn value(&self) -> Result<serde_json::Value, String>;
}

impl<V: Serialize> Infallible for &Computed<V> {
    fn value(&self) -> Result<serde_json::Value, String> {
        // Serde would write it, as `Ok` or `Err`.
        if std::any::type_name::<V>().starts_with("core::result::Result<") {
            return Err("the function returns a `Result` whose error has no `Display`: give it one".to_owned());
        }
        json(&self.0)
    }
}

fn json(value: &impl Serialize) -> Result<serde_json::Value, String> {
    serde_json::to_value(value).map_err(|error| error.to_string())
}

/// Holds the hook of `T`: the compiler takes the constant of the type before that of [`NoHook`], where `T` implements [`Customize`].
pub struct Hook<T>(PhantomData<T>);

impl<T: DeserializeOwned + Customize> Hook<T> {
    /// It has one.
    pub const CUSTOMIZE: Option<Customization> = Some(Customization {
        kinds: T::KINDS,
        call: |spec, scope, children| {
            let spec: T = read(spec).map_err(|error| HookError::from(error.to_string()))?;
            spec.customize(scope, children)
        },
    });
}

/// The struct that declares something, from its JSON.
///
/// # Errors
/// Where it isn't one.
pub fn read<T: DeserializeOwned>(holder: &serde_json::Value) -> Result<T, serde_json::Error> {
    T::deserialize(holder)
}

/// A number of copies: the type of a field named in `copies = self.field`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` can't say how many copies of a node there are",
    label = "not a `u8`, `u16` or `u32`, or an `Option` of one"
)]
pub trait Count {
    /// How many.
    fn number(self) -> u32;
}

/// Declares the numbers.
macro_rules! counts {
    ($($number:ty)*) => {$(
        impl Count for $number {
            fn number(self) -> u32 {
                self.into()
            }
        }

        /// One, where it is left out.
        impl Count for Option<$number> {
            fn number(self) -> u32 {
                self.map_or(1, Into::into)
            }
        }
    )*};
}
counts!(u8 u16 u32);

/// A number of copies.
pub fn count(number: impl Count) -> u32 {
    number.number()
}

/// The schema of an enum marked `#[node_types]`, from those of its variants.
pub fn node_types<T: NodeKinds>(
    generator: &mut schemars::SchemaGenerator,
    types: &mut [schemars::Schema],
) -> schemars::Schema {
    kinds::schema::<T>(generator, types)
}

/// See [`Hook`]; imported where that is asked.
pub trait NoHook {
    /// It has none.
    const CUSTOMIZE: Option<Customization> = None;
}

impl<T> NoHook for Hook<T> {}

/// Runs a `check = path` function of an external over the value at its path.
pub fn check<T: DeserializeOwned, E: Display + 'static, F: Future<Output = Result<(), E>> + Send + 'static>(
    value: serde_json::Value,
    check: fn(T) -> F,
) -> BoxFuture<'static, Result<(), String>> {
    match T::deserialize(value) {
        Ok(value) => check(value).map_err(|error| error.to_string()).boxed(),
        Err(error) => std::future::ready(Err(error.to_string())).boxed(),
    }
}
