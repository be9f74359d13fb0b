//! Requests: which object, and what is asked of it.

use std::{collections::BTreeMap, sync::Arc};

use http::{Request, header};

use crate::{kind::Kind, status::Status};

/// The object or list that a request is about.
#[derive(Clone, Debug)]
pub struct Target {
    /// Kind.
    pub kind: Arc<Kind>,
    /// Namespace; empty for none or all.
    pub namespace: String,
    /// Name; empty for a list or a create.
    pub name: String,
    /// Subresource; empty for the object itself.
    pub subresource: String,
}

/// A request that was read.
#[derive(Debug)]
pub struct Call {
    /// What it is about.
    pub target: Target,
    query: BTreeMap<String, String>,
    agent: String,
}

impl Call {
    /// Reads path and query.
    ///
    /// # Errors
    /// 404 where the path names no kind that is served.
    pub fn read(request: &Request<Vec<u8>>, kinds: &[Arc<Kind>]) -> Result<Self, Status> {
        let path: Vec<&str> = request.uri().path().split('/').filter(|part| !part.is_empty()).collect();
        let target = match path.as_slice() {
            ["api", version, rest @ ..] => target("", version, rest, kinds),
            ["apis", group, version, rest @ ..] => target(group, version, rest, kinds),
            _ => None,
        };
        let pairs = request.uri().query().unwrap_or_default().split('&').filter_map(|pair| {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            (!key.is_empty()).then(|| (decoded(key), decoded(value)))
        });
        let agent = request.headers().get(header::USER_AGENT).and_then(|agent| agent.to_str().ok()).unwrap_or_default();
        Ok(Self { target: target.ok_or_else(Status::not_served)?, query: pairs.collect(), agent: agent.to_owned() })
    }

    /// A parameter of the query; empty where it is missing.
    pub fn parameter(&self, name: &str) -> &str {
        self.query.get(name).map(String::as_str).unwrap_or_default()
    }

    /// Whether nothing is to be stored.
    pub fn is_dry_run(&self) -> bool {
        self.parameter("dryRun") == "All"
    }

    /// The field manager: as named, or the first word of the user agent.
    pub fn manager(&self) -> String {
        let agent = self.agent.split('/').next().filter(|agent| !agent.is_empty()).unwrap_or("unknown");
        let named = self.parameter("fieldManager");
        if named.is_empty() { agent } else { named }.to_owned()
    }
}

fn target(group: &str, version: &str, rest: &[&str], kinds: &[Arc<Kind>]) -> Option<Target> {
    let kind = |plural: &str| {
        kinds.iter().find(|kind| (&*kind.group, &*kind.version, &*kind.plural) == (group, version, plural)).cloned()
    };
    let (namespace, rest) = match rest {
        ["namespaces", namespace, plural, ..] if kind(plural).is_some_and(|kind| kind.namespaced) => {
            (*namespace, rest.get(2..).unwrap_or_default())
        }
        rest => ("", rest),
    };
    let (plural, name, subresource) = match rest {
        [plural] => (plural, "", ""),
        [plural, name] => (plural, *name, ""),
        [plural, name, subresource] => (plural, *name, *subresource),
        _ => return None,
    };
    let kind = kind(plural)?;
    let served = match subresource {
        "" => true,
        "status" => kind.status,
        "scale" => kind.scale,
        _ => false,
    };
    let placed = name.is_empty() || kind.namespaced != namespace.is_empty();
    (served && placed).then(|| Target {
        kind,
        namespace: namespace.to_owned(),
        name: name.to_owned(),
        subresource: subresource.to_owned(),
    })
}

/// Text without its percent encoding.
fn decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => {
                let digits: String = rest.by_ref().take(2).map(char::from).collect();
                u8::from_str_radix(&digits, 16).unwrap_or(b'%')
            }
            byte => byte,
        });
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
