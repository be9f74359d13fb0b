//! An HTTPRoute of the Gateway API to a node's Service, where the settings ask for one. Its lists are atomic, so defaults are sent.

use serde_json::{Value, json};

use super::{Object, names::Names};
use crate::{
    model::kind::HTTP_ROUTE,
    settings::{GatewayRef, ResolvedNode},
};

pub fn build(names: &Names<'_>, node: &ResolvedNode) -> Option<Object> {
    let given = node.spec.http_route.as_ref()?;
    let port = node.service_port(given.port.as_deref())?;
    let name = names.node(&node.name);
    let parents = given.gateways.iter().map(|GatewayRef { name, namespace, section_name }| {
        json!({
            "group": "gateway.networking.k8s.io",
            "kind": "Gateway",
            "name": name,
            "namespace": namespace,
            "sectionName": section_name,
        })
    });
    let spec = json!({
        "parentRefs": Value::from_iter(parents),
        "rules": [{
            "matches": [{ "path": { "type": "PathPrefix", "value": given.path.as_deref().unwrap_or("/") } }],
            "backendRefs": [{ "group": "", "kind": "Service", "name": name, "port": port.number, "weight": 1 }],
        }],
        "hostnames": (!given.hosts.is_empty()).then_some(&given.hosts),
    });
    let body = json!({ "metadata": { "annotations": given.annotations }, "spec": spec });
    Some(Object::new(&HTTP_ROUTE, name, Some(node), body))
}
