//! The HorizontalPodAutoscaler of a node, where the settings ask for one.

use serde_json::{Value, json};

use super::{Object, names::Names, pod};
use crate::{
    model::kind::AUTOSCALER,
    settings::{Autoscaling, Invalid, ResolvedNode, Scale, json::at, merge_values},
};

/// Target in percent of the requested CPU, where no metric is given.
const UTILIZATION: i32 = 80;

/// `pod` is the template of the pods that it scales.
pub fn build(names: &Names<'_>, node: &ResolvedNode, pod: &Value) -> Result<Option<Object>, Invalid> {
    let (Some(given), Scale::Autoscaled) = (&node.spec.autoscaling, node.scale) else { return Ok(None) };
    let name = names.node(&node.name);
    let spec = json!({
        "scaleTargetRef": { "apiVersion": node.kind.api_version(), "kind": node.kind.kind, "name": name },
        "minReplicas": given.min_replicas.unwrap_or(1),
        "maxReplicas": given.max_replicas,
        "metrics": metrics(node, given, pod)?,
        "behavior": behavior(given),
    });
    Ok(Some(Object::new(&AUTOSCALER, name, Some(node), json!({ "spec": spec }))))
}

/// The default is about the node's own container, whatever its sidecars use.
fn metrics(node: &ResolvedNode, given: &Autoscaling, pod: &Value) -> Result<Vec<Value>, Invalid> {
    if let Some(metrics) = given.metrics.as_ref().filter(|metrics| !metrics.is_empty()) {
        return Ok(metrics.clone());
    }
    let main = pod::container(pod, node.node_type.container());
    if main.is_none_or(|main| at(main, "resources.requests|limits.cpu").is_empty()) {
        let message = "without metrics, the number of pods follows the CPU they use of what they request; \
                       set resources.requests.cpu, or metrics";
        return Err(node.invalid("autoscaling", message));
    }
    let target = json!({ "type": "Utilization", "averageUtilization": UTILIZATION });
    let source = json!({ "name": "cpu", "container": node.node_type.container(), "target": target });
    Ok(vec![json!({ "type": "ContainerResource", "containerResource": source })])
}

/// With what Kubernetes fills in, so that it all goes when it is taken back.
///
/// Source: `pkg/apis/autoscaling/v2/defaults.go`.
fn behavior(given: &Autoscaling) -> Option<Value> {
    let percent = json!({ "type": "Percent", "value": 100, "periodSeconds": 15 });
    let pods = json!({ "type": "Pods", "value": 4, "periodSeconds": 15 });
    let given = given.behavior.clone().filter(|given| !given.is_null())?;
    let defaults = json!({
        "scaleUp": { "stabilizationWindowSeconds": 0, "selectPolicy": "Max", "policies": [pods, percent] },
        "scaleDown": { "selectPolicy": "Max", "policies": [percent] },
    });
    Some(merge_values(defaults, given))
}
