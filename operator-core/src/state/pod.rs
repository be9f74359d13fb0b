//! A pod: decoded no further than what says why it isn't ready.

use std::collections::BTreeMap;

use k8s_openapi::{
    api::core::v1::{ContainerStatus, PodCondition, PodStatus},
    jiff::Timestamp,
};
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
    pub status: PodStatus,
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
    pub fn condition(&self, type_: &str) -> Option<&PodCondition> {
        self.status.conditions.iter().flatten().find(|condition| condition.type_ == type_)
    }

    /// All containers, those first that run first.
    pub fn containers(&self) -> impl Iterator<Item = &ContainerStatus> {
        [&self.status.init_container_statuses, &self.status.container_statuses].into_iter().flatten().flatten()
    }
}
