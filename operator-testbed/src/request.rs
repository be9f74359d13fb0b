use std::collections::HashMap;
use std::path::Path;
use std::{fs, io};

use serde::Deserialize;

use crate::Error;

/// A request to the API server, from its audit log.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Request {
    /// `get`, `list`, `watch`, `create`, `update`, `patch`, `delete` or `deletecollection`.
    pub verb: String,
    /// API group, empty for the core group.
    pub group: String,
    /// Plural of the kind, such as `statefulsets`; empty for a request of no resource, such as `/version`.
    pub resource: String,
    /// Such as `status`; empty for the object itself.
    pub subresource: String,
    /// Empty for cluster-wide resources and requests of all namespaces.
    pub namespace: String,
    /// Empty where no single object was asked for, or its name was generated.
    pub name: String,
    /// HTTP status; 0 while a watch lasts.
    pub code: u16,
    /// What the client calls itself.
    pub user_agent: String,
    /// Path and query.
    pub uri: String,
    /// When the API server received it, as RFC 3339; empty where it was recorded by the client.
    pub time: String,
}

/// Who asks.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Who {
    /// The operator under test.
    Operator,
    /// Anyone else.
    Others,
}

/// All complete entries of an audit log. A watch has two, when it starts and when it ends; they become one.
pub(crate) fn read(log: &Path, by: Who) -> Result<Vec<Request>, Error> {
    let text = match fs::read_to_string(log) {
        Ok(text) => text,
        // Made with the first entry.
        Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
        Err(source) => {
            return Err(Error::Io { what: format!("reading {}", log.display()), source });
        }
    };
    let mut requests: Vec<Request> = Vec::new();
    let mut places: HashMap<String, usize> = HashMap::new();
    // What has no newline yet is still being written.
    for line in text.split_inclusive('\n').filter(|line| line.ends_with('\n')) {
        let event: Event = serde_json::from_str(line)?;
        if event.object_ref.api_group == "coordination.k8s.io" || event.user.who() != by {
            continue;
        }
        let place = *places.entry(event.audit_id.clone()).or_insert(requests.len());
        match requests.get_mut(place) {
            Some(request) => *request = event.into(),
            None => requests.push(event.into()),
        }
    }
    Ok(requests)
}

/// The part of `audit.k8s.io/v1` Event that matters here.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Event {
    #[serde(rename = "auditID")]
    audit_id: String,
    stage: String,
    verb: String,
    #[serde(default)]
    user: User,
    #[serde(default)]
    request_received_timestamp: String,
    #[serde(rename = "requestURI")]
    request_uri: String,
    #[serde(default)]
    user_agent: String,
    #[serde(default)]
    object_ref: ObjectReference,
    #[serde(default)]
    response_status: ResponseStatus,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct User {
    username: String,
}

impl User {
    fn who(&self) -> Who {
        if self.username == "operator" { Who::Operator } else { Who::Others }
    }
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct ObjectReference {
    api_group: String,
    resource: String,
    subresource: String,
    namespace: String,
    name: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct ResponseStatus {
    code: u16,
}

impl From<Event> for Request {
    fn from(event: Event) -> Self {
        let ended = event.stage == "ResponseComplete";
        Request {
            verb: event.verb,
            group: event.object_ref.api_group,
            resource: event.object_ref.resource,
            subresource: event.object_ref.subresource,
            namespace: event.object_ref.namespace,
            name: event.object_ref.name,
            code: if ended { event.response_status.code } else { 0 },
            user_agent: event.user_agent,
            uri: event.request_uri,
            time: event.request_received_timestamp,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(user: &str, id: &str, stage: &str, verb: &str, resource: &str) -> String {
        let group = if resource == "leases" { "coordination.k8s.io" } else { "" };
        let event = serde_json::json!({
            "auditID": id,
            "stage": stage,
            "verb": verb,
            "user": { "username": user },
            "requestURI": "/",
            "objectRef": { "resource": resource, "apiGroup": group },
            "responseStatus": { "code": 200 },
        });
        format!("{event}\n")
    }

    #[test]
    fn a_watch_is_one_request_and_leases_half_written_entries_and_those_of_others_are_none() {
        let log = std::env::temp_dir().join(format!("operator-testbed-audit-{}", std::process::id()));
        let entries = [
            entry("operator", "1", "ResponseStarted", "watch", "pods"),
            entry("operator", "2", "ResponseComplete", "patch", "leases"),
            entry("operator", "3", "ResponseStarted", "watch", "services"),
            entry("operator", "1", "ResponseComplete", "watch", "pods"),
            entry("admin", "5", "ResponseComplete", "delete", "pods"),
            entry("operator", "4", "ResponseComplete", "get", "pods").trim_end().to_owned(),
        ];
        fs::write(&log, entries.concat()).unwrap();
        let requests = [Who::Operator, Who::Others].map(|by| read(&log, by).unwrap());
        fs::remove_file(&log).unwrap();
        let seen: [Vec<_>; 2] =
            requests.map(|requests| requests.into_iter().map(|it| (it.verb, it.resource, it.code)).collect());
        let is = |verb: &str, resource: &str, code| (verb.to_owned(), resource.to_owned(), code);
        assert_eq!(seen, [vec![is("watch", "pods", 200), is("watch", "services", 0)], vec![is("delete", "pods", 200)]]);
    }
}
