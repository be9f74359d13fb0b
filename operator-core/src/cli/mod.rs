//! The command line of an operator: `run`, `crd`, `plan`.

mod diff;
mod explain;
mod file;
mod plan;

use std::{
    io::IsTerminal,
    path::PathBuf,
    time::{Duration, Instant},
};

use clap::{Args, CommandFactory, FromArgMatches, Parser, Subcommand, ValueEnum};
use kube::{Api, Client, Config, api::ListParams};
use tracing_subscriber::EnvFilter;

use crate::{
    Cluster, Error, Result,
    runtime::{Operator, client::client},
};

/// How long a kind may take until it is served.
const SERVED: Duration = Duration::from_secs(10);

/// What the command line takes.
#[derive(Debug, Parser)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the operator until it is told to end
    Run(Run),
    /// Print the CustomResourceDefinition as YAML, for `kubectl apply -f -`
    Crd,
    /// Show what the operator would do for a custom resource, field by field; changes nothing
    Plan {
        /// File with one custom resource, YAML or JSON
        #[arg(short, long)]
        filename: PathBuf,
        /// Show instead, for each setting of this node (`historical-hot`), where its value comes from; needs no Kubernetes cluster
        #[arg(long, value_name = "NODE")]
        explain: Option<String>,
    },
}

#[derive(Debug, Args)]
struct Run {
    /// Only look at this namespace [default: all]
    #[arg(long, env = "OPERATOR_NAMESPACE")]
    namespace: Option<String>,
    /// Don't check whether what clusters depend on is there: for an operator that runs outside of their network
    #[arg(long, env = "OPERATOR_SKIP_EXTERNAL_CHECKS", value_parser = clap::builder::BoolishValueParser::new())]
    skip_external_checks: bool,
    /// How logs are written
    #[arg(long, value_enum, default_value_t, env = "OPERATOR_LOG_FORMAT")]
    log_format: LogFormat,
    /// What is logged, for instance `info` or `operator_core=debug`
    #[arg(long, default_value = "info,kube_runtime=warn", env = "OPERATOR_LOG")]
    log: String,
}

#[derive(Clone, Copy, Debug, Default, ValueEnum)]
enum LogFormat {
    /// For people
    #[default]
    Text,
    /// A JSON object a line
    Json,
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
            print!("{}", yaml::<K>()?);
            Ok(())
        }
        Command::Plan { filename, explain: Some(node) } => explain::explain::<K>(&filename, &node),
        // Boxed: `main` has on its stack what is awaited here.
        Command::Plan { filename, explain: None } => Box::pin(plan::plan::<K>(&filename)).await,
        Command::Run(options) => Box::pin(run::<K>(options)).await,
    }
}

/// The CustomResourceDefinition as YAML.
fn yaml<K: Cluster>() -> Result<String> {
    let crd = serde_json::to_value(K::crd()).map_err(|error| Error::Text(error.to_string()))?;
    serde_saphyr::to_string(&crd).map_err(|error| Error::Text(error.to_string()))
}

async fn run<K: Cluster>(options: Run) -> Result<()> {
    let filter =
        EnvFilter::try_new(&options.log).map_err(|error| Error::Text(format!("--log {}: {error}", options.log)))?;
    let logs = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(std::io::stderr);
    match options.log_format {
        LogFormat::Text => logs.init(),
        LogFormat::Json => logs.json().init(),
    }
    let client = client(Config::infer().await.map_err(|error| Error::NoCluster(Box::new(error)))?)?;
    // Before anything is watched: a watch would only repeat it. A kind that was just installed takes a moment to be served.
    let end = Instant::now() + SERVED;
    while let Err(error) = is_installed::<K>(&client, options.namespace.as_deref()).await {
        if !matches!(error, Error::NoKind(_)) || Instant::now() > end {
            return Err(error);
        }
        tokio::time::sleep(Duration::from_millis(250)).await;
    }
    let operator = Operator::new::<K>(client).namespace(options.namespace);
    operator.external_checks(!options.skip_external_checks).run(ended()).await;
    Ok(())
}

/// A kind that isn't installed is the commonest mistake.
async fn is_installed<K: Cluster>(client: &Client, namespace: Option<&str>) -> Result<()> {
    let clusters: Api<K> = match namespace {
        Some(namespace) => Api::namespaced(client.clone(), namespace),
        None => Api::all(client.clone()),
    };
    match clusters.list_metadata(&ListParams::default().limit(1)).await {
        Err(kube::Error::Api(status)) if status.code == 404 => Err(Error::NoKind(K::crd_name())),
        answer => Ok(answer.map(|_| ())?),
    }
}

/// Comes to its end with SIGINT or SIGTERM.
async fn ended() {
    let terminate = async {
        match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
            Ok(mut signal) => {
                signal.recv().await;
            }
            Err(_) => std::future::pending().await,
        }
    };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        () = terminate => {}
    }
}
