//! What users were promised.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use operator_core::{
    model::{
        Kind,
        kind::{self, Presence},
    },
    render::names,
};
use operator_simulation::{Change, controllers::controller, operator::id};
use serde_json::{Value, json};

use crate::world::{CLUSTERS, NAMESPACE, World, name};

/// Enough for every policy that was mended to be tried again, twice.
pub const PATIENCE: Duration = Duration::from_secs(20 * 60);
/// Writes of one object that change nothing, which each disturbance may cost.
const IDLE_WRITES: usize = 3;

impl World {
    /// Promise 1, 6 and 8: the cluster comes to rest, is ready, and nothing is left behind; nor does a restart write anything.
    pub async fn comes_to_rest(&mut self) {
        let rests = self.settle(PATIENCE).await;
        assert!(rests, "no rest: {:#?}\n{:#}", self.plan().1, self.cluster()["status"]);
        self.is_as_wanted();
        self.is_not_disturbed_by_a_restart().await;
    }

    /// A cluster at rest is ready, of its newest spec, and nothing is left behind.
    pub fn is_as_wanted(&self) {
        let status = self.cluster()["status"].clone();
        let (snapshot, plan) = self.plan();
        assert!(plan.is_done(), "{plan:#?}\n{:#?}", snapshot.facts);
        let generation = &self.cluster()["metadata"]["generation"];
        assert_eq!(&status["observedGeneration"], generation, "the status is about the newest spec");
        let ready = status["conditions"].as_array().unwrap().iter().find(|condition| condition["type"] == "Ready");
        assert_eq!(ready.unwrap()["status"], "True", "{status:#}");
        self.has_what_is_wanted(&status);
    }

    /// An operator that starts while all is at rest writes nothing.
    pub async fn is_not_disturbed_by_a_restart(&mut self) {
        let (writes, version) = (self.wire.count(), self.server().version());
        self.restart();
        assert!(self.settle(PATIENCE).await, "a restart doesn't disturb");
        assert_eq!(self.wire.writes()[writes..], [], "a restart writes nothing");
        assert_eq!(self.server().version(), version, "nothing happens");
    }

    /// Promise 6: exactly what is wanted is there, and the inventory names it.
    fn has_what_is_wanted(&self, status: &Value) {
        let there: BTreeSet<(String, String)> =
            self.children().into_iter().map(|(kind, name, _)| (kind, name)).collect();
        let (snapshot, _) = self.plan();
        let wanted = self.blueprint().with(&snapshot.references);
        // A Job that is done stays done when someone deletes it.
        let cleaned_up = wanted.iter().filter(|object| snapshot.is_done(&object.kind, &object.name));
        let cleaned_up: BTreeSet<_> = cleaned_up.map(|object| (id(&object.kind), object.name.clone())).collect();
        let wanted: BTreeSet<(String, String)> =
            wanted.iter().map(|object| (id(&object.kind), object.name.clone())).collect();
        let present = wanted.iter().filter(|object| there.contains(*object) || !cleaned_up.contains(*object));
        assert_eq!(there, present.cloned().collect(), "left: what is there; right: what is wanted");
        let inventory = status["inventory"].as_object().into_iter().flatten();
        let recorded: BTreeSet<(String, String)> = inventory
            .flat_map(|(kind, names)| {
                let kind = id(&Kind::from_id(kind).unwrap());
                names.as_object().unwrap().keys().map(move |name| (kind.clone(), name.clone()))
            })
            .collect();
        assert_eq!(recorded, wanted, "left: the inventory; right: what is wanted");
    }

    /// Promise 2 and 3: writes change something, and only what is the cluster's.
    pub fn writes_with_care(&self, clusters: &BTreeSet<String>, disturbances: usize) {
        let mut idle = BTreeMap::<_, usize>::new();
        for write in self.wire.writes().iter().filter(|write| write.code < 300) {
            if !write.changed {
                *idle.entry((write.method.to_string(), write.path.clone())).or_default() += 1;
            }
            // A Secret that someone has put in the place of a lost one may have no owner.
            let is_secret = write.path.contains("/secrets/");
            let own = |object: &Value| controller(object).map_or(is_secret, |uid| clusters.contains(uid));
            let is_cluster = write.path.contains("/datas/");
            let is_claim = write.path.contains("/persistentvolumeclaims/");
            if let Some(before) = write.before.as_ref().filter(|_| write.changed && !is_cluster && !is_claim) {
                assert!(own(before), "{} {} isn't the cluster's: {before:#}", write.method, write.path);
            }
            assert!(!is_claim || write.method == "PATCH", "a claim is never deleted");
        }
        for (write, count) in idle {
            assert!(count <= IDLE_WRITES * (disturbances + 1), "{write:?} changed nothing {count} times");
        }
        let deleted = self
            .server()
            .log()
            .iter()
            .any(|event| event.kind == "persistentvolumeclaims" && event.change == Change::Deleted);
        assert!(!deleted, "claims are never deleted");
    }

    /// Whether someone took the label by which it is watched from a child.
    pub fn has_unwatched(&self) -> bool {
        let mut children = self.children().into_iter();
        children.any(|(_, _, object)| object["metadata"]["labels"][names::MANAGED_BY] == "someone")
    }

    /// Not promised, and so done for the operator:
    /// - An object that lost the label by which it is watched, and isn't wanted any more before the operator has put that back, is taken for
    ///   gone.
    /// - Where someone removed the status and the operator starts anew, nobody knows any more of objects that aren't wanted any more and whose
    ///   kind isn't watched from the start.
    pub fn leave_out_what_is_forgotten(&mut self) {
        let wanted: BTreeSet<String> =
            self.blueprint().objects.iter().map(|object| format!("{} {}", id(&object.kind), object.name)).collect();
        let starts = |known: &str| {
            kind::ALL.iter().any(|kind| kind.presence == Presence::Start && id(&Kind::from(*kind)) == known)
        };
        for (kind, name, object) in self.children() {
            let is_seen = starts(&kind) && object["metadata"]["labels"][names::MANAGED_BY] != "someone";
            if !is_seen && !wanted.contains(&format!("{kind} {name}")) {
                self.delete(&kind, &name);
            }
        }
    }

    /// Puts an empty Secret in the place of each generated one that is lost.
    pub fn ask_for_new_values(&mut self) {
        for object in self.blueprint().objects.iter().filter(|object| !object.generate.is_empty()) {
            let empty = json!({ "metadata": { "name": object.name } });
            // Where it isn't lost, its name is taken.
            let _ = self.server().create("secrets", NAMESPACE, empty, "someone");
        }
    }

    /// UIDs of the pods, by name.
    pub fn pods(&self) -> BTreeMap<String, String> {
        let pods = self.server().list("pods", "");
        pods.iter().map(|pod| (name(pod), pod["metadata"]["uid"].as_str().unwrap().to_owned())).collect()
    }

    /// UIDs of the clusters that there ever were.
    pub fn all_clusters(&self) -> BTreeSet<String> {
        let server = self.server();
        let clusters = server.log().iter().filter(|event| event.kind == CLUSTERS);
        clusters.map(|event| event.object["metadata"]["uid"].as_str().unwrap().to_owned()).collect()
    }

    /// The number of pods that a workload asks for.
    pub fn replicas(&self, node: &str) -> Option<i64> {
        let kind = if node == "query" { "deployments.apps" } else { "statefulsets.apps" };
        self.get(kind, &format!("a-{node}"))?["spec"]["replicas"].as_i64()
    }
}
