//! What operator-core promises, through its public face, pure: from a spec to objects, plans and the status. One program, since each would
//! link all of kube.

#![allow(clippy::unwrap_used, reason = "a test may stop at what it did not expect")]

mod accepted;
mod check;
mod cluster_scoped;
mod common;
mod conditions;
mod configuration;
mod customize;
mod form;
mod layers;
mod lost;
mod named;
mod plans;
mod pods;
mod powers;
mod precedence;
mod properties;
mod replicas;
mod secrets;
mod settings;
mod shapes;
mod stack;
mod stuck;
mod surroundings;
mod unknown;
mod validated;
mod volumes;
