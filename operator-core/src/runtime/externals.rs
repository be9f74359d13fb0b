//! Whether what a cluster depends on is there: checks that hold its workloads back, not those that run.

use std::{collections::HashMap, panic::AssertUnwindSafe, sync::Mutex, time::Duration};

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
use serde_json::Value;
use tokio::{net::TcpStream, time::Instant};

use super::lock;
use crate::{
    definition::ExternalCheck,
    model::Digest,
    render::external::{Address, Dependency},
};

/// How long a check may take.
const TIMEOUT: Duration = Duration::from_secs(5);
/// First and longest wait after a check that failed.
const AGAIN: (Duration, Duration) = (Duration::from_secs(5), Duration::from_secs(60));
/// How long a check that succeeded counts.
const FRESH: Duration = Duration::from_secs(5);

/// Checks externals, of each cluster no more often than every five seconds.
pub struct Externals {
    enabled: bool,
    http: Client<HttpConnector, Body>,
    /// By the cluster's UID.
    checked: Mutex<HashMap<Box<str>, Checked>>,
}

/// What came of the last check of a cluster's externals.
#[derive(Clone)]
struct Checked {
    /// Over what the spec says of them.
    of: Digest,
    /// Until when it counts.
    until: Instant,
    /// Failures in a row.
    failures: u32,
    missing: Option<String>,
}

/// Something that a cluster depends on isn't there.
#[derive(Clone, Debug, PartialEq)]
pub struct Missing {
    /// What, where, and what went wrong.
    pub message: String,
    /// When it shall be looked for again.
    pub again: Duration,
}

impl Externals {
    /// Checks nothing where it isn't `enabled`.
    pub fn new(enabled: bool) -> Self {
        let mut connector = HttpConnector::new();
        connector.set_connect_timeout(Some(TIMEOUT));
        let http = Client::builder(TokioExecutor::new()).pool_max_idle_per_host(0).build(connector);
        Self { enabled, http, checked: Mutex::default() }
    }

    /// Checks all externals of a cluster at once, or says again what came of that a moment ago.
    pub async fn missing(&self, cluster: &str, dependencies: &[Dependency]) -> Option<Missing> {
        if !self.enabled || dependencies.is_empty() {
            return None;
        }
        let of = Digest::of(&dependencies.iter().map(|dependency| dependency.value.clone()).collect());
        let before = lock(&self.checked).get(cluster).filter(|checked| checked.of == of).cloned();
        if let Some(before) = before.as_ref().filter(|before| before.until > Instant::now()) {
            return before.report();
        }
        let failed = join_all(dependencies.iter().map(|dependency| self.check(dependency))).await;
        let failed: Vec<String> = failed.into_iter().flatten().collect();
        let failures = if failed.is_empty() { 0 } else { before.map_or(0, |before| before.failures).saturating_add(1) };
        let wait = match failures {
            0 => FRESH,
            failures => AGAIN.0.saturating_mul(1 << (failures - 1).min(8)).min(AGAIN.1),
        };
        let missing = (!failed.is_empty()).then(|| failed.join("; "));
        let checked = Checked { of, until: Instant::now() + wait, failures, missing };
        let report = checked.report();
        lock(&self.checked).insert(cluster.into(), checked);
        report
    }

    /// A cluster is gone.
    pub fn forget(&self, cluster: &str) {
        lock(&self.checked).remove(cluster);
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

impl Checked {
    fn report(&self) -> Option<Missing> {
        let message = self.missing.clone()?;
        Some(Missing { message, again: self.until.saturating_duration_since(Instant::now()) })
    }
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
            if let (Some(error), Some(place)) = (&error, lock(errors).get_mut(index)) {
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
    let mut errors = std::mem::take(&mut *lock(&errors));
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

    async fn missing(spec: Value) -> Option<String> {
        let dependencies = crate::render::external::read(&DEFINITION, &spec).unwrap();
        Some(Externals::new(true).missing("uid", &dependencies).await?.message)
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

    #[tokio::test(start_paused = true)]
    async fn checks_are_repeated_later_and_later() {
        let externals = Externals::new(true);
        let of = |spec: Value| crate::render::external::read(&DEFINITION, &spec).unwrap();
        let wrong = of(json!({ "own": "this" }));
        let mut waits = Vec::new();
        for _ in 0..6 {
            let wait = externals.missing("uid", &wrong).await.unwrap().again;
            tokio::time::advance(Duration::from_secs(1)).await;
            assert_eq!(externals.missing("uid", &wrong).await.unwrap().again, wait - Duration::from_secs(1));
            waits.push(wait.as_secs());
            tokio::time::advance(wait).await;
        }
        assert_eq!(waits, [5, 10, 20, 40, 60, 60]);
        externals.missing("uid", &wrong).await.unwrap();
        assert_eq!(
            externals.missing("uid", &of(json!({ "own": "there" }))).await,
            None,
            "a corrected spec is checked at once"
        );
        assert_eq!(Externals::new(false).missing("uid", &wrong).await, None);
    }
}
