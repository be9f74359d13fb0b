//! Operators on a real control plane: what a user sees with `kubectl`, and what the API server was asked.
//!
//! Each test has a namespace and an operator of its own; all share one control plane.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may stop at what it did not expect")]

mod accepted;
mod adoption;
mod children;
mod conditions;
mod customize;
mod ensemble;
mod externals;
mod fields;
mod form;
mod full;
mod install;
mod kinds;
mod lease;
#[path = "../looked.rs"]
#[allow(dead_code, reason = "the fault tests need more of it")]
mod looked;
mod lost;
mod names;
mod optional;
mod ownership;
mod plans;
mod pods;
mod powers;
mod quiet;
mod references;
mod refusals;
mod rollout;
mod schema;
mod setup;
mod shapes;
mod simulation;
mod specs;
mod takeover;
mod together;
mod trouble;
mod watches;
