//! The faults, how often a seed has which, and what the API server would say.

use std::collections::BTreeMap;

use http::{Method, Response, header::RETRY_AFTER};
use serde_json::json;

use super::Answer;
use crate::chance;

/// Something that goes wrong between the operator and the API server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    /// The operator dies before a write is sent.
    KilledBefore,
    /// It dies after a write is done, and before it learns so.
    KilledAfter,
    /// It dies while a write is on its way, which arrives later: the next operator may already be at work.
    KilledWhileSending,
    /// The operator is ended as by SIGTERM, and started anew.
    Restarted,
    /// It is stopped as by SIGSTOP with a write that it is about to send, and goes on later: another operator may have its lease by then.
    Stopped,
    /// The connection breaks before a request arrives.
    RequestLost,
    /// The request is done, and the connection breaks before the answer comes.
    AnswerLost,
    /// The connection breaks, and the request is done later: it waited in a proxy, or in the queue of the API server.
    ArrivesLate,
    /// The request arrives late.
    SlowRequest,
    /// The answer comes late.
    SlowAnswer,
    /// 409, though nothing is in conflict any more.
    Conflict,
    /// 413.
    TooLarge,
    /// 429, with `Retry-After`.
    TooMany,
    /// 500.
    Internal,
    /// 503.
    Unavailable,
    /// 410 when a watch starts, or midway: what was to come next is forgotten.
    Gone,
    /// A watch ends midway.
    Cut,
    /// The connection of a watch breaks midway.
    Broken,
    /// A watch shows nothing any more for a while, then ends: what it didn't show comes after that.
    Withheld,
    /// A watch loses an event and goes on. A watch of Kubernetes does so only where the API server's cache lost its place, which it notices: it
    /// ends the watch with 410 then. So does this one, a little later.
    EventLost,
    /// A watch shows an event twice.
    Doubled,
    /// A watch shows an event late, and all that come after it.
    Delayed,
    /// A list that may be old (it asks for version "0") is old: the API server that streams it lags behind another one, and catches up later. A
    /// list that asks for the newest is never old: Kubernetes promises that.
    OldList,
}

/// What may happen to a write.
const WRITES: &[Fault] = &[
    Fault::RequestLost,
    Fault::AnswerLost,
    Fault::ArrivesLate,
    Fault::SlowRequest,
    Fault::SlowAnswer,
    Fault::Conflict,
    Fault::TooLarge,
    Fault::TooMany,
    Fault::Internal,
    Fault::Unavailable,
];
/// What may happen to a list or a single object that is read.
const READS: &[Fault] =
    &[Fault::RequestLost, Fault::AnswerLost, Fault::SlowAnswer, Fault::TooMany, Fault::Internal, Fault::Unavailable];
/// What may happen when a watch starts.
const STARTS: &[Fault] = &[
    Fault::RequestLost,
    Fault::Gone,
    Fault::OldList,
    Fault::OldList,
    Fault::TooMany,
    Fault::Internal,
    Fault::Unavailable,
];
/// What may happen to an event of a watch.
const EVENTS: &[Fault] =
    &[Fault::Gone, Fault::Cut, Fault::Broken, Fault::Withheld, Fault::EventLost, Fault::Doubled, Fault::Delayed];

/// What may happen to an item of a list that is streamed. One that is complete has everything.
const ITEMS: &[Fault] = &[Fault::Gone, Fault::Cut, Fault::Broken, Fault::Withheld, Fault::Doubled, Fault::Delayed];

/// What a fault can happen to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Moment {
    Write,
    Read,
    Start,
    Item,
    Event,
}

/// How often a seed has which faults, of 1000 times.
pub struct Rates {
    seed: u64,
    rates: BTreeMap<Moment, Vec<(Fault, u64)>>,
}

impl Rates {
    /// A seed has some of the faults, seldom or often: where all of them happen all the time, none is seen by itself.
    pub fn of(seed: u64) -> Self {
        let moments = [
            (Moment::Write, WRITES),
            (Moment::Read, READS),
            (Moment::Start, STARTS),
            (Moment::Item, ITEMS),
            (Moment::Event, EVENTS),
        ];
        let rates = moments.into_iter().map(|(moment, faults)| {
            let total = chance::one_of(seed, &format!("how often {moment:?}"), 0, &[0, 20, 60, 150]);
            // Old lists are rare by themselves: few watches start.
            let total = if moment == Moment::Start { total * 3 } else { total };
            let has = |fault: &&Fault| {
                chance::one_of(seed, &format!("whether {moment:?} {fault:?}"), 0, &[true, true, false])
            };
            let chosen: Vec<Fault> = faults.iter().filter(has).copied().collect();
            let each = total / (chosen.len() as u64).max(1);
            (moment, chosen.into_iter().map(|fault| (fault, each)).collect())
        });
        Self { seed, rates: rates.collect() }
    }

    /// What happens the `nth` time at this moment of `what`.
    pub fn fault(&self, moment: Moment, what: &str, nth: u64) -> Option<Fault> {
        let mut number = chance::number(self.seed, &format!("{moment:?} {what}"), nth) % 1000;
        self.rates.get(&moment)?.iter().find_map(|(fault, rate)| {
            let happens = number < *rate;
            number = number.saturating_sub(*rate);
            happens.then_some(*fault)
        })
    }
}

impl Fault {
    /// What it happens to.
    pub fn class(self) -> &'static str {
        match self {
            Self::KilledBefore | Self::KilledAfter | Self::KilledWhileSending | Self::Restarted | Self::Stopped => {
                "operators"
            }
            fault if EVENTS.contains(&fault) || fault == Self::OldList => "watches",
            _ => "requests",
        }
    }

    /// What the API server answers instead of doing what it is asked; none: it isn't asked, or does it.
    pub fn answer(self, method: &Method, name: &str) -> Option<Response<Answer>> {
        let (code, reason, message) = match self {
            Self::Conflict if *method == Method::POST => (409, "AlreadyExists", format!("\"{name}\" already exists")),
            Self::Conflict => (
                409,
                "Conflict",
                format!(
                    "Operation cannot be fulfilled on \"{name}\": the object has been modified; please apply your changes to the latest \
                     version and try again"
                ),
            ),
            Self::TooLarge => (413, "RequestEntityTooLarge", "Request entity too large: limit is 3145728".to_owned()),
            Self::TooMany => (429, "TooManyRequests", "too many requests, please try again later".to_owned()),
            Self::Internal => {
                (500, "InternalError", "Internal error occurred: etcdserver: request timed out".to_owned())
            }
            Self::Unavailable => {
                (503, "ServiceUnavailable", "the server is currently unable to handle the request".to_owned())
            }
            Self::Gone => (410, "Expired", "The resourceVersion for the provided watch is too old.".to_owned()),
            _ => return None,
        };
        let body = status(code, reason, &message);
        let mut response = Response::builder().status(code).header("content-type", "application/json");
        if self == Self::TooMany {
            response = response.header(RETRY_AFTER, "1");
        }
        response.body(Answer::whole(body.to_string().into_bytes())).ok()
    }

    /// The line with which a watch ends.
    pub fn last_line() -> String {
        let status = status(410, "Expired", "too old resource version");
        json!({ "type": "ERROR", "object": status }).to_string()
    }
}

fn status(code: u16, reason: &str, message: &str) -> serde_json::Value {
    json!({
        "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
        "message": message, "reason": reason, "code": code,
    })
}
