//! The table: each figure, what was seen, and what design.md holds it to.

use std::fmt::Write;

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

/// What is asked for each cluster.
struct Expected {
    request: &'static str,
    create: usize,
    change: usize,
}

/// The status of a change is written twice: when it is accepted, and when the workloads have rolled out.
const EXPECTED: [Expected; 6] = [
    expected("patch configmaps", 2, 1),
    expected("patch services", 2, 0),
    expected("patch statefulsets", 1, 1),
    expected("patch deployments", 1, 1),
    expected("patch benches/status", 1, 2),
    expected("delete configmaps", 0, 1),
];

const fn expected(request: &'static str, create: usize, change: usize) -> Expected {
    Expected { request, create, change }
}

/// A figure.
struct Row {
    figure: String,
    seen: String,
    hold: String,
    kept: Option<bool>,
}

/// The table as text.
pub fn table(measured: &Measured) -> String {
    let mut text = String::new();
    let rows = rows(measured);
    let width = |cell: fn(&Row) -> &str| rows.iter().map(|row| cell(row).chars().count()).max().unwrap_or(0);
    let (figure, seen) = (width(|row| &row.figure), width(|row| &row.seen));
    let _ = writeln!(
        text,
        "{} clusters of {CHILDREN} children, {} processors shared with the API server; a single run: walls and latencies are noisy\n",
        measured.clusters, measured.processors
    );
    let _ = writeln!(text, "{:figure$}  {:seen$}  hold", "figure", "seen");
    for row in rows {
        let verdict = match row.kept {
            Some(true) => "",
            Some(false) => "  MISSED",
            None => "",
        };
        let line = format!("{:figure$}  {:seen$}  {}{verdict}", row.figure, row.seen, row.hold);
        let _ = writeln!(text, "{}", line.trim_end());
    }
    text.push_str(&requests(measured));
    if !cfg!(target_os = "linux") {
        text.push_str("\nCPU and memory are read from /proc, which only Linux has: zero stands for not measured\n");
    }
    text
}

fn rows(measured: &Measured) -> Vec<Row> {
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
    let total = |phase: &Phase| each(phase.requests.without_watches());
    let children = CHILDREN as f64;
    vec![
        row(
            "install where no pods run: requests per cluster",
            format!("{:.2}", total(create)),
            format!("{CHILDREN} children + 1 status"),
            Some(total(create) <= children + 1.0),
        ),
        row(
            "  then, when the workloads' controllers have run",
            format!("{:.2}", total(controllers)),
            "1 status (Ready)",
            Some(total(controllers) <= 1.0),
        ),
        row(
            "change: requests per cluster",
            format!("{:.2}", total(change)),
            "1 create, 1 delete, 2 applies, 1 status; and 1 status (Ready)",
            Some(total(change) <= 6.0),
        ),
        row(
            "events per cluster, apart: install, change",
            format!("{:.2}, {:.2}", each(create.requests.events()), each(change.requests.events())),
            "not counted",
            None,
        ),
        row(
            "nothing changing: requests",
            format!("{}", quiet.requests.without_watches() + quiet.requests.events()),
            "0",
            Some(quiet.requests.without_watches() + quiet.requests.events() == 0),
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

/// Every request, by verb and resource, for each phase; and where that isn't what was expected.
fn requests(measured: &Measured) -> String {
    let phases = [
        ("create", &measured.create),
        ("controllers", &measured.controllers),
        ("change", &measured.change),
        ("quiet", &measured.quiet),
        ("restart", &measured.restart),
    ];
    let mut names: Vec<&String> = phases.iter().flat_map(|(_, phase)| phase.requests.0.keys()).collect();
    names.sort();
    names.dedup();
    let width = names.iter().map(|name| name.len()).max().unwrap_or(0).max(8);
    let mut text = format!("\n{:width$}", "requests");
    for (phase, _) in phases {
        let _ = write!(text, "  {phase:>11}");
    }
    text.push('\n');
    for name in names {
        let _ = write!(text, "{name:width$}");
        for (_, phase) in phases {
            let _ = write!(text, "  {:>11}", phase.requests.of(name));
        }
        text.push('\n');
    }
    for unexpected in unexpected(measured) {
        let _ = writeln!(text, "UNEXPECTED: {unexpected}");
    }
    text
}

fn unexpected(measured: &Measured) -> Vec<String> {
    let clusters = measured.clusters as usize;
    let of = |what: &str, phase: &Phase, number: fn(&Expected) -> usize| {
        let known = EXPECTED.iter().filter_map(|expected| {
            let (request, number) = (expected.request, number(expected) * clusters);
            let seen = phase.requests.of(request);
            (seen != number).then(|| format!("{what}: {seen} × {request}, not {number}"))
        });
        let others = phase.requests.0.iter().filter_map(|(name, number)| {
            let known = EXPECTED.iter().any(|expected| expected.request == name);
            let counted = !known && !name.starts_with("watch ") && name != "create events";
            counted.then(|| format!("{what}: {number} × {name}, not 0"))
        });
        known.chain(others).collect::<Vec<String>>()
    };
    let mut unexpected = of("create", &measured.create, |expected| expected.create);
    unexpected.extend(of("change", &measured.change, |expected| expected.change));
    unexpected
}
