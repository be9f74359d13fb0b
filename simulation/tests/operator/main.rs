//! The operator's own loop against the model: late views, lost answers, restarts between any two writes, people and autoscalers in between.
//!
//! | module | holds |
//! | --- | --- |
//! | `kinds` | the kind under test |
//! | `specs` | random specs of it |
//! | `wire` | the operator's client: it notes every write, and loses some |
//! | `watch` | a watch that learns of things late |
//! | `world` | the model, the operator and what happens to them |
//! | `steps` | random steps |
//! | `promises` | what users were promised |
//! | `properties` | random steps keep the promises |
//! | `cases` | single stories, and what the properties once found |

#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs, reason = "a test may stop at what it did not expect")]

mod cases;
mod kinds;
mod promises;
mod properties;
mod specs;
mod steps;
mod watch;
mod wire;
mod world;
