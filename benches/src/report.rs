//! The table.
//!
//! | module | holds |
//! | --- | --- |
//! | `figures` | each figure, what was seen, and what design.md holds it to |
//! | `requests` | every request, by verb and resource |

mod figures;
mod requests;

use std::fmt::Write;

use crate::{kind::CHILDREN, measure::Measured};
use figures::Row;

/// The table as text.
pub fn table(measured: &Measured) -> String {
    let mut text = String::new();
    let rows = figures::rows(measured);
    let width = |cell: fn(&Row) -> &str| rows.iter().map(|row| cell(row).chars().count()).max().unwrap_or(0);
    let (figure, seen) = (width(|row| &row.figure), width(|row| &row.seen));
    let _ = writeln!(
        text,
        "{} clusters of {CHILDREN} objects, {} processors shared with the API server; a single run: walls and latencies are noisy\n",
        measured.clusters, measured.processors
    );
    let _ = writeln!(text, "{:figure$}  {:seen$}  hold", "figure", "seen");
    for row in rows {
        let verdict = match row.kept {
            Some(false) => "  MISSED",
            Some(true) | None => "",
        };
        let line = format!("{:figure$}  {:seen$}  {}{verdict}", row.figure, row.seen, row.hold);
        let _ = writeln!(text, "{}", line.trim_end());
    }
    text.push_str(&requests::table(measured));
    if !cfg!(target_os = "linux") {
        text.push_str("\nCPU and memory are read from /proc, which only Linux has: zero stands for not measured\n");
    }
    text
}
