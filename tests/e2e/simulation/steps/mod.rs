//! What both sides are asked, in order.
//!
//! | module | holds |
//! | --- | --- |
//! | this one | [`Step`] and how one is written |
//! | `objects` | the objects that are sent |
//! | `ownership` | apply, conflicts, drift: who owns which field |
//! | `kinds` | refusals, kinds by kind, creation by POST, custom resources |
//! | `deletions` | preconditions, finalizers, propagation |
//! | `life` | the life of a cluster |
//! | `scenario` | writes after which the controllers come to rest |

mod deletions;
mod kinds;
mod life;
mod objects;
mod ownership;
mod scenario;

use serde_json::{Value, json};

pub use deletions::{deletions, garbage, last_owner};
pub use life::{Chapter, DENIED, life, life_with_jobs};
pub use objects::deployment;
pub use scenario::{scenario, workloads};

/// The namespace's name on the side of the model.
pub const NAMESPACE: &str = "simulation-model";

/// The body of a request.
pub enum Body {
    Json(Value),
    /// Made from the object at a path.
    Of(String, fn(Value) -> Value),
}

/// One request.
pub struct Step {
    pub name: String,
    pub method: String,
    pub content: &'static str,
    pub path: String,
    pub body: Body,
    /// Whether nobody else changes the object meanwhile: pods and claims are changed by nodes at any time.
    pub is_steady: bool,
    pub compares_causes: bool,
}

impl Step {
    fn new(name: &str, method: &str, content: &'static str, path: String, body: Value) -> Self {
        let (name, method, body) = (name.to_owned(), method.to_owned(), Body::Json(body));
        Self { name, method, content, path, body, is_steady: true, compares_causes: true }
    }

    pub fn get(path: &str) -> Self {
        Self::new("get", "GET", "", path.to_owned(), Value::Null)
    }

    fn unsteady(self) -> Self {
        Self { is_steady: false, ..self }
    }

    fn without_causes(self) -> Self {
        Self { compares_causes: false, ..self }
    }
}

pub fn at(plural: &str, name: &str) -> String {
    let api = match plural {
        "configmaps" | "secrets" | "services" | "serviceaccounts" | "pods" | "persistentvolumeclaims" => "/api/v1",
        "statefulsets" | "deployments" | "daemonsets" => "/apis/apps/v1",
        "jobs" => "/apis/batch/v1",
        "roles" | "rolebindings" => "/apis/rbac.authorization.k8s.io/v1",
        "ingresses" | "networkpolicies" => "/apis/networking.k8s.io/v1",
        "poddisruptionbudgets" => "/apis/policy/v1",
        "datas" => "/apis/tests.example.com/v1",
        "planneds" => "/apis/plans.example.com/v1",
        "horizontalpodautoscalers" => "/apis/autoscaling/v2",
        _ => "/apis/simulation.test/v1",
    };
    let name = if name.is_empty() { String::new() } else { format!("/{name}") };
    format!("{api}/namespaces/{NAMESPACE}/{plural}{name}")
}

/// The body of an apply must name the object.
fn named(path: &str, mut body: Value) -> Value {
    let object = path.split('/').nth(if path.starts_with("/api/") { 6 } else { 7 }).unwrap();
    if body.is_object() {
        if body["metadata"].is_null() {
            body["metadata"] = json!({});
        }
        if body["metadata"]["name"].is_null() {
            body["metadata"]["name"] = object.into();
        }
    }
    body
}

fn apply(name: &str, path: &str, manager: &str, body: Value) -> Step {
    let body = named(path, body);
    Step::new(name, "PATCH", "application/apply-patch+yaml", format!("{path}?fieldManager={manager}"), body)
}

fn force(name: &str, path: &str, manager: &str, body: Value) -> Step {
    let body = named(path, body);
    Step::new(name, "PATCH", "application/apply-patch+yaml", format!("{path}?fieldManager={manager}&force=true"), body)
}

fn patch(name: &str, path: &str, manager: &str, body: Value) -> Step {
    Step::new(name, "PATCH", "application/merge-patch+json", format!("{path}?fieldManager={manager}"), body)
}

/// A merge patch made from the object as it is.
fn change(name: &str, path: &str, manager: &str, body: fn(Value) -> Value) -> Step {
    Step { body: Body::Of(path.to_owned(), body), ..patch(name, path, manager, Value::Null) }
}

fn post(name: &str, plural: &str, body: Value) -> Step {
    Step::new(name, "POST", "application/json", format!("{}?fieldManager=operator", at(plural, "")), body)
}

fn delete(name: &str, path: &str, options: Value) -> Step {
    Step::new(name, "DELETE", "application/json", path.to_owned(), options)
}

/// `object` with some values set by JSON pointer; `null` removes one.
fn with(mut object: Value, changes: &[(&str, Value)]) -> Value {
    for (pointer, value) in changes {
        let (parent, key) = pointer.rsplit_once('/').unwrap();
        let parent = object.pointer_mut(parent).unwrap_or_else(|| panic!("{pointer}"));
        match parent {
            Value::Object(map) if value.is_null() => {
                map.remove(key);
            }
            Value::Object(map) => {
                map.insert(key.to_owned(), value.clone());
            }
            parent => *parent.pointer_mut(&format!("/{key}")).unwrap() = value.clone(),
        }
    }
    object
}

/// Everything up to the deletions.
pub fn before_deletions() -> Vec<Step> {
    [ownership::all(), kinds::all(), deletions::owners()].into_iter().flatten().collect()
}
