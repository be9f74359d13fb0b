//! Whatever breaks between an operator and the API server, nothing is lost.
//!
//! A seed gives a random history of a cluster and the faults on its way. Many histories are played at once on one real control plane, each in a
//! namespace of its own. This program is both a test of `cargo test --workspace` and the command `cargo faults`.
//!
//! | module | holds |
//! | --- | --- |
//! | `story` | what is done to a cluster, by a seed |
//! | `wire` | what is between the operator and the API server, and goes wrong |
//! | `operator` | the operators, which die, are stopped and are started anew |
//! | `processes` | the operator as a process of its own: processes are killed and stopped |
//! | `history` | one history, from an empty namespace to an empty one |
//! | `witness` | what anyone can see of it |
//! | `numbers` | how many pods each node may ask for |
//! | `checks` | what has to hold |
//! | `chance` | decisions by a seed |
//!
//! The kind and its random specs are those of the simulation.

#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs, reason = "a test may stop at what it did not expect")]

mod chance;
mod checks;
mod history;
#[path = "../../simulation/tests/operator/kinds.rs"]
mod kinds;
#[path = "../looked.rs"]
mod looked;
mod numbers;
mod operator;
mod processes;
#[path = "../../simulation/tests/operator/specs.rs"]
#[allow(dead_code, reason = "the simulation needs more of it")]
mod specs;
mod story;
mod wire;
mod witness;

use std::{
    collections::BTreeMap,
    env,
    process::ExitCode,
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use clap::Parser;
use k8s_openapi::{
    api::core::v1::ConfigMap,
    apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition,
    jiff::{self, SignedDuration},
};
use kube::{
    Api, Client, CustomResourceExt, Resource,
    api::{DeleteParams, Patch, PatchParams, PostParams},
    runtime::wait::{await_condition, conditions},
};
use operator_core::Cluster;
use operator_testbed::Testbed;
use serde_json::json;
use tokio::{task::JoinSet, time::Instant};

use history::{ByKubernetes, Report, Stage, play};
use kinds::Data;
use processes::Script;
use wire::Fault;
use witness::Witness;

/// Seeds that the test plays: always the same, so that a change fails for what it does itself.
const FIXED: std::ops::Range<u64> = 1..9;

/// Play random histories of clusters, in which everything goes wrong that can, on a real control plane.
///
/// Without arguments, this is the short run that is part of `cargo test`.
#[derive(Parser)]
#[command(name = "cargo faults")]
struct Arguments {
    /// Begin further histories for so long: 90s, 10m, 2h
    #[arg(long = "for", value_parser = duration)]
    time: Option<Duration>,
    /// Play so many histories
    #[arg(long)]
    histories: Option<u64>,
    /// Play the history of this seed, and tell what happens in it
    #[arg(long)]
    seed: Option<u64>,
    /// Play it so many times: what a fault meets depends on the time that everything takes
    #[arg(long, default_value_t = 1, requires = "seed")]
    times: usize,
    /// Seed of the first history; the others follow it [default: by the clock]
    #[arg(long)]
    first: Option<u64>,
    /// Kill the operator's process so many times in a row, while clusters are installed, changed and grown
    #[arg(long)]
    kills: Option<u64>,
    /// Kill or stop so many processes meanwhile: operators, the API server, etcd, the controller manager
    #[arg(long)]
    processes: Option<u64>,
    /// How many clusters these two have
    #[arg(long, default_value_t = 20)]
    clusters: u64,
    /// How many histories are played at once
    #[arg(long, default_value_t = 12)]
    at_once: usize,
    /// How long nothing may be asked of a cluster at rest
    #[arg(long, value_parser = duration, default_value = "3s")]
    quiet_for: Duration,
    /// Names of tests, from `cargo test`
    #[arg(hide = true)]
    filter: Vec<String>,
}

/// A duration, such as `90s` or `1h 30m`.
fn duration(text: &str) -> Result<Duration, jiff::Error> {
    Duration::try_from(text.parse::<SignedDuration>()?)
}

#[tokio::main]
async fn main() -> ExitCode {
    if let Some(ended) = processes::operate().await {
        ended.unwrap();
        return ExitCode::SUCCESS;
    }
    let arguments = Arguments::parse();
    if !arguments.filter.is_empty() && !arguments.filter.iter().any(|name| "faults".contains(name.as_str())) {
        return ExitCode::SUCCESS;
    }
    // Without RUST_LOG nothing: thousands of failed requests are what is wanted here.
    let log = tracing_subscriber::EnvFilter::try_from_default_env().unwrap_or_else(|_| "off".into());
    tracing_subscriber::fmt().with_env_filter(log).init();
    let scripts = arguments.scripts();
    let (histories, processes) = tokio::join!(play_histories(&arguments), play_scripts(&scripts, arguments.quiet_for));
    histories.iter().for_each(Tally::print);
    let is_good = histories.is_none_or(|tally| tally.failed.is_empty()) && processes;
    if is_good { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

impl Arguments {
    /// Whether this is the short run that is part of `cargo test`.
    fn is_short(&self) -> bool {
        !self.is_long() && self.kills.is_none() && self.processes.is_none()
    }

    fn is_long(&self) -> bool {
        self.time.is_some() || self.histories.is_some() || self.seed.is_some()
    }

    /// What is done to processes.
    fn scripts(&self) -> Vec<Script> {
        if self.is_short() {
            return vec![Script { seed: 1, clusters: 4, faults: 10, only_kills: true }];
        }
        let script = |faults, only_kills| Script { seed: self.first(), clusters: self.clusters, faults, only_kills };
        let kills = self.kills.map(|kills| script(kills, true));
        kills.into_iter().chain(self.processes.map(|faults| script(faults, false))).collect()
    }

    /// Seed of the first history.
    fn first(&self) -> u64 {
        let clock = || SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_secs() % 1_000_000 * 1000);
        self.first.unwrap_or_else(clock)
    }
}

impl Stage {
    async fn new(testbed: &'static Testbed, quiet: Duration) -> Self {
        let admin = testbed.client().await.unwrap();
        let operator = operator_core::runtime::client::client(testbed.operator_config().await.unwrap()).unwrap();
        install(&admin).await;
        Self { testbed, witness: Witness::start(&admin), admin, operator, quiet }
    }
}

async fn play_histories(arguments: &Arguments) -> Option<Tally> {
    if !arguments.is_short() && !arguments.is_long() {
        return None;
    }
    let stage = Stage::new(Testbed::shared().await.unwrap(), arguments.quiet_for).await;
    if arguments.is_long() {
        collects_garbage(&stage.admin).await;
    }
    let crds: Api<CustomResourceDefinition> = Api::all(stage.admin.clone());
    let tally = play_all(Arc::new(stage), arguments).await;
    crds.delete(&crd_name(), &DeleteParams::default()).await.unwrap();
    Some(tally)
}

/// Returns whether all went well.
async fn play_scripts(scripts: &[Script], quiet: Duration) -> bool {
    // Only a control plane that was started for this may be stopped.
    if scripts.is_empty() || env::var_os("TESTBED_KUBECONFIG").is_some() {
        return true;
    }
    let testbed: &Testbed = Box::leak(Box::new(Testbed::start().await.unwrap()));
    let stage = Stage::new(testbed, quiet).await;
    let mut is_good = true;
    for script in scripts {
        let begun = Instant::now();
        let outcome = processes::play(&stage, script).await;
        println!(
            "{script}: {} changes of {} clusters in {} s",
            outcome.changes,
            script.clusters,
            begun.elapsed().as_secs()
        );
        let mut counts: BTreeMap<String, u64> = BTreeMap::new();
        outcome.faults.iter().for_each(|fault| *counts.entry(format!("{fault:?}")).or_default() += 1);
        counts.iter().for_each(|(fault, count)| say(fault, *count));
        outcome.violations.iter().for_each(|violation| println!("violation: {violation}"));
        is_good &= outcome.violations.is_empty();
    }
    is_good
}

/// Seeds one after the other, until there are enough.
struct Seeds {
    fixed: Vec<u64>,
    next: u64,
    left: u64,
    until: Instant,
}

impl Seeds {
    fn of(arguments: &Arguments) -> Self {
        let next = arguments.first();
        let far = Duration::from_secs(365 * 24 * 3600);
        let (fixed, left, time) = match (arguments.seed, arguments.histories, arguments.time) {
            (Some(seed), ..) => (vec![seed; arguments.times], 0, far),
            (None, None, None) => (FIXED.collect(), 0, far),
            (None, histories, time) => (Vec::new(), histories.unwrap_or(u64::MAX), time.unwrap_or(far)),
        };
        Self { fixed: fixed.into_iter().rev().collect(), next, left, until: Instant::now() + time }
    }
}

impl Iterator for Seeds {
    type Item = u64;

    fn next(&mut self) -> Option<u64> {
        if let Some(seed) = self.fixed.pop() {
            return Some(seed);
        }
        if self.left == 0 || Instant::now() > self.until {
            return None;
        }
        self.left -= 1;
        self.next += 1;
        Some(self.next)
    }
}

async fn play_all(stage: Arc<Stage>, arguments: &Arguments) -> Tally {
    let mut tally = Tally::new(arguments.seed.is_some() && arguments.times == 1);
    let mut seeds = Seeds::of(arguments);
    let mut playing = JoinSet::new();
    loop {
        while playing.len() < arguments.at_once
            && let Some(seed) = seeds.next()
        {
            let stage = stage.clone();
            playing.spawn(async move {
                // A history that panics is one that fails.
                let played = tokio::spawn(async move { play(&stage, seed).await }).await;
                played.unwrap_or_else(|error| Report::failed(seed, error.to_string()))
            });
        }
        match playing.join_next().await {
            Some(Ok(report)) => tally.add(report),
            Some(Err(error)) => panic!("{error}"),
            None => return tally,
        }
    }
}

/// What came of all histories.
struct Tally {
    begun: Instant,
    /// Whether everything is told of each history.
    tells: bool,
    histories: u64,
    injected: BTreeMap<Fault, u64>,
    takeovers: u64,
    by_kubernetes: ByKubernetes,
    failed: Vec<u64>,
    said: Instant,
}

impl Tally {
    fn new(tells: bool) -> Self {
        let now = Instant::now();
        Self {
            begun: now,
            tells,
            histories: 0,
            injected: BTreeMap::new(),
            takeovers: 0,
            by_kubernetes: ByKubernetes::default(),
            failed: Vec::new(),
            said: now,
        }
    }

    fn add(&mut self, report: Report) {
        self.histories += 1;
        self.takeovers += report.takeovers;
        self.by_kubernetes.moved += report.by_kubernetes.moved;
        self.by_kubernetes.restarted += report.by_kubernetes.restarted;
        self.by_kubernetes.forgotten += report.by_kubernetes.forgotten;
        for (fault, count) in report.injected {
            *self.injected.entry(fault).or_default() += count;
        }
        if self.tells || !report.violations.is_empty() {
            report.told.iter().for_each(|line| println!("  {line}"));
        }
        if !report.violations.is_empty() {
            report.violations.iter().for_each(|violation| println!("seed {}: {violation}", report.seed));
            println!("repeat it: cargo faults --seed {}", report.seed);
            self.failed.push(report.seed);
        }
        if self.said.elapsed() > Duration::from_secs(60) {
            self.said = Instant::now();
            println!("{}", self.so_far());
        }
    }

    fn so_far(&self) -> String {
        let time = self.begun.elapsed().as_secs_f64();
        let rate = self.histories as f64 * 60.0 / time;
        format!(
            "{} histories in {time:.0} s, {rate:.0} a minute; {} with violations",
            self.histories,
            self.failed.len()
        )
    }

    fn print(&self) {
        println!("{}", self.so_far());
        let mut classes: BTreeMap<&str, u64> = BTreeMap::new();
        for (fault, count) in &self.injected {
            *classes.entry(fault.class()).or_default() += count;
            say(&format!("fault {fault:?}"), *count);
        }
        classes.iter().for_each(|(class, count)| say(&format!("faults of {class}"), *count));
        say("faults", classes.values().sum());
        say("leases taken over", self.takeovers);
        say("workloads at rest whose pods Kubernetes changed", self.by_kubernetes.moved);
        say("pods that Kubernetes restarted", self.by_kubernetes.restarted);
        say("StatefulSets that their controller forgot", self.by_kubernetes.forgotten);
        self.failed.iter().for_each(|seed| println!("violation: cargo faults --seed {seed}"));
    }
}

fn say(what: &str, count: u64) {
    println!("  {what:<46} {count:>8}");
}

fn crd_name() -> String {
    format!("{}.{}", Data::DEFINITION.plural, Data::DEFINITION.group)
}

/// Installs the kind, and waits until it is served.
async fn install(client: &Client) {
    let crds: Api<CustomResourceDefinition> = Api::all(client.clone());
    crds.patch(&crd_name(), &PatchParams::apply("tests").force(), &Patch::Apply(Data::crd())).await.unwrap();
    await_condition(crds, &crd_name(), conditions::is_crd_established()).await.unwrap();
    // It still takes a moment until its objects can be stored.
    let clusters: Api<Data> = Api::all(client.clone());
    while clusters.list(&kube::api::ListParams::default()).await.is_err() {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// Waits until the garbage collector knows the kind: it looks for new kinds every 30 seconds. Until then, what a cluster leaves stays.
async fn collects_garbage(client: &Client) {
    let clusters: Api<Data> = Api::default_namespaced(client.clone());
    let maps: Api<ConfigMap> = Api::default_namespaced(client.clone());
    let cluster = json!({
        "apiVersion": Data::DEFINITION.api_version(), "kind": Data::DEFINITION.kind, "metadata": { "name": "garbage" },
        "spec": { "image": "example.com/data:1" },
    });
    let cluster = clusters.create(&PostParams::default(), &serde_json::from_value(cluster).unwrap()).await.unwrap();
    let mut map = ConfigMap::default();
    map.metadata.name = Some("garbage".to_owned());
    map.metadata.owner_references = Some(vec![cluster.controller_owner_ref(&()).unwrap()]);
    let map = maps.create(&PostParams::default(), &map).await.unwrap();
    clusters.delete("garbage", &DeleteParams::default()).await.unwrap();
    let uid = map.metadata.uid.unwrap();
    let is_gone = await_condition(maps, "garbage", conditions::is_deleted(&uid));
    tokio::time::timeout(Duration::from_secs(120), is_gone)
        .await
        .expect("the garbage collector knows the kind")
        .unwrap();
}
