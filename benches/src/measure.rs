//! What is measured, in order.

use std::time::{Duration, Instant};

use operator_core::model::kind as kinds;
use serde::Serialize;

use crate::{
    Options,
    error::Error,
    kind,
    latency::{self, Latency},
    load::{self, Loader, PARALLEL},
    plain,
    process::{Operator, Usage},
    requests::{self, Requests},
    stage::Stage,
    watched::{Children, Clusters},
};

/// How many clusters at a time the plain loader writes, one run each: the fastest is the limit.
const PLAIN: [usize; 2] = [8, 16];
/// All that was measured. Times are in seconds, memory is in KiB.
#[derive(Clone, Debug, Serialize)]
pub struct Measured {
    /// How many clusters, of six children each.
    pub clusters: u32,
    /// Processors of this machine.
    pub processors: usize,
    /// The same objects without an operator.
    pub plain: Vec<Plain>,
    /// An operator with nothing to do.
    pub empty: Phase,
    /// All clusters created, the controllers of workloads being held: no pods run, and no one else writes.
    pub create: Phase,
    /// The controllers let go: they say of each workload that they have seen it, and the clusters become ready.
    pub controllers: Phase,
    /// What all nodes read changed, in all clusters.
    pub change: Phase,
    /// Nothing changed.
    pub quiet: Phase,
    /// The operator ended, and another one started.
    pub restart: Phase,
    /// Single changes.
    pub latency: Latency,
}

/// A run of the plain loader.
#[derive(Clone, Debug, Serialize)]
pub struct Plain {
    /// Clusters at a time.
    pub parallel: usize,
    /// Until all was written.
    pub wall: f64,
}

/// What the operator did in a stretch of time, until it came to rest.
#[derive(Clone, Debug, Serialize)]
pub struct Phase {
    /// Until all statuses showed it; zero where there is nothing to show.
    pub wall: f64,
    /// CPU of the operator, until it came to rest.
    pub cpu: f64,
    /// Its memory then.
    pub memory: u64,
    /// The most memory that its process had so far.
    pub peak: u64,
    /// What it asked the API server.
    pub requests: Requests,
}

/// Measures everything.
pub async fn measure(options: &Options) -> Result<Measured, Error> {
    let mut plain = Vec::new();
    for parallel in PLAIN {
        say(&format!("the same objects without an operator, {parallel} clusters at a time"));
        let wall = plain::write(options.clusters, parallel).await?.as_secs_f64();
        plain.push(Plain { parallel, wall });
    }

    say("an operator with nothing to do");
    let stage = Stage::set().await?;
    let mut meter = Meter::start(&stage).await?;
    let empty = meter.phase(async { Ok(()) }).await?;

    say(&format!("creating {} clusters", options.clusters));
    stage.hold_controllers()?;
    let create = meter.phase(create(&stage, options.clusters)).await?;
    check(&stage, options.clusters).await?;
    say("letting the controllers of workloads go");
    stage.release_controllers()?;
    let controllers = meter.phase(ready(&stage, options.clusters)).await?;

    say("changing all of them");
    let change = meter.phase(change(&stage, options.clusters)).await?;
    ready(&stage, options.clusters).await?;
    check(&stage, options.clusters).await?;

    say(&format!("nothing for {} s", options.quiet));
    let quiet = meter.phase(nothing(options.quiet)).await?;

    say("restarting the operator");
    meter.stop()?;
    let mut meter = Meter::start(&stage).await?;
    let restart = meter.since_start()?;

    say(&format!("changing one at a time, {} times", options.changes));
    let latency = latency::measure(&stage, options.clusters, options.changes).await?;
    meter.stop()?;
    Ok(Measured {
        clusters: options.clusters,
        processors: std::thread::available_parallelism().map_or(0, usize::from),
        plain,
        empty,
        create,
        controllers,
        change,
        quiet,
        restart,
        latency,
    })
}

fn say(what: &str) {
    eprintln!("bench: {what} …");
}

/// Creates all clusters and waits until every status is written, which is after the last child.
async fn create(stage: &Stage, clusters: u32) -> Result<(), Error> {
    let seen = Clusters::watch(stage.client.clone(), stage.namespace());
    let loader = Loader::new(stage.client.clone(), stage.namespace());
    load::each(clusters, PARALLEL, |number| loader.create(number)).await?;
    for number in 0..clusters {
        seen.dealt_with(&load::name(number), 1).await?;
    }
    Ok(())
}

/// Waits until all clusters are ready.
async fn ready(stage: &Stage, clusters: u32) -> Result<(), Error> {
    let seen = Clusters::watch(stage.client.clone(), stage.namespace());
    for number in 0..clusters {
        seen.ready(&load::name(number)).await?;
    }
    Ok(())
}

/// Changes what both nodes of each cluster read and waits until every status says so.
async fn change(stage: &Stage, clusters: u32) -> Result<(), Error> {
    let seen = Clusters::watch(stage.client.clone(), stage.namespace());
    let loader = Loader::new(stage.client.clone(), stage.namespace());
    let changed = load::each(clusters, PARALLEL, |number| loader.change(number, "1")).await?;
    for cluster in changed {
        let name = cluster.metadata.name.unwrap_or_default();
        let generation = cluster.metadata.generation.unwrap_or_default();
        seen.dealt_with(&name, generation).await?;
    }
    Ok(())
}

async fn nothing(seconds: u64) -> Result<(), Error> {
    tokio::time::sleep(Duration::from_secs(seconds)).await;
    Ok(())
}

/// Makes sure that all children are there as they shall be: figures of an operator that does less are none.
async fn check(stage: &Stage, clusters: u32) -> Result<(), Error> {
    let seen = Clusters::watch(stage.client.clone(), stage.namespace());
    let children = Children::watch(&stage.client, stage.namespace());
    for number in 0..clusters {
        let name = load::name(number);
        seen.dealt_with(&name, 1).await?;
        let blueprint = kind::blueprint(&seen.get(&name)?)?;
        if blueprint.objects.len() != kind::CHILDREN {
            return Err(Error::Text(format!("{name} has {} children", blueprint.objects.len())));
        }
        children.there(&blueprint).await?;
    }
    Ok(())
}

/// An operator whose requests, CPU and memory are read.
struct Meter<'a> {
    stage: &'a Stage,
    operator: Operator,
    /// Requests before it started.
    first: usize,
}

impl<'a> Meter<'a> {
    /// Starts an operator, and waits until it has nothing to do.
    async fn start(stage: &'a Stage) -> Result<Self, Error> {
        let first = requests::mark(&stage.testbed)?;
        let mut operator = Operator::start(stage)?;
        let started = Instant::now();
        // The kinds of children that are watched from the start, and the clusters.
        let expected = kinds::ALL.into_iter().filter(|kind| kind.presence == kinds::Presence::Start).count() + 1;
        loop {
            operator.usage()?;
            let watches = stage.testbed.requests()?;
            let watches = watches.iter().skip(first).filter(|request| request.verb == "watch");
            if watches.count() >= expected {
                break;
            }
            if started.elapsed() > Duration::from_secs(60) {
                return Err(Error::Text("the operator doesn't watch within a minute".to_owned()));
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        requests::settled(&stage.testbed, &mut operator).await?;
        Ok(Self { stage, operator, first })
    }

    /// What it did since it was started.
    fn since_start(&mut self) -> Result<Phase, Error> {
        self.read(Duration::ZERO, Usage::default(), self.first)
    }

    /// What it does because of `work`, until it has nothing more to do.
    async fn phase(&mut self, work: impl Future<Output = Result<(), Error>>) -> Result<Phase, Error> {
        let (before, mark) = (self.operator.usage()?, requests::mark(&self.stage.testbed)?);
        let started = Instant::now();
        work.await?;
        let wall = started.elapsed();
        requests::settled(&self.stage.testbed, &mut self.operator).await?;
        self.read(wall, before, mark)
    }

    fn read(&mut self, wall: Duration, before: Usage, mark: usize) -> Result<Phase, Error> {
        let now = self.operator.usage()?;
        Ok(Phase {
            wall: wall.as_secs_f64(),
            cpu: (now.cpu - before.cpu).as_secs_f64(),
            memory: now.memory,
            peak: now.peak,
            requests: requests::since(&self.stage.testbed, mark)?,
        })
    }

    fn stop(self) -> Result<(), Error> {
        self.operator.stop()
    }
}
