//! `readiness(…)`, `liveness(…)` and `startup(…)`.

use super::Keys;
use crate::model::{Check, Probe};

/// None where the probe isn't given, or doesn't say what it asks, which is then reported.
pub fn read(keys: &mut Keys, key: &'static str) -> Option<Probe> {
    let mut keys = keys.list(key, "http = \"/ready\"")?;
    let check = check(&mut keys, key);
    let most = i64::from(i32::MAX);
    let [period, timeout, failures] = ["period", "timeout", "failures"].map(|key| keys.integer(key, 1..=most));
    let delay = keys.integer("delay", 0..=most);
    keys.finish();
    Some(Probe { check: check?, period, timeout, failures, delay })
}

fn check(keys: &mut Keys, probe: &str) -> Option<Check> {
    let given: Vec<_> = ["http", "tcp", "exec"].into_iter().filter(|check| keys.has(check)).collect();
    match given.as_slice() {
        [] => keys.require("http", "http = \"/path\", or tcp = \"port\", or exec(\"command\")"),
        [_] => {}
        [first, second, ..] => {
            keys.errors.at(&keys.span(), format!("`{probe}` asks one thing: keep `{first}` or `{second}`"));
        }
    }
    let (http, port, tcp, exec) = (keys.text("http"), keys.text("port"), keys.text("tcp"), keys.words("exec"));
    match given.as_slice() {
        ["http"] => Some(Check::Http { path: http?, port }),
        [other @ ("tcp" | "exec")] => {
            if let Some(port) = port {
                keys.errors.at(&port.span(), format!("`port` goes with `http`: leave it out beside `{other}`"));
            }
            if *other == "tcp" { Some(Check::Tcp { port: tcp? }) } else { Some(Check::Exec { command: exec }) }
        }
        _ => None,
    }
}
