//! What is printed: headlines, what was seen, and the nodes' progress, redrawn in place on a terminal.

use std::{
    collections::BTreeMap,
    io::{self, IsTerminal, Write},
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::wait::Failure;

/// Longest line of what is said, without its indentation.
const WIDTH: usize = 100;

/// A node: how many pods it shall have, and how many are ready.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    pub node: String,
    pub ready: usize,
    pub wanted: usize,
    /// What else there is to say, such as `1 starting`.
    pub note: String,
}

/// Prints to standard output.
pub struct View {
    terminal: bool,
    colours: bool,
    bars: MultiProgress,
    live: Mutex<Live>,
}

#[derive(Default)]
struct Live {
    started: Option<Instant>,
    rows: Vec<Row>,
    bars: BTreeMap<String, ProgressBar>,
    steps: usize,
}

impl View {
    pub fn new() -> Self {
        let terminal = io::stdout().is_terminal();
        Self {
            terminal,
            colours: terminal && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty()),
            bars: MultiProgress::with_draw_target(ProgressDrawTarget::stdout()),
            live: Mutex::default(),
        }
    }

    /// The first line.
    pub fn title(&self, text: &str) {
        self.line(&self.coloured("1", text));
    }

    /// The beginning of a step.
    pub fn step(&self, headline: &str) {
        let mut live = self.live();
        live.steps += 1;
        let number = live.steps;
        drop(live);
        self.line("");
        self.line(&self.coloured("1", &format!("{number}. {headline}")));
    }

    /// Something that was seen.
    pub fn say(&self, text: &str) {
        let mut line = String::new();
        for word in text.split(' ') {
            if !line.is_empty() && line.chars().count() + 1 + word.chars().count() > WIDTH {
                self.line(&format!("   {line}"));
                line.clear();
            }
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
        self.line(format!("   {line}").trim_end());
    }

    /// A command with which people see the same.
    pub fn command(&self, command: &str) {
        self.line(&self.coloured("2", &format!("   $ {command}")));
    }

    /// Why the demo ends.
    pub fn failure(&self, failure: &Failure) {
        self.end_live();
        let _ = writeln!(io::stderr(), "\n{} {failure}", self.coloured("31", "error:"));
    }

    /// The nodes as they are now.
    pub fn nodes(&self, rows: &[Row]) {
        let mut live = self.live();
        let started = *live.started.get_or_insert_with(Instant::now);
        if self.terminal {
            live.redraw(rows, &self.bars);
        } else {
            let changed: Vec<String> = rows
                .iter()
                .filter(|row| !live.rows.contains(row))
                .map(|row| match row.note.as_str() {
                    "" => format!("{} {}/{}", row.node, row.ready, row.wanted),
                    note => format!("{} {}/{} ({note})", row.node, row.ready, row.wanted),
                })
                .collect();
            if !changed.is_empty() {
                self.line(&format!("   {:>6}  {}", time(started.elapsed()), changed.join(", ")));
            }
        }
        live.rows = rows.to_vec();
    }

    /// Leaves the last state of the nodes on the screen.
    pub fn end_live(&self) {
        let mut live = self.live();
        live.started = None;
        // Without a terminal, the next step tells what changes against them.
        let rows = if self.terminal { std::mem::take(&mut live.rows) } else { Vec::new() };
        for bar in std::mem::take(&mut live.bars).into_values() {
            bar.finish_and_clear();
            self.bars.remove(&bar);
        }
        drop(live);
        let width = rows.iter().map(|row| row.node.len()).max().unwrap_or_default();
        for row in &rows {
            let node = format!("{:width$}", row.node);
            self.line(&format!("   {node}  {}/{}", row.ready, row.wanted));
        }
    }

    fn line(&self, text: &str) {
        // Where nobody reads any more, the demo goes on: its exit status may still be of use.
        let _ = writeln!(io::stdout(), "{text}");
    }

    fn coloured(&self, code: &str, text: &str) -> String {
        if self.colours { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
    }

    fn live(&self) -> MutexGuard<'_, Live> {
        self.live.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Live {
    fn redraw(&mut self, rows: &[Row], all: &MultiProgress) {
        self.bars.retain(|node, bar| {
            let stays = rows.iter().any(|row| row.node == *node);
            if !stays {
                bar.finish_and_clear();
                all.remove(bar);
            }
            stays
        });
        let width = rows.iter().map(|row| row.node.len()).max().unwrap_or_default();
        for (index, row) in rows.iter().enumerate() {
            let prefix = format!("{:width$}", row.node);
            let bar = self.bars.entry(row.node.clone()).or_insert_with(|| {
                // Complete before it is shown.
                let bar = ProgressBar::with_draw_target(Some(row.wanted as u64), ProgressDrawTarget::hidden());
                let bar = bar.with_style(style()).with_prefix(prefix.clone()).with_position(row.ready as u64);
                all.insert(index, bar)
            });
            bar.set_prefix(prefix);
            bar.set_length(row.wanted as u64);
            bar.set_position(row.ready as u64);
            bar.set_message(row.note.clone());
        }
    }
}

fn style() -> ProgressStyle {
    // The template is a constant; a wrong one would only look plainer.
    ProgressStyle::with_template("   {prefix}  {bar:20.green/dim} {pos}/{len}  {msg:.dim}")
        .unwrap_or_else(|_| ProgressStyle::default_bar())
        .progress_chars("━━─")
}

/// Milliseconds below a second, else seconds with one digit.
pub fn time(duration: Duration) -> String {
    if duration < Duration::from_secs(1) {
        format!("{} ms", duration.as_millis())
    } else {
        format!("{:.1} s", duration.as_secs_f64())
    }
}
