//! What a gate says, for people.

use super::Reason;
use crate::{model::Content, plan::Gate};

/// The node that waits; none: the gate is about an object.
pub fn node(gate: &Gate) -> Option<&str> {
    match gate {
        Gate::Reference { content: Content::Unreadable(_), .. } => None,
        Gate::Reference { node, .. }
        | Gate::Job { node, .. }
        | Gate::EarlierJob { node, .. }
        | Gate::External { node, .. }
        | Gate::Claims { node, .. }
        | Gate::Needs { node, .. } => Some(node),
        Gate::KindMissing { .. }
        | Gate::KindUnavailable { .. }
        | Gate::Refused { .. }
        | Gate::Contested { .. }
        | Gate::Lost { .. }
        | Gate::NameTaken { .. } => None,
    }
}

/// The reason of the problem that it is; none where a node only waits.
pub fn reason(gate: &Gate) -> Option<Reason> {
    match gate {
        Gate::Refused { .. } => Some(Reason::Refused),
        Gate::Lost { .. } => Some(Reason::SecretLost),
        Gate::NameTaken { .. } => Some(Reason::NameTaken),
        Gate::Contested { .. } => Some(Reason::Contested),
        Gate::KindUnavailable { .. } | Gate::Reference { content: Content::Unreadable(_), .. } => {
            Some(Reason::Retrying)
        }
        _ => None,
    }
}

/// What it says.
pub fn message(gate: &Gate) -> String {
    match gate {
        Gate::Reference { reference, content, .. } => match content {
            Content::Unreadable(message) => format!("{reference} can't be looked at: {message}"),
            Content::Missing => format!("{reference} is not there yet"),
            Content::Unknown | Content::Present(_) => format!("{reference} is not known yet"),
        },
        Gate::Job { job, failed: false, .. } => format!("waits for {job}"),
        Gate::Job { job, failed: true, .. } => format!("waits for {job}, which failed"),
        Gate::EarlierJob { job, .. } => format!("the earlier Job {job} is ended first"),
        Gate::External { missing, .. } if missing.is_empty() => "what it depends on is being looked for".to_owned(),
        Gate::External { missing, .. } => missing.join("; "),
        Gate::Claims { stuck: true, .. } => {
            "its claims would go with the StatefulSet that is to be replaced: something sets its policy back to Delete"
                .to_owned()
        }
        Gate::Claims { .. } => "its claims are taken from the StatefulSet that is to be replaced".to_owned(),
        Gate::Needs { kind, name, .. } => format!("waits for {} {name}", kind.kind),
        Gate::KindMissing { kind, name } => format!("{} {name} is left out: its CRD is not installed", kind.kind),
        Gate::KindUnavailable { kind, name, message } => {
            format!("{} {name} is not written: the operator can't watch this kind: {message}", kind.kind)
        }
        Gate::Refused { kind, name, message } => format!("{} {name}: {message}", kind.kind),
        Gate::Contested { kind, name } => format!(
            "{} {name}: someone changes or deletes it again and again, so it is put back no more often than every 15 seconds, later every \
             5 minutes; the managers in its managedFields say who",
            kind.kind
        ),
        Gate::Lost { name, key: None } => format!(
            "Secret {name} was deleted, and its generated value with it: restore it from a backup; for a new value, create it empty \
              (kubectl create secret generic {name})"
        ),
        Gate::Lost { name, key: Some(key) } => format!(
            "Secret {name}: the key {key} was removed, and its generated value with it: set it again; for a new value, delete the Secret and \
              create it empty (kubectl create secret generic {name})"
        ),
        Gate::NameTaken { kind, name, controller, passing, adopt } => {
            let kind = &kind.kind;
            match controller {
                None => {
                    let advice = match adopt {
                        Some(adopt) => {
                            format!(
                                "delete it, give this cluster another name, or have it taken over by the annotation {adopt}: \"true\""
                            )
                        }
                        None => "delete it, or give this cluster another name".to_owned(),
                    };
                    format!("{kind} {name} is there already and nobody's: {advice}")
                }
                Some(controller) => {
                    let advice = if *passing {
                        "of an earlier cluster of this name; waiting until it is gone"
                    } else {
                        "is its controller: give one of the two another name"
                    };
                    let whose = format!("{} {}", controller.kind, controller.name);
                    format!("{kind} {name} is there already and not this cluster's: {whose} {advice}")
                }
            }
        }
    }
}
