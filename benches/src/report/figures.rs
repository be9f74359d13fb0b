//! Each figure, what was seen, and what design.md holds it to.

use crate::{
    kind::CHILDREN,
    measure::{Measured, Phase},
};

/// Controller-runtime's CPU seconds at the same work with 500 clusters; source: facts.md, "Measured". To be measured beside, in `peers/`.
const CONTROLLER_RUNTIME: Peer = Peer { clusters: 500.0, create: 3.3, change: 3.8 };
/// CPU against it.
const CREATE_AT_MOST: f64 = 1.0 / 3.0;
const CHANGE_AT_MOST: f64 = 1.0 / 4.0;
/// Wall against the plain loader's.
const WALL_AT_MOST: f64 = 1.1;
/// MB with 500 clusters, and the most at any time; KB for each further cluster.
const MEMORY_AT_MOST: f64 = 20.0;
const PEAK_AT_MOST: f64 = 24.0;
const CLUSTER_AT_MOST: f64 = 6.0;
/// Milliseconds until a change shows.
const P50_AT_MOST: f64 = 18.0;
const P99_AT_MOST: f64 = 40.0;

struct Peer {
    clusters: f64,
    create: f64,
    change: f64,
}

/// A figure.
pub struct Row {
    pub figure: String,
    pub seen: String,
    pub hold: String,
    /// Whether the figure holds; none: nothing to hold.
    pub kept: Option<bool>,
}

/// All figures.
pub fn rows(measured: &Measured) -> Vec<Row> {
    let clusters = f64::from(measured.clusters);
    let each = |number: usize| number as f64 / clusters;
    let mut rows = requests_of_clusters(measured, each);
    rows.extend(cpu_and_wall(measured, clusters));
    rows.extend(memory(measured, clusters));
    let latency = &measured.latency;
    rows.push(row(
        format!("one of {} changes → all children and status, ms", latency.changes),
        format!("p50 {:.1}, p99 {:.1}", latency.p50, latency.p99),
        format!("p50 {P50_AT_MOST}, p99 {P99_AT_MOST}"),
        Some(latency.p50 <= P50_AT_MOST && latency.p99 <= P99_AT_MOST),
    ));
    rows.push(row("  of that, the change itself, ms", format!("p50 {:.1}", latency.p50_of_the_request), "", None));
    rows
}

fn requests_of_clusters(measured: &Measured, each: impl Fn(usize) -> f64) -> Vec<Row> {
    let Measured { create, controllers, change, quiet, restart, .. } = measured;
    let status = |phase: &Phase| each(phase.requests.of("patch benches/status"));
    let children = |phase: &Phase| each(phase.requests.asked()) - status(phase);
    let both = |phase: &Phase| format!("{:.2} + {:.2} status", children(phase), status(phase));
    vec![
        row(
            "install where no pods run: requests per cluster",
            both(create),
            format!("{CHILDREN} + 1 status"),
            Some(children(create) <= CHILDREN as f64 && status(create) <= 1.0),
        ),
        row(
            "  then, when the workloads' controllers have run",
            both(controllers),
            "0 + status as it changes",
            Some(children(controllers) == 0.0),
        ),
        row(
            "change: requests per cluster",
            both(change),
            "6 (create, delete, 2 applies; of the accepted spec create, delete) + 1 status, and status as it rolls out",
            Some(children(change) <= 6.0),
        ),
        row(
            "events per cluster, apart: install, change",
            format!("{:.2}, {:.2}", each(create.requests.events()), each(change.requests.events())),
            "not counted",
            None,
        ),
        row(
            "nothing changing: requests",
            format!("{}", quiet.requests.asked() + quiet.requests.events()),
            "0",
            Some(quiet.requests.asked() + quiet.requests.events() == 0),
        ),
        row(
            "restart: writes",
            format!("{}", restart.requests.writes() + restart.requests.events()),
            "0",
            Some(restart.requests.writes() + restart.requests.events() == 0),
        ),
    ]
}

fn cpu_and_wall(measured: &Measured, clusters: f64) -> Vec<Row> {
    let peer = |seconds: f64| seconds * clusters / CONTROLLER_RUNTIME.clusters;
    let (create, change) =
        (CREATE_AT_MOST * peer(CONTROLLER_RUNTIME.create), CHANGE_AT_MOST * peer(CONTROLLER_RUNTIME.change));
    let plain = measured.plain.iter().map(|plain| plain.wall).fold(f64::INFINITY, f64::min);
    let each: Vec<String> =
        measured.plain.iter().map(|plain| format!("{:.2} ({} at a time)", plain.wall, plain.parallel)).collect();
    vec![
        row(
            "operator CPU, creating all, s",
            format!("{:.2}", measured.create.cpu),
            format!("{create:.2}: a third of controller-runtime's (as seen for facts.md)"),
            Some(measured.create.cpu <= create),
        ),
        row("operator CPU, the workloads' controllers then, s", format!("{:.2}", measured.controllers.cpu), "", None),
        row(
            "operator CPU, changing all, s",
            format!("{:.2}", measured.change.cpu),
            format!("{change:.2}: a quarter"),
            Some(measured.change.cpu <= change),
        ),
        row("operator CPU, restart, s", format!("{:.2}", measured.restart.cpu), "", None),
        row(
            "wall, creating all, s; against the plain loader",
            format!("{:.2}; {:.2} ×", measured.create.wall, measured.create.wall / plain),
            format!("{WALL_AT_MOST} ×"),
            Some(measured.create.wall <= WALL_AT_MOST * plain),
        ),
        row("  the plain loader, s", each.join(", "), "", None),
        row("wall, changing all, s", format!("{:.2}", measured.change.wall), "", None),
    ]
}

fn memory(measured: &Measured, clusters: f64) -> Vec<Row> {
    let megabytes = |kibibytes: u64| kibibytes as f64 * 1024.0 / 1e6;
    let Measured { empty, create, change, restart, .. } = measured;
    let at_most = |phase: &Phase| megabytes(phase.memory) <= MEMORY_AT_MOST && megabytes(phase.peak) <= PEAK_AT_MOST;
    let both = |phase: &Phase| format!("{:.1}, {:.1}", megabytes(phase.memory), megabytes(phase.peak));
    let hold = format!("{MEMORY_AT_MOST}, {PEAK_AT_MOST}");
    let of_a_cluster = |phase: &Phase| (megabytes(phase.memory) - megabytes(empty.memory)) * 1000.0 / clusters;
    vec![
        row("memory and its peak, empty, MB", both(empty), "", None),
        row("  after creating all", both(create), hold.clone(), Some(at_most(create))),
        row("  after changing all", both(change), hold.clone(), Some(at_most(change))),
        row("  after a restart", both(restart), hold, Some(at_most(restart))),
        row(
            "  each cluster: after changing all, after a restart, KB",
            format!("{:.1}, {:.1}", of_a_cluster(change), of_a_cluster(restart)),
            format!("{CLUSTER_AT_MOST} besides its spec"),
            Some(of_a_cluster(restart) <= CLUSTER_AT_MOST),
        ),
    ]
}

fn row(figure: impl Into<String>, seen: impl Into<String>, hold: impl Into<String>, kept: Option<bool>) -> Row {
    Row { figure: figure.into(), seen: seen.into(), hold: hold.into(), kept }
}
