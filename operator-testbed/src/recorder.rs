use std::sync::{Arc, Mutex, PoisonError};

use http::Method;
use http_body_util::BodyExt;
use kube::client::Body;

use crate::Request;

/// Records the requests of clients in this process, for a cluster whose audit log can't be read.
#[derive(Clone, Default)]
pub(crate) struct Recorder {
    requests: Arc<Mutex<Vec<Request>>>,
}

impl Recorder {
    /// A client that sends its requests by `client`, and records each when its response starts.
    pub fn client(&self, client: kube::Client) -> kube::Client {
        let namespace = client.default_namespace().to_owned();
        let recorder = self.clone();
        let service = tower::service_fn(move |request: http::Request<Body>| {
            let (client, recorder) = (client.clone(), recorder.clone());
            async move {
                let recorded = parse(&request);
                let response = client.send(request).await?;
                let ended = recorder.record(recorded, response.status().as_u16());
                // The closure owns `ended`, so both are dropped with the body.
                Ok::<_, kube::Error>(response.map(|body| {
                    body.map_frame(move |frame| {
                        let _ = &ended;
                        frame
                    })
                }))
            }
        });
        kube::Client::new(service, namespace)
    }

    /// The requests so far, without leader election's Leases.
    pub fn requests(&self) -> Vec<Request> {
        let requests = self.requests.lock().unwrap_or_else(PoisonError::into_inner);
        requests.iter().filter(|request| request.group != "coordination.k8s.io").cloned().collect()
    }

    /// As in the audit log, the code of a watch is 0 until it ends.
    fn record(&self, mut request: Request, code: u16) -> Ended {
        let watch = request.verb == "watch";
        request.code = if watch { 0 } else { code };
        let mut requests = self.requests.lock().unwrap_or_else(PoisonError::into_inner);
        requests.push(request);
        Ended { recorder: self.clone(), place: requests.len() - 1, code }
    }
}

/// Dropped when a response has ended.
struct Ended {
    recorder: Recorder,
    place: usize,
    code: u16,
}

impl Drop for Ended {
    fn drop(&mut self) {
        let mut requests = self.recorder.requests.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(request) = requests.get_mut(self.place) {
            request.code = self.code;
        }
    }
}

/// The rules are those of the API server's `RequestInfoFactory`.
fn parse(request: &http::Request<Body>) -> Request {
    let uri = request.uri();
    let user_agent = request.headers().get(http::header::USER_AGENT).and_then(|value| value.to_str().ok());
    let mut parsed = Request {
        verb: request.method().as_str().to_lowercase(),
        user_agent: user_agent.unwrap_or_default().to_owned(),
        uri: uri.to_string(),
        ..Request::default()
    };
    let path: Vec<&str> = uri.path().split('/').filter(|segment| !segment.is_empty()).collect();
    let (group, mut path) = match &path[..] {
        ["api", _version, path @ ..] => ("", path),
        ["apis", group, _version, path @ ..] => (*group, path),
        _ => return parsed,
    };
    if let ["namespaces", namespace, rest @ ..] = path {
        parsed.namespace = (*namespace).to_owned();
        // Without a further resource, the namespace itself is the object.
        if !matches!(rest, [] | ["status" | "finalize"]) {
            path = rest;
        }
    }
    let [resource, object @ ..] = path else { return parsed };
    let mut object = object.iter().copied();
    parsed.group = group.to_owned();
    parsed.resource = (*resource).to_owned();
    parsed.name = object.next().unwrap_or_default().to_owned();
    parsed.subresource = object.next().unwrap_or_default().to_owned();
    let watch = uri.query().is_some_and(|query| query.split('&').any(|part| part == "watch=true"));
    let verb = match *request.method() {
        Method::GET if watch => "watch",
        Method::GET if parsed.name.is_empty() => "list",
        Method::POST => "create",
        Method::PUT => "update",
        Method::DELETE if parsed.name.is_empty() => "deletecollection",
        _ => return parsed,
    };
    verb.clone_into(&mut parsed.verb);
    parsed
}
