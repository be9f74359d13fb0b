//! A real Kubernetes control plane on localhost, for the tests, the demo and the benchmarks of operators.
//!
//! etcd, the API server, the controller manager and the scheduler are Kubernetes' own; only the nodes are simulated, by kwok: their pods
//! become ready without running anything, and can be told by [annotations] to misbehave. It starts in about four seconds, on free ports, and
//! ends with the process that started it, however that ends, leaving nothing behind.
//!
//! ```no_run
//! use k8s_openapi::api::core::v1::ConfigMap;
//! use kube::api::{Api, PostParams};
//! use operator_testbed::Testbed;
//!
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let testbed = Testbed::shared().await?;
//! let namespace = testbed.namespace("example").await?;
//! let config_maps: Api<ConfigMap> = Api::namespaced(testbed.client().await?, namespace.name());
//! let config_map = serde_json::from_value(serde_json::json!({ "metadata": { "name": "settings" } }))?;
//! config_maps.create(&PostParams::default(), &config_map).await?;
//! # Ok(())
//! # }
//! ```
//!
//! # Where the control plane comes from
//! The first of these that there is:
//! 1. the cluster of the kubeconfig file that the environment variable `TESTBED_KUBECONFIG` names; nothing is started then;
//! 2. the programs `etcd`, `kube-apiserver`, `kube-controller-manager`, `kube-scheduler` and `kwok` in the folder `KUBEBUILDER_ASSETS`;
//! 3. one binary of all of them, in the user's cache folder (`$XDG_CACHE_HOME` or `~/.cache`), built once from their Go modules by this crate.
//!    That needs Go and takes several minutes; a line on standard error tells how far it is.
//!
//! # Map
//! | module | subject |
//! | --- | --- |
//! | `testbed` | [`Testbed`]: start, share, clients |
//! | `namespace` | [`Namespace`]: a fresh one per test |
//! | `request` | [`Request`]: what the API server was asked, from its audit log |
//! | `recorder` | the same from the client, where there is no audit log |
//! | [`annotations`] | how pods are told to misbehave |
//! | `source` | where the programs come from; `source/build` builds them |
//! | `control_plane` | the processes: their folder, ports and flags, their watchdog, the cluster's first objects |
//! | `error` | [`Error`] |
//!
//! `manifests/stages.yaml` is what the simulated nodes and volumes do, `control-plane/` the Go program, and the binary `operator-testbed` a
//! control plane for people.

pub mod annotations;
mod control_plane;
mod error;
mod namespace;
mod recorder;
mod request;
mod source;
mod testbed;

pub use control_plane::Component;
pub use error::Error;
pub use namespace::Namespace;
pub use request::Request;
pub use testbed::Testbed;
