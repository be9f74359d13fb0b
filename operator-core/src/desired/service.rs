//! The Services of a node: headless for StatefulSets, whose pods get names of their own; ClusterIP else. And one for outside where it is wanted.

use serde_json::{Value, json};

use super::{Object, names::Names, ports};
use crate::{
    definition::Workload,
    kinds::SERVICE,
    node::{Effective, ExternalServiceSpec, Invalid, ServiceType},
};

/// What the load balancer of a Service is told.
struct Balancer<'a> {
    type_: ServiceType,
    class: &'a Option<String>,
    source_ranges: &'a Option<Vec<String>>,
}

pub fn build(names: &Names<'_>, node: &Effective) -> Result<Vec<Object>, Vec<Invalid>> {
    let given = node.spec.settings.service.clone().unwrap_or_default();
    let ports = ports::of_service(node);
    let mut errors = Vec::new();
    let mut services = Vec::new();

    let headless = node.node_type.workload() == Workload::StatefulSet;
    let type_ = given.type_.unwrap_or(ServiceType::ClusterIP);
    let path = format!("{}.service", node.path);
    let balancer = Balancer { type_, class: &given.load_balancer_class, source_ranges: &given.source_ranges };
    if headless && type_ != ServiceType::ClusterIP {
        let message = "the Service of a StatefulSet is headless, which gives its pods their names; write `service.external` for a further one";
        errors.push(Invalid::new(format!("{path}.type"), message));
    } else {
        errors.extend(balancer.check(&path));
    }
    if headless || !ports.is_empty() {
        let mut spec = json!({ "selector": names.selector(&node.name), "ports": ports });
        if headless {
            spec["clusterIP"] = "None".into();
            if node.node_type.says(|says| says.publish_not_ready) == Some(true) {
                spec["publishNotReadyAddresses"] = true.into();
            }
        } else {
            balancer.put(&mut spec);
        }
        let body = json!({ "metadata": { "annotations": given.annotations }, "spec": spec });
        services.push(Object::new(&SERVICE, names.node(&node.name), Some(node), body));
    }
    match given.external.map(|given| external(names, node, &given, &ports)) {
        Some(Ok(external)) => services.push(external),
        Some(Err(invalid)) => errors.extend(invalid),
        None => {}
    }
    if errors.is_empty() { Ok(services) } else { Err(errors) }
}

/// `<node>-external`. A label tells it from the node's own Service, which has the same others.
fn external(
    names: &Names<'_>,
    node: &Effective,
    given: &ExternalServiceSpec,
    ports: &[Value],
) -> Result<Object, Vec<Invalid>> {
    let path = format!("{}.service.external", node.path);
    let type_ = given.type_.unwrap_or(ServiceType::LoadBalancer);
    let balancer = Balancer { type_, class: &given.load_balancer_class, source_ranges: &given.source_ranges };
    let mut errors = balancer.check(&path);
    if ports.is_empty() {
        errors.push(Invalid::new(path, "this node has no port; add one to `ports`"));
    }
    if !errors.is_empty() {
        return Err(errors);
    }
    let mut spec = json!({ "selector": names.selector(&node.name), "ports": ports });
    balancer.put(&mut spec);
    let metadata = json!({ "annotations": given.annotations, "labels": { external_label(names): "true" } });
    let name = names.child(Some(&node.name), "external");
    Ok(Object::new(&SERVICE, name, Some(node), json!({ "metadata": metadata, "spec": spec })))
}

/// The label of the Services for outside: `<group>/external`.
pub fn external_label(names: &Names<'_>) -> String {
    format!("{}/external", names.definition.group)
}

impl Balancer<'_> {
    fn check(&self, path: &str) -> Vec<Invalid> {
        let balanced = self.type_ == ServiceType::LoadBalancer;
        [("loadBalancerClass", self.class.is_some()), ("sourceRanges", self.source_ranges.is_some())]
            .into_iter()
            .filter(|(_, given)| *given && !balanced)
            .map(|(field, _)| Invalid::new(format!("{path}.{field}"), "goes with `type: LoadBalancer` only; drop one"))
            .collect()
    }

    fn put(&self, spec: &mut Value) {
        spec["type"] = json!(self.type_);
        if let Some(class) = self.class {
            spec["loadBalancerClass"] = class.as_str().into();
        }
        if let Some(ranges) = self.source_ranges {
            spec["loadBalancerSourceRanges"] = json!(ranges);
        }
    }
}
