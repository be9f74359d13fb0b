//! What can go wrong on the command line.

use std::path::PathBuf;

/// Result of what the command line does.
pub type Result<T> = std::result::Result<T, Error>;

/// What went wrong.
#[derive(thiserror::Error)]
pub enum Error {
    /// No kubeconfig, and not in a pod.
    #[error("no Kubernetes cluster: set KUBECONFIG to a kubeconfig file, or run in a pod ({0})")]
    NoCluster(#[source] Box<kube::config::InferConfigError>),
    /// The certificates, the token or the proxy of a kubeconfig can't be used.
    #[error("the access to the API server at {address} can't be set up: {source}")]
    Access {
        /// Address of the API server.
        address: String,
        /// Why.
        source: Box<kube::Error>,
    },
    /// The API server doesn't answer.
    #[error("no answer from the API server at {address}: {message}")]
    Unreachable {
        /// Its address.
        address: String,
        /// Why.
        message: String,
        /// The same, as the client has it.
        source: Box<kube::Error>,
    },
    /// The API server refuses a request; what it said.
    #[error("{0}")]
    Api(String),
    /// The kind isn't installed.
    #[error(
        "the API server has no {0}: install it first, with the output of the command `crd` piped into \
         `kubectl apply --server-side -f -`"
    )]
    NoKind(&'static str),
    /// A file.
    #[error("{path}: {message}")]
    File {
        /// Its path.
        path: String,
        /// What is wrong with it.
        message: String,
    },
    /// The definition is wrong.
    #[error(transparent)]
    Definition(#[from] crate::Findings),
    /// The API server would refuse what a plan writes. The plan, which is printed before, has its words.
    #[error("the API server would refuse {0} of these writes")]
    Refused(usize),
    /// A filter of log lines that can't be read.
    #[error("--log {filter}: {source}")]
    LogFilter {
        /// The filter.
        filter: String,
        /// What is wrong with it.
        source: tracing_subscriber::filter::ParseError,
    },
    /// The folder for snapshots can't be created.
    #[error("--dump-snapshot {}: {source}", path.display())]
    DumpFolder {
        /// Its path.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// Standard output can't be written to.
    #[error("standard output: {0}")]
    Output(#[source] std::io::Error),
    /// Something can't be written as JSON.
    #[error("it can't be written as JSON: {0}")]
    Json(#[from] serde_json::Error),
    /// Something can't be written as YAML.
    #[error("it can't be written as YAML: {0}")]
    Yaml(#[from] serde_saphyr::ser::Error),
}

/// What `fn main() -> operator_core::Result<()>` prints: the sentence, not the structure.
impl std::fmt::Debug for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        std::fmt::Display::fmt(self, f)
    }
}
