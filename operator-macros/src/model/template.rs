//! The fixed parts of a node type; the types mirror those of operator-definition, with the places where things are written.

use darling::util::SpannedValue;
use operator_definition::{Protocol, RunAs, Security, Workload};
use syn::{Ident, Path};

use super::{ConfigFile, SecretField};
use crate::attrs::Text;

/// What `#[node_type(…)]` says of nodes.
#[derive(Default)]
pub struct Template {
    pub workload: Option<SpannedValue<Workload>>,
    pub object_name: Option<Text>,
    pub container: Option<Text>,
    /// Keys and texts of labels.
    pub selector: Vec<(Text, Text)>,
    pub replicas: Option<SpannedValue<i32>>,
    pub replica_rule: Option<ReplicaRule>,
    pub copies: Option<Copies>,
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
    pub defaults: Option<Path>,
    pub empty_dirs: Vec<Text>,
    pub read_only_root: Option<bool>,
    pub security: Option<SpannedValue<Security>>,
    pub run_as: Option<RunAs>,
    pub rules: Vec<Rule>,
    pub talks_to: Vec<Text>,
    pub publish_not_ready: Option<bool>,
    pub metrics: Option<Metrics>,
    pub configs: Vec<ConfigFile>,
    pub secrets: Vec<SecretField>,
}

/// The field that says by how much a node is multiplied.
pub struct Copies {
    pub ident: Ident,
    /// Its JSON name.
    pub field: String,
}

/// What the number of pods has to be.
pub struct ReplicaRule {
    pub min: Option<i32>,
    pub max: Option<i32>,
    pub odd: bool,
    /// Whether it stays as it is, and why.
    pub fixed: Option<Option<Text>>,
}

/// What the pods may do at the API server.
pub struct Rule {
    pub groups: Vec<Text>,
    pub resources: Vec<Text>,
    pub verbs: Vec<Text>,
}

/// Where metrics are.
pub struct Metrics {
    pub port: Text,
    pub path: Option<Text>,
}

/// A port of the container.
pub struct Port {
    pub name: Text,
    /// None where it couldn't be read; then nothing is made of the port.
    pub number: Option<Number>,
    pub protocol: Protocol,
}

/// A number of a port.
pub enum Number {
    Literal(SpannedValue<u16>),
    /// Its value, only the compiler knows.
    Constant(Path),
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
    /// Without a port, it is the node type's first.
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

    /// The ports that probes and metrics name.
    pub fn named_ports(&self) -> impl Iterator<Item = &Text> {
        let of_probes = self.probes().filter_map(|probe| match &probe.check {
            Check::Http { port, .. } => port.as_ref(),
            Check::Tcp { port } => Some(port),
            Check::Exec { .. } => None,
        });
        of_probes.chain(self.metrics.iter().map(|metrics| &metrics.port))
    }

    /// The texts that may refer to other parts of the cluster.
    pub fn texts(&self) -> impl Iterator<Item = &Text> {
        self.env.iter().map(|(_, value)| value).chain(&self.command).chain(&self.args)
    }
}
