//! The ServiceMonitor of a node, where the settings ask for one.

use serde_json::json;

use super::{Object, names::Names, service};
use crate::{model::kind::SERVICE_MONITOR, settings::ResolvedNode};

pub fn build(names: &Names<'_>, node: &ResolvedNode) -> Option<Object> {
    let given = node.spec.settings.service_monitor.as_ref().filter(|given| given.enabled != Some(false))?;
    let metrics = node.node_type.says(|says| says.metrics);
    let port = given.port.as_deref().or(metrics.map(|metrics| metrics.port));
    let path = given.path.as_deref().or(metrics.map(|metrics| metrics.path)).unwrap_or("/metrics");
    // Where there is no port, what the settings of several nodes say is for the others.
    let port = node.service_port(port)?.name;
    // The Service for outside has the same pods: they would be scraped twice.
    let not_external = json!({ "key": service::external_label(names), "operator": "DoesNotExist" });
    let spec = json!({
        "selector": { "matchLabels": names.selector(&node.name), "matchExpressions": [not_external] },
        "endpoints": [{ "port": port, "path": path, "interval": given.interval }],
    });
    let body = json!({ "metadata": { "labels": given.labels }, "spec": spec });
    Some(Object::new(&SERVICE_MONITOR, names.node(&node.name), Some(node), body))
}
