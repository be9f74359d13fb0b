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
    collections::{BTreeMap, BTreeSet, HashMap, VecDeque},
    future::{Future, pending},
    io,
    pin::Pin,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
        mpsc as blocking,
    },
    task::{Context, Poll},
    time::{Duration, Instant},
};

use bytes::Bytes;
use http::{Method, Request, Response, request::Parts};
use http_body::{Body as HttpBody, Frame};
use kube::{Client, client::Body};
use serde_json::Value;
use tokio::{
    runtime::Handle,
    sync::{mpsc, watch},
    task::JoinSet,
};

pub use fault::Fault;
use fault::{Moment, Rates};
use past::Past;

use crate::{chance, operator::LEASE, story::Death};

/// Between the operators of one namespace and the API server.
#[derive(Clone)]
pub struct Wire(Arc<Shared>);

/// The least time that an operator is stopped: as long as a lease lasts without a renewal.
const STOPPED: Duration = LEASE;

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
    /// How operators die or are stopped: the next one with the write after so many others.
    deaths: VecDeque<Death>,
    holder: Option<Holder>,
    /// How often the lease went from one operator to another.
    takeovers: u64,
    /// How often it went to another, or wasn't renewed in time: who holds it then begins anew.
    lapsed: u64,
    /// What was written by an operator after another one had its lease.
    unheld: Vec<String>,
    lines: usize,
    /// What each operator has read since it started, since the lease was taken, since its watch of the same broke, or since it was
    /// refused or lost.
    read: BTreeSet<(usize, u64, String)>,
    /// How often a write of an object of this name arrived late.
    late_writes: HashMap<String, usize>,
    /// Names of pods that an operator deleted.
    deleted_pods: BTreeSet<String>,
    injected: BTreeMap<Fault, u64>,
    /// What was done and what went wrong, for the report.
    log: Vec<String>,
    past: HashMap<String, Past>,
    /// Requests, those of the lease and watches that go on aside, and when the last one was under way.
    requests: u64,
    last: Option<Instant>,
    under_way: usize,
    /// The latest requests.
    latest: Vec<Sent>,
}

/// Who holds the lease.
#[derive(Clone, Copy)]
struct Holder {
    line: usize,
    /// When it was known.
    since: Instant,
    /// When the latest renewal was sent.
    renewed: Instant,
    /// Version of the Lease.
    version: u64,
}

/// A request that was sent.
#[derive(Clone)]
pub struct Sent {
    what: String,
    /// Whether it changes anything but the status of the cluster, and events.
    pub changes: bool,
    /// Whether an operator reads this for the first time since it started, since it took the lease, since its watch of the same broke, or since it
    /// was refused or lost.
    pub begins: bool,
}

impl std::fmt::Debug for Sent {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(&self.what)
    }
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
            self.lock().deaths.clear();
        }
    }

    /// From now on a request may also be refused in a way that the same request would be refused again. During a first installation, all that
    /// was created is taken back then.
    pub fn may_refuse(&self) {
        self.0.refuses.store(true, Ordering::Relaxed);
    }

    /// Operators die like this from now on, where things go wrong.
    pub fn kill(&self, deaths: &[Death]) {
        self.lock().deaths = deaths.iter().copied().filter(|_| self.0.on.load(Ordering::Relaxed)).collect();
    }

    /// The wire of an operator that starts now, on this runtime.
    pub fn line(&self, runtime: Handle) -> Line {
        let mut state = self.lock();
        state.lines += 1;
        Line { wire: self.clone(), number: state.lines, runtime, dead: watch::channel(None).0 }
    }

    /// Waits until everything that was sent has arrived.
    pub async fn all_arrived(&self) {
        let _ = self.0.late.subscribe().wait_for(|late| *late == 0).await;
    }

    /// Whether something that was sent hasn't arrived.
    pub fn is_late(&self) -> bool {
        *self.0.late.borrow() > 0
    }

    /// Number of requests so far, those of the lease and watches that go on aside.
    pub fn requests(&self) -> u64 {
        self.lock().requests
    }

    /// How long no request was under way.
    pub fn idle(&self) -> Duration {
        let state = self.lock();
        if state.under_way > 0 { Duration::ZERO } else { state.last.map_or(Duration::MAX, |last| last.elapsed()) }
    }

    /// The latest requests, the newest last: those after the first so many.
    pub fn since(&self, requests: u64) -> Vec<Sent> {
        let state = self.lock();
        let new = usize::try_from(state.requests - requests).unwrap_or_default();
        state.latest[state.latest.len().saturating_sub(new)..].to_vec()
    }

    /// How often a write of an object of this name arrived after others that were sent later.
    pub fn late_writes(&self, name: &str) -> usize {
        self.lock().late_writes.get(name).copied().unwrap_or_default()
    }

    /// Whether an operator deleted a pod of this name.
    pub fn has_deleted(&self, pod: &str) -> bool {
        self.lock().deleted_pods.contains(pod)
    }

    /// How often the lease went from one operator to another.
    pub fn takeovers(&self) -> u64 {
        self.lock().takeovers
    }

    /// What was written by an operator after another one had its lease.
    pub fn unheld(&self) -> Vec<String> {
        self.lock().unheld.clone()
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
    fn death(&self) -> Option<Death> {
        let mut state = self.lock();
        match state.deaths.front_mut() {
            Some(Death { after: 0, .. }) => state.deaths.pop_front(),
            Some(death) => {
                death.after -= 1;
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
    number: usize,
    /// Where the operator runs: a thread of its own.
    runtime: Handle,
    /// Whether it has died, and how long there is no other one then.
    dead: watch::Sender<Option<Duration>>,
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
    /// The client of the operator. `wire` is where requests are carried out: they go on where the operator is stopped.
    pub fn client(&self, wire: Handle) -> Client {
        let line = self.clone();
        let service = tower::service_fn(move |request: Request<Body>| {
            let (line, entered) = (line.clone(), Instant::now());
            let mut answer = JoinSet::new();
            answer.spawn_on(async move { line.unless_dead(line.answer(request, entered)).await }, &wire);
            async move { answer.join_next().await.unwrap_or_else(|| Ok(Err(lost())))? }
        });
        Client::new(service, &*self.wire.0.namespace)
    }

    /// Waits until the operator has died. Returns how long there is no other one then.
    pub async fn died(&self) -> Duration {
        let mut dead = self.dead.subscribe();
        let down = dead.wait_for(Option::is_some).await.map(|down| *down);
        down.ok().flatten().unwrap_or_default()
    }

    /// The operator dies: what it asks from now on goes nowhere.
    pub fn die(&self, down: Duration) {
        self.dead.send_replace(Some(down));
    }

    async fn unless_dead<T>(&self, then: impl Future<Output = T>) -> T {
        tokio::select! {
            biased;
            _ = self.died() => pending().await,
            answer = then => answer,
        }
    }

    /// Ends once the operator has died: what was on its way to it isn't any more.
    async fn until_dead(&self, then: impl Future<Output = ()>) {
        tokio::select! {
            biased;
            _ = self.died() => {}
            () = then => {}
        }
    }

    async fn answer(&self, request: Request<Body>, entered: Instant) -> io::Result<Response<Answer>> {
        let (head, body) = request.into_parts();
        let body = body.collect_bytes().await.map_err(io::Error::other)?;
        let query = head.uri.query().unwrap_or_default();
        let path = head.uri.path().replace(&self.wire.0.namespace, "*");
        let is_dry = query.contains("dryRun=");
        let what = format!("{} {path}{}", head.method, if is_dry { " as a dry run" } else { "" });
        let (is_read, is_watch) = (head.method == Method::GET, query.contains("watch=true"));
        let asked = Asked { head, body, what };
        if is_watch {
            return self.watch(asked).await;
        }
        let is_lease = path.contains("/leases");
        let is_mortal = !is_read && !is_lease && !path.contains("/events.k8s.io/");
        // What a status says is no secret, and tells why it was written.
        let is_status = path.ends_with("/status");
        let said = if is_status { String::from_utf8_lossy(&asked.body) } else { "".into() };
        let changes = is_mortal && !is_status && !is_dry;
        let begins = is_read && !is_lease && self.begins(&asked.what);
        let sent = Sent { what: format!("{} {said}", asked.what), changes, begins };
        let _under_way = (!is_lease).then(|| UnderWay::new(&self.wire, sent));
        if !is_read && !is_lease {
            self.note_write(&asked, entered);
        }
        if let Some(death) = is_mortal.then(|| self.wire.death()).flatten() {
            return self.die_with(death, asked).await;
        }
        let moment = if is_read { Moment::Read } else { Moment::Write };
        match self.wire.fault(moment, &asked.what) {
            Some((fault, nth)) => self.go_wrong(fault, nth, asked).await,
            None => self.send(asked).await,
        }
    }

    /// Whether this operator reads this for the first time; see [`Sent::begins`].
    fn begins(&self, what: &str) -> bool {
        let mut state = self.wire.lock();
        let lapsed = state.lapsed;
        state.read.insert((self.number, lapsed, what.to_owned()))
    }

    /// Notes a fault of a watch: where it breaks, the operator lists anew, after a wait that grows with each time.
    fn breaks(&self, fault: Fault, watch: &str) {
        self.wire.note(fault, watch);
        if matches!(fault, Fault::Doubled | Fault::Delayed) {
            return;
        }
        self.reads_again(watch);
    }

    /// Notes that the operator has to read this anew.
    fn reads_again(&self, what: &str) {
        let list = what.split('?').next().unwrap_or_default();
        self.wire.lock().read.retain(|(line, _, read)| *line != self.number || read != list);
    }

    /// Notes a write.
    fn note_write(&self, asked: &Asked, entered: Instant) {
        let mut state = self.wire.lock();
        if state.holder.is_some_and(|holder| holder.line != self.number && entered > holder.since) {
            state.unheld.push(format!("without the lease: {}", asked.what));
        }
        if asked.head.method == Method::DELETE && asked.head.uri.path().contains("/pods/") {
            state.deleted_pods.insert(asked.name().to_owned());
        }
    }

    async fn die_with(&self, death: Death, asked: Asked) -> io::Result<Response<Answer>> {
        self.wire.note(death.how, &asked.what);
        let down = Duration::from_millis(death.down);
        match death.how {
            Fault::Stopped => return self.stop(down + STOPPED, asked).await,
            Fault::KilledAfter => drop(self.send(asked).await),
            Fault::KilledWhileSending => self.arrive_late(asked, 0),
            _ => {}
        }
        self.die(down);
        pending().await
    }

    /// Everything of the operator stands still but the clock, and it goes on with this request: whether it may write it has checked before.
    async fn stop(&self, time: Duration, asked: Asked) -> io::Result<Response<Answer>> {
        let late = Late::write(&self.wire, asked.name());
        let (goes_on, stopped) = blocking::channel::<()>();
        self.runtime.spawn(async move { stopped.recv() });
        tokio::time::sleep(time).await;
        drop(goes_on);
        self.wire.tell("the operator goes on");
        // It is under way already: nothing calls it back.
        let line = self.clone();
        let sent = tokio::spawn(async move {
            let answer = line.send(asked).await;
            drop(late);
            answer
        });
        sent.await.map_err(io::Error::other)?
    }

    async fn go_wrong(&self, fault: Fault, nth: u64, asked: Asked) -> io::Result<Response<Answer>> {
        self.wire.note(fault, &asked.what);
        if asked.head.method == Method::GET && !matches!(fault, Fault::SlowRequest | Fault::SlowAnswer) {
            self.reads_again(&asked.what);
        }
        if let Some(answer) = fault.answer(&asked.head.method, asked.name()) {
            return Ok(answer);
        }
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
        let late = Late::write(&self.wire, asked.name());
        tokio::spawn(async move {
            tokio::time::sleep(wait).await;
            drop(line.send(asked).await);
            drop(late);
        });
    }

    async fn send(&self, asked: Asked) -> io::Result<Response<Answer>> {
        let Asked { head, body, what } = asked;
        let is_lease = head.method != Method::GET && head.uri.path().contains("/leases");
        let sent = Instant::now();
        let response = self.wire.0.client.send(Request::from_parts(head, Body::from(body))).await;
        let (head, body) = response.map_err(io::Error::other)?.into_parts();
        let body = body.collect_bytes().await.map_err(io::Error::other)?;
        if !head.status.is_success() {
            let said = String::from_utf8_lossy(&body);
            self.wire.tell(&format!("{what}: {}: {}", head.status, said.chars().take(300).collect::<String>()));
        } else if is_lease {
            self.note_lease(sent, &serde_json::from_slice(&body)?);
        }
        Ok(Response::from_parts(head, Answer::Whole(Some(body))))
    }

    /// Notes who holds the lease from now on.
    fn note_lease(&self, renewed: Instant, lease: &Value) {
        let version = lease["metadata"]["resourceVersion"].as_str().and_then(|version| version.parse().ok());
        let (line, since, version) = (self.number, Instant::now(), version.unwrap_or_default());
        let is_held = lease["spec"]["holderIdentity"].as_str().is_some_and(|holder| !holder.is_empty());
        let mut state = self.wire.lock();
        let before = state.holder.filter(|before| before.version < version || before.line == line);
        if before.is_none() && state.holder.is_some() {
            return;
        }
        let is_other = before.is_some_and(|before| before.line != line);
        let is_late = before.is_some_and(|before| renewed.duration_since(before.renewed) > LEASE * 2 / 3);
        state.takeovers += u64::from(is_other && is_held);
        state.lapsed += u64::from((is_other && is_held) || is_late);
        // One that is released is nobody else's.
        let since = before.filter(|before| before.line == line).map_or(since, |before| before.since);
        state.holder = if is_held { Some(Holder { line, since, renewed, version }) } else { before };
        drop(state);
        if is_held && (is_other || before.is_none()) {
            self.wire.tell("an operator takes the lease");
        }
    }
}

/// The connection broke.
fn lost() -> io::Error {
    io::Error::new(io::ErrorKind::ConnectionReset, "the connection broke")
}

impl Asked {
    /// Name of the object that is asked for.
    fn name(&self) -> &str {
        self.head.uri.path().trim_end_matches("/status").rsplit('/').next().unwrap_or_default()
    }
}

/// A request that is under way.
struct UnderWay(Wire);

impl UnderWay {
    fn new(wire: &Wire, sent: Sent) -> Self {
        let mut state = wire.lock();
        state.requests += 1;
        state.under_way += 1;
        let what = format!("{:.1} {}", wire.0.begun.elapsed().as_secs_f64(), sent.what);
        state.latest.push(Sent { what, ..sent });
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

/// Something that arrives late: a request that nobody waits for, or what a watch shows.
struct Late(Wire);

impl Late {
    /// A write of an object of this name.
    fn write(wire: &Wire, name: &str) -> Self {
        *wire.lock().late_writes.entry(name.to_owned()).or_default() += 1;
        Self::new(wire)
    }

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
