//! Runtime of data-system operators.

pub mod apply;
pub mod cli;
pub mod cluster;
pub mod crd;
pub mod definition;
pub mod desired;
mod error;
pub mod hash;
pub mod kinds;
pub mod node;
pub mod observe;
pub mod plan;
pub mod prelude;
pub mod properties;
pub mod runtime;
pub mod status;

#[doc(hidden)]
pub mod __private;

pub use cli::cli;
pub use cluster::Cluster;
pub use error::{Error, Result};
pub use node::{NodeDefaults, NodeSpec};
pub use operator_macros::{DataOperator, node_type};
pub use properties::Properties;
pub use status::ClusterStatus;
