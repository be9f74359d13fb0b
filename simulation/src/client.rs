//! The model behind a `kube::Client`.

use std::{
    convert::Infallible,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll},
};

use bytes::Bytes;
use http::{Request, Response};
use http_body::{Body as HttpBody, Frame};
use kube::client::Body;
use serde_json::{Value, json};

use crate::{call::Call, json::text, selector::Selector, server::ApiServer};

/// An API server that several clients and controllers share.
pub type Shared = Arc<Mutex<ApiServer>>;

/// A client of the model. Watches report events as they are written: to delay them, use [`crate::View`].
pub fn client(server: Shared, namespace: &str) -> kube::Client {
    let service = tower::service_fn(move |request: Request<Body>| {
        let server = server.clone();
        async move {
            let (head, body) = request.into_parts();
            let request = Request::from_parts(head, body.collect_bytes().await?.to_vec());
            Ok::<_, kube::Error>(respond(&server, &request))
        }
    });
    kube::Client::new(service, namespace)
}

/// The API server, for as long as the guard lives.
pub fn locked(server: &Shared) -> MutexGuard<'_, ApiServer> {
    server.lock().unwrap_or_else(PoisonError::into_inner)
}

fn respond(server: &Shared, request: &Request<Vec<u8>>) -> Response<Answer> {
    let mut locked = locked(server);
    if let Some(watch) = locked.call(request).ok().and_then(|call| Watch::start(server, &call)) {
        return Response::new(Answer::Watch(watch));
    }
    locked.handle(request).map(|body| Answer::Whole(Some(body.into())))
}

/// The body of a response.
enum Answer {
    Whole(Option<Bytes>),
    Watch(Watch),
}

/// What a watcher of a kind is sent.
struct Watch {
    server: Shared,
    kind: String,
    namespace: String,
    selector: Selector,
    seen: u64,
}

impl Watch {
    fn start(server: &Shared, call: &Call) -> Option<Self> {
        if !["1", "true"].contains(&call.parameter("watch")) {
            return None;
        }
        let selector = Selector::parse(call.parameter("labelSelector"), call.parameter("fieldSelector"))?;
        let seen = call.parameter("resourceVersion").parse().unwrap_or_default();
        let namespace = call.target.namespace.clone();
        Some(Self { server: server.clone(), kind: call.target.kind.id(), namespace, selector, seen })
    }

    /// The next line. Objects that leave the selection stay in it until they are deleted.
    fn next(&mut self, context: &Context<'_>) -> Poll<Value> {
        let server = self.server.clone();
        let mut server = locked(&server);
        let start = server.log().partition_point(|event| event.version <= self.seen);
        for event in server.log().iter().skip(start) {
            self.seen = event.version;
            let here = self.namespace.is_empty() || text(&event.object, "/metadata/namespace") == self.namespace;
            if event.kind == self.kind && here && self.selector.matches(&event.object) {
                return Poll::Ready(json!({ "type": event.change.to_string(), "object": *event.object }));
            }
        }
        server.wakers.push(context.waker().clone());
        Poll::Pending
    }
}

impl HttpBody for Answer {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        match self.get_mut() {
            Self::Whole(body) => Poll::Ready(body.take().map(|body| Ok(Frame::data(body)))),
            Self::Watch(watch) => watch.next(context).map(|line| Some(Ok(Frame::data(format!("{line}\n").into())))),
        }
    }
}
