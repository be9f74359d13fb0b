//! Tests only; see `ui` and `e2e`.
