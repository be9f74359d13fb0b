//! Why something couldn't be measured.

/// Why something couldn't be measured.
#[derive(thiserror::Error)]
pub enum Error {
    /// There is no control plane, or none whose requests are recorded.
    #[error("{0}")]
    Testbed(#[from] operator_testbed::Error),
    /// The API server.
    #[error("the API server: {0}")]
    Kube(#[from] Box<kube::Error>),
    /// Everything else.
    #[error("{0}")]
    Text(String),
}

impl From<kube::Error> for Error {
    fn from(error: kube::Error) -> Self {
        Self::Kube(Box::new(error))
    }
}

/// What `main` prints: the sentence, not the structure.
impl std::fmt::Debug for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        std::fmt::Display::fmt(self, f)
    }
}

/// For `map_err`: an error with what was tried.
pub fn failed<E: std::fmt::Display>(what: impl std::fmt::Display) -> impl FnOnce(E) -> Error {
    move |error| Error::Text(format!("{what}: {error}"))
}
