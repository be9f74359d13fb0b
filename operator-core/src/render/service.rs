//! The Services of a node: headless for StatefulSets, whose pods get DNS names; else ClusterIP; and an external one on request.

use serde_json::{Value, json};

use super::{Object, names::Names, ports};
use crate::{
    definition::Workload,
    model::kind::SERVICE,
    settings::{Exposure, ResolvedNode, ServiceType},
};

pub fn build(names: &Names<'_>, node: &ResolvedNode) -> Vec<Object> {
    let given = node.spec.settings.service.clone().unwrap_or_default();
    let ports = ports::of_service(node);
    let headless = node.node_type.workload() == Workload::StatefulSet;
    let mut services = Vec::new();
    if headless || !ports.is_empty() {
        let mut spec = json!({ "selector": names.selector(&node.name), "ports": ports });
        if headless {
            spec["clusterIP"] = "None".into();
            if node.node_type.says(|says| says.publish_not_ready) == Some(true) {
                spec["publishNotReadyAddresses"] = true.into();
            }
        } else {
            put(&given.exposure, ServiceType::ClusterIP, &mut spec);
        }
        let body = json!({ "metadata": { "annotations": given.exposure.annotations }, "spec": spec });
        services.push(Object::new(&SERVICE, names.node(&node.name), Some(node), body));
    }
    let external = given.external.filter(|_| !ports.is_empty());
    services.extend(external.map(|given| external_service(names, node, &given, &ports)));
    services
}

/// `<node>-external`. A label distinguishes it from the node's own Service.
fn external_service(names: &Names<'_>, node: &ResolvedNode, given: &Exposure, ports: &[Value]) -> Object {
    let mut spec = json!({ "selector": names.selector(&node.name), "ports": ports });
    put(given, ServiceType::LoadBalancer, &mut spec);
    let metadata = json!({ "annotations": given.annotations, "labels": { external_label(names): "true" } });
    let name = names.child(Some(&node.name), "external");
    Object::new(&SERVICE, name, Some(node), json!({ "metadata": metadata, "spec": spec }))
}

/// The label of the Services for outside: `<group>/external`.
pub fn external_label(names: &Names<'_>) -> String {
    format!("{}/external", names.definition.group)
}

/// Fields of load balancers are ignored for other types.
fn put(exposure: &Exposure, default: ServiceType, spec: &mut Value) {
    let type_ = exposure.type_.unwrap_or(default);
    spec["type"] = json!(type_);
    if type_ != ServiceType::LoadBalancer {
        return;
    }
    if let Some(class) = &exposure.load_balancer_class {
        spec["loadBalancerClass"] = class.as_str().into();
    }
    if let Some(ranges) = &exposure.source_ranges {
        spec["loadBalancerSourceRanges"] = json!(ranges);
    }
}
