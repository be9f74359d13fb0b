//! Reads attributes. What is written wrongly is reported at its token and left out, and reading goes on.
//!
//! The syntax and the values with spans are darling's. Its derived readers aren't used: they stop at the first round of
//! mistakes in an attribute, and the author would see the next ones only after putting those right.

mod choices;
mod config;
mod crd;
mod external;
mod field;
mod keys;
mod operator;
mod probe;
mod secret;
mod serde;
mod template;

use darling::util::SpannedValue;

pub use config::{ConfigKeys, overlap};
pub use external::ExternalKeys;
pub use field::{FieldAttributes, Role, Setting, SettingKeys};
pub use keys::Keys;
pub use operator::{Allow, OperatorKeys};
pub use secret::SecretKeys;
pub use serde::{Names, helper_key, kebab, renamed};
pub use template::PlaceKeys;

/// A string with the place where it is written.
pub type Text = SpannedValue<String>;
