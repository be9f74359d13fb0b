//! Whether an address answers. What is said of that is coarse, and says so little also by when it is said: who creates clusters isn't to learn
//! what the operator can reach. The log has the details, at level debug.

use std::{io, sync::Arc, time::Duration};

use futures::{FutureExt, future::select_ok};
use http::{Request, Uri};
use hyper_util::{
    client::legacy::Client,
    rt::{TokioExecutor, TokioIo},
};
use kube::client::Body;
use parking_lot::Mutex;
use tokio::{net::TcpStream, time::Instant};

use super::{super::turns::Turns, allow::AllowList};
use crate::render::external::Address;

/// How long a check of an address may take.
pub const TIMEOUT: Duration = Duration::from_secs(5);
/// Addresses that are checked at once, and those of a namespace.
const AT_ONCE: (usize, usize) = (64, 16);
/// Addresses of a name that are tried.
const OF_NAME: usize = 4;

/// Why an address isn't there.
#[derive(Debug, PartialEq, thiserror::Error)]
pub enum Unreached {
    /// It isn't to be connected to.
    #[error("the operator may not connect to it; its option --external-allow says to what")]
    Refused,
    /// No connection, or no answer in time.
    #[error("no answer")]
    Silent,
    /// Something that isn't HTTP.
    #[error("answered with an error")]
    Broken,
    /// A status that is no success.
    #[error("answered with HTTP {0}xx")]
    Status(u16),
}

/// Connects to addresses, of each namespace to a fair share at once.
pub struct Reach {
    allow: AllowList,
    turns: Turns,
}

impl Reach {
    /// Connects to nothing that isn't allowed.
    pub fn new(allow: AllowList) -> Self {
        Self { allow, turns: Turns::new(AT_ONCE.0, AT_ONCE.1) }
    }

    /// Connects to an address, and where there is a path, gets that. For a cluster of this namespace.
    pub async fn check(&self, namespace: &str, address: &Address, path: Option<&str>) -> Result<(), Unreached> {
        if self.allow.refuses(&address.host) {
            return Err(Unreached::Refused);
        }
        let turn = self.turns.take(namespace).await;
        let end = Instant::now() + TIMEOUT;
        let answer = async {
            let stream = self.connect(namespace, address).await?;
            match path {
                Some(path) => get(stream, namespace, address, path).await,
                None => Ok(()),
            }
        };
        let answer = tokio::time::timeout_at(end, answer).await.unwrap_or(Err(Unreached::Silent));
        drop(turn);
        if answer == Err(Unreached::Silent) {
            // A port that is closed answers at once, one behind a firewall never.
            tokio::time::sleep_until(end).await;
        }
        answer
    }

    /// The address that is judged is the one that is connected to: a name may come to another one a moment later.
    async fn connect(&self, namespace: &str, address: &Address) -> Result<TcpStream, Unreached> {
        let connect = async {
            let found = tokio::net::lookup_host((address.host.as_str(), address.port)).await?;
            let allowed = found.filter(|found| self.allow.permits(&address.host, found.ip())).take(OF_NAME);
            let streams: Vec<_> = allowed.map(|found| TcpStream::connect(found).boxed()).collect();
            if streams.is_empty() {
                return Err(io::Error::other("it has no address to which the operator may connect"));
            }
            select_ok(streams).await.map(|(stream, _)| stream)
        };
        connect.await.map_err(|error: io::Error| {
            tracing::debug!(namespace, %address, %error, "an external can't be connected to");
            Unreached::Silent
        })
    }
}

/// Redirects aren't followed: they may lead anywhere.
async fn get(stream: TcpStream, namespace: &str, address: &Address, path: &str) -> Result<(), Unreached> {
    let broken = |error: &dyn std::error::Error| {
        tracing::debug!(namespace, %address, path, ?error, "an external can't be asked");
        Unreached::Broken
    };
    let uri: Uri = format!("http://{address}{path}").parse().map_err(|error: http::uri::InvalidUri| broken(&error))?;
    let request = Request::get(uri).body(Body::empty()).map_err(|error| broken(&error))?;
    let stream = Arc::new(Mutex::new(Some(TokioIo::new(stream))));
    let connector = tower::service_fn(move |_: Uri| {
        let stream = stream.lock().take();
        std::future::ready(stream.ok_or_else(|| io::Error::other("there is one connection only")))
    });
    let client = Client::builder(TokioExecutor::new()).pool_max_idle_per_host(0).build(connector);
    let answer = client.request(request).await.map_err(|error| broken(&error))?;
    let status = answer.status();
    tracing::debug!(namespace, %address, path, %status, "an external answers");
    if status.is_success() { Ok(()) } else { Err(Unreached::Status(status.as_u16() / 100)) }
}
