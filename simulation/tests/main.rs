//! What the model does, seen through its REST API and its views.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may stop at what it did not expect")]

mod common;
mod controllers;
mod properties;
mod requests;
mod views;
