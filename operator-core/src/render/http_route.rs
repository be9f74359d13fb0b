//! An HTTPRoute of the Gateway API to a node's Service, where it is wanted. Its lists are atomic, so their defaults are said.

use serde_json::{Value, json};

use super::{Object, names::Names, ports};
use crate::{model::kind::HTTP_ROUTE, settings::ResolvedNode};

pub fn build(names: &Names<'_>, node: &ResolvedNode) -> Option<Object> {
    let given = node.spec.http_route.as_ref()?;
    let port = ports::named(node, given.port.as_deref())?;
    let name = names.node(&node.name);
    let parents: Vec<Value> = given
        .gateways
        .iter()
        .map(|gateway| {
            let mut parent = json!({ "group": "gateway.networking.k8s.io", "kind": "Gateway", "name": gateway.name });
            let own = [("namespace", &gateway.namespace), ("sectionName", &gateway.section_name)];
            for (field, value) in own {
                if let Some(value) = value {
                    parent[field] = value.as_str().into();
                }
            }
            parent
        })
        .collect();
    let mut spec = json!({
        "parentRefs": parents,
        "rules": [{
            "matches": [{ "path": { "type": "PathPrefix", "value": given.path.as_deref().unwrap_or("/") } }],
            "backendRefs": [{ "group": "", "kind": "Service", "name": name, "port": port["port"], "weight": 1 }],
        }],
    });
    if !given.hosts.is_empty() {
        spec["hostnames"] = json!(given.hosts);
    }
    let body = json!({ "metadata": { "annotations": given.annotations }, "spec": spec });
    Some(Object::new(&HTTP_ROUTE, name, Some(node), body))
}
