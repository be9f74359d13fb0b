//! `cargo demo`: a Druid operator at work on a real Kubernetes control plane, step by step.
//!
//! | file | holds |
//! | --- | --- |
//! | `main` | the command line, and the way from beginning to end |
//! | `place` | where it plays: control plane, namespace, what is left to clean up |
//! | `story` | the steps, each with what must be seen |
//! | `cluster` | the Druid cluster, asked and changed through the API server |
//! | `wait` | waiting until something is so, or saying what was seen instead |
//! | `view` | what is printed |

mod cluster;
mod place;
mod story;
mod view;
mod wait;

use std::process::ExitCode;

use clap::Parser;
use tokio::signal::unix::{Signal, SignalKind, signal};

use place::Place;
use view::View;
use wait::{Failure, Result};

/// See a Druid operator at work: it installs a cluster, rolls out changes, adds and removes a tier, and cleans up.
///
/// It uses a Kubernetes control plane of its own on localhost, whose pods become ready without running anything. The first time that is
/// built from its Go sources, which takes some minutes. With --context, it uses a cluster that is there, in a namespace of its own.
#[derive(Parser)]
#[command(name = "cargo demo", bin_name = "cargo demo")]
struct Arguments {
    /// Use the cluster of this context of the kubeconfig file; there, pods really run
    #[arg(long, value_name = "NAME")]
    context: Option<String>,
    /// Exit after the last step, with status 0 only where every step was seen to happen
    #[arg(long)]
    once: bool,
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let view = View::new();
    match demo(&arguments, &view).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            view.failure(&failure);
            ExitCode::FAILURE
        }
    }
}

async fn demo(arguments: &Arguments, view: &View) -> Result<()> {
    let mut end = End::new()?;
    view.title("A Druid operator, declared in one struct, on a real Kubernetes control plane");
    let place = tokio::select! {
        place = Place::find(arguments.context.as_deref(), view) => place?,
        () = end.asked_for() => return interrupted(arguments.once),
    };
    let played = tokio::select! {
        played = story::play(&place, view, arguments.once) => played,
        () = end.asked_for() => interrupted(arguments.once),
    };
    view.end_live();
    let left = tokio::select! {
        left = place.leave(view) => left,
        () = end.asked_for() => Err(Failure::new("interrupted while cleaning up")),
    };
    played.and(left)
}

/// Ctrl-C is how the demo ends, unless it was to see every step.
fn interrupted(once: bool) -> Result<()> {
    if once { Err(Failure::new("interrupted before the last step")) } else { Ok(()) }
}

/// Ctrl-C, or the wish of another program.
struct End {
    interrupt: Signal,
    terminate: Signal,
}

impl End {
    fn new() -> Result<Self> {
        let listen = |kind| signal(kind).map_err(Failure::during("listening to signals"));
        Ok(Self { interrupt: listen(SignalKind::interrupt())?, terminate: listen(SignalKind::terminate())? })
    }

    async fn asked_for(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}
