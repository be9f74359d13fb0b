//! The subresource `scale`.

use http::{Method, Request};
use serde_json::{Value, json};

use super::{ApiServer, content_type};
use crate::{
    call::Call,
    json::{number, put, text},
    selector::Selector,
    status::Status,
};

impl ApiServer {
    pub(super) fn answer_scale(&mut self, request: &Request<Vec<u8>>, call: &Call) -> Result<(u16, Value), Status> {
        let target = &call.target;
        if request.method() == Method::GET {
            return Ok((200, scale(&*self.stored(target)?)));
        }
        let body: Value =
            serde_json::from_slice(request.body()).map_err(|error| Status::bad_request(error.to_string()))?;
        let replicas = body.pointer("/spec/replicas").cloned().unwrap_or_default();
        let changed = match (request.method(), content_type(request)) {
            (&Method::PATCH, "application/apply-patch+yaml") => {
                let config = json!({
                    "apiVersion": target.kind.api_version(), "kind": target.kind.kind,
                    "metadata": { "name": target.name }, "spec": { "replicas": replicas },
                });
                let manager = super::apply_manager(call)?;
                let (_, changed) =
                    self.apply_at(target, config, &manager, call.parameter("force") == "true", call.is_dry_run())?;
                changed
            }
            (&Method::PATCH, "application/merge-patch+json") | (&Method::PUT, _) => {
                self.update_at(target, &call.manager(), call.is_dry_run(), |object| {
                    if !replicas.is_null() {
                        put(object, "/spec/replicas", replicas);
                    }
                    // The precondition of the Scale is that of the object.
                    let version = body.pointer("/metadata/resourceVersion").cloned().unwrap_or_default();
                    put(object, "/metadata/resourceVersion", version);
                })?
            }
            _ => return Err(Status::method_not_allowed()),
        };
        Ok((200, scale(&changed)))
    }
}

fn scale(object: &Value) -> Value {
    let metadata: serde_json::Map<String, Value> = ["name", "namespace", "uid", "resourceVersion", "creationTimestamp"]
        .into_iter()
        .map(|field| (field.to_owned(), text(object, &format!("/metadata/{field}")).into()))
        .collect();
    let labels = object.pointer("/spec/selector/matchLabels");
    let selector = Selector::of_labels(labels).map(|selector| selector.to_string()).unwrap_or_default();
    json!({
        "kind": "Scale", "apiVersion": "autoscaling/v1", "metadata": metadata,
        "spec": { "replicas": number(object, "/spec/replicas") },
        "status": { "replicas": number(object, "/status/replicas"), "selector": selector },
    })
}
