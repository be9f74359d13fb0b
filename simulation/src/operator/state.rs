//! All on which a world's future depends, as text.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write,
};

use serde_json::{Value, json};
use tokio::time::Instant;

use super::{Of, World};
use crate::{
    Event,
    json::{put, text},
};

/// How the UIDs of this model begin, and how long they are.
const UID: (&str, usize) = ("00000000-0000-4000-8000-", 36);
/// Around the kind and the number of a version.
const VERSION: (char, char) = ('\u{1}', '\u{2}');

impl World {
    /// All on which depends what happens next. Worlds with equal texts do the same from then on:
    /// - of versions, it has only their order within a kind, for nobody does more with them than compare those of one kind;
    /// - instead of an object's UID, it says which of the objects of this kind and name it is;
    /// - what no watch can show any more isn't in it, except of the kinds `listed_old`, of which old lists may still be asked for;
    /// - Kubernetes events and a Service's address aren't in it, of which nothing depends.
    pub fn state(&mut self, listed_old: &[&str]) -> String {
        self.rewatch();
        let server = self.server();
        let mut lines = Vec::new();
        for (kind, object) in server.all().filter(|(kind, _)| !kind.starts_with("events")) {
            lines.push(shown(kind, object));
        }
        for (of, watch) in &self.watches {
            let kind = match of {
                Of::Clusters => self.clusters(),
                Of::Children(kind) => super::id(kind),
                Of::Reference((_, source, _)) => super::id(&source.kind().into()),
            };
            let (ahead, selected) = watch.ahead(&server);
            let ahead: Vec<String> =
                ahead.map(|event| format!("{}{}", event.change, shown(&kind, &event.object))).collect();
            lines.push(format!("{of:?} {} {selected:?} {}", watch.listed, ahead.concat()));
        }
        for event in server.log().iter().filter(|event| listed_old.contains(&&*event.kind)) {
            lines.push(format!("{} was {}", event.change, shown(&event.kind, &event.object)));
        }
        // One that was deleted counts, too: the operator may still know it.
        let kinds: BTreeMap<&str, &str> =
            server.log().iter().map(|event| (text(&event.object, "/metadata/uid"), &*event.kind)).collect();
        for (uid, version, memory) in self.operator.memory() {
            assert!(
                !memory.contains("Unowned("),
                "such a fact has another object's version, whose order isn't known here"
            );
            let kind = kinds.get(&*uid).copied().unwrap_or_default();
            lines.push(format!("{uid} {memory} {}", marked(kind, version)));
        }
        let due = self.due.iter().map(|(uid, at)| (uid, *at - Instant::now()));
        lines.push(format!("{:?} {:?} {}", self.queued, due.collect::<Vec<_>>(), super::now()));
        if let Some((kind, address, mut body)) = self.wire.late() {
            let mut versions = String::new();
            for field in ["/metadata/resourceVersion", "/preconditions/resourceVersion"] {
                if let Ok(version) = text(&body, field).parse() {
                    versions.push_str(&marked(&kind, version));
                    put(&mut body, field, Value::Null);
                }
            }
            lines.push(format!("{address} {body} {versions}"));
        }
        let names = names(server.log());
        ranked(&lines.iter().map(|line| named(line, &names)).collect())
    }
}

fn shown(kind: &str, object: &Value) -> String {
    let mut object = object.clone();
    let version = text(&object, "/metadata/resourceVersion").parse().unwrap_or_default();
    put(&mut object, "/metadata/resourceVersion", Value::Null);
    if kind == "services" {
        put(&mut object, "/spec/clusterIP", Value::Null);
        put(&mut object, "/spec/clusterIPs", json!([]));
    }
    // Last, for lines are sorted.
    format!("{kind} {object} {}", marked(kind, version))
}

fn marked(kind: &str, version: u64) -> String {
    format!("{}{kind} {version}{}", VERSION.0, VERSION.1)
}

/// What each object is that there ever was, by its UID.
fn names(log: &[Event]) -> BTreeMap<&str, String> {
    let (mut names, mut counts) = (BTreeMap::new(), BTreeMap::<_, usize>::new());
    for Event { kind, object, .. } in log {
        names.entry(text(object, "/metadata/uid")).or_insert_with(|| {
            let place = format!("{kind}/{}/{}", text(object, "/metadata/namespace"), text(object, "/metadata/name"));
            let count = counts.entry(place.clone()).or_default();
            *count += 1;
            format!("{place}#{count}")
        });
    }
    names
}

/// With what an object is instead of its UID.
fn named(line: &str, names: &BTreeMap<&str, String>) -> String {
    let mut out = String::with_capacity(line.len());
    let mut rest = line;
    while let Some((before, from)) = rest.find(UID.0).map(|at| rest.split_at(at)) {
        let (uid, after) = from.split_at_checked(UID.1).unwrap_or((from, ""));
        out.push_str(before);
        out.push_str(names.get(uid).map_or(uid, String::as_str));
        rest = after;
    }
    out.push_str(rest);
    out
}

/// With the rank of each version among those of its kind.
fn ranked(lines: &BTreeSet<String>) -> String {
    let parts = || lines.iter().flat_map(|line| line.split_inclusive(VERSION.1));
    let version = |part: &str| -> Option<(String, u64)> {
        let (_, marked) = part.strip_suffix(VERSION.1)?.split_once(VERSION.0)?;
        let (kind, number) = marked.split_once(' ')?;
        Some((kind.to_owned(), number.parse().ok()?))
    };
    let mut known = BTreeMap::<String, BTreeSet<u64>>::new();
    for (kind, number) in parts().filter_map(version) {
        known.entry(kind).or_default().insert(number);
    }
    let mut out = String::new();
    for part in parts() {
        match version(part) {
            Some((kind, number)) => {
                let rank = known.get(&kind).map_or(0, |numbers| numbers.range(..number).count());
                out.push_str(part.split(VERSION.0).next().unwrap_or_default());
                // Writing to a text never fails.
                let _ = write!(out, "@{rank}");
            }
            None => out.push_str(part),
        }
    }
    out
}
