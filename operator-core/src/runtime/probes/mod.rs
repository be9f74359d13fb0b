//! Whether what clusters depend on is there. Probes hold workloads back that shall be written, not those that run; they run beside the loop, and
//! only while a plan asks for them.
//!
//! | module | holds |
//! | --- | --- |
//! | `reach` | whether an address answers |
//! | `allow` | which addresses may be connected to |
//! | `call` | functions of the author |

mod allow;
mod call;
mod reach;

use std::{
    collections::{BTreeSet, HashMap},
    sync::{Arc, Weak},
    time::Duration,
};

use futures::{StreamExt, future::join_all, stream::FuturesUnordered};
use parking_lot::Mutex;
use tokio::time::Instant;
use tokio_util::task::AbortOnDropHandle;

use super::{threads::Threads, watches::Changed};
use crate::{
    definition::ExternalCheck,
    model::{Digest, Identity},
    render::external::{Address, Dependency},
    state::Probe,
};
pub use allow::{AllowList, ExternalAllow};
use call::{AT_ONCE, call};
use reach::{Reach, TIMEOUT};

/// First and longest wait after a probe that failed.
const AGAIN: (Duration, Duration) = (Duration::from_secs(5), Duration::from_secs(60));
/// How long a probe that succeeded counts.
const FRESH: Duration = Duration::from_secs(5);

/// Probes externals, of each cluster no more often than every five seconds.
pub struct Probes {
    /// None: nothing is probed.
    reach: Option<Reach>,
    threads: Threads,
    changed: Changed,
    /// By the cluster's UID.
    probed: Mutex<HashMap<Box<str>, Probed>>,
    this: Weak<Self>,
}

/// What came of the last probe of a cluster's externals.
struct Probed {
    /// Over what the spec says of them.
    of: Digest,
    /// What came of it; none yet: it is under way.
    result: Option<Result<(), Vec<String>>>,
    /// Until when that counts.
    until: Instant,
    /// Failures in a row.
    failures: u32,
    /// The next one.
    next: Option<AbortOnDropHandle<()>>,
}

impl Probes {
    /// Connects only to what is allowed; probes nothing where that is `None`. `changed` is called with the cluster's UID when something is known.
    pub fn new(allow: Option<AllowList>, changed: Changed) -> Arc<Self> {
        let (reach, threads) = (allow.map(Reach::new), Threads::new(AT_ONCE, TIMEOUT));
        Arc::new_cyclic(|this| Self { reach, threads, changed, probed: Mutex::default(), this: this.clone() })
    }

    /// What is known of a cluster's externals.
    pub fn known(&self, cluster: &str, dependencies: &[Dependency]) -> Probe {
        if self.reach.is_none() || dependencies.is_empty() {
            return Probe::There;
        }
        let probed = self.probed.lock();
        match probed.get(cluster).filter(|probed| probed.of == digest(dependencies)) {
            Some(Probed { result: Some(Ok(())), until, .. }) if *until > Instant::now() => Probe::There,
            Some(Probed { result: Some(Err(missing)), .. }) => Probe::Missing(missing.clone()),
            _ => Probe::Unknown,
        }
    }

    /// Probes all externals of a cluster, when the last result no longer counts.
    pub fn ask(&self, cluster: &Identity, dependencies: &[Dependency]) {
        let of = digest(dependencies);
        let mut all = self.probed.lock();
        let probed = all.entry(cluster.uid.as_str().into()).or_insert_with(|| Probed::new(of));
        if probed.of != of {
            *probed = Probed::new(of);
        }
        let (Some(this), true) = (self.this.upgrade(), probed.next.is_none()) else {
            return;
        };
        let (cluster, dependencies, until) = (cluster.clone(), dependencies.to_vec(), probed.until);
        probed.next = Some(AbortOnDropHandle::new(tokio::spawn(async move {
            tokio::time::sleep_until(until).await;
            let failed = join_all(dependencies.iter().map(|dependency| this.check(&cluster, dependency))).await;
            let failed: Vec<String> = failed.into_iter().flatten().collect();
            let mut probed = this.probed.lock();
            // The spec may have changed since, and with it the task.
            if let Some(probed) = probed.get_mut(&*cluster.uid).filter(|probed| probed.of == of) {
                // This task's own handle: nothing is awaited after this.
                probed.next = None;
                probed.note(failed);
            }
            drop(probed);
            (this.changed)(&cluster.uid);
        })));
    }

    /// A cluster is gone.
    pub fn forget(&self, cluster: &str) {
        self.probed.lock().remove(cluster);
    }

    /// What is wrong with one of them.
    async fn check(&self, cluster: &Identity, dependency: &Dependency) -> Option<String> {
        let name = dependency.external.name;
        let path = match dependency.external.check {
            ExternalCheck::Tcp => None,
            ExternalCheck::Http(path) => Some(path),
            ExternalCheck::Function(check) => {
                let key = format!("{} {name}", cluster.uid);
                let called = call(&self.threads, (&cluster.namespace, &key), check, dependency.value.clone()).await;
                return called.err().map(|error| format!("{name}: {error}"));
            }
        };
        let at: Vec<String> = dependency.addresses.iter().map(Address::to_string).collect();
        let errors = self.any(&cluster.namespace, &dependency.addresses, path).await.err()?;
        Some(format!("{name} at {}: {}", at.join(","), Vec::from_iter(errors).join(", ")))
    }

    /// Succeeds with the first address that does; else what is the matter, the same trouble at several addresses once.
    async fn any(&self, namespace: &str, addresses: &[Address], path: Option<&str>) -> Result<(), BTreeSet<String>> {
        let Some(reach) = self.reach.as_ref() else { return Ok(()) };
        let checks = addresses.iter().map(|address| reach.check(namespace, address, path));
        let mut checks: FuturesUnordered<_> = checks.collect();
        let mut errors = BTreeSet::new();
        while let Some(result) = checks.next().await {
            let Err(error) = result else { return Ok(()) };
            errors.insert(error.to_string());
        }
        Err(errors)
    }
}

impl Probed {
    fn new(of: Digest) -> Self {
        Self { of, result: None, until: Instant::now(), failures: 0, next: None }
    }

    fn note(&mut self, failed: Vec<String>) {
        self.failures = if failed.is_empty() { 0 } else { self.failures.saturating_add(1) };
        let wait = match self.failures {
            0 => FRESH,
            failures => AGAIN.0.saturating_mul(1 << (failures - 1).min(8)).min(AGAIN.1),
        };
        self.until = Instant::now() + wait;
        self.result = Some(if failed.is_empty() { Ok(()) } else { Err(failed) });
    }
}

fn digest(dependencies: &[Dependency]) -> Digest {
    Digest::of(&dependencies.iter().map(|dependency| dependency.value.clone()).collect())
}

#[cfg(test)]
mod tests {
    use futures::{FutureExt, future::BoxFuture};
    use serde_json::{Value, json};
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::TcpListener,
        sync::mpsc,
    };

    use super::*;
    use crate::definition::{Definition, External};

    static DEFINITION: Definition = Definition {
        externals: &[
            External { name: "zookeeper", at: &["zookeeper"], check: ExternalCheck::Tcp },
            External { name: "store", at: &["store"], check: ExternalCheck::Http("/health") },
            External { name: "own", at: &["own"], check: ExternalCheck::Function(own) },
        ],
        ..Definition::EMPTY
    };

    fn own(value: Value) -> BoxFuture<'static, Result<(), String>> {
        async move { Err(format!("{value} is no store")) }.boxed()
    }

    fn read(spec: Value) -> Vec<Dependency> {
        crate::render::external::read(&DEFINITION, &spec).unwrap()
    }

    fn cluster() -> Identity {
        Identity { namespace: "default".to_owned(), name: "a".to_owned(), uid: "uid".to_owned() }
    }

    /// Probes that may connect to this, and the UIDs of the clusters that are told of something.
    fn probes(allow: &str) -> (Arc<Probes>, mpsc::UnboundedReceiver<String>) {
        let (told, hears) = mpsc::unbounded_channel();
        let allow = AllowList(allow.split_terminator(',').map(|text| text.parse().unwrap()).collect());
        (Probes::new(Some(allow), Arc::new(move |uid| told.send(uid.to_owned()).unwrap())), hears)
    }

    async fn missing(allow: &str, spec: Value) -> Option<String> {
        let dependencies = read(spec);
        let (probes, mut hears) = probes(allow);
        assert_eq!(probes.known("uid", &dependencies), Probe::Unknown, "nobody has asked");
        probes.ask(&cluster(), &dependencies);
        assert_eq!(hears.recv().await.as_deref(), Some("uid"));
        match probes.known("uid", &dependencies) {
            Probe::Unknown => panic!("it was probed"),
            Probe::There => None,
            Probe::Missing(missing) => Some(missing.join("; ")),
        }
    }

    const LOOPBACK: &str = "127.0.0.0/8";

    /// An address at which nothing listens.
    async fn nowhere() -> String {
        TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().to_string()
    }

    /// Answers every request with this, and notes what was asked for.
    async fn server(answer: &'static str) -> (String, mpsc::UnboundedReceiver<String>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let (asked, hears) = mpsc::unbounded_channel();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let mut request = [0; 1024];
                let read = stream.read(&mut request).await.unwrap_or_default();
                let line = String::from_utf8_lossy(&request[..read]).lines().next().unwrap_or_default().to_owned();
                let _ = (asked.send(line), stream.write_all(answer.as_bytes()).await);
            }
        });
        (address, hears)
    }

    #[tokio::test(start_paused = true)]
    async fn one_address_that_answers_is_enough() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (there, nowhere) = (listener.local_addr().unwrap(), nowhere().await);
        assert_eq!(missing(LOOPBACK, json!({ "zookeeper": format!("{nowhere},{there}") })).await, None);
        let localhost = format!("localhost:{}", there.port());
        assert_eq!(missing(LOOPBACK, json!({ "zookeeper": localhost })).await, None);
        assert_eq!(
            missing(LOOPBACK, json!({ "zookeeper": format!("{nowhere},{nowhere}") })).await.unwrap(),
            format!("zookeeper at {nowhere},{nowhere}: no answer")
        );
    }

    #[tokio::test]
    async fn an_answer_must_be_a_success_and_only_its_class_is_told() {
        let there = server("HTTP/1.1 204 No Content\r\n\r\n").await.0;
        assert_eq!(missing(LOOPBACK, json!({ "store": there })).await, None);
        for (answer, wrong) in [
            ("HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\n\r\n", "answered with HTTP 5xx"),
            ("SSH-2.0-OpenSSH\r\n\r\n", "answered with an error"),
        ] {
            let (address, _asked) = server(answer).await;
            assert_eq!(
                missing(LOOPBACK, json!({ "store": address })).await.unwrap(),
                format!("store at {address}: {wrong}")
            );
        }
    }

    #[tokio::test]
    async fn a_redirect_is_an_answer_and_is_not_followed() {
        let (elsewhere, mut asked_elsewhere) = server("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await;
        let answer = format!("HTTP/1.1 302 Found\r\nlocation: http://{elsewhere}/\r\ncontent-length: 0\r\n\r\n");
        let (address, mut asked) = server(answer.leak()).await;
        let wrong = missing(LOOPBACK, json!({ "store": address })).await.unwrap();
        assert_eq!(wrong, format!("store at {address}: answered with HTTP 3xx"));
        assert_eq!(asked.recv().await.as_deref(), Some("GET /health HTTP/1.1"));
        assert!(asked_elsewhere.try_recv().is_err());
    }

    #[tokio::test(start_paused = true)]
    async fn a_closed_port_and_one_that_never_answers_look_the_same_and_take_the_same_time() {
        let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (silent, closed) = (silent.local_addr().unwrap(), nowhere().await);
        for address in [silent.to_string(), closed] {
            let started = Instant::now();
            let wrong = missing(LOOPBACK, json!({ "store": address })).await.unwrap();
            assert_eq!(wrong, format!("store at {address}: no answer"));
            assert_eq!(started.elapsed().as_secs(), 5, "{address}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_not_allowed_is_not_connected_to() {
        let (address, mut asked) = server("HTTP/1.1 200 OK\r\n\r\n").await;
        let wrong = missing("", json!({ "store": address })).await.unwrap();
        assert_eq!(
            wrong,
            format!("store at {address}: the operator may not connect to it; its option --external-allow says to what")
        );
        // What the operator's name servers answer isn't told either.
        let port = address.rsplit_once(':').unwrap().1;
        for allow in ["", "localhost", "10.0.0.0/8"] {
            let wrong = missing(allow, json!({ "store": format!("localhost:{port}") })).await.unwrap();
            assert_eq!(wrong, format!("store at localhost:{port}: no answer"));
        }
        assert!(asked.try_recv().is_err());
    }

    #[tokio::test]
    async fn addresses_that_hang_hold_up_nobody_in_another_namespace() {
        // Nobody accepts, and nothing is sent: a check of it takes its whole time.
        let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let hangs = read(json!({ "store": vec![silent.local_addr().unwrap().to_string(); 16].join(",") }));
        let there = read(json!({ "zookeeper": silent.local_addr().unwrap().to_string() }));
        let (probes, mut hears) = probes(LOOPBACK);
        for at in 0..100 {
            let cluster = Identity { namespace: "tenant".to_owned(), name: "a".to_owned(), uid: format!("hangs-{at}") };
            probes.ask(&cluster, &hangs);
        }
        // They have begun.
        tokio::task::yield_now().await;
        probes.ask(&cluster(), &there);
        assert_eq!(hears.recv().await.as_deref(), Some("uid"));
        assert_eq!(probes.known("uid", &there), Probe::There);
    }

    #[tokio::test]
    async fn all_that_is_missing_is_said() {
        let wrong = missing("", json!({ "zookeeper": "127.0.0.1:1", "own": "this" })).await.unwrap();
        assert!(wrong.starts_with("zookeeper at 127.0.0.1:1: the operator may not"), "{wrong}");
        assert!(wrong.ends_with("; own: \"this\" is no store"), "{wrong}");
    }

    #[tokio::test(start_paused = true)]
    async fn probes_are_repeated_later_and_later() {
        let (probes, mut hears) = probes("192.0.2.1");
        // Refused at once, and without asking anyone.
        let wrong = read(json!({ "zookeeper": "127.0.0.1:1" }));
        let is_missing = || matches!(probes.known("uid", &wrong), Probe::Missing(_));
        let mut waits = Vec::new();
        for _ in 0..7 {
            let asked = Instant::now();
            probes.ask(&cluster(), &wrong);
            assert_eq!(is_missing(), !waits.is_empty(), "the last result counts until the next is known");
            hears.recv().await;
            assert!(is_missing());
            waits.push(asked.elapsed().as_secs());
        }
        assert_eq!(waits, [0, 5, 10, 20, 40, 60, 60]);
        let other = read(json!({ "zookeeper": "127.0.0.1:2" }));
        assert_eq!(probes.known("uid", &other), Probe::Unknown);
        probes.ask(&cluster(), &wrong);
        let asked = Instant::now();
        probes.ask(&cluster(), &other);
        hears.recv().await;
        assert_eq!(asked.elapsed(), Duration::ZERO, "a corrected spec is probed at once");
        assert!(matches!(probes.known("uid", &other), Probe::Missing(_)));
    }

    #[tokio::test]
    async fn a_success_counts_for_five_seconds_and_nobody_probes_unasked() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (probes, mut hears) = probes(LOOPBACK);
        let right = read(json!({ "zookeeper": listener.local_addr().unwrap().to_string() }));
        probes.ask(&cluster(), &right);
        probes.ask(&cluster(), &right);
        hears.recv().await;
        tokio::time::pause();
        tokio::time::advance(FRESH - Duration::from_secs(1)).await;
        assert_eq!(probes.known("uid", &right), Probe::There);
        tokio::time::advance(Duration::from_secs(1)).await;
        assert_eq!(probes.known("uid", &right), Probe::Unknown);
        tokio::time::sleep(Duration::from_secs(3600)).await;
        assert!(hears.try_recv().is_err(), "probed once, however often it was asked for");
        probes.forget("uid");
        assert!(probes.probed.lock().is_empty());
    }

    #[tokio::test]
    async fn what_is_not_probed_counts_as_being_there() {
        let wrong = read(json!({ "own": "this" }));
        assert_eq!(Probes::new(None, Arc::new(|_| {})).known("uid", &wrong), Probe::There);
        assert_eq!(probes("").0.known("uid", &[]), Probe::There, "it depends on nothing");
    }
}
