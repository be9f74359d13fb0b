//! What the compiler can't see of a definition: whether it fits the schema, and what the author's functions do.
//!
//! A test of one line shows it, before anyone installs the kind: `operator_core::check::<Cache>().unwrap()`. It says what to write:
//!
//! ```
//! use operator_core::prelude::*;
//!
//! /// A cache.
//! #[derive(DataOperator, Clone, Debug, Serialize, Deserialize, JsonSchema)]
//! #[operator(group = "cache.example.com", version = "v1alpha1", kind = "Cache")]
//! #[operator(printcolumn(name = "Zone", type = "string", json_path = ".spec.place.zon"))]
//! pub struct CacheSpec {
//!     #[operator(image)]
//!     pub image: String,
//!     /// Where the nodes run.
//!     pub place: Place,
//!     #[node_type(name = "server")]
//!     pub servers: BTreeMap<String, NodeSpec>,
//! }
//!
//! #[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
//! pub struct Place {
//!     pub zone: String,
//! }
//!
//! let findings = operator_core::check::<Cache>().unwrap_err();
//! assert_eq!(
//!     findings.to_string(),
//!     "the definition of Cache has a mistake:\n\
//!      - printcolumn \"Zone\": `.spec.place` has no field `zon`; did you mean `zone`?"
//! );
//! ```
//!
//! | module | subject |
//! | --- | --- |
//! | `path` | paths in a schema |
//! | `columns` | paths of columns, of the scale subresource and of selectable fields |
//! | `fields` | fields that the definition names, and what is written to files |
//! | `rules` | CEL |
//! | `sample` | a small spec that the schema accepts |
//! | `trial` | what the spec's type and the author's functions make of it |
//! | `form` | the same of a form |

mod columns;
mod fields;
mod form;
mod path;
mod rules;
mod sample;
mod trial;

use std::{collections::HashSet, fmt, panic::AssertUnwindSafe};

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use serde::Deserialize;
use serde_json::Value;

use crate::{
    crd,
    definition::Definition,
    model::ClusterStatus,
    render::{
        Author,
        cluster::{Cluster, DataOperator},
    },
};

/// Checks the definition of `K`, for a test of the author's; the commands `crd` and `run` check it, too: the first fails, the second only logs what is wrong. Takes some milliseconds.
///
/// - Paths of columns, `scale`, `selectable` and externals are in the schema, and have a type that fits.
/// - Fields that CEL rules name below `self` are in the schema; brackets and quotes of rules are closed.
/// - Fields of the spec that attributes name are in the schema, and their files' formats can hold them.
/// - The spec's type reads what the schema accepts: its fields, and their defaults.
/// - The author's functions don't panic over a small spec, and its children have names of their own.
///
/// The small spec has what the schema requires and a node of each node type. Where a required field has a pattern, or the kind has CEL rules,
/// the author says by an `example` (`#[schemars(example = "…")]`) what fits; without, functions aren't called.
///
/// # Errors
/// Everything that is wrong, each with what to write.
pub fn check<K: Cluster>() -> Result<(), Findings> {
    let Definition { kind, .. } = *K::DEFINITION;
    let derived = caught(|| match K::Spec::FORM {
        None => (crd::value::<K::Spec, ClusterStatus>(K::DEFINITION), None),
        Some(_) => {
            let spec = crd::fitted(crd::schema::<K::Spec>(), K::DEFINITION);
            (crd::form_value::<<K::Spec as DataOperator>::Form, ClusterStatus>(K::DEFINITION), Some(spec))
        }
    });
    let found = match derived {
        Err(panic) => vec![Finding::new("schema", format!("it can't be derived: {panic}"))],
        Ok((crd, None)) => found(Author::of::<K>(), &crd, None),
        Ok((crd, Some(spec))) => {
            let form = crd.pointer(SPEC).unwrap_or(&Value::Null);
            [found(Author::of_struct::<K>(), &crd, Some(&spec)), form::check(Author::of::<K>(), form)].concat()
        }
    };
    let mut seen = HashSet::new();
    let found: Vec<Finding> = found.into_iter().filter(|finding| seen.insert(finding.clone())).collect();
    if found.is_empty() { Ok(()) } else { Err(Findings { kind, found }) }
}

/// What is wrong with a definition.
#[derive(Clone, PartialEq, Eq, thiserror::Error)]
pub struct Findings {
    /// The kind.
    pub kind: &'static str,
    /// At least one.
    pub found: Vec<Finding>,
}

/// A mistake in a definition.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Finding {
    /// The attribute, such as `printcolumn "Image"`, or the path in the schema, such as `spec.zookeeper`.
    pub path: String,
    /// What is wrong and what to write instead.
    pub message: String,
}

impl Finding {
    fn new(path: impl Into<String>, message: impl Into<String>) -> Self {
        Self { path: path.into(), message: message.into() }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path, self.message)
    }
}

impl fmt::Display for Findings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count =
            if let [_] = *self.found { "a mistake".to_owned() } else { format!("{} mistakes", self.found.len()) };
        write!(f, "the definition of {} has {count}:", self.kind)?;
        self.found.iter().try_for_each(|finding| write!(f, "\n- {finding}"))
    }
}

/// What `unwrap` prints: a line each.
impl fmt::Debug for Findings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A definition, with what it is checked against.
#[derive(Clone, Copy)]
struct Subject<'a> {
    author: Author,
    /// The schema of the whole object, without its metadata.
    object: &'a Value,
    /// The schema of the author's struct.
    spec: &'a Value,
}

/// Where the schema of what users write stands in a CustomResourceDefinition.
const SPEC: &str = "/spec/versions/0/schema/openAPIV3Schema/properties/spec";

/// `spec`: the schema of the author's struct, where users write a form.
fn found(author: Author, crd: &Value, spec: Option<&Value>) -> Vec<Finding> {
    if let Err(error) = CustomResourceDefinition::deserialize(crd) {
        return vec![Finding::new("schema", format!("it is no OpenAPI schema: {error}"))];
    }
    let object = crd.pointer("/spec/versions/0/schema/openAPIV3Schema").unwrap_or(&Value::Null);
    let subject = Subject { author, object, spec: spec.or(crd.pointer(SPEC)).unwrap_or(&Value::Null) };
    let mut found = [columns::check, fields::check, rules::check].iter().flat_map(|check| check(&subject)).collect();
    trial::check(&subject, &mut found);
    found
}

/// A function of the author's panics; with its message.
#[derive(Debug, thiserror::Error)]
#[error("it panics: {0}")]
struct Panic(String);

/// The result of a function of the author's, or that it panics.
fn caught<T>(function: impl FnOnce() -> T) -> Result<T, Panic> {
    std::panic::catch_unwind(AssertUnwindSafe(function)).map_err(|panic| {
        let message = panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref().copied());
        Panic(message.unwrap_or("the log says where").to_owned())
    })
}
