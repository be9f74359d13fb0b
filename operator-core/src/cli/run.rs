//! `run`: the operator, until it is told to end.

use std::{
    io::IsTerminal,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use clap::{Args, ValueEnum, builder::BoolishValueParser};
use tracing_subscriber::EnvFilter;

use super::server::Server;
use crate::{
    Cluster, Error, Result, check,
    runtime::{ExternalAllow, Operator, lease::LeaseOptions},
};

/// How long a kind may take until it is served.
const SERVED: Duration = Duration::from_secs(10);
/// How often it is asked for meanwhile.
const ASKED: Duration = Duration::from_millis(250);

/// What `run` takes.
#[derive(Debug, Args)]
pub struct Options {
    /// Only look at this namespace [default: all]
    #[arg(long, env = "OPERATOR_NAMESPACE")]
    namespace: Option<String>,
    /// Don't check whether what clusters depend on is there: for an operator that runs outside of their network
    #[arg(long, env = "OPERATOR_SKIP_EXTERNAL_CHECKS", value_parser = BoolishValueParser::new())]
    skip_external_checks: bool,
    /// Networks (CIDR) and ends of host names that these checks may connect to [default: all but loopback, link-local and other special addresses]
    #[arg(long, value_name = "CIDR|HOST", env = "OPERATOR_EXTERNAL_ALLOW", value_delimiter = ',')]
    external_allow: Vec<ExternalAllow>,
    /// Write into this folder what each decision was made from, and the decision, as JSON without values of Secrets
    #[arg(long, value_name = "DIR", env = "OPERATOR_DUMP_SNAPSHOT")]
    dump_snapshot: Option<PathBuf>,
    /// Namespace of the Lease that decides which process of this operator is active [default: that of --namespace, else that of the pod or of the kubeconfig's context]
    #[arg(long, value_name = "NAMESPACE", env = "OPERATOR_LEASE_NAMESPACE")]
    lease_namespace: Option<String>,
    /// Seconds without a renewal after which another process may take the Lease
    #[arg(long, value_name = "SECONDS", env = "OPERATOR_LEASE_DURATION", default_value_t = LeaseOptions::DURATION.as_secs(), value_parser = clap::value_parser!(u64).range(3..=3600))]
    lease_duration: u64,
    /// Work without a Lease: only where no other process of this operator can run
    #[arg(long, env = "OPERATOR_NO_LEASE", value_parser = BoolishValueParser::new())]
    no_lease: bool,
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

/// Runs the operator of `K` until SIGINT or SIGTERM.
///
/// # Errors
/// Where the API server doesn't answer, or still lacks the kind after [`SERVED`].
pub async fn run<K: Cluster>(options: Options) -> Result<()> {
    log(&options)?;
    // It is no reason to stop repairing what runs, nor to wait for a function that never ends.
    std::thread::spawn(|| check::<K>().inspect_err(|findings| tracing::error!("{findings}")));
    if let Some(folder) = &options.dump_snapshot {
        create(folder)?;
    }
    let server = Server::infer().await?;
    // Before anything is watched: a watch would only repeat it.
    wait_for_kind::<K>(&server, options.namespace.as_deref()).await?;
    let lease = LeaseOptions {
        namespace: options.lease_namespace.or_else(|| options.namespace.clone()).unwrap_or(server.namespace),
        duration: Duration::from_secs(options.lease_duration),
    };
    let operator = Operator::new::<K>(server.client).namespace(options.namespace).dump_snapshots(options.dump_snapshot);
    let operator = operator.external_allow(options.external_allow).external_checks(!options.skip_external_checks);
    let operator = operator.lease((!options.no_lease).then_some(lease));
    operator.run(ended()).await;
    Ok(())
}

fn log(options: &Options) -> Result<()> {
    let filter =
        EnvFilter::try_new(&options.log).map_err(|source| Error::LogFilter { filter: options.log.clone(), source })?;
    let logs = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(std::io::stderr);
    match options.log_format {
        LogFormat::Text => logs.init(),
        LogFormat::Json => logs.json().init(),
    }
    Ok(())
}

fn create(folder: &Path) -> Result<()> {
    std::fs::create_dir_all(folder).map_err(|source| Error::DumpFolder { path: folder.to_owned(), source })?;
    tracing::info!(folder = %folder.display(), "snapshots and plans are written into this folder");
    Ok(())
}

/// A kind that was just installed takes a moment to be served.
async fn wait_for_kind<K: Cluster>(server: &Server, namespace: Option<&str>) -> Result<()> {
    let end = Instant::now() + SERVED;
    let mut said = false;
    loop {
        match server.require_kind::<K>(namespace).await {
            Err(missing @ Error::NoKind(_)) if Instant::now() < end => {
                if !std::mem::replace(&mut said, true) {
                    tracing::warn!(seconds = SERVED.as_secs(), "waiting for the CustomResourceDefinition: {missing}");
                }
            }
            answer => return answer,
        }
        tokio::time::sleep(ASKED).await;
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

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Cli {
        #[command(flatten)]
        options: Options,
    }

    #[test]
    fn what_external_checks_may_connect_to_is_a_list_of_networks_and_hosts() {
        let parse = |list: &str| Cli::try_parse_from(["operator", "--external-allow", list]);
        let allow = parse("10.0.0.0/8,example.com").unwrap().options.external_allow;
        assert_eq!(allow, ["10.0.0.0/8".parse().unwrap(), ExternalAllow::Hosts("example.com".to_owned())]);
        let error = parse("10.0.0.0/8,*.example.com").err().unwrap().to_string();
        assert!(error.contains("`*.example.com` is neither a network"), "{error}");
    }
}
