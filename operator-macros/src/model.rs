//! What an author's struct means: names and defaults filled in, still with the places where things are written.

mod config;
mod node;
mod operator;
mod template;

pub use config::{ConfigFile, Format};
pub use node::NodeStruct;
pub use operator::{ColumnType, NodeType, Operator, PrintColumn, Validation, kind_of};
pub use template::{Check, Port, Probe, Storage, Template, Workload};
