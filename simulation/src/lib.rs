//! A pure, deterministic model of a Kubernetes API server with its garbage collector and workload controllers, to test an operator's
//! reconcile loop without a control plane.
//!
//! It does no I/O and has neither clock nor randomness: a test decides what happens in which order. Source of every rule is the code of
//! Kubernetes 1.36; `tests/e2e/simulation` sends the same requests to the model and to a real control plane, and runs an operator on both.
//!
//! ```
//! use http::Request;
//! use operator_simulation::{ApiServer, View, controllers};
//!
//! let mut server = ApiServer::new();
//! let body = r#"{ "apiVersion": "v1", "kind": "ConfigMap", "metadata": { "name": "settings" }, "data": { "a": "1" } }"#;
//! let apply = Request::patch("/api/v1/namespaces/test/configmaps/settings?fieldManager=operator")
//!     .header("content-type", "application/apply-patch+yaml")
//!     .body(body.into())?;
//! assert_eq!(server.handle(&apply).status(), 201);
//! assert_eq!(server.handle(&apply).status(), 200);
//! // The second apply changed nothing: a watcher learns of one write.
//! assert_eq!(View::new("configmaps").deliver(&server, 10).len(), 1);
//! assert!(controllers::settle(&mut server, 10));
//! # Ok::<(), http::Error>(())
//! ```
//!
//! # Map
//! | module | subject |
//! | --- | --- |
//! | `server` | [`ApiServer`]: what is stored; requests, create, apply, update, delete, scale |
//! | `call`, `selector` | paths, queries and selectors of requests |
//! | `status` | [`Status`]: errors |
//! | `kind` | [`Kind`]: the kinds that are served, and custom ones |
//! | `fields` | server-side apply: list types, field sets, `managedFields` |
//! | `defaults`, `quantity` | what is added or normalised when an object is stored |
//! | `refusals` | what isn't stored: immutable fields, duplicates |
//! | `log` | [`Event`], and [`View`]s that learn of writes late |
//! | [`controllers`] | garbage collector, workloads, pods, as steps |
//! | `client` | [`client()`]: a `kube::Client` of the model, with watches |
//! | `operator` | with the feature `operator`: an operator's own loop against the model |
//!
//! # Not in the model
//! Namespaces (any name will do), authentication and RBAC, schemas of custom kinds, versions of a kind other than its own, JSON and strategic
//! merge patches, paging, the ControllerRevisions of workloads, EndpointSlices, autoscaling, evictions and disruption budgets.

mod call;
mod client;
pub mod controllers;
mod defaults;
mod fields;
mod json;
mod kind;
mod log;
#[cfg(feature = "operator")]
pub mod operator;
mod quantity;
mod refusals;
mod selector;
mod server;
mod status;

pub use client::{Shared, client};
pub use fields::{Rule, Rules};
pub use kind::Kind;
pub use log::{Change, Event, View};
pub use server::{Admission, ApiServer, Deletion, Propagation};
pub use status::Status;
