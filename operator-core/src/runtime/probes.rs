//! Whether what clusters depend on is there. Probes hold workloads back that shall be written, not those that run; they run beside the loop, and
//! only while a plan asks for them.

use std::{
    collections::HashMap,
    panic::AssertUnwindSafe,
    sync::{Arc, Weak},
    time::Duration,
};

use futures::{
    FutureExt,
    future::{BoxFuture, join_all, select_ok},
};
use http::{Request, Uri};
use hyper_util::{
    client::legacy::{Client, Error, connect::HttpConnector},
    rt::TokioExecutor,
};
use kube::client::Body;
use parking_lot::Mutex;
use serde_json::Value;
use tokio::{net::TcpStream, time::Instant};
use tokio_util::task::AbortOnDropHandle;

use super::watches::Changed;
use crate::{
    definition::ExternalCheck,
    model::Digest,
    render::external::{Address, Dependency},
    state::Probe,
};

/// How long a probe may take.
const TIMEOUT: Duration = Duration::from_secs(5);
/// First and longest wait after a probe that failed.
const AGAIN: (Duration, Duration) = (Duration::from_secs(5), Duration::from_secs(60));
/// How long a probe that succeeded counts.
const FRESH: Duration = Duration::from_secs(5);

/// Probes externals, of each cluster no more often than every five seconds.
pub struct Probes {
    enabled: bool,
    http: Client<HttpConnector, Body>,
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
    /// Probes nothing where it isn't `enabled`. `changed` is called with the cluster's UID when something is known.
    pub fn new(enabled: bool, changed: Changed) -> Arc<Self> {
        let mut connector = HttpConnector::new();
        connector.set_connect_timeout(Some(TIMEOUT));
        let http = Client::builder(TokioExecutor::new()).pool_max_idle_per_host(0).build(connector);
        Arc::new_cyclic(|this| Self { enabled, http, changed, probed: Mutex::default(), this: this.clone() })
    }

    /// What is known of a cluster's externals.
    pub fn known(&self, cluster: &str, dependencies: &[Dependency]) -> Probe {
        if !self.enabled || dependencies.is_empty() {
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
    pub fn ask(&self, cluster: &str, dependencies: &[Dependency]) {
        let of = digest(dependencies);
        let mut all = self.probed.lock();
        let probed = all.entry(cluster.into()).or_insert_with(|| Probed::new(of));
        if probed.of != of {
            *probed = Probed::new(of);
        }
        let (Some(this), true) = (self.this.upgrade(), probed.next.is_none()) else {
            return;
        };
        let (cluster, dependencies, until) = (Box::<str>::from(cluster), dependencies.to_vec(), probed.until);
        probed.next = Some(AbortOnDropHandle::new(tokio::spawn(async move {
            tokio::time::sleep_until(until).await;
            let failed = join_all(dependencies.iter().map(|dependency| this.check(dependency))).await;
            let failed: Vec<String> = failed.into_iter().flatten().collect();
            let mut probed = this.probed.lock();
            // The spec may have changed since, and with it the task.
            if let Some(probed) = probed.get_mut(&cluster).filter(|probed| probed.of == of) {
                // This task's own handle: nothing is awaited after this.
                probed.next = None;
                probed.note(failed);
            }
            drop(probed);
            (this.changed)(&cluster);
        })));
    }

    /// A cluster is gone.
    pub fn forget(&self, cluster: &str) {
        self.probed.lock().remove(cluster);
    }

    /// What is wrong with one of them.
    async fn check(&self, dependency: &Dependency) -> Option<String> {
        let name = dependency.external.name;
        let at: Vec<String> = dependency.addresses.iter().map(Address::to_string).collect();
        let result = match dependency.external.check {
            ExternalCheck::Tcp => any(&dependency.addresses, |address| connect(address).boxed()).await,
            ExternalCheck::Http(path) => any(&dependency.addresses, |address| self.get(address, path).boxed()).await,
            ExternalCheck::Function(check) => call(check, dependency.value.clone()).await,
        };
        let error = result.err()?;
        Some(if at.is_empty() { format!("{name}: {error}") } else { format!("{name} at {}: {error}", at.join(",")) })
    }

    async fn get(&self, address: &Address, path: &str) -> Result<(), String> {
        let uri: Uri = format!("http://{address}{path}").parse().map_err(|error| format!("GET {path}: {error}"))?;
        let request = Request::get(uri).body(Body::empty()).map_err(|error| format!("GET {path}: {error}"))?;
        let answer = self.http.request(request).await.map_err(|error| format!("GET {path}: {}", root(&error)))?;
        if answer.status().is_success() {
            Ok(())
        } else {
            Err(format!("GET {path} was answered with {}", answer.status()))
        }
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

/// Succeeds with the first address that does.
async fn any<'a>(
    addresses: &'a [Address],
    check: impl Fn(&'a Address) -> BoxFuture<'a, Result<(), String>>,
) -> Result<(), String> {
    if addresses.is_empty() {
        return Err("has no address".to_owned());
    }
    let errors = Mutex::new(vec![String::new(); addresses.len()]);
    let checks = addresses.iter().enumerate().map(|(index, address)| {
        let (check, errors) = (check(address), &errors);
        async move {
            let error = in_time(check).await.err();
            if let (Some(error), Some(place)) = (&error, errors.lock().get_mut(index)) {
                place.clone_from(error);
            }
            error.map_or(Ok(()), Err)
        }
        .boxed()
    });
    if select_ok(checks).await.is_ok() {
        return Ok(());
    }
    // The same trouble at every address is said once.
    let mut errors = std::mem::take(&mut *errors.lock());
    errors.dedup();
    Err(errors.join(", "))
}

/// The author's function, which may panic.
async fn call(check: crate::definition::AsyncCheck, value: Value) -> Result<(), String> {
    let run = AssertUnwindSafe(async move { check(value).await }).catch_unwind();
    in_time(run.map(|result| result.unwrap_or_else(|_| Err("the check itself failed: it panicked".to_owned())))).await
}

async fn connect(address: &Address) -> Result<(), String> {
    let connected = TcpStream::connect((address.host.as_str(), address.port)).await;
    connected.map(|_| ()).map_err(|error| sentence(&error))
}

async fn in_time(check: impl Future<Output = Result<(), String>>) -> Result<(), String> {
    let late = || Err(format!("no answer within {} s", TIMEOUT.as_secs()));
    tokio::time::timeout(TIMEOUT, check).await.unwrap_or_else(|_| late())
}

/// What lies at the bottom of an error: "connection refused", not "client error (Connect)".
fn root(error: &Error) -> String {
    let mut lowest: &dyn std::error::Error = error;
    while let Some(source) = lowest.source() {
        lowest = source;
    }
    lowest.downcast_ref::<std::io::Error>().map_or_else(|| lowest.to_string(), sentence)
}

/// Without the number that Rust adds.
fn sentence(error: &std::io::Error) -> String {
    let text = error.to_string();
    text.split(" (os error").next().unwrap_or_default().to_lowercase()
}

#[cfg(test)]
mod tests {
    use serde_json::json;
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
        async move {
            match value.as_str() {
                Some("there") => Ok(()),
                Some("hangs") => std::future::pending().await,
                Some(text) => Err(format!("{text} is no store")),
                None => panic!("at any value"),
            }
        }
        .boxed()
    }

    fn read(spec: Value) -> Vec<Dependency> {
        crate::render::external::read(&DEFINITION, &spec).unwrap()
    }

    /// Probes, and the UIDs of the clusters that are told of something.
    fn probes() -> (Arc<Probes>, mpsc::UnboundedReceiver<String>) {
        let (told, hears) = mpsc::unbounded_channel();
        (Probes::new(true, Arc::new(move |uid| told.send(uid.to_owned()).unwrap())), hears)
    }

    async fn missing(spec: Value) -> Option<String> {
        let dependencies = read(spec);
        let (probes, mut hears) = probes();
        assert_eq!(probes.known("uid", &dependencies), Probe::Unknown, "nobody has asked");
        probes.ask("uid", &dependencies);
        assert_eq!(hears.recv().await.as_deref(), Some("uid"));
        match probes.known("uid", &dependencies) {
            Probe::Unknown => panic!("it was probed"),
            Probe::There => None,
            Probe::Missing(missing) => Some(missing.join("; ")),
        }
    }

    /// An address at which nothing listens.
    async fn nowhere() -> String {
        TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().to_string()
    }

    /// Answers every request with this status.
    async fn server(status: &'static str) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let mut request = [0; 1024];
                let read = stream.read(&mut request).await.unwrap_or_default();
                let found = request[..read].starts_with(b"GET /health ");
                let status = if found { status } else { "404 Not Found" };
                let _ = stream.write_all(format!("HTTP/1.1 {status}\r\ncontent-length: 0\r\n\r\n").as_bytes()).await;
            }
        });
        address
    }

    #[tokio::test]
    async fn one_address_that_answers_is_enough() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (there, nowhere) = (listener.local_addr().unwrap(), nowhere().await);
        assert_eq!(missing(json!({ "zookeeper": format!("{nowhere},{there}") })).await, None);
        assert_eq!(
            missing(json!({ "zookeeper": format!("{nowhere},{nowhere}") })).await.unwrap(),
            format!("zookeeper at {nowhere},{nowhere}: connection refused")
        );
    }

    #[tokio::test]
    async fn an_answer_must_be_a_success() {
        let nowhere = nowhere().await;
        assert_eq!(missing(json!({ "store": server("204 No Content").await })).await, None);
        for (address, wrong) in [
            (server("503 Service Unavailable").await, "GET /health was answered with 503 Service Unavailable"),
            (server("302 Found").await, "GET /health was answered with 302 Found"),
            (nowhere, "GET /health: connection refused"),
        ] {
            assert_eq!(missing(json!({ "store": address })).await.unwrap(), format!("store at {address}: {wrong}"));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_function_decides_by_itself_in_time() {
        assert_eq!(missing(json!({ "own": "there" })).await, None);
        assert_eq!(missing(json!({ "own": "this" })).await.unwrap(), "own: this is no store");
        assert_eq!(missing(json!({ "own": "hangs" })).await.unwrap(), "own: no answer within 5 s");
        assert_eq!(missing(json!({ "own": 1 })).await.unwrap(), "own: the check itself failed: it panicked");
    }

    #[tokio::test]
    async fn all_that_is_missing_is_said() {
        let nowhere = nowhere().await;
        assert_eq!(
            missing(json!({ "zookeeper": nowhere, "own": "this" })).await.unwrap(),
            format!("zookeeper at {nowhere}: connection refused; own: this is no store")
        );
    }

    #[tokio::test(start_paused = true)]
    async fn probes_are_repeated_later_and_later() {
        let (probes, mut hears) = probes();
        let wrong = read(json!({ "own": "this" }));
        let is_missing = || probes.known("uid", &wrong) == Probe::Missing(vec!["own: this is no store".to_owned()]);
        let mut waits = Vec::new();
        for _ in 0..7 {
            let asked = Instant::now();
            probes.ask("uid", &wrong);
            assert_eq!(is_missing(), !waits.is_empty(), "the last result counts until the next is known");
            hears.recv().await;
            assert!(is_missing());
            waits.push(asked.elapsed().as_secs());
        }
        assert_eq!(waits, [0, 5, 10, 20, 40, 60, 60]);
        let right = read(json!({ "own": "there" }));
        assert_eq!(probes.known("uid", &right), Probe::Unknown);
        probes.ask("uid", &wrong);
        let asked = Instant::now();
        probes.ask("uid", &right);
        hears.recv().await;
        assert_eq!(asked.elapsed(), Duration::ZERO, "a corrected spec is probed at once");
        assert_eq!(probes.known("uid", &right), Probe::There);
    }

    #[tokio::test(start_paused = true)]
    async fn a_success_counts_for_five_seconds_and_nobody_probes_unasked() {
        let (probes, mut hears) = probes();
        let right = read(json!({ "own": "there" }));
        probes.ask("uid", &right);
        probes.ask("uid", &right);
        hears.recv().await;
        tokio::time::advance(FRESH - Duration::from_millis(1)).await;
        assert_eq!(probes.known("uid", &right), Probe::There);
        tokio::time::advance(Duration::from_millis(2)).await;
        assert_eq!(probes.known("uid", &right), Probe::Unknown);
        tokio::time::sleep(Duration::from_secs(3600)).await;
        assert!(hears.try_recv().is_err(), "probed once, however often it was asked for");
        probes.forget("uid");
        assert!(probes.probed.lock().is_empty());
    }

    #[tokio::test]
    async fn what_is_not_probed_counts_as_being_there() {
        let wrong = read(json!({ "own": "this" }));
        assert_eq!(Probes::new(false, Arc::new(|_| {})).known("uid", &wrong), Probe::There);
        assert_eq!(probes().0.known("uid", &[]), Probe::There, "it depends on nothing");
    }
}
