//! An Ingress to a node's Service, where it is wanted.

use serde_json::{Value, json};

use super::{Object, names::Names, ports};
use crate::{model::kind::INGRESS, settings::ResolvedNode};

pub fn build(names: &Names<'_>, node: &ResolvedNode) -> Option<Object> {
    let given = node.spec.ingress.as_ref()?;
    let port = ports::named(node, given.port.as_deref())?;
    let name = names.node(&node.name);
    let path = json!({
        "path": given.path.as_deref().unwrap_or("/"),
        "pathType": "Prefix",
        "backend": { "service": { "name": name, "port": { "name": port["name"] } } },
    });
    let rule = |host: Option<&String>| {
        let mut rule = json!({ "http": { "paths": [path] } });
        if let Some(host) = host {
            rule["host"] = host.as_str().into();
        }
        rule
    };
    let rules: Vec<Value> = match given.hosts.as_slice() {
        [] => vec![rule(None)],
        hosts => hosts.iter().map(|host| rule(Some(host))).collect(),
    };
    let mut spec = json!({ "rules": rules });
    if let Some(class) = &given.class_name {
        spec["ingressClassName"] = class.as_str().into();
    }
    if let Some(secret) = &given.tls_secret {
        spec["tls"] = json!([{ "hosts": given.hosts, "secretName": secret }]);
    }
    let body = json!({ "metadata": { "annotations": given.annotations }, "spec": spec });
    Some(Object::new(&INGRESS, name, Some(node), body))
}
