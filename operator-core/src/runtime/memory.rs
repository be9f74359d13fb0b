//! What is kept of a cluster between two reconciles. Losing it costs a few requests, never correctness.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use backon::{BackoffBuilder, ExponentialBuilder};
use tokio::time::Instant;

use super::tracked::Tracked;
use crate::{
    model::Digest,
    model::kind::{CLAIM, ChildKind},
    plan::Accepted,
    render::Desired,
    state::Child,
    status::{ClusterStatus, Problem},
};

/// First and longest wait after a failure.
const BACKOFF: (Duration, Duration) = (Duration::from_millis(500), Duration::from_secs(60));

/// Of one cluster.
#[derive(Debug, Default)]
pub struct Memory {
    /// What this generation of the spec comes to, in outline: kept while the cluster isn't ready, when it is asked for again and again.
    pub outline: Option<(i64, Arc<Desired>)>,
    /// Failures in a row.
    pub attempts: usize,
    /// The status as last written.
    pub written: Option<Written>,
    /// What was last said in an event.
    pub said: Option<Problem>,
    /// Objects that a webhook changes.
    pub accepted: Accepted,
    /// The desired state that was last brought about in full.
    pub applied: Option<Digest>,
    /// What the API server refused.
    pub refused: Option<Refused>,
    /// Objects that were deleted to be made anew, by kind and name, until they are.
    pub replaced: Vec<(&'static ChildKind, String)>,
}

/// A desired state of which the API server refused something: not tried again until that or what is there in its place changes.
#[derive(Clone, Debug, PartialEq)]
pub struct Refused {
    /// The desired state.
    pub wanted: Digest,
    /// What was refused, by kind and name, and what was there.
    pub objects: Vec<(&'static ChildKind, String, Option<There>)>,
    /// Why.
    pub problem: Problem,
}

/// UID and digest of what is in an object's place.
type There = (Box<str>, Option<Digest>);

impl Refused {
    /// Whether the same requests would be refused again.
    pub fn still_holds(&self, wanted: Digest, observed: &[Child]) -> bool {
        self.wanted == wanted
            && self.objects.iter().all(|(kind, name, there)| *there == Self::there(kind, name, observed))
    }

    /// Whether anything else is to be left alone because of it. A claim that can't grow is in nobody's way.
    pub fn is_in_the_way(&self) -> bool {
        self.objects.iter().any(|(kind, _, _)| *kind != &CLAIM)
    }

    /// What is in the place of an object.
    pub fn there(kind: &ChildKind, name: &str, observed: &[Child]) -> Option<There> {
        let child = observed.iter().find(|child| child.kind == kind && *child.name == *name && !child.deleting)?;
        Some((child.uid.clone(), child.digest))
    }

    /// Whether this object was refused.
    pub fn is(&self, (kind, name): (&ChildKind, &str)) -> bool {
        self.objects.iter().any(|(refused, of, _)| *refused == kind && of == name)
    }
}

/// A status that was written.
#[derive(Clone, Debug)]
pub struct Written {
    /// What, until the watch shows it.
    pub status: Option<ClusterStatus>,
    /// Of which generation of the spec.
    pub generation: i64,
    /// The version that the cluster got by it.
    pub version: u64,
    /// When.
    pub at: Instant,
}

/// Of all clusters, by UID.
#[derive(Debug, Default)]
pub struct Memories(Mutex<HashMap<Box<str>, Memory>>);

impl Memories {
    /// Looks at or changes the memory of one cluster.
    pub fn with<T>(&self, uid: &str, then: impl FnOnce(&mut Memory) -> T) -> T {
        let mut all = self.lock();
        match all.get_mut(uid) {
            Some(memory) => then(memory),
            None => then(all.entry(uid.into()).or_default()),
        }
    }

    /// Forgets a cluster that is gone.
    pub fn forget(&self, uid: &str) {
        self.lock().remove(uid);
    }

    /// Whether `cluster` is as the loop's own last write of its status left it. What was kept of that is then no longer needed.
    pub fn is_own_write(&self, cluster: &Tracked) -> bool {
        let mut all = self.lock();
        let written = all.get_mut(cluster.uid()).and_then(|memory| memory.written.as_mut());
        written.is_some_and(|written| {
            if cluster.version >= written.version {
                written.status = None;
            }
            cluster.version == written.version && cluster.generation == written.generation
        })
    }

    /// How long to wait after another failure.
    pub fn backoff(&self, uid: &str) -> Duration {
        // Of a cluster that was deleted meanwhile nothing is kept.
        let attempts = self.lock().get_mut(uid).map_or(1, |memory| {
            memory.attempts += 1;
            memory.attempts
        });
        let mut delays = ExponentialBuilder::default()
            .with_min_delay(BACKOFF.0)
            .with_max_delay(BACKOFF.1)
            .with_jitter()
            .without_max_times()
            .build();
        delays.nth(attempts.min(16) - 1).unwrap_or(BACKOFF.1)
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Box<str>, Memory>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
