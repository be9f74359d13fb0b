//! An Ingress to a node's Service, where the settings ask for one.

use serde_json::{Value, json};

use super::{Object, names::Names};
use crate::{model::kind::INGRESS, settings::ResolvedNode};

pub fn build(names: &Names<'_>, node: &ResolvedNode) -> Option<Object> {
    let given = node.spec.ingress.as_ref()?;
    let port = node.service_port(given.port.as_deref())?;
    let name = names.node(&node.name);
    let path = json!({
        "path": given.path.as_deref().unwrap_or("/"),
        "pathType": "Prefix",
        "backend": { "service": { "name": name, "port": { "name": port.name } } },
    });
    let rule = |host: Option<&String>| json!({ "host": host, "http": { "paths": [path] } });
    let rules: Vec<Value> = match given.hosts.as_slice() {
        [] => vec![rule(None)],
        hosts => hosts.iter().map(|host| rule(Some(host))).collect(),
    };
    let spec = json!({
        "ingressClassName": given.class_name,
        "tls": given.tls_secret.as_ref().map(|secret| json!([{ "hosts": given.hosts, "secretName": secret }])),
        "rules": rules,
    });
    let body = json!({ "metadata": { "annotations": given.annotations }, "spec": spec });
    Some(Object::new(&INGRESS, name, Some(node), body))
}
