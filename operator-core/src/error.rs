//! What can go wrong on the command line.

/// Result of what the command line does.
pub type Result<T> = std::result::Result<T, Error>;

/// What went wrong.
#[derive(thiserror::Error)]
pub enum Error {
    /// No kubeconfig, and not in a pod.
    #[error("no Kubernetes cluster: set KUBECONFIG to a kubeconfig file, or run in a pod ({0})")]
    NoCluster(#[source] Box<kube::config::InferConfigError>),
    /// The kind isn't installed.
    #[error(
        "the API server has no {0}: install it first, with the output of the command `crd` piped into `kubectl apply --server-side -f -`"
    )]
    NoKind(&'static str),
    /// The API server, or the way there.
    #[error("{0}")]
    Kube(#[from] Box<kube::Error>),
    /// A file.
    #[error("{path}: {message}")]
    File {
        /// Its path.
        path: String,
        /// What is wrong with it.
        message: String,
    },
    /// Everything else.
    #[error("{0}")]
    Text(String),
}

impl From<kube::Error> for Error {
    fn from(error: kube::Error) -> Self {
        match error {
            kube::Error::Api(status) => Self::Text(status.message),
            error => Self::Kube(Box::new(error)),
        }
    }
}

/// What `fn main() -> operator_core::Result<()>` prints: the sentence, not the structure.
impl std::fmt::Debug for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        std::fmt::Display::fmt(self, f)
    }
}
