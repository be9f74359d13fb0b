//! The Services of a node: headless for StatefulSets, whose pods get DNS names; else ClusterIP; and an external one on request.

use serde_json::{Value, json};

use super::{Object, names::Names};
use crate::{
    definition::Workload,
    model::kind::SERVICE,
    settings::{Exposure, Port, ResolvedNode, ServiceType},
};

pub fn build(names: &Names<'_>, node: &ResolvedNode) -> Vec<Object> {
    let given = node.spec.settings.service.clone().unwrap_or_default();
    let has_ports = !node.service_ports().is_empty();
    let headless = node.node_type.workload() == Workload::StatefulSet;
    let mut services = Vec::new();
    if headless || has_ports {
        let spec = if headless {
            let publish = node.node_type.says(|says| says.publish_not_ready).filter(|publish| *publish);
            json!({ "clusterIP": "None", "publishNotReadyAddresses": publish })
        } else {
            exposed(&given.exposure, ServiceType::ClusterIP)
        };
        let metadata = json!({ "annotations": given.exposure.annotations });
        services.push(service(names, node, names.node(&node.name), metadata, spec));
    }
    // A label distinguishes it from the node's own Service.
    let external = given.external.filter(|_| has_ports).map(|given| {
        let metadata = json!({ "annotations": given.annotations, "labels": { external_label(names): "true" } });
        let name = names.child(Some(&node.name), "external");
        service(names, node, name, metadata, exposed(&given, ServiceType::LoadBalancer))
    });
    services.extend(external);
    services
}

/// A Service for the node's pods.
fn service(names: &Names<'_>, node: &ResolvedNode, name: String, metadata: Value, mut spec: Value) -> Object {
    spec["selector"] = names.selector(&node.name).into();
    let ports = node.service_ports().into_iter().map(|Port { name, number, protocol, target }| {
        json!({ "name": name, "port": number, "targetPort": target, "protocol": protocol })
    });
    spec["ports"] = ports.collect();
    Object::new(&SERVICE, name, Some(node), json!({ "metadata": metadata, "spec": spec }))
}

/// The label of the Services for outside: `<group>/external`.
pub fn external_label(names: &Names<'_>) -> String {
    format!("{}/external", names.definition.group)
}

/// The type of a Service and what goes with it. Fields of load balancers are ignored for other types.
fn exposed(exposure: &Exposure, default: ServiceType) -> Value {
    let type_ = exposure.type_.unwrap_or(default);
    if type_ != ServiceType::LoadBalancer {
        return json!({ "type": type_ });
    }
    let Exposure { load_balancer_class, source_ranges, .. } = exposure;
    json!({ "type": type_, "loadBalancerClass": load_balancer_class, "loadBalancerSourceRanges": source_ranges })
}
