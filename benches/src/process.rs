//! The operator's process: start, CPU, memory.

use std::{
    env,
    fs::{self, File},
    io::Read,
    process::{Child, Command, Stdio},
    thread,
    time::Duration,
};

use crate::{
    error::{Error, failed},
    stage::Stage,
};

/// The command of an operator's command line that makes this binary one.
const RUN: &str = "run";
/// Ticks in which Linux gives CPU times to programs; source: `USER_HZ`, 100 on every architecture that Rust has a standard library for but Alpha.
const TICKS: u64 = 100;

/// Whether this process shall be the operator.
pub fn is_operator() -> bool {
    env::args().nth(1).is_some_and(|argument| argument == RUN)
}

/// Ends this process when the one that started it lets go of it, in whatever way.
pub fn end_with_parent() {
    thread::spawn(|| {
        let _ = std::io::stdin().read(&mut [0]);
        std::process::exit(0);
    });
}

/// An operator that runs. It ends when this is dropped, without being asked: what it had under way is lost.
pub struct Operator {
    process: Child,
    log: std::path::PathBuf,
}

/// What a process used.
#[derive(Clone, Copy, Debug, Default)]
pub struct Usage {
    /// CPU, user and system.
    pub cpu: Duration,
    /// Resident memory in KiB, now and at most.
    pub memory: u64,
    pub peak: u64,
}

impl Operator {
    /// Starts one in the testbed.
    pub fn start(stage: &Stage) -> Result<Self, Error> {
        let path = stage.log();
        let log = File::options().append(true).create(true).open(&path);
        let log = log.map_err(failed(format!("opening {}", path.display())))?;
        let process = Command::new(env::current_exe().map_err(failed("finding this binary"))?)
            .args([RUN, "--namespace", stage.namespace()])
            .env("KUBECONFIG", stage.testbed.operator_kubeconfig())
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .map_err(failed("starting the operator"))?;
        Ok(Self { process, log: path })
    }

    /// What it used so far. All zero where there is no `/proc`: on anything but Linux.
    ///
    /// # Errors
    /// Where it ended.
    pub fn usage(&mut self) -> Result<Usage, Error> {
        if let Some(status) = self.process.try_wait().map_err(failed("looking after the operator"))? {
            return Err(Error::Text(format!("the operator ended: {status}. The end of its log:\n{}", self.log_tail())));
        }
        if !cfg!(target_os = "linux") {
            return Ok(Usage::default());
        }
        let read = |file: &str| {
            let path = format!("/proc/{}/{file}", self.process.id());
            fs::read_to_string(&path).map_err(failed(format!("reading {path}")))
        };
        let (stat, status) = (read("stat")?, read("status")?);
        // After the name, which may hold anything, user and system time are the 12th and 13th.
        let after = stat.rsplit(')').next().unwrap_or_default();
        let ticks: u64 = after.split_whitespace().skip(11).take(2).filter_map(number).sum();
        let kilobytes = |key: &str| {
            let line = status.lines().find(|line| line.starts_with(key));
            line.and_then(|line| line.split_whitespace().nth(1)).and_then(number)
        };
        Ok(Usage {
            cpu: Duration::from_millis(ticks * 1000 / TICKS),
            memory: kilobytes("VmRSS:").unwrap_or_default(),
            peak: kilobytes("VmHWM:").unwrap_or_default(),
        })
    }

    /// Ends it at once.
    pub fn stop(mut self) -> Result<(), Error> {
        drop(self.process.stdin.take());
        let ended = self.process.wait().map_err(failed("stopping the operator"))?;
        if ended.success() {
            Ok(())
        } else {
            Err(Error::Text(format!("the operator ended: {ended}\n{}", self.log_tail())))
        }
    }

    fn log_tail(&self) -> String {
        let log = fs::read_to_string(&self.log).unwrap_or_default();
        let lines: Vec<&str> = log.lines().rev().take(15).collect();
        lines.into_iter().rev().collect::<Vec<_>>().join("\n")
    }
}

fn number(text: &str) -> Option<u64> {
    text.parse().ok()
}
