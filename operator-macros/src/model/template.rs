//! The fixed parts of a node type; the types mirror those of operator-core's `definition`.

use darling::util::SpannedValue;
use syn::Ident;

use super::ConfigFile;
use crate::attrs::Text;

/// What `#[node_type(…)]` says of nodes.
#[derive(Default)]
pub struct Template {
    pub workload: Option<SpannedValue<Workload>>,
    pub image: Option<Text>,
    pub ports: Vec<Port>,
    pub command: Vec<Text>,
    pub args: Vec<Text>,
    pub env: Vec<(Ident, Text)>,
    pub storage: Vec<Storage>,
    pub readiness: Option<Probe>,
    pub liveness: Option<Probe>,
    pub startup: Option<Probe>,
    pub config_hash_env: Option<Text>,
    pub configs: Vec<ConfigFile>,
}

/// Kind of workload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Workload {
    StatefulSet,
    Deployment,
}

impl Workload {
    /// As attributes spell it.
    pub const ALL: &[(&str, Self)] = &[("StatefulSet", Self::StatefulSet), ("Deployment", Self::Deployment)];
}

/// A port of the container.
pub struct Port {
    pub name: Text,
    /// None where it couldn't be read; then nothing is made of the port.
    pub number: Option<SpannedValue<u16>>,
}

/// A volume that every pod claims.
pub struct Storage {
    pub name: Text,
    pub mount: Text,
    pub size: Text,
    pub class: Option<Text>,
}

/// A probe.
pub struct Probe {
    pub check: Check,
    pub period: Option<SpannedValue<u32>>,
    pub timeout: Option<SpannedValue<u32>>,
    pub failures: Option<SpannedValue<u32>>,
    pub delay: Option<SpannedValue<u32>>,
}

/// What a probe asks.
pub enum Check {
    /// The port is none where it couldn't be read; then nothing is made of the probe.
    Http {
        path: Text,
        port: Option<Text>,
    },
    Tcp {
        port: Text,
    },
    Exec {
        command: Vec<Text>,
    },
}

impl Template {
    /// The probes that are given.
    pub fn probes(&self) -> impl Iterator<Item = &Probe> {
        [&self.readiness, &self.liveness, &self.startup].into_iter().flatten()
    }
}
