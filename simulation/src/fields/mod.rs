//! Server-side apply: who owns which field.
//!
//! | module | holds |
//! | --- | --- |
//! | `set` | sets of field paths, `fieldsV1` |
//! | `place` | how lists and maps are merged |
//! | `walk` | field sets of values, comparison |
//! | `merge` | merging and removing values |
//! | `managers` | the entries of `managedFields`: apply and update |
//!
//! Source: `sigs.k8s.io/structured-merge-diff/v6` and `k8s.io/apimachinery/pkg/util/managedfields`.

mod managers;
mod merge;
mod place;
mod set;
mod walk;

pub use managers::{Entries, Manager, Operation};
pub use place::{Place, Rule, Rules, element};
pub use set::FieldSet;
pub use walk::duplicate;
