//! The watchdog: a shell in a process group of its own that runs the components and ends them when this process ends.
//!
//! It has to be another process, as this one may be killed without a chance to tidy up. What it does is in `watchdog.sh`.

use std::fs::{self, File};
use std::io::{self, Write};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use super::component::Component;
use crate::Error;

/// How long the end of a control plane may keep this process.
const PATIENCE: Duration = Duration::from_secs(10);

pub(super) struct Watchdog {
    folder: PathBuf,
    shell: Child,
    /// The standard library opens pipes so that no other child inherits them: only this process holds it open.
    names: Option<ChildStdin>,
    components: Vec<Component>,
}

impl Watchdog {
    /// From now on the folder is removed when this process ends, or the watchdog is dropped.
    pub fn start(folder: &Path) -> Result<Self, Error> {
        let mut shell = Command::new("/bin/sh")
            .args(["-c", include_str!("watchdog.sh"), "operator-testbed-watchdog"])
            .arg(folder)
            // Ctrl-C on the terminal goes to the foreground's process group; the control plane ends after what uses it.
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .map_err(Error::io("starting /bin/sh as the watchdog of the control plane"))?;
        let names = shell.stdin.take();
        Ok(Watchdog { folder: folder.to_owned(), shell, names, components: Vec::new() })
    }

    /// Starts a component. Its output goes to `NAME.log` in the folder.
    pub fn run(&mut self, component: Component, command: &[String]) -> Result<(), Error> {
        let name = component.name();
        let script = self.folder.join(format!("{name}.sh"));
        let words: Vec<_> = command.iter().map(|word| quote(word)).collect();
        let text = format!("echo $$ >{name}.pid\n[ -e ending ] || exec {}\n", words.join(" "));
        fs::write(script, text).map_err(Error::io(format!("starting {name}")))?;
        self.components.push(component);
        self.run_again(component)
    }

    /// Starts a component that was started before, and has ended.
    pub fn run_again(&self, component: Component) -> Result<(), Error> {
        let name = component.name();
        let failed = || Error::io(format!("starting {name}"));
        File::create(self.running(component)).map_err(failed())?;
        if let Some(mut names) = self.names.as_ref() {
            writeln!(names, "{name}").map_err(failed())?;
        }
        Ok(())
    }

    /// Sends a signal to a component.
    pub fn signal(&self, component: Component, signal: &str) -> Result<(), Error> {
        let (name, failed) = (component.name(), || Error::io(format!("sending {signal} to {}", component.name())));
        let pid = fs::read_to_string(self.folder.join(format!("{name}.pid"))).map_err(failed())?;
        let status = Command::new("kill").args(["-s", signal, pid.trim()]).status().map_err(failed())?;
        let refused = || failed()(io::Error::other(format!("kill: {status}")));
        status.success().then_some(()).ok_or_else(refused)
    }

    /// A component that was started and doesn't run any more.
    pub fn ended(&self) -> Option<Component> {
        self.components.iter().copied().find(|component| self.has_ended(*component))
    }

    /// Whether a component doesn't run any more.
    pub fn has_ended(&self, component: Component) -> bool {
        !self.running(component).exists()
    }

    fn running(&self, component: Component) -> PathBuf {
        self.folder.join(format!("{}.running", component.name()))
    }
}

impl Drop for Watchdog {
    fn drop(&mut self) {
        self.names = None;
        let started = Instant::now();
        while matches!(self.shell.try_wait(), Ok(None)) && started.elapsed() < PATIENCE {
            thread::sleep(Duration::from_millis(10));
        }
    }
}

/// A word for the shell, whatever it holds.
fn quote(word: &str) -> String {
    format!("'{}'", word.replace('\'', r"'\''"))
}
