//! What is between an operator and the API server: it counts requests, and lets some of them go wrong, as a seed has it.
//!
//! | module | holds |
//! | --- | --- |
//! | `fault` | the faults, and how often a seed has which |
//! | `stream` | watches |
//! | `past` | lists as they were |

mod fault;
mod past;
mod stream;

use std::{
    collections::{BTreeMap, HashMap},
    future::{Future, pending},
    io,
    pin::Pin,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll},
    time::{Duration, Instant},
};

use bytes::Bytes;
use http::{Method, Request, Response, request::Parts};
use http_body::{Body as HttpBody, Frame};
use kube::{Client, client::Body};
use tokio::sync::{mpsc, watch};

pub use fault::Fault;
use fault::{Moment, Rates};
use past::Past;

use crate::chance;

/// Between the operators of one namespace, one after the other, and the API server.
#[derive(Clone)]
pub struct Wire(Arc<Shared>);

struct Shared {
    seed: u64,
    begun: Instant,
    client: Client,
    namespace: String,
    rates: Rates,
    /// Whether anything goes wrong.
    on: AtomicBool,
    /// Whether a request may be refused for good.
    refuses: AtomicBool,
    /// Requests that will arrive though nobody waits for them any more.
    late: watch::Sender<usize>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// How often each thing was asked.
    asked: HashMap<String, u64>,
    /// Writes until the operator dies, and how; none: it lives.
    dies: Option<(u64, Fault)>,
    injected: BTreeMap<Fault, u64>,
    /// What was done and what went wrong, for the report.
    log: Vec<String>,
    past: HashMap<String, Past>,
    /// Requests, watches aside, and when the last one was under way.
    requests: u64,
    last: Option<Instant>,
    under_way: usize,
    /// The latest requests.
    latest: Vec<String>,
}

impl Wire {
    /// A wire on which nothing goes wrong yet. `client` is the operators' own.
    pub fn new(seed: u64, client: Client, namespace: &str) -> Self {
        Self(Arc::new(Shared {
            seed,
            begun: Instant::now(),
            client,
            namespace: namespace.to_owned(),
            rates: Rates::of(seed),
            on: AtomicBool::new(false),
            refuses: AtomicBool::new(false),
            late: watch::channel(0).0,
            state: Mutex::default(),
        }))
    }

    /// Whether things go wrong from now on.
    pub fn disturb(&self, on: bool) {
        self.0.on.store(on, Ordering::Relaxed);
        if !on {
            self.lock().dies = None;
        }
    }

    /// From now on a request may also be refused in a way that the same request would be refused again. During a first installation, all that
    /// was created is taken back then.
    pub fn may_refuse(&self) {
        self.0.refuses.store(true, Ordering::Relaxed);
    }

    /// The operator dies with the write after so many others, where things go wrong.
    pub fn kill_after(&self, writes: u64, how: Fault) {
        self.lock().dies = Some((writes, how)).filter(|_| self.0.on.load(Ordering::Relaxed));
    }

    /// The wire of an operator that starts now.
    pub fn line(&self) -> Line {
        Line { wire: self.clone(), dead: watch::channel(false).0 }
    }

    /// Waits until everything that was sent has arrived.
    pub async fn all_arrived(&self) {
        let _ = self.0.late.subscribe().wait_for(|late| *late == 0).await;
    }

    /// Whether something that was sent hasn't arrived.
    pub fn is_late(&self) -> bool {
        *self.0.late.borrow() > 0
    }

    /// Number of requests so far, watches aside.
    pub fn requests(&self) -> u64 {
        self.lock().requests
    }

    /// How long no request was under way.
    pub fn idle(&self) -> Duration {
        let state = self.lock();
        if state.under_way > 0 { Duration::ZERO } else { state.last.map_or(Duration::MAX, |last| last.elapsed()) }
    }

    /// The latest requests, the newest last.
    pub fn latest(&self) -> Vec<String> {
        self.lock().latest.clone()
    }

    /// How often each fault happened.
    pub fn injected(&self) -> BTreeMap<Fault, u64> {
        self.lock().injected.clone()
    }

    /// What was done and what went wrong, in order.
    pub fn log(&self) -> Vec<String> {
        self.lock().log.clone()
    }

    /// Notes a fault.
    pub fn note(&self, fault: Fault, of: &str) {
        *self.lock().injected.entry(fault).or_default() += 1;
        self.tell(&format!("fault: {fault:?}: {of}"));
    }

    /// Notes what happens, for the report.
    pub fn tell(&self, what: &str) {
        let time = self.0.begun.elapsed().as_secs_f64();
        self.lock().log.push(format!("{time:7.3} {what}"));
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What happens at this moment of `what`.
    fn fault(&self, moment: Moment, what: &str) -> Option<(Fault, u64)> {
        let nth = {
            let mut state = self.lock();
            let asked = state.asked.entry(format!("{moment:?} {what}")).or_default();
            *asked += 1;
            *asked
        };
        let fault = self.0.rates.fault(moment, what, nth).filter(|_| self.0.on.load(Ordering::Relaxed))?;
        (fault != Fault::TooLarge || self.0.refuses.load(Ordering::Relaxed)).then_some((fault, nth))
    }

    fn time(&self, what: &str, nth: u64, range: (u64, u64)) -> Duration {
        chance::time(self.0.seed, what, nth, range)
    }

    /// How the operator dies with this write, if it does.
    fn death(&self) -> Option<Fault> {
        let mut state = self.lock();
        match &mut state.dies {
            Some((0, _)) => state.dies.take().map(|(_, how)| how),
            Some((left, _)) => {
                *left -= 1;
                None
            }
            None => None,
        }
    }
}

/// The wire of one operator.
#[derive(Clone)]
pub struct Line {
    wire: Wire,
    dead: watch::Sender<bool>,
}

/// A request without its body's stream.
#[derive(Clone)]
struct Asked {
    head: Parts,
    body: Bytes,
    /// Method and path; the same in every namespace.
    what: String,
}

impl Line {
    /// The client of the operator.
    pub fn client(&self) -> Client {
        let line = self.clone();
        let service = tower::service_fn(move |request: Request<Body>| {
            let line = line.clone();
            async move { line.unless_dead(line.answer(request)).await }
        });
        Client::new(service, &*self.wire.0.namespace)
    }

    /// Waits until the operator has died.
    pub async fn died(&self) {
        let _ = self.dead.subscribe().wait_for(|dead| *dead).await;
    }

    /// The operator dies: what it asks from now on goes nowhere.
    pub fn die(&self) {
        self.dead.send_replace(true);
    }

    async fn unless_dead<T>(&self, then: impl Future<Output = T>) -> T {
        tokio::select! {
            biased;
            () = self.died() => pending().await,
            answer = then => answer,
        }
    }

    async fn answer(&self, request: Request<Body>) -> io::Result<Response<Answer>> {
        let (head, body) = request.into_parts();
        let body = body.collect_bytes().await.map_err(io::Error::other)?;
        let query = head.uri.query().unwrap_or_default();
        let path = head.uri.path().replace(&self.wire.0.namespace, "*");
        let dry = if query.contains("dryRun=") { " as a dry run" } else { "" };
        let what = format!("{} {path}{dry}", head.method);
        let (is_read, is_watch) = (head.method == Method::GET, query.contains("watch=true"));
        let is_mortal = !is_read && !path.contains("/events.k8s.io/");
        let asked = Asked { head, body, what };
        if is_watch {
            return self.watch(asked).await;
        }
        // What a status says is no secret, and tells why it was written.
        let said = if path.ends_with("/status") { String::from_utf8_lossy(&asked.body) } else { "".into() };
        let _under_way = UnderWay::new(&self.wire, &format!("{} {said}", asked.what));
        if let Some(how) = is_mortal.then(|| self.wire.death()).flatten() {
            return self.die_with(how, asked).await;
        }
        let moment = if is_read { Moment::Read } else { Moment::Write };
        match self.wire.fault(moment, &asked.what) {
            Some((fault, nth)) => self.go_wrong(fault, nth, asked).await,
            None => self.send(asked).await,
        }
    }

    async fn die_with(&self, how: Fault, asked: Asked) -> io::Result<Response<Answer>> {
        self.wire.note(how, &asked.what);
        match how {
            Fault::KilledAfter => drop(self.send(asked).await),
            Fault::KilledWhileSending => self.arrive_late(asked, 0),
            _ => {}
        }
        self.die();
        pending().await
    }

    async fn go_wrong(&self, fault: Fault, nth: u64, asked: Asked) -> io::Result<Response<Answer>> {
        self.wire.note(fault, &asked.what);
        if let Some(answer) = fault.answer(&asked.head.method, asked.name()) {
            return Ok(answer);
        }
        let lost = || io::Error::new(io::ErrorKind::ConnectionReset, "the connection broke");
        let wait = self.wire.time(&asked.what, nth, (20, 1500));
        match fault {
            Fault::AnswerLost => {
                self.send(asked).await?;
                Err(lost())
            }
            Fault::ArrivesLate => {
                self.arrive_late(asked, nth);
                Err(lost())
            }
            Fault::SlowRequest => {
                tokio::time::sleep(wait).await;
                self.send(asked).await
            }
            Fault::SlowAnswer => {
                let answer = self.send(asked).await;
                tokio::time::sleep(wait).await;
                answer
            }
            _ => Err(lost()),
        }
    }

    /// The request arrives though its sender may be dead by then.
    fn arrive_late(&self, asked: Asked, nth: u64) {
        let (line, wait) = (self.clone(), self.wire.time(&asked.what, nth, (50, 3000)));
        let late = Late::new(&self.wire);
        tokio::spawn(async move {
            tokio::time::sleep(wait).await;
            drop(line.send(asked).await);
            drop(late);
        });
    }

    async fn send(&self, asked: Asked) -> io::Result<Response<Answer>> {
        let what = asked.what;
        let request = Request::from_parts(asked.head, Body::from(asked.body));
        let response = self.wire.0.client.send(request).await.map_err(io::Error::other)?;
        let (head, body) = response.into_parts();
        let body = body.collect_bytes().await.map_err(io::Error::other)?;
        if !head.status.is_success() {
            let said = String::from_utf8_lossy(&body);
            self.wire.tell(&format!("{what}: {}: {}", head.status, said.chars().take(300).collect::<String>()));
        }
        Ok(Response::from_parts(head, Answer::Whole(Some(body))))
    }
}

impl Asked {
    /// Name of the object that is asked for.
    fn name(&self) -> &str {
        self.head.uri.path().trim_end_matches("/status").rsplit('/').next().unwrap_or_default()
    }
}

/// A request that is under way, watches aside.
struct UnderWay(Wire);

impl UnderWay {
    fn new(wire: &Wire, what: &str) -> Self {
        let mut state = wire.lock();
        state.requests += 1;
        state.under_way += 1;
        state.latest.push(format!("{:.1} {what}", wire.0.begun.elapsed().as_secs_f64()));
        let old = state.latest.len().saturating_sub(100);
        state.latest.drain(..old);
        Self(wire.clone())
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        let mut state = self.0.lock();
        state.under_way -= 1;
        state.last = Some(Instant::now());
    }
}

/// A request that arrives though nobody waits for it.
struct Late(Wire);

impl Late {
    fn new(wire: &Wire) -> Self {
        wire.0.late.send_modify(|late| *late += 1);
        Self(wire.clone())
    }
}

impl Drop for Late {
    fn drop(&mut self) {
        self.0.0.late.send_modify(|late| *late -= 1);
    }
}

/// The body of an answer.
pub enum Answer {
    Whole(Option<Bytes>),
    Stream(mpsc::Receiver<io::Result<Bytes>>),
}

impl Answer {
    fn whole(body: Vec<u8>) -> Self {
        Self::Whole(Some(body.into()))
    }
}

impl HttpBody for Answer {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        match self.get_mut() {
            Self::Whole(body) => Poll::Ready(body.take().map(|body| Ok(Frame::data(body)))),
            Self::Stream(lines) => lines.poll_recv(context).map(|line| Some(line?.map(Frame::data))),
        }
    }
}
