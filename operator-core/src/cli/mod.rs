//! The command line of an operator: `run`, `crd`, `plan`, `describe`.
//!
//! | module | holds |
//! | --- | --- |
//! | `run` | `run`: the operator, until it is told to end |
//! | `plan` | `plan`: what the operator would do for a file |
//! | `describe` | `describe`: what the definition yields |
//! | `explain` | `plan --explain`: where each setting of a node comes from |
//! | `file` | the file with the custom resource |
//! | `server` | the API server, and what is said where it doesn't answer |
//! | `diff`, `lines` | differences of objects by field, of texts by line |
//! | `output` | standard output |

mod describe;
mod diff;
mod explain;
mod file;
mod lines;
mod output;
mod plan;
mod run;
mod server;

use std::path::PathBuf;

use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};

use crate::{Cluster, Result, check};

/// What the command line takes.
#[derive(Debug, Parser)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the operator until it is told to end
    Run(run::Options),
    /// Print the CustomResourceDefinition as YAML, for `kubectl apply --server-side -f -`
    Crd,
    /// Show what each node type has: names, ports, mounts, variables, rights; needs no Kubernetes cluster
    Describe {
        /// How it is printed
        #[arg(short, long, value_enum, default_value_t)]
        output: describe::Format,
    },
    /// Show what the operator would do for a custom resource, field by field; changes nothing
    Plan {
        /// File with the custom resource, YAML or JSON; `-`: standard input
        #[arg(short, long)]
        filename: PathBuf,
        /// How the plan is printed
        #[arg(short, long, value_enum, default_value_t)]
        output: plan::Format,
        /// Show instead, for each setting of this node (`historical-hot`), where its value comes from; needs no Kubernetes cluster
        #[arg(long, value_name = "NODE", conflicts_with = "output")]
        explain: Option<String>,
    },
}

/// The command line of the operator of `K`. `run` uses the kubeconfig of the environment, or the pod's service account.
///
/// # Errors
/// Where no cluster can be reached, or a file can't be read; the message says what to do.
pub async fn cli<K: Cluster>() -> Result<()> {
    let definition = K::DEFINITION;
    let name = crate::render::names::manager(definition);
    let about = format!("Operator of {} ({}/{})", definition.plural, definition.group, definition.version);
    let matches = Cli::command().name(name).about(about).get_matches();
    let cli = Cli::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
    match cli.command {
        Command::Crd => {
            check::<K>()?;
            output::print(&output::yaml(&serde_json::to_value(K::crd())?)?)
        }
        Command::Describe { output } => describe::describe::<K>(output),
        Command::Plan { filename, explain: Some(node), .. } => explain::explain::<K>(&filename, &node),
        // Boxed: `main` has on its stack what is awaited here.
        Command::Plan { filename, explain: None, output } => Box::pin(plan::plan::<K>(&filename, output)).await,
        Command::Run(options) => Box::pin(run::run::<K>(options)).await,
    }
}
