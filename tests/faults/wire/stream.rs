//! Watches: what they show, late, twice, or not at all.

use std::{future::poll_fn, io, pin::Pin, time::Duration};

use bytes::Bytes;
use http::{Request, Response, Uri};
use http_body::Body as _;
use kube::client::Body;
use tokio::{
    sync::mpsc,
    time::{Instant, sleep, sleep_until},
};

use super::{
    Answer, Asked, Fault, Late, Line, Moment, Sent, UnderWay, lost,
    past::{Listed, Past},
};

/// Lines that wait for the operator to read them.
const WAITING: usize = 64;

impl Line {
    /// Answers a watch.
    pub(super) async fn watch(&self, mut asked: Asked) -> io::Result<Response<Answer>> {
        let query = asked.head.uri.query().unwrap_or_default();
        let is_streamed = query.contains("sendInitialEvents=true");
        let selector = query.split('&').find(|part| part.starts_with("labelSelector=")).unwrap_or_default();
        // A list that is streamed may have news, as one that is asked for has.
        let sent = Sent { what: asked.what.clone(), changes: false, begins: self.begins(&asked.what) };
        let _under_way = sent.begins.then(|| UnderWay::new(&self.wire, sent));
        asked.what = format!("{}?watch&{selector}", asked.what);
        let mut shower = Shower::new(self, &asked, is_streamed);
        if let Some((fault, nth)) = self.wire.fault(Moment::Start, &asked.what) {
            if let Some(answer) = fault.answer(&asked.head.method, "") {
                self.breaks(fault, &asked.what);
                return Ok(answer);
            }
            if fault == Fault::RequestLost {
                self.breaks(fault, &asked.what);
                return Err(lost());
            }
            let age = self.wire.time(&asked.what, nth, (1, 40)).as_millis() as usize;
            let old = self.wire.lock().past.get(&asked.what).and_then(|past| past.list(age));
            if let Some((version, lines)) = old.filter(|_| is_streamed) {
                self.breaks(fault, &asked.what);
                let lag = self.wire.time(&asked.what, nth, (0, 3000));
                asked.head.uri = continued(&asked.head.uri, version)?;
                return Ok(shower.start_old(lines, lag, asked));
            }
        }
        let (head, body) = self.open(asked).await?.into_parts();
        if !head.status.is_success() {
            let body = body.collect_bytes().await.map_err(io::Error::other)?;
            return Ok(Response::from_parts(head, Answer::Whole(Some(body))));
        }
        shower.list = is_streamed.then(Listed::default);
        Ok(shower.start(body))
    }

    async fn open(&self, asked: Asked) -> io::Result<Response<Body>> {
        let request = Request::from_parts(asked.head, Body::from(asked.body));
        self.wire.0.client.send(request).await.map_err(io::Error::other)
    }
}

/// The same watch, from a version on.
fn continued(uri: &Uri, version: u64) -> io::Result<Uri> {
    let dropped = ["sendInitialEvents=", "resourceVersionMatch=", "resourceVersion="];
    let query = uri.query().unwrap_or_default().split('&');
    let kept: Vec<&str> = query.filter(|part| !dropped.iter().any(|dropped| part.starts_with(dropped))).collect();
    let uri = format!("{}?{}&resourceVersion={version}", uri.path(), kept.join("&"));
    uri.parse().map_err(io::Error::other)
}

/// Shows the operator what a watch shows.
struct Shower {
    line: Line,
    /// What is watched.
    what: String,
    sender: mpsc::Sender<io::Result<Bytes>>,
    receiver: Option<mpsc::Receiver<io::Result<Bytes>>>,
    /// What was streamed of the first list, where that isn't complete.
    list: Option<Listed>,
    /// Whether what is shown is kept, for old lists.
    keeps: bool,
    /// When the watch ends, and how: something was lost before.
    end: Option<(Instant, Fault, Late)>,
}

impl Shower {
    fn new(line: &Line, asked: &Asked, keeps: bool) -> Self {
        let (sender, receiver) = mpsc::channel(WAITING);
        let (line, what) = (line.clone(), asked.what.clone());
        Self { line, what, sender, receiver: Some(receiver), list: None, keeps, end: None }
    }

    fn answer(&mut self) -> Response<Answer> {
        Response::new(self.receiver.take().map_or(Answer::Whole(None), Answer::Stream))
    }

    fn start(mut self, body: Body) -> Response<Answer> {
        let answer = self.answer();
        tokio::spawn(async move {
            let line = self.line.clone();
            line.until_dead(self.show(body)).await;
        });
        answer
    }

    /// Shows an old list; what came after it comes a little later.
    fn start_old(mut self, lines: Vec<String>, lag: Duration, asked: Asked) -> Response<Answer> {
        let answer = self.answer();
        tokio::spawn(async move {
            let line = self.line.clone();
            let show = async {
                for text in lines {
                    self.pass(text.as_bytes()).await;
                }
                let late = Late::new(&line.wire);
                sleep(lag).await;
                drop(late);
                if let Ok(response) = line.open(asked).await.filter_success() {
                    self.show(response.into_body()).await;
                }
            };
            line.until_dead(show).await;
        });
        answer
    }

    /// Shows what comes, until that ends.
    async fn show(&mut self, mut body: Body) {
        let mut buffer = Vec::new();
        loop {
            let sender = self.sender.clone();
            let end = self.end.as_ref().map(|(at, ..)| *at);
            let next = poll_fn(|context| Pin::new(&mut body).poll_frame(context));
            let frame = tokio::select! {
                () = sender.closed() => return,
                () = sleep_until(end.unwrap_or_else(Instant::now)), if end.is_some() => return self.end().await,
                frame = next => frame,
            };
            let Some(Ok(frame)) = frame else { return };
            buffer.extend_from_slice(frame.data_ref().map(Bytes::as_ref).unwrap_or_default());
            while let Some(at) = buffer.iter().position(|byte| *byte == b'\n') {
                let text: Vec<u8> = buffer.drain(..=at).collect();
                let text = String::from_utf8_lossy(&text).trim_end().to_owned();
                if !self.event(&text).await {
                    return;
                }
            }
        }
    }

    /// Ends a watch that has lost something.
    async fn end(&mut self) {
        if let Some((_, Fault::EventLost, _)) = self.end {
            self.pass(Fault::last_line().as_bytes()).await;
        }
    }

    /// Shows an event, or what becomes of it. Returns whether the watch goes on.
    async fn event(&mut self, text: &str) -> bool {
        let in_list = self.list.is_some();
        if self.keeps {
            let mut state = self.line.wire.lock();
            let past: &mut Past = state.past.entry(self.what.clone()).or_default();
            if past.note(text, self.list.as_mut()) {
                self.list = None;
            }
        }
        if matches!(self.end, Some((_, Fault::Withheld, _))) {
            return true;
        }
        let moment = if in_list { Moment::Item } else { Moment::Event };
        let Some((fault, nth)) = self.line.wire.fault(moment, &self.what) else {
            return self.pass(text.as_bytes()).await;
        };
        self.line.breaks(fault, &self.what);
        let wire = self.line.wire.clone();
        let soon = |range| Instant::now() + wire.time(&self.what, nth, range);
        match fault {
            Fault::Cut => false,
            Fault::Broken => {
                let _ = self.sender.send(Err(lost())).await;
                false
            }
            Fault::Gone => {
                self.pass(Fault::last_line().as_bytes()).await;
                false
            }
            Fault::Doubled => self.pass(text.as_bytes()).await && self.pass(text.as_bytes()).await,
            Fault::Delayed => {
                let _late = Late::new(&wire);
                sleep(wire.time(&self.what, nth, (20, 2000))).await;
                self.pass(text.as_bytes()).await
            }
            Fault::Withheld => {
                self.end = Some((soon((100, 3000)), fault, Late::new(&wire)));
                true
            }
            Fault::EventLost => {
                self.end.get_or_insert_with(|| (soon((100, 3000)), fault, Late::new(&wire)));
                true
            }
            _ => self.pass(text.as_bytes()).await,
        }
    }

    async fn pass(&self, text: &[u8]) -> bool {
        let line = [text, b"\n"].concat();
        self.sender.send(Ok(line.into())).await.is_ok()
    }
}

/// Only an answer that is a success.
trait FilterSuccess {
    fn filter_success(self) -> Self;
}

impl FilterSuccess for io::Result<Response<Body>> {
    fn filter_success(self) -> Self {
        match self {
            Ok(response) if !response.status().is_success() => Err(io::Error::other(response.status().to_string())),
            answer => answer,
        }
    }
}
