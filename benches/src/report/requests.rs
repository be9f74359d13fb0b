//! Every request, by verb and resource, for each phase; and where that isn't what was expected.

use std::fmt::Write;

use crate::measure::{Measured, Phase};

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

/// A column for each phase, and a line for each number that isn't what was expected.
pub fn table(measured: &Measured) -> String {
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
