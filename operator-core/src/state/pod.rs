//! A pod: decoded no further than what says why it isn't ready. Source: `PodStatus` of `v1`.

use std::collections::BTreeMap;

use k8s_openapi::jiff::Timestamp;
use serde::Deserialize;

/// A list of pods.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Pods {
    /// The pods.
    pub items: Vec<Pod>,
}

/// A pod.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Pod {
    /// Its metadata.
    pub metadata: Metadata,
    /// Its status.
    pub status: Status,
}

/// The part of its metadata that is read.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Metadata {
    /// Name.
    pub name: String,
    /// UID.
    pub uid: String,
    /// Version.
    pub resource_version: String,
    /// Labels.
    pub labels: BTreeMap<String, String>,
    /// Its owners.
    pub owner_references: Vec<Owner>,
    /// When it was created.
    pub creation_timestamp: Option<Timestamp>,
    /// When its time to end is over; none: it isn't being deleted.
    pub deletion_timestamp: Option<Timestamp>,
}

/// An owner of a pod.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Owner {
    /// UID.
    pub uid: String,
    /// Whether it is the controller.
    pub controller: bool,
}

/// The part of its status that is read.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Status {
    /// `Pending`, `Running`, `Succeeded`, `Failed` or `Unknown`.
    pub phase: String,
    /// Why it is so, in a word: `Evicted`.
    pub reason: String,
    /// The same in a sentence.
    pub message: String,
    /// Its conditions.
    pub conditions: Vec<Condition>,
    /// Its init containers; sidecars that Kubernetes knows as such are among them.
    pub init_container_statuses: Vec<Container>,
    /// Its containers.
    pub container_statuses: Vec<Container>,
}

/// A condition of a pod.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Condition {
    /// Type.
    #[serde(rename = "type")]
    pub type_: String,
    /// `True`, `False` or `Unknown`.
    pub status: String,
    /// Reason.
    pub reason: String,
    /// Message.
    pub message: String,
    /// Since when its status is what it is.
    pub last_transition_time: Option<Timestamp>,
}

/// The status of a container.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Container {
    /// Name.
    pub name: String,
    /// Image.
    pub image: String,
    /// Whether it is ready; of an init container, whether it is complete.
    pub ready: bool,
    /// How often it was started again.
    pub restart_count: u32,
    /// Its state.
    pub state: State,
    /// Its state before the last restart.
    pub last_state: State,
}

/// The state of a container; neither: it runs.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct State {
    /// It hasn't started yet.
    pub waiting: Option<Waiting>,
    /// It came to its end.
    pub terminated: Option<Terminated>,
}

/// Why a container hasn't started.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Waiting {
    /// In a word: `ImagePullBackOff`.
    pub reason: String,
    /// In a sentence.
    pub message: String,
}

/// How a container came to its end.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Terminated {
    /// Exit code.
    pub exit_code: i32,
    /// In a word: `OOMKilled`.
    pub reason: String,
    /// When.
    pub finished_at: Option<Timestamp>,
}

impl Metadata {
    /// UID of the workload that it belongs to.
    pub fn controller(&self) -> Option<&str> {
        self.owner_references.iter().find(|owner| owner.controller).map(|owner| owner.uid.as_str())
    }
}

impl Pod {
    /// Whether its condition `Ready` is true.
    pub fn is_ready(&self) -> bool {
        self.condition("Ready").is_some_and(|ready| ready.status == "True")
    }

    /// The condition of this type.
    pub fn condition(&self, type_: &str) -> Option<&Condition> {
        self.status.conditions.iter().find(|condition| condition.type_ == type_)
    }

    /// All containers, those first that run first.
    pub fn containers(&self) -> impl Iterator<Item = &Container> {
        self.status.init_container_statuses.iter().chain(&self.status.container_statuses)
    }
}
