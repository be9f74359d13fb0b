//! The lease of which one of several processes is the holder: only that one works.
//!
//! It follows client-go's leader election: the clocks of two machines are never compared. A lease is over once its object hasn't changed for as
//! long as it says, on this process's monotonic clock, and its object's version keeps two from taking it at once. Not by a crate: those that
//! were looked at compare the holder's clock with their own, and go on holding a lease that they can't renew.

use std::time::Duration;

use k8s_openapi::{
    api::coordination::v1::{Lease as Object, LeaseSpec},
    apimachinery::pkg::apis::meta::v1::{MicroTime, ObjectMeta},
    jiff::Timestamp,
};
use kube::{Api, Client, api::PostParams};
use tokio::{
    sync::watch,
    time::{Instant, sleep, timeout},
};

/// Which lease, and for how long.
#[derive(Clone, Debug)]
pub struct LeaseOptions {
    /// Namespace of the Lease.
    pub namespace: String,
    /// How long after the last renewal another process may take it. Whole seconds, at least 3. The holder renews it seven times as often, and
    /// stops writing after two thirds of it without a renewal.
    pub duration: Duration,
}

impl LeaseOptions {
    /// As Kubernetes' own components have it: a process that died is replaced within 20 seconds.
    pub const DURATION: Duration = Duration::from_secs(15);
}

/// What is said where etcd may have been restored.
const SET_BACK: &str =
    "the API server shows the lease as it was earlier, or none: it was deleted, or etcd was restored from a backup";

/// A lease that this process holds or wants.
pub struct Lease {
    api: Api<Object>,
    name: String,
    identity: String,
    duration: Duration,
    /// As this process wrote it; none: it has to be read.
    held: Option<Object>,
    /// The version that another holder wrote last, and when it was first seen.
    seen: Option<(Option<String>, Instant)>,
    /// The newest version that this process was shown; none: nothing yet.
    newest: Option<u64>,
}

/// Why the lease was neither taken nor renewed.
#[derive(Debug, thiserror::Error)]
enum Unrenewed {
    /// What the API server says.
    #[error("{0}")]
    Refused(String),
    #[error(transparent)]
    Failed(#[from] kube::Error),
    #[error("no answer within {} s", .0.as_secs_f32())]
    NoAnswer(Duration),
}

/// Who holds a lease.
#[derive(Debug, PartialEq)]
enum Holder {
    /// This process, until then.
    This(Instant),
    /// Another, or nobody any more.
    Other(String),
    /// Nobody knows: the API server is at an earlier state than it was.
    SetBack,
}

impl Lease {
    /// The lease `name`, for the process `identity`.
    pub fn new(client: Client, name: String, identity: String, options: &LeaseOptions) -> Self {
        let api = Api::namespaced(client, &options.namespace);
        Self { api, name, identity, duration: options.duration, held: None, seen: None, newest: None }
    }

    /// Waits until this process holds it. Returns until when it does.
    pub async fn acquire(&mut self) -> Instant {
        let mut said = String::new();
        loop {
            let holder = self.attempt().await;
            let (lease, namespace) = (&self.name, self.api.namespace());
            let wait = match holder {
                Ok(Holder::This(until)) => {
                    tracing::info!(lease, namespace, identity = self.identity, "holds the lease");
                    return until;
                }
                Ok(Holder::Other(holder)) => format!("{holder} holds the lease; standing by"),
                Ok(Holder::SetBack) => SET_BACK.to_owned(),
                Err(error) => format!("the lease can't be taken: {error}"),
            };
            if said != wait {
                tracing::info!(lease, namespace, "{wait}");
                said = wait;
            }
            sleep(self.pause()).await;
        }
    }

    /// Renews it, and says until when it is held. Returns once it is lost.
    pub async fn renew(&mut self, until: &watch::Sender<Instant>) {
        while Instant::now() < *until.borrow() {
            sleep(self.pause()).await;
            match self.attempt().await {
                Ok(Holder::This(at)) => drop(until.send_replace(at)),
                Ok(Holder::Other(holder)) => {
                    // Whoever has it may begin to write.
                    until.send_replace(Instant::now());
                    tracing::error!(lease = self.name, holder, "another process has the lease");
                    return;
                }
                Ok(Holder::SetBack) => {
                    // What this process remembers of objects is of a time that never was.
                    until.send_replace(Instant::now());
                    tracing::error!(lease = self.name, "{SET_BACK}; beginning anew");
                    return;
                }
                Err(error) => tracing::warn!(lease = self.name, %error, "the lease can't be renewed"),
            }
        }
        tracing::error!(lease = self.name, "the lease is lost: it couldn't be renewed in time");
    }

    /// Gives it back, so that another process takes it at once. Best effort: it ends by itself.
    pub async fn release(&mut self) {
        match timeout(self.patience(), self.give_back()).await {
            Ok(Ok(true)) => tracing::info!(lease = self.name, "released the lease"),
            Ok(Ok(false)) => {}
            Ok(Err(error)) => tracing::debug!(lease = self.name, %error, "the lease can't be released"),
            Err(_) => tracing::debug!(lease = self.name, "no answer to the release of the lease"),
        }
    }

    /// Returns whether it was this process's.
    async fn give_back(&mut self) -> kube::Result<bool> {
        loop {
            let Some(mut lease) = self.read().await? else { return Ok(false) };
            let spec = lease.spec.get_or_insert_default();
            if spec.holder_identity.as_ref() != Some(&self.identity) {
                return Ok(false);
            }
            spec.holder_identity = Some(String::new());
            spec.lease_duration_seconds = Some(1);
            spec.renew_time = Some(MicroTime(Timestamp::now()));
            match self.api.replace(&self.name, &PostParams::default(), &lease).await {
                // A renewal that was cut short when the work ended.
                Err(kube::Error::Api(status)) if status.code == 409 => {}
                answer => return answer.map(|_| true),
            }
        }
    }

    /// Takes or renews it, where it isn't another's.
    async fn attempt(&mut self) -> Result<Holder, Unrenewed> {
        let patience = self.patience();
        match timeout(patience, self.take()).await {
            Ok(Ok(holder)) => Ok(holder),
            Ok(Err(kube::Error::Api(status))) => Err(Unrenewed::Refused(status.message.clone())),
            Ok(Err(error)) => Err(error.into()),
            Err(_) => Err(Unrenewed::NoAnswer(patience)),
        }
    }

    /// Cut short or failed, it leaves nothing that is believed: the next one reads.
    async fn take(&mut self) -> kube::Result<Holder> {
        let begun = Instant::now();
        let lease = self.read().await?;
        if self.is_set_back(lease.as_ref()) {
            return Ok(Holder::SetBack);
        }
        if let Some(holder) = lease.as_ref().and_then(|lease| self.other(lease, Instant::now())) {
            return Ok(Holder::Other(holder));
        }
        let is_new = lease.is_none();
        let wanted = self.renewed(lease.unwrap_or_default());
        let params = PostParams::default();
        let written = if is_new {
            self.api.create(&params, &wanted).await
        } else {
            self.api.replace(&self.name, &params, &wanted).await
        };
        let written = written?;
        self.newest = Some(version(&written));
        self.held = Some(written);
        Ok(Holder::This(begun + self.duration * 2 / 3))
    }

    /// As this process wrote it last, else as it is.
    async fn read(&mut self) -> kube::Result<Option<Object>> {
        match self.held.take() {
            Some(lease) => Ok(Some(lease)),
            None => self.api.get_opt(&self.name).await,
        }
    }

    /// Whether the API server shows it as it was before what this process was shown last, or not at all any more. It reads from etcd
    /// itself, so nothing but etcd can be behind. Says so once.
    fn is_set_back(&mut self, lease: Option<&Object>) -> bool {
        let (before, now) = (self.newest.take(), lease.map(version));
        self.newest = now;
        // One that is made anew has a newer version.
        before.is_some() && now < before
    }

    /// Another process that holds it, as far as is known.
    fn other(&mut self, lease: &Object, now: Instant) -> Option<String> {
        let spec = lease.spec.as_ref()?;
        let holder = spec.holder_identity.as_ref().filter(|holder| !holder.is_empty() && **holder != self.identity)?;
        let version = &lease.metadata.resource_version;
        let since = match &self.seen {
            Some((seen, since)) if seen == version => *since,
            _ => now,
        };
        self.seen = Some((version.clone(), since));
        let seconds = spec.lease_duration_seconds.and_then(|seconds| u64::try_from(seconds).ok());
        let duration = seconds.map_or(self.duration, Duration::from_secs);
        (now < since + duration).then(|| holder.clone())
    }

    /// The lease as this process holds it from now on.
    fn renewed(&self, lease: Object) -> Object {
        let now = MicroTime(Timestamp::now());
        let spec = lease.spec.unwrap_or_default();
        let is_mine = spec.holder_identity.as_ref() == Some(&self.identity);
        let transitions = spec.lease_transitions.unwrap_or_default();
        Object {
            metadata: ObjectMeta { name: Some(self.name.clone()), ..lease.metadata },
            spec: Some(LeaseSpec {
                acquire_time: if is_mine { spec.acquire_time } else { Some(now.clone()) },
                holder_identity: Some(self.identity.clone()),
                lease_duration_seconds: i32::try_from(self.duration.as_secs()).ok(),
                lease_transitions: Some(transitions.saturating_add(i32::from(!is_mine))),
                renew_time: Some(now),
                ..spec
            }),
        }
    }

    /// Between two attempts.
    fn pause(&self) -> Duration {
        self.duration * 2 / 15
    }

    /// How long an attempt may take.
    fn patience(&self) -> Duration {
        self.duration / 3
    }
}

/// The API server counts upwards, over all objects of a kind (KEP-5504).
fn version(lease: &Object) -> u64 {
    let version = lease.metadata.resource_version.as_deref().and_then(|version| version.parse().ok());
    version.unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lease(identity: &str) -> Lease {
        let service = tower::service_fn(|_: http::Request<kube::client::Body>| async {
            Err::<http::Response<kube::client::Body>, _>(std::io::Error::other("there is no API server"))
        });
        let options = LeaseOptions { namespace: "n".to_owned(), duration: LeaseOptions::DURATION };
        Lease::new(Client::new(service, "n"), "a".to_owned(), identity.to_owned(), &options)
    }

    fn held_by(other: &Lease, version: &str) -> Object {
        let mut lease = other.renewed(Object::default());
        lease.metadata.resource_version = Some(version.to_owned());
        // The clock of the other machine is far behind, or ahead: it doesn't matter.
        lease.spec.as_mut().unwrap().renew_time = Some(MicroTime(Timestamp::UNIX_EPOCH));
        lease
    }

    #[tokio::test(start_paused = true)]
    async fn a_lease_is_over_once_it_has_not_changed_for_as_long_as_it_says() {
        let (other, mut this) = (lease("other"), lease("this"));
        let begin = Instant::now();
        let after = |seconds: u64| begin + Duration::from_secs(seconds);
        assert_eq!(this.other(&held_by(&other, "1"), begin).as_deref(), Some("other"));
        assert_eq!(this.other(&held_by(&other, "1"), after(14)).as_deref(), Some("other"));
        assert_eq!(this.other(&held_by(&other, "2"), after(15)).as_deref(), Some("other"), "it was renewed");
        assert_eq!(this.other(&held_by(&other, "2"), after(29)).as_deref(), Some("other"));
        assert_eq!(this.other(&held_by(&other, "2"), after(30)), None);
    }

    #[tokio::test(start_paused = true)]
    async fn the_holder_stops_before_another_process_may_begin() {
        let mut this = lease("this");
        let (until, held) = watch::channel(Instant::now() + this.duration * 2 / 3);
        let lost = tokio::time::timeout(this.duration, this.renew(&until)).await;
        assert!(lost.is_ok(), "no renewal goes through");
        assert!(*held.borrow() <= Instant::now());
    }

    #[tokio::test(start_paused = true)]
    async fn whose_lease_another_has_may_write_no_more() {
        let service = tower::service_fn(|_: http::Request<kube::client::Body>| async {
            let lease = serde_json::to_vec(&held_by(&lease("other"), "7")).unwrap();
            Ok::<_, std::io::Error>(http::Response::new(kube::client::Body::from(lease)))
        });
        let mut this = Lease { api: Api::namespaced(Client::new(service, "n"), "n"), ..lease("this") };
        let (until, held) = watch::channel(Instant::now() + this.duration);
        this.renew(&until).await;
        assert!(*held.borrow() <= Instant::now());
    }

    #[test]
    fn a_lease_that_is_older_than_before_or_gone_says_that_etcd_was_restored() {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let _entered = runtime.enter();
        let (other, mut this) = (lease("other"), lease("this"));
        let mut shown = |version: &str| this.is_set_back(Some(&held_by(&other, version)));
        assert!(!shown("100"), "nothing is known yet");
        assert!(!shown("99999") && !shown("99999") && !shown("100000"));
        assert!(shown("100"), "as a number, not as text");
        assert!(!shown("100"), "once");
        assert!(this.is_set_back(None) && !this.is_set_back(None));
    }

    #[tokio::test]
    async fn who_takes_a_lease_over_counts_the_transition_and_who_renews_it_does_not() {
        let (other, this) = (lease("other"), lease("this"));
        let taken = this.renewed(held_by(&other, "1"));
        let again = this.renewed(taken.clone());
        let transitions = |lease: &Object| lease.spec.as_ref().and_then(|spec| spec.lease_transitions);
        let acquired = |lease: &Object| lease.spec.as_ref().and_then(|spec| spec.acquire_time.clone());
        assert_eq!((transitions(&taken), transitions(&again)), (Some(2), Some(2)));
        assert_eq!(acquired(&taken), acquired(&again));
        assert_eq!(taken.metadata.resource_version.as_deref(), Some("1"), "nobody has written meanwhile");
    }
}
