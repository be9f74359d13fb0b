//! StatefulSets. Source: `pkg/controller/statefulset/stateful_set_control.go`; revisions are kept in the status only.

use std::sync::Arc;

use serde_json::{Value, json};

use super::{
    owned::{Workload, has_label, is_deleting, is_ready},
    pod::replicas,
};
use crate::{
    json::{items, map, put, text},
    server::ApiServer,
};

const KIND: &str = "statefulsets.apps";
const REVISION: &str = "controller-revision-hash";
const CLAIMS: &str = "persistentvolumeclaims";

/// Takes each StatefulSet one step further.
pub fn stateful_sets(server: &mut ApiServer) -> bool {
    let before = server.version();
    for workload in Workload::all(server, KIND) {
        let set = Set { revision: format!("{}-{}", workload.name(), workload.revision()), workload };
        set.sync(server);
    }
    server.version() != before
}

struct Set {
    workload: Workload,
    revision: String,
}

impl Set {
    fn sync(&self, server: &mut ApiServer) {
        let pods = self.workload.adopt(server, "pods", |pod| self.ordinal(pod).is_some());
        self.retain_claims(server);
        self.next(server, &pods);
        let pods = self.workload.adopt(server, "pods", |_| false);
        self.report(server, &pods);
    }

    fn object(&self) -> &Value {
        &self.workload.object
    }

    fn ordinal(&self, pod: &Value) -> Option<usize> {
        text(pod, "/metadata/name").strip_prefix(self.workload.name())?.strip_prefix('-')?.parse().ok()
    }

    /// Creates, deletes or replaces pods: one at a time unless they are managed in parallel.
    fn next(&self, server: &mut ApiServer, pods: &[Arc<Value>]) {
        let parallel = text(self.object(), "/spec/podManagementPolicy") == "Parallel";
        let wanted = replicas(self.object());
        let find = |ordinal: usize| pods.iter().find(|pod| self.ordinal(pod) == Some(ordinal));
        for ordinal in 0..wanted {
            match find(ordinal) {
                None => self.create(server, ordinal),
                Some(pod) if ["Failed", "Succeeded"].contains(&text(pod, "/status/phase")) => {
                    self.workload.delete(server, "pods", pod);
                }
                Some(pod) if !self.has_claims(server, pod, ordinal) => return,
                Some(pod) if is_ready(pod) && !is_deleting(pod) => continue,
                Some(_) => {}
            }
            if !parallel {
                return;
            }
        }
        let mut surplus: Vec<_> = pods.iter().filter_map(|pod| Some((self.ordinal(pod)?, pod))).collect();
        surplus.retain(|(ordinal, _)| *ordinal >= wanted);
        surplus.sort_by_key(|(ordinal, _)| std::cmp::Reverse(*ordinal));
        for (_, pod) in &surplus {
            if !is_deleting(pod) {
                self.own_claims_by_pod(server, pod);
                self.workload.delete(server, "pods", pod);
            }
            if !parallel {
                return;
            }
        }
        if text(self.object(), "/spec/updateStrategy/type") == "RollingUpdate" {
            self.roll(server, pods, wanted);
        }
    }

    /// Deletes the last pod of an older revision, when all after it are ready.
    fn roll(&self, server: &mut ApiServer, pods: &[Arc<Value>], wanted: usize) {
        let partition = self.object().pointer("/spec/updateStrategy/rollingUpdate/partition").and_then(Value::as_u64);
        let partition = partition.and_then(|partition| usize::try_from(partition).ok()).unwrap_or(0);
        for ordinal in (partition..wanted).rev() {
            let Some(pod) = pods.iter().find(|pod| self.ordinal(pod) == Some(ordinal)) else { return };
            if !has_label(pod, REVISION, &self.revision) && !is_deleting(pod) {
                self.workload.delete(server, "pods", pod);
                return;
            }
            if !is_ready(pod) || is_deleting(pod) {
                return;
            }
        }
    }

    fn create(&self, server: &mut ApiServer, ordinal: usize) {
        let name = format!("{}-{ordinal}", self.workload.name());
        let index = ordinal.to_string();
        let labels = [
            (REVISION, self.revision.as_str()),
            ("statefulset.kubernetes.io/pod-name", name.as_str()),
            ("apps.kubernetes.io/pod-index", index.as_str()),
        ];
        let mut pod = self.workload.child(&name, &self.workload.template(), &labels);
        put(&mut pod, "/spec/hostname", name.as_str());
        put(&mut pod, "/spec/subdomain", text(self.object(), "/spec/serviceName"));
        for template in items(self.object(), "/spec/volumeClaimTemplates") {
            let volume = text(template, "/metadata/name");
            let claim = format!("{volume}-{name}");
            let mut volumes = items(&pod, "/spec/volumes").to_vec();
            volumes.retain(|other| text(other, "/name") != volume);
            volumes.push(json!({ "name": volume, "persistentVolumeClaim": { "claimName": claim } }));
            put(&mut pod, "/spec/volumes", volumes);
            self.create_claim(server, &claim, template);
        }
        self.workload.create(server, "pods", pod);
    }

    /// Whether a pod has the claims of all templates. If not, the controller makes them, fails to give the pod their volumes, which nobody can,
    /// and gets to no pod after it. (Of pods in parallel, it takes a few more before it gives up.)
    fn has_claims(&self, server: &mut ApiServer, pod: &Value, ordinal: usize) -> bool {
        let templates = items(self.object(), "/spec/volumeClaimTemplates");
        let claim =
            |template: &Value| format!("{}-{}-{ordinal}", text(template, "/metadata/name"), self.workload.name());
        let has = |claim: &str| {
            let mut claims = items(pod, "/spec/volumes").iter().map(|it| text(it, "/persistentVolumeClaim/claimName"));
            claims.any(|name| name == claim)
        };
        let has_all = templates.iter().all(|template| has(&claim(template)));
        if !has_all && !is_deleting(pod) {
            templates.iter().for_each(|template| self.create_claim(server, &claim(template), template));
        }
        has_all || is_deleting(pod)
    }

    fn create_claim(&self, server: &mut ApiServer, name: &str, template: &Value) {
        if server.get(CLAIMS, self.workload.namespace(), name).is_some() {
            return;
        }
        let mut claim = template.clone();
        put(&mut claim, "/metadata/name", name);
        let labels = self.object().pointer("/spec/selector/matchLabels").and_then(Value::as_object).cloned();
        map(&mut claim, "/metadata/labels").extend(labels.into_iter().flatten());
        if self.deletes_claims("whenDeleted") {
            put(&mut claim, "/metadata/ownerReferences", json!([self.workload.reference()]));
        }
        self.workload.create(server, CLAIMS, claim);
    }

    fn deletes_claims(&self, when: &str) -> bool {
        text(self.object(), &format!("/spec/persistentVolumeClaimRetentionPolicy/{when}")) == "Delete"
    }

    /// Makes the set the owner of its claims, or not, as its retention policy says.
    fn retain_claims(&self, server: &mut ApiServer) {
        let uid = self.workload.uid();
        for ordinal in 0..replicas(self.object()) {
            for template in items(self.object(), "/spec/volumeClaimTemplates") {
                let name = format!("{}-{}-{ordinal}", text(template, "/metadata/name"), self.workload.name());
                let Some(claim) = server.get(CLAIMS, self.workload.namespace(), &name) else { continue };
                let mut owners = items(&claim, "/metadata/ownerReferences").to_vec();
                let owned = owners.iter().any(|owner| text(owner, "/uid") == uid);
                // A pod that came back keeps its claim.
                owners.retain(|owner| text(owner, "/kind") != "Pod" && text(owner, "/uid") != uid);
                if self.deletes_claims("whenDeleted") {
                    owners.push(self.workload.reference());
                }
                if owned != self.deletes_claims("whenDeleted")
                    || owners.len() != items(&claim, "/metadata/ownerReferences").len()
                {
                    let change = |claim: &mut Value| put(claim, "/metadata/ownerReferences", owners);
                    let _ = server.update(CLAIMS, (self.workload.namespace(), &name), "", super::MANAGER, change);
                }
            }
        }
    }

    fn own_claims_by_pod(&self, server: &mut ApiServer, pod: &Value) {
        if !self.deletes_claims("whenScaled") {
            return;
        }
        let owner = json!({ "apiVersion": "v1", "kind": "Pod", "name": text(pod, "/metadata/name"),
            "uid": text(pod, "/metadata/uid"), "controller": true, "blockOwnerDeletion": true });
        for volume in items(pod, "/spec/volumes") {
            let name = text(volume, "/persistentVolumeClaim/claimName");
            if !name.is_empty() {
                let change = |claim: &mut Value| put(claim, "/metadata/ownerReferences", json!([owner]));
                let _ = server.update(CLAIMS, (self.workload.namespace(), name), "", super::MANAGER, change);
            }
        }
    }

    fn report(&self, server: &mut ApiServer, pods: &[Arc<Value>]) {
        let before = text(self.object(), "/status/currentRevision");
        let count = |is: &dyn Fn(&Value) -> bool| pods.iter().filter(|pod| is(pod)).count();
        let updated = count(&|pod| has_label(pod, REVISION, &self.revision) && !is_deleting(pod));
        let ready = count(&|pod| is_ready(pod) && !is_deleting(pod));
        let done = updated == pods.len() && ready == pods.len() && pods.len() == replicas(self.object());
        let current = if done || before.is_empty() { &self.revision } else { before };
        let mut status = json!({
            "observedGeneration": self.object().pointer("/metadata/generation"),
            "replicas": pods.len(), "readyReplicas": ready, "availableReplicas": ready, "updatedReplicas": updated,
            "currentReplicas": count(&|pod| has_label(pod, REVISION, current)),
            "currentRevision": current, "updateRevision": self.revision, "collisionCount": 0,
        });
        // Go leaves out these where they are 0.
        for field in ["readyReplicas", "updatedReplicas", "currentReplicas"] {
            if status.get(field) == Some(&json!(0)) {
                map(&mut status, "").insert(field.to_owned(), Value::Null);
            }
        }
        self.workload.report(server, &status);
    }
}
