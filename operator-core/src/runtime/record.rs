//! What is kept of a cluster between two reconciles. All of it is a cache: what correctness needs stands in the status.

use std::{
    collections::HashMap,
    sync::{Arc, OnceLock},
    time::Duration,
};

use backon::{BackoffBuilder, ExponentialBuilder};
use lz4_flex::block;
use parking_lot::Mutex;
use tokio::time::Instant;

use super::{context::STATUS_EVERY, tracked::Tracked};
use crate::{
    apply::Outcome,
    model::{ClusterStatus, Digest, Kind, kind::CLAIM},
    plan::{Plan, plan},
    render::{Blueprint, Packed},
    settings::Invalid,
    state::{Answer, Fact, Memory, Snapshot},
    status::Problem,
};

/// First and longest wait after a failure.
const BACKOFF: (Duration, Duration) = (Duration::from_millis(500), Duration::from_secs(60));

/// What the specs of a cluster come to.
#[derive(Clone, Debug)]
pub struct Rendered {
    /// The newest, or what is wrong with it.
    pub newest: Result<Blueprint, Vec<Invalid>>,
    /// Where that is invalid, the last one of which everything was accepted, if there is one.
    pub accepted: Option<Blueprint>,
}

impl Rendered {
    /// Of a cluster that is being deleted.
    pub fn nothing() -> Self {
        Self { newest: Err(Vec::new()), accepted: None }
    }

    /// The blueprint of the newest spec.
    pub fn newest(&self) -> Option<&Blueprint> {
        self.newest.as_ref().ok()
    }

    /// The blueprint that is brought about, or kept up.
    pub fn wanted(&self) -> Option<&Blueprint> {
        self.newest().or(self.accepted.as_ref())
    }

    /// What is to be done. `accepted` is what was read where a plan [wants](Plan::wants_accepted) it.
    pub fn plan(&self, accepted: Option<&Blueprint>, snapshot: &Snapshot) -> Plan {
        plan(self.newest.as_ref().map_err(Vec::as_slice), self.accepted.as_ref().or(accepted), snapshot)
    }
}

/// Of one cluster.
#[derive(Default)]
struct Record {
    /// What the API server answered to writes, by kind and name.
    facts: Vec<Fact>,
    /// Failures in a row.
    attempts: usize,
    /// Digests of the spec that was last dealt with, and of the status that was sent then: the watch may show it before the API server
    /// answers.
    sent: Option<(Digest, Digest)>,
    /// The status as last written.
    written: Option<Written>,
    /// What was last said in an event.
    told: Option<Problem>,
    /// What the spec of this digest comes to, while it is being worked on. It takes some KB; to render it again takes half a millisecond.
    rendered: Option<(Digest, Option<Arc<Packed>>, Vec<Invalid>)>,
}

/// A status that was written.
struct Written {
    /// What, as compressed text, until a reconcile has seen it. Not until the watch shows it: a reconcile under way may have read the cluster
    /// before.
    status: Option<Box<[u8]>>,
    /// The version that the cluster got by it.
    version: u64,
    /// When.
    at: Instant,
}

/// Of all clusters, by UID.
#[derive(Default)]
pub struct Records {
    records: Mutex<HashMap<Box<str>, Record>>,
    /// Blueprints are kept as what is different from this one.
    alike: OnceLock<Arc<[u8]>>,
}

impl Records {
    /// What a cluster's spec comes to, where it was kept.
    pub fn rendered(&self, cluster: &Tracked) -> Option<Rendered> {
        let kept = self.with(cluster.uid(), |record| record.rendered.clone());
        let (_, packed, invalid) = kept.filter(|(spec, ..)| *spec == cluster.spec_digest)?;
        let blueprint = packed.and_then(|packed| packed.unpack());
        if invalid.is_empty() {
            return Some(Rendered { newest: Ok(blueprint?), accepted: None });
        }
        Some(Rendered { newest: Err(invalid), accepted: blueprint })
    }

    /// Keeps what a spec that is being worked on comes to.
    pub fn keep(&self, cluster: &Tracked, rendered: Rendered) {
        let spec = cluster.spec_digest;
        let (blueprint, invalid) = match rendered.newest {
            Ok(newest) => (Some(newest), Vec::new()),
            Err(invalid) => (rendered.accepted, invalid),
        };
        // Of one spec there is only one.
        let is_kept = |record: &mut Record| record.rendered.as_ref().is_some_and(|(kept, ..)| *kept == spec);
        if !self.with(cluster.uid(), is_kept) {
            let packed = blueprint.map(|blueprint| Arc::new(blueprint.pack(&self.alike)));
            self.with(cluster.uid(), |record| record.rendered = Some((spec, packed, invalid)));
        }
    }

    /// Drops the blueprint of a cluster that is as it shall be.
    pub fn rest(&self, uid: &str) {
        self.with(uid, |record| record.rendered = None);
    }

    /// Forgets a cluster that is gone.
    pub fn forget(&self, uid: &str) {
        self.records.lock().remove(uid);
    }

    /// What the API server answered to the cluster's writes.
    pub fn facts(&self, uid: &str) -> Vec<Fact> {
        self.with(uid, |record| record.facts.clone())
    }

    /// Takes in what came of a plan that was made from `snapshot`.
    pub fn learn(&self, snapshot: &Snapshot, outcome: &Outcome) {
        self.with(&snapshot.cluster.uid, |record| {
            for fact in &outcome.facts {
                let mut fact = fact.clone();
                let (mark, before) = (fact.mark(), snapshot.mark(&fact.kind, &fact.name));
                if mark.zip(before).is_some_and(|(mark, before)| mark.sent == before.sent) {
                    fact.count(snapshot.fact(&fact.kind, &fact.name));
                }
                record.facts.retain(|known| known.kind != fact.kind || known.name != fact.name);
                record.facts.push(fact);
            }
        });
    }

    /// The status as it was last written: what was written here may be newer than what the watch has shown.
    pub fn status(&self, cluster: &Tracked) -> Option<ClusterStatus> {
        let written = self.with(cluster.uid(), |record| {
            let written = record.written.as_mut()?;
            if cluster.version >= written.version {
                written.status = None;
            }
            serde_json::from_slice(&block::decompress_size_prepended(written.status.as_deref()?).ok()?).ok()
        });
        written.or_else(|| cluster.status())
    }

    /// Takes in that a status was written, and drops the facts that it has now.
    pub fn written(
        &self,
        cluster: &Tracked,
        status: ClusterStatus,
        version: u64,
        wanted: impl Fn(&Kind, &str) -> bool,
    ) {
        self.with(cluster.uid(), |record| {
            record.facts.retain(|fact| match fact.answer {
                // How often it was put back, the status doesn't have.
                Answer::Stored { .. } => {
                    (fact.put_back > 0 && wanted(&fact.kind, &fact.name))
                        || status.inventory.mark(&fact.kind, &fact.name) != fact.mark()
                }
                // Once is enough to know that a Job that is done was cleaned up, or that a Secret is gone.
                Answer::Deleted => status.inventory.has(&fact.kind, &fact.name),
                _ => {
                    let is_known = || status.inventory.has(&fact.kind, &fact.name);
                    fact.kind == &CLAIM || wanted(&fact.kind, &fact.name) || is_known()
                }
            });
            record.facts.shrink_to_fit();
            let text = serde_json::to_vec(&status).ok();
            let text = text.map(|text| block::compress_prepend_size(&text).into());
            record.written = Some(Written { status: text, version, at: Instant::now() });
        });
    }

    /// The cluster isn't at the version that is known: what the watch shows counts from now on.
    pub fn doubt(&self, uid: &str) {
        self.with(uid, |record| record.written = None);
    }

    /// Whether a status was written here that is older than `cluster`.
    pub fn has_written_before(&self, cluster: &Tracked) -> bool {
        self.with(cluster.uid(), |record| {
            record.written.as_ref().is_some_and(|written| written.version < cluster.version)
        })
    }

    /// The newest version of a cluster that is known.
    pub fn version(&self, cluster: &Tracked) -> u64 {
        let written = self.with(cluster.uid(), |record| record.written.as_ref().map(|written| written.version));
        cluster.version.max(written.unwrap_or_default())
    }

    /// Time since the status was last written.
    pub fn since_written(&self, uid: &str) -> Option<Duration> {
        self.with(uid, |record| record.written.as_ref().map(|written| written.at.elapsed()))
    }

    /// Takes in that a status is about to be sent.
    pub fn sending(&self, cluster: &Tracked, status: &ClusterStatus) {
        self.with(cluster.uid(), |record| record.sent = Some((cluster.wanted(), digest(status))));
    }

    /// Whether `cluster` wants what was last dealt with, and has the status that was sent then.
    pub fn is_own_write(&self, cluster: &Tracked) -> bool {
        let sent = self.with(cluster.uid(), |record| record.sent);
        let is_same =
            |(wanted, status)| wanted == cluster.wanted() && cluster.status().is_some_and(|it| digest(&it) == status);
        !cluster.deleting && sent.is_some_and(is_same)
    }

    /// Whether a problem is another than the one that was last told.
    pub fn is_news(&self, uid: &str, problem: Option<&Problem>) -> bool {
        self.with(uid, |record| {
            let news = record.told.as_ref() != problem;
            record.told = problem.cloned();
            news
        })
    }

    /// Failures in a row.
    pub fn attempts(&self, uid: &str) -> usize {
        self.with(uid, |record| record.attempts)
    }

    /// All went well.
    pub fn succeeded(&self, uid: &str) {
        self.with(uid, |record| record.attempts = 0);
    }

    /// How long to wait after another failure.
    pub fn backoff(&self, uid: &str) -> Duration {
        // Of a cluster that was deleted meanwhile nothing is kept.
        let attempts = self.records.lock().get_mut(uid).map_or(1, |record| {
            record.attempts += 1;
            record.attempts
        });
        let waits = ExponentialBuilder::default().with_min_delay(BACKOFF.0).with_max_delay(BACKOFF.1);
        let mut waits = waits.with_jitter().without_max_times().build();
        waits.nth(attempts.min(16) - 1).unwrap_or(BACKOFF.1)
    }

    /// What is kept that matters to what comes, as text, with the version that a cluster got last: not what follows from its spec, nor what was told.
    pub fn memory(&self) -> Vec<Memory> {
        let records = self.records.lock();
        let memories = records.iter().map(|(uid, Record { facts, attempts, sent, written, .. })| {
            let version = written.as_ref().map_or(0, |written| written.version);
            let written = written.as_ref().map(|it| (&it.status, it.at.elapsed().min(STATUS_EVERY)));
            (uid.clone(), version, format!("{facts:?} {attempts} {sent:?} {written:?}"))
        });
        memories.collect()
    }

    fn with<T>(&self, uid: &str, then: impl FnOnce(&mut Record) -> T) -> T {
        let mut all = self.records.lock();
        match all.get_mut(uid) {
            Some(record) => then(record),
            None => then(all.entry(uid.into()).or_default()),
        }
    }
}

fn digest(status: &ClusterStatus) -> Digest {
    Digest::of_texts([&*serde_json::to_string(status).unwrap_or_default()])
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn cluster(version: u64) -> Tracked {
        with(version, (1, "a"), &json!({}), None)
    }

    fn with(
        version: u64,
        (generation, image): (i64, &str),
        metadata: &Value,
        status: Option<&ClusterStatus>,
    ) -> Tracked {
        let mut all = json!({ "name": "a", "namespace": "n", "uid": "u", "resourceVersion": version.to_string(), "generation": generation });
        all.as_object_mut().unwrap().extend(metadata.as_object().unwrap().clone());
        serde_json::from_str(&json!({ "metadata": all, "spec": { "image": image }, "status": status }).to_string())
            .unwrap()
    }

    #[test]
    fn the_watch_may_show_a_status_before_the_api_server_answers() {
        let records = Records::default();
        let status = ClusterStatus { observed_generation: 1, ready: "1/1".to_owned(), ..ClusterStatus::default() };
        assert!(!records.is_own_write(&with(5, (1, "a"), &json!({}), Some(&status))), "nothing was sent yet");
        records.sending(&cluster(3), &status);
        assert!(records.is_own_write(&with(5, (1, "a"), &json!({}), Some(&status))));
        let asks = json!({ "annotations": { "a.b/adopt": "true" } });
        assert!(!records.is_own_write(&with(5, (1, "a"), &asks, Some(&status))), "an annotation");
        assert!(!records.is_own_write(&with(5, (1, "b"), &json!({}), Some(&status))), "another spec");
        assert!(!records.is_own_write(&with(5, (3, "a"), &json!({}), Some(&status))), "another spec, and back");
        let deleting = json!({ "deletionTimestamp": "2026-01-01T12:00:00Z" });
        assert!(!records.is_own_write(&with(5, (1, "a"), &deleting, Some(&status))));
        let other = ClusterStatus { ready: "0/1".to_owned(), ..status };
        assert!(!records.is_own_write(&with(5, (1, "a"), &json!({}), Some(&other))), "someone else's");
        assert!(!records.is_own_write(&with(5, (1, "a"), &json!({}), None)), "wiped");
    }

    #[test]
    fn a_reconcile_that_began_before_a_status_was_written_knows_it_though_the_watch_has_shown_it_meanwhile() {
        let records = Records::default();
        let status = ClusterStatus { observed_generation: 1, ..ClusterStatus::default() };
        records.written(&cluster(3), status.clone(), 5, |_, _| true);
        assert_eq!(records.status(&cluster(3)), Some(status));
        assert_eq!(records.status(&cluster(5)), None, "the cluster itself has it by now");
    }
}
