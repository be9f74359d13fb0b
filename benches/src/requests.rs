//! What the operator asked the API server.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use operator_testbed::{Request, Testbed};
use serde::Serialize;

use crate::{error::Error, process::Operator};

/// How long nothing is written when all is done: longer than anything that the operator holds back (a status: a second).
const SETTLED: Duration = Duration::from_secs(3);
/// How long that may take to come.
const PATIENCE: Duration = Duration::from_secs(300);

/// Numbers of requests, by verb and what they were about: `patch configmaps`.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(transparent)]
pub struct Requests(pub BTreeMap<String, usize>);

impl Requests {
    /// How many are of this name.
    pub fn of(&self, name: &str) -> usize {
        self.0.get(name).copied().unwrap_or_default()
    }

    /// Events that it wrote.
    pub fn events(&self) -> usize {
        self.of("create events")
    }

    /// Writes of children and clusters: all but events.
    pub fn writes(&self) -> usize {
        let reads = ["get ", "list ", "watch "];
        let writes = self.0.iter().filter(|(name, _)| !reads.iter().any(|verb| name.starts_with(verb)));
        writes.map(|(_, number)| number).sum::<usize>() - self.events()
    }

    /// Everything but watches, which are opened again from time to time, and events.
    pub fn asked(&self) -> usize {
        let reads = self.0.iter().filter(|(name, _)| !name.starts_with("watch "));
        reads.map(|(_, number)| number).sum::<usize>() - self.events()
    }
}

/// How many requests there were so far: a point to count from.
pub fn mark(testbed: &Testbed) -> Result<usize, Error> {
    Ok(testbed.requests()?.len())
}

/// What was asked since.
pub fn since(testbed: &Testbed, mark: usize) -> Result<Requests, Error> {
    let mut requests = Requests::default();
    for request in testbed.requests()?.iter().skip(mark) {
        *requests.0.entry(name(request)).or_default() += 1;
    }
    Ok(requests)
}

/// `patch configmaps`, `patch benches/status`; with the answer's code where it was refused.
fn name(request: &Request) -> String {
    let mut name = format!("{} {}", request.verb, request.resource);
    if !request.subresource.is_empty() {
        name = format!("{name}/{}", request.subresource);
    }
    if request.code >= 400 {
        name = format!("{name} ({})", request.code);
    }
    name
}

/// Waits until the operator has nothing more to write.
pub async fn settled(testbed: &Testbed, operator: &mut Operator) -> Result<(), Error> {
    let started = Instant::now();
    let (mut seen, mut at) = (mark(testbed)?, Instant::now());
    while at.elapsed() < SETTLED {
        if started.elapsed() > PATIENCE {
            let seconds = PATIENCE.as_secs();
            return Err(Error::Text(format!("the operator doesn't come to rest within {seconds} s")));
        }
        tokio::time::sleep(SETTLED / 4).await;
        operator.usage()?;
        let now = mark(testbed)?;
        if now != seen {
            (seen, at) = (now, Instant::now());
        }
    }
    Ok(())
}
