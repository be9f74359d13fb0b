//! Pods of a workload: which are its own, and how one is made.

use std::sync::Arc;

use serde_json::{Value, json};

use super::MANAGER;
use crate::{
    json::{items, put, text},
    selector::Selector,
    server::{ApiServer, Deletion},
};

/// A workload as it was when the controller looked.
pub struct Workload {
    /// Kind, as in [`crate::Kind::id`].
    pub kind: &'static str,
    /// The object.
    pub object: Arc<Value>,
}

impl Workload {
    /// The workloads of a kind that aren't being deleted.
    pub fn all(server: &ApiServer, kind: &'static str) -> Vec<Self> {
        let objects = server.list(kind, "").into_iter();
        let alive = objects.filter(|object| object.pointer("/metadata/deletionTimestamp").is_none());
        alive.map(|object| Self { kind, object }).collect()
    }

    pub fn name(&self) -> &str {
        text(&self.object, "/metadata/name")
    }

    pub fn namespace(&self) -> &str {
        text(&self.object, "/metadata/namespace")
    }

    pub fn uid(&self) -> &str {
        text(&self.object, "/metadata/uid")
    }

    /// Objects that this workload controls. Those that match its selector and have no controller are adopted, if `fits`.
    pub fn adopt(&self, server: &mut ApiServer, kind: &str, fits: impl Fn(&Value) -> bool) -> Vec<Arc<Value>> {
        let selector = Selector::of_labels(self.object.pointer("/spec/selector/matchLabels"));
        let mut owned = Vec::new();
        for object in server.list(kind, self.namespace()) {
            let controller = controller(&object).map(str::to_owned);
            let matches = selector.as_ref().is_some_and(|selector| selector.matches(&object)) && fits(&object);
            if controller.as_deref() == Some(self.uid()) {
                owned.push(object);
            } else if controller.is_none() && matches && object.pointer("/metadata/deletionTimestamp").is_none() {
                let mut references = items(&object, "/metadata/ownerReferences").to_vec();
                references.push(self.reference());
                let change = |object: &mut Value| put(object, "/metadata/ownerReferences", references);
                let at = (self.namespace(), text(&object, "/metadata/name"));
                owned.extend(server.update(kind, at, "", MANAGER, change).ok().map(Arc::new));
            }
        }
        owned
    }

    /// The reference from a child to this workload, its controller.
    pub fn reference(&self) -> Value {
        json!({
            "apiVersion": self.object.get("apiVersion"), "kind": self.object.get("kind"), "name": self.name(),
            "uid": self.uid(), "controller": true, "blockOwnerDeletion": true,
        })
    }

    /// A digest of the pod template, which names its revision.
    pub fn revision(&self) -> String {
        let template = self.object.pointer("/spec/template").map(Value::to_string).unwrap_or_default();
        // FNV-1a: the same on every machine.
        let digest = template
            .bytes()
            .fold(0xcbf2_9ce4_8422_2325_u64, |digest, byte| (digest ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
        format!("{:010x}", digest >> 24)
    }

    /// A child from a template, with the labels given.
    pub fn child(&self, name: &str, template: &Value, labels: &[(&str, &str)]) -> Value {
        let mut child = template.clone();
        put(&mut child, "/metadata/name", name);
        put(&mut child, "/metadata/ownerReferences", json!([self.reference()]));
        let map = crate::json::map(&mut child, "/metadata/labels");
        map.extend(labels.iter().map(|(key, value)| ((*key).to_owned(), Value::from(*value))));
        child
    }

    /// The pod template.
    pub fn template(&self) -> Value {
        self.object.pointer("/spec/template").cloned().unwrap_or_default()
    }

    /// Writes the status, if it differs.
    pub fn report(&self, server: &mut ApiServer, status: &Value) {
        let Some(live) = server.get(self.kind, self.namespace(), self.name()) else { return };
        let mut merged = live.get("status").cloned().unwrap_or_default();
        crate::json::merge_patch(&mut merged, status);
        if live.get("status") != Some(&merged) {
            let at = (self.namespace(), self.name());
            let _ = server.update(self.kind, at, "status", MANAGER, |object| put(object, "/status", merged));
        }
    }

    /// Creates a child of a kind, unless its name is taken.
    pub fn create(&self, server: &mut ApiServer, kind: &str, child: Value) {
        let _ = server.create(kind, self.namespace(), child, MANAGER);
    }

    /// Deletes a child.
    pub fn delete(&self, server: &mut ApiServer, kind: &str, child: &Value) {
        let deletion = Deletion { uid: Some(text(child, "/metadata/uid").to_owned()), ..Deletion::default() };
        let _ = server.delete(kind, (self.namespace(), text(child, "/metadata/name")), &deletion);
    }
}

/// The UID of an object's controller.
pub fn controller(object: &Value) -> Option<&str> {
    let mut owners = items(object, "/metadata/ownerReferences").iter();
    owners.find(|owner| owner.get("controller") == Some(&Value::Bool(true))).map(|owner| text(owner, "/uid"))
}

/// Whether a pod's condition `Ready` is true.
pub fn is_ready(pod: &Value) -> bool {
    let mut conditions = items(pod, "/status/conditions").iter();
    conditions.any(|condition| text(condition, "/type") == "Ready" && text(condition, "/status") == "True")
}

/// Whether an object is being deleted.
pub fn is_deleting(object: &Value) -> bool {
    object.pointer("/metadata/deletionTimestamp").is_some()
}

/// Whether an object has the label.
pub fn has_label(object: &Value, key: &str, value: &str) -> bool {
    object.pointer("/metadata/labels").and_then(|labels| labels.get(key)) == Some(&Value::from(value))
}
