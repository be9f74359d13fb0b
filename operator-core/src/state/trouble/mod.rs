//! Why pods aren't ready, where they won't get ready by themselves soon. What every pod goes through, such as pulling an image, is no trouble.

use std::collections::HashMap;

use k8s_openapi::{
    api::core::v1::{ContainerStateTerminated, ContainerStatus},
    jiff::{SignedDuration, Timestamp},
};
use serde::{Deserialize, Serialize};

use super::pod::Pod;
use crate::model::text::cut;

/// How long a pod may take to get ready, and a node to get on, before that is a trouble. Source: the default progress deadline of a Deployment.
pub const SLOW: SignedDuration = SignedDuration::from_mins(10);
/// How long a pod may take to end after its grace period.
const ENDING: SignedDuration = SignedDuration::from_mins(5);
/// Troubles that are kept of a node.
const MOST: usize = 3;
/// Longest message, in bytes.
const LONGEST: usize = 512;
/// Restarts after which a container that runs and isn't ready counts as crashing.
const OFTEN: u32 = 3;

/// A trouble that one pod or several pods of a node have.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Trouble {
    /// The node, by the pods' label.
    pub node: Box<str>,
    /// The first pod that has it; none: the node has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pod: Option<Box<str>>,
    /// How many more pods have the same.
    pub more: usize,
    /// Which trouble.
    pub cause: Cause,
    /// What scheduler, kubelet or container said about it; may be empty.
    pub message: Box<str>,
}

/// The sorts of troubles, the most telling first.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase", tag = "type")]
pub enum Cause {
    /// No machine can run it.
    Unschedulable,
    /// An image can't be pulled.
    ImagePull {
        /// The container.
        container: Box<str>,
        /// Its image.
        image: Box<str>,
    },
    /// A container can't be created.
    Config {
        /// The container.
        container: Box<str>,
        /// The kubelet's word for it: `CreateContainerConfigError`.
        reason: Box<str>,
    },
    /// A container ends again and again.
    CrashLoop {
        /// The container.
        container: Box<str>,
        /// Restarts, rounded down to 1, 2, 5, 10, 20, 50 …: else each would be news.
        restarts: u32,
    },
    /// It failed within the last ten minutes.
    Failed {
        /// In a word: `Evicted`.
        reason: Box<str>,
    },
    /// It is being deleted and doesn't end.
    Terminating,
    /// Its containers haven't started for long.
    NotStarted,
    /// Its containers run and haven't been ready for long.
    NotReady,
    /// A node hasn't got on for long, and no pod says why.
    Stalled,
}

impl Trouble {
    /// A node doesn't get on.
    pub fn stalled(node: &str) -> Self {
        Self { node: node.into(), pod: None, more: 0, cause: Cause::Stalled, message: "".into() }
    }
}

impl Cause {
    /// Whether it is the same trouble, of another pod.
    fn is_like(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::CrashLoop { container, .. }, Self::CrashLoop { container: other, .. }) => container == other,
            _ => self == other,
        }
    }
}

/// The troubles of pods, a few per node. `node_label` is the label that names a pod's node.
pub fn troubles(pods: &[Pod], node_label: &str, now: Timestamp) -> Vec<Trouble> {
    let mut pods: Vec<&Pod> = pods.iter().collect();
    pods.sort_by(|one, other| one.metadata.name.cmp(&other.metadata.name));
    let mut found: Vec<Trouble> = Vec::new();
    for pod in pods {
        let Some((cause, message)) = of_pod(pod, now) else { continue };
        let node = pod.metadata.labels.get(node_label).map_or("", String::as_str);
        match found.iter_mut().find(|known| *known.node == *node && known.cause.is_like(&cause)) {
            Some(known) => known.more += 1,
            None => found.push(Trouble {
                node: node.into(),
                pod: Some(pod.metadata.name.as_str().into()),
                more: 0,
                cause,
                message: cut(message.trim().to_owned(), LONGEST).into(),
            }),
        }
    }
    found.sort_by(|one, other| (&one.node, &one.cause, &one.pod).cmp(&(&other.node, &other.cause, &other.pod)));
    let mut counts = HashMap::<Box<str>, usize>::new();
    found.retain(|trouble| {
        let count = counts.entry(trouble.node.clone()).or_default();
        *count += 1;
        *count <= MOST
    });
    found
}

/// What is wrong with a pod, and what is said about it.
pub(super) fn of_pod(pod: &Pod, now: Timestamp) -> Option<(Cause, String)> {
    let is_over = |since: Option<Timestamp>, limit| since.is_some_and(|since| now.duration_since(since) > limit);
    if pod.metadata.deletion_timestamp.is_some() {
        return is_over(pod.metadata.deletion_timestamp, ENDING).then(|| (Cause::Terminating, String::new()));
    }
    let phase = text(&pod.status.phase);
    match phase {
        "Succeeded" => return None,
        // A failed pod of a Deployment stays when it is replaced.
        "Failed" => return (!is_over(ended(pod), SLOW)).then(|| failed(pod)),
        _ => {}
    }
    if let Some(scheduled) = pod.condition("PodScheduled").filter(|condition| condition.status == "False") {
        return Some((Cause::Unschedulable, text(&scheduled.message).to_owned()));
    }
    if let Some(trouble) = pod.containers().filter_map(of_container).min_by(|one, other| one.0.cmp(&other.0)) {
        return Some(trouble);
    }
    if pod.is_ready() {
        return None;
    }
    let ready = pod.condition("Ready");
    let changed = ready.and_then(|ready| ready.last_transition_time.as_ref());
    let since = changed.map(|time| time.0).or(pod.metadata.creation_timestamp);
    is_over(since, SLOW).then(|| {
        if phase == "Pending" {
            let waiting = pod.containers().find_map(|container| container.state.as_ref()?.waiting.as_ref());
            let said = waiting.map(|waiting| said(text(&waiting.reason), text(&waiting.message)));
            (Cause::NotStarted, said.unwrap_or_default())
        } else {
            (Cause::NotReady, ready.and_then(|ready| ready.message.clone()).unwrap_or_default())
        }
    })
}

/// What keeps a container from running. Containers that crash are looked at in each of their states: else the trouble would come and go.
fn of_container(container: &ContainerStatus) -> Option<(Cause, String)> {
    let (state, last) = (container.state.as_ref(), container.last_state.as_ref());
    let last = last.and_then(|state| state.terminated.as_ref());
    let restarts = u32::try_from(container.restart_count).unwrap_or_default();
    let name = || Box::<str>::from(container.name.as_str());
    let crashes = |last: Option<&ContainerStateTerminated>| {
        let cause = Cause::CrashLoop { container: name(), restarts: rounded(restarts) };
        (cause, last.map(last_words).unwrap_or_default())
    };
    if let Some(waiting) = state.and_then(|state| state.waiting.as_ref()) {
        return match text(&waiting.reason) {
            "" | "ContainerCreating" | "PodInitializing" => None,
            "CrashLoopBackOff" => Some(crashes(last)),
            "ErrImagePull"
            | "ImagePullBackOff"
            | "ErrImageNeverPull"
            | "InvalidImageName"
            | "ImageInspectError"
            | "RegistryUnavailable"
            | "SignatureValidationFailed" => {
                let cause = Cause::ImagePull { container: name(), image: container.image.as_str().into() };
                Some((cause, pulling(text(&waiting.message)).to_owned()))
            }
            reason => {
                let cause = Cause::Config { container: name(), reason: reason.into() };
                Some((cause, text(&waiting.message).to_owned()))
            }
        };
    }
    match state.and_then(|state| state.terminated.as_ref()) {
        // Of an init container, that is its aim.
        Some(terminated) if container.ready || restarts == 0 && terminated.exit_code == 0 => None,
        Some(terminated) => (restarts > 0).then(|| crashes(Some(terminated))),
        None if !container.ready && restarts >= OFTEN => last.map(|last| crashes(Some(last))),
        None => None,
    }
}

fn failed(pod: &Pod) -> (Cause, String) {
    let Pod { status, .. } = pod;
    let reason = match text(&status.reason) {
        "" => "Failed",
        reason => reason,
    };
    let container = pod.containers().find_map(|container| {
        let terminated = container.state.as_ref()?.terminated.as_ref().filter(|it| it.exit_code != 0)?;
        Some(format!("container {}: {}", container.name, last_words(terminated)))
    });
    let message = match text(&status.message) {
        "" => container.unwrap_or_default(),
        message => message.to_owned(),
    };
    (Cause::Failed { reason: reason.into() }, message)
}

/// When a failed pod failed, by all that says something about it.
fn ended(pod: &Pod) -> Option<Timestamp> {
    let containers = pod.containers().filter_map(|it| it.state.as_ref()?.terminated.as_ref()?.finished_at.as_ref());
    let conditions = pod.status.conditions.iter().flatten().filter_map(|it| it.last_transition_time.as_ref());
    containers.chain(conditions).map(|time| time.0).max().or(pod.metadata.creation_timestamp)
}

/// `OOMKilled, exit code 137`. What the container itself wrote isn't said: it may hold what nobody shall see in a status.
fn last_words(terminated: &ContainerStateTerminated) -> String {
    let code = format!("exit code {}", terminated.exit_code);
    match text(&terminated.reason) {
        "" => code,
        reason => format!("{reason}, {code}"),
    }
}

/// The kubelet alternates between trying and waiting; what the registry said is in both messages.
fn pulling(message: &str) -> &str {
    let rest = message.strip_prefix("Back-off pulling image ").and_then(|rest| rest.split_once("\": "));
    let message = rest.map_or(message, |(_, rest)| rest);
    message.strip_prefix("ErrImagePull: ").unwrap_or(message)
}

fn text(text: &Option<String>) -> &str {
    text.as_deref().unwrap_or_default()
}

fn said(what: &str, message: &str) -> String {
    if message.is_empty() { what.to_owned() } else { format!("{what}: {message}") }
}

/// Down to 1, 2, 5, 10, 20, 50 …
fn rounded(count: u32) -> u32 {
    let tens = 10u32.saturating_pow(count.checked_ilog10().unwrap_or_default());
    [5, 2, 1].into_iter().filter_map(|digit| tens.checked_mul(digit)).find(|step| *step <= count).unwrap_or(count)
}

#[cfg(test)]
mod tests;
