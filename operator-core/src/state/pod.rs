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
    /// The part of its spec that is read.
    pub spec: Spec,
    /// Its status.
    pub status: PodStatus,
}

/// Its volumes.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Spec {
    /// All of them.
    pub volumes: Vec<Volume>,
}

/// A volume.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Volume {
    /// Name.
    pub name: String,
    /// The claim that it stands for, if it does.
    pub persistent_volume_claim: Option<Claim>,
}

/// A claim that a volume stands for.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Claim {
    /// Its name.
    pub claim_name: String,
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

    /// Of a StatefulSet: the claim templates of which it has the claim. Source: `storageMatches` of its controller.
    pub fn claims(&self) -> impl Iterator<Item = &str> {
        let is_templates = |volume: &&Volume| {
            let claim =
                volume.persistent_volume_claim.as_ref().and_then(|claim| claim.claim_name.strip_prefix(&volume.name));
            claim.and_then(|rest| rest.strip_prefix('-')) == Some(&self.metadata.name)
        };
        self.spec.volumes.iter().filter(is_templates).map(|volume| volume.name.as_str())
    }

    /// All containers, those first that run first.
    pub fn containers(&self) -> impl Iterator<Item = &ContainerStatus> {
        [&self.status.init_container_statuses, &self.status.container_statuses].into_iter().flatten().flatten()
    }
}
