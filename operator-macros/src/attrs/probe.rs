//! `readiness(…)`, `liveness(…)` and `startup(…)`.

use super::Keys;
use crate::model::{Check, Probe};

/// None where the probe isn't given, or doesn't say what it asks, which is then reported.
pub fn read(keys: &mut Keys, key: &'static str) -> Option<Probe> {
    let mut keys = keys.list(key)?;
    let span = keys.span();
    let errors = keys.errors;

    let given: Vec<_> = ["http", "tcp", "exec"].into_iter().filter(|check| keys.has(check)).collect();
    let (http, port, tcp) = (keys.text("http"), keys.text("port"), keys.text("tcp"));
    let command = keys.words("exec");
    let check = match given.as_slice() {
        [] => {
            let message = "says nothing to ask: add http = \"/path\" with port = \"http\", or tcp = \"port\", or exec(\"command\")";
            errors.at(&span, format!("`{key}` {message}"));
            None
        }
        [_, second, ..] => {
            errors.at(&span, format!("`{key}` asks one thing: keep `{}` or `{second}`", given[0]));
            None
        }
        ["http"] => {
            if port.is_none() && http.is_some() {
                errors.at(
                    &span,
                    format!("`{key}` has no `port`: add port = \"http\", the name of the port that serves the path"),
                );
            }
            http.zip(port.clone()).map(|(path, port)| Check::Http { path, port })
        }
        ["tcp"] => tcp.map(|port| Check::Tcp { port }),
        [_] => Some(Check::Exec { command }),
    };
    if let (Some(port), false) = (&port, given.contains(&"http") || given.is_empty()) {
        errors.at(&port.span(), "`port` goes with `http`; `tcp` names its port itself, `exec` has none");
    }

    let seconds = 0..=86_400;
    let probe = check.map(|check| Probe {
        check,
        period: keys.integer("period", 1..=86_400),
        timeout: keys.integer("timeout", 1..=86_400),
        failures: keys.integer("failures", 1..=10_000),
        delay: keys.integer("delay", seconds),
    });
    keys.finish();
    probe
}
