//! How far a build is, on standard error: one line that is redrawn on a terminal, else a line now and then.

use std::io::{self, IsTerminal, Write};
use std::time::{Duration, Instant};

pub(super) struct Progress {
    title: &'static str,
    started: Instant,
    shown: Option<Instant>,
    terminal: bool,
    done: usize,
    total: Option<usize>,
}

impl Progress {
    pub fn start(title: &'static str) -> Self {
        let terminal = io::stderr().is_terminal();
        let mut progress = Progress { title, started: Instant::now(), shown: None, terminal, done: 0, total: None };
        progress.show();
        progress
    }

    /// From now on, the number of packages is known. Those that Go has in its cache are never told as done.
    pub fn expect(&mut self, total: usize) {
        self.total = Some(total);
    }

    pub fn one_more(&mut self) {
        self.done += 1;
    }

    /// Shows the state, unless it was shown just before.
    pub fn show(&mut self) {
        let interval = if self.terminal { Duration::from_millis(200) } else { Duration::from_secs(30) };
        if self.shown.is_some_and(|shown| shown.elapsed() < interval) {
            return;
        }
        self.shown = Some(Instant::now());
        let line = match self.total {
            None => format!("{}: finding the packages", self.title),
            Some(total) => {
                let seconds = self.started.elapsed().as_secs();
                format!(
                    "{}: {seconds} s, {} of at most {total} packages (several minutes if all)",
                    self.title, self.done
                )
            }
        };
        // Nobody can be told that standard error is gone.
        let _ = if self.terminal { write!(io::stderr(), "\r\x1b[K{line}") } else { writeln!(io::stderr(), "{line}") };
    }

    /// The last line.
    pub fn finish(&mut self) {
        let start = if self.terminal { "\r\x1b[K" } else { "" };
        let seconds = self.started.elapsed().as_secs();
        let _ = writeln!(io::stderr(), "{start}{}: ended after {seconds} s", self.title);
    }
}
