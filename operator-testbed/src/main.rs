//! A Kubernetes control plane for as long as this program runs, to try an operator by hand.

use std::io::{self, Write};
use std::process::ExitCode;

use clap::Parser;
use operator_testbed::{Error, Testbed};
use tokio::signal::unix::{SignalKind, signal};

/// Start a Kubernetes control plane on localhost, with simulated nodes, until Ctrl-C.
///
/// It is real (etcd, API server, controller manager, scheduler), but no pod runs anything: pods become ready by themselves, and claims are
/// bound. All of it is gone when the program ends.
#[derive(Parser)]
#[command(version, after_help = HELP)]
struct Arguments {}

const HELP: &str = "\
Annotations of pods:
  operator-testbed/pod: never-ready   runs, but never becomes ready
  operator-testbed/pod: crash         containers wait in CrashLoopBackOff
  operator-testbed/pod: image-pull    containers wait in ImagePullBackOff
  operator-testbed/pod: config-error  containers wait in CreateContainerConfigError
  operator-testbed/ready-after: 10s   runs at once, becomes ready after that time
  operator-testbed/churn: \"true\"      its status changes about once a second, and means the same

Environment variables:
  TESTBED_KUBECONFIG   kubeconfig file of a cluster to use instead; nothing is started
  KUBEBUILDER_ASSETS   folder with etcd, kube-apiserver, kube-controller-manager, kube-scheduler and kwok;
                       without it they are built once, which needs Go and some minutes
  XDG_CACHE_HOME       where what was built is kept (default: ~/.cache)
  TMPDIR               where the running control plane has its folder";

#[tokio::main]
async fn main() -> ExitCode {
    let Arguments {} = Arguments::parse();
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run() -> Result<(), Error> {
    let what = |source| Error::Io { what: "waiting for signals".to_owned(), source };
    let mut interrupt = signal(SignalKind::interrupt()).map_err(what)?;
    let mut terminate = signal(SignalKind::terminate()).map_err(what)?;
    let testbed = tokio::select! {
        testbed = Testbed::start() => testbed?,
        _ = interrupt.recv() => return Ok(()),
        _ = terminate.recv() => return Ok(()),
    };

    // Standard output can be given to a shell's eval; the rest are comments there.
    say(&format!("export KUBECONFIG={}", testbed.kubeconfig().display()));
    if testbed.folder().is_none() {
        say("# TESTBED_KUBECONFIG is set: that cluster is used, nothing was started");
        return Ok(());
    }
    say("# 3 nodes (node-a, -b, -c in zones a, b, c); storage class kwok-volume (default, growable)");
    say(
        "# pods obey operator-testbed/pod: never-ready|crash|image-pull|config-error, /ready-after: 10s, /churn: \"true\"",
    );
    say("# Ctrl-C ends it");
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
    drop(testbed);
    say("# the control plane has ended");
    Ok(())
}

/// A reader who went away after the first line is no reason to end.
fn say(line: &str) {
    let _ = writeln!(io::stdout(), "{line}");
}
