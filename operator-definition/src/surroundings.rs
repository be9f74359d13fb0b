//! What functions of the author may know of the cluster around the value that they compute.

use std::cell::Cell;

use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::Workload;

/// The cluster around a value that a function computes, once all layers of settings are merged.
#[derive(Debug)]
pub struct Surroundings<'a> {
    cluster: &'a str,
    namespace: &'a str,
    spec: &'a Value,
    peers: &'a [Peer],
    node: &'a Peer,
    /// Whether the value is the node's alone.
    of_node: Cell<bool>,
}

/// A node, as other nodes reach it.
#[derive(Clone, Debug)]
pub struct Peer {
    /// Name of its node type.
    pub node_type: &'static str,
    /// Its key in the spec, where its field holds many; of a copy, its number, after the key and `-` where both are there.
    pub key: Option<String>,
    /// Name of its workload and Service.
    pub name: String,
    /// Host of its Service: `<name>.<namespace>.svc`. That of a StatefulSet is headless: it stands for all pods.
    pub host: String,
    /// Kind of its workload.
    pub workload: Workload,
    /// Number of its pods; none: an autoscaler, the machines or whoever scales it decides.
    pub replicas: Option<i32>,
    /// Ports at which its Service is reached, by name.
    pub ports: Vec<(String, i32)>,
}

/// Why the pods of a node have no names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unnamed {
    /// Pods of a Deployment, DaemonSet or Job are called at random.
    Workload(String),
    /// It isn't in the spec how many there are.
    Unnumbered(String),
}

impl<'a> Surroundings<'a> {
    /// Of a node that reads the value; `peers` are all nodes of the cluster, this one too.
    pub fn new((cluster, namespace): (&'a str, &'a str), spec: &'a Value, peers: &'a [Peer], node: &'a Peer) -> Self {
        Self { cluster, namespace, spec, peers, node, of_node: Cell::new(false) }
    }

    /// Name of the cluster.
    pub fn cluster(&self) -> &'a str {
        self.cluster
    }

    /// Namespace of the cluster.
    pub fn namespace(&self) -> &'a str {
        self.namespace
    }

    /// The cluster's spec.
    ///
    /// # Errors
    /// Where it can't be read as this type.
    pub fn spec<S: DeserializeOwned>(&self) -> Result<S, serde_json::Error> {
        S::deserialize(self.spec)
    }

    /// The nodes of a node type, in the order of their keys; none where there is no such node type.
    pub fn nodes(&self, node_type: &str) -> impl Iterator<Item = &'a Peer> {
        self.peers.iter().filter(move |peer| peer.node_type == node_type)
    }

    /// The node that reads the value. Where a function asks for it, each node that reads its file has a file of its own.
    pub fn node(&self) -> &'a Peer {
        self.of_node.set(true);
        self.node
    }

    /// Whether the node was asked for.
    pub fn is_of_node(&self) -> bool {
        self.of_node.get()
    }
}

impl Peer {
    /// Hosts of its pods, in the order of their ordinals: `<name>-0.<name>.<namespace>.svc` and so on.
    ///
    /// # Errors
    /// Where its pods have no names that are known beforehand.
    pub fn pods(&self) -> Result<Vec<String>, Unnamed> {
        if self.workload != Workload::StatefulSet {
            return Err(Unnamed::Workload(self.name.clone()));
        }
        let replicas = self.replicas.ok_or_else(|| Unnamed::Unnumbered(self.name.clone()))?;
        Ok((0..replicas).map(|ordinal| format!("{}-{ordinal}.{}", self.name, self.host)).collect())
    }

    /// The number of the port of this name.
    pub fn port(&self, name: &str) -> Option<i32> {
        self.ports.iter().find(|(port, _)| port == name).map(|(_, number)| *number)
    }
}

impl std::fmt::Display for Unnamed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Workload(name) => write!(f, "only pods of a StatefulSet have names that stay; {name} is none"),
            Self::Unnumbered(name) => {
                write!(
                    f,
                    "the spec doesn't say how many pods {name} has, and they are listed: set replicas, without autoscaling"
                )
            }
        }
    }
}

impl std::error::Error for Unnamed {}
