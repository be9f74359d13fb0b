//! The operator's own loop against the model: late views, lost answers, restarts between any two writes, people and autoscalers in between.
//!
//! | module | holds |
//! | --- | --- |
//! | `kinds` | the kind under test |
//! | `specs` | random specs of it |
//! | `world` | [`operator_simulation::operator::World`] with a cluster of that kind |
//! | `steps` | random steps |
//! | `promises` | what users were promised |
//! | `properties` | random steps keep the promises |
//! | `cases` | single stories, and what the properties once found |
//! | `jobs` | the same, of Jobs |
//! | `kept` | the same, of specs that are invalid |
//! | `lost` | the same, of generated Secrets that are deleted |
//! | `model` | all that can happen to small clusters, exhaustively |
//! | `stuck` | the same, of pods that keep others from being updated |

#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs, reason = "a test may stop at what it did not expect")]

mod cases;
mod jobs;
mod kept;
mod kinds;
mod lost;
mod model;
mod promises;
mod properties;
mod specs;
mod steps;
mod stuck;
mod world;
