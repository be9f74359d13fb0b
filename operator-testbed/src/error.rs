use std::io;
use std::path::PathBuf;

/// Why there is no control plane, or why it didn't do what was asked. Each says what to do about it, where that is known.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// There is no Go to build the control plane with, and no other source of one.
    #[error(
        "there is no Kubernetes control plane to start, and no Go to build it with. One of these helps:\n\
         - install Go 1.26 or newer, so that `go` is on the PATH: the control plane is then built once, which takes some minutes;\n\
         - set KUBEBUILDER_ASSETS to a folder with the programs etcd, kube-apiserver, kube-controller-manager, kube-scheduler and kwok;\n\
         - set TESTBED_KUBECONFIG to the kubeconfig file of a cluster to test against."
    )]
    NoGo,

    /// The folder in `KUBEBUILDER_ASSETS` lacks some programs.
    #[error(
        "KUBEBUILDER_ASSETS is {folder}, where these programs are missing: {missing}. Put them there (kwok is released by the \
         kubernetes-sigs/kwok project, the others by Kubernetes and etcd), or unset KUBEBUILDER_ASSETS to have them built."
    )]
    MissingPrograms {
        /// The folder that was looked into.
        folder: PathBuf,
        /// The missing programs' names, separated by commas.
        missing: String,
    },

    /// No folder for the built control plane is known.
    #[error("there is no cache folder for the built control plane: set HOME or XDG_CACHE_HOME to an absolute path")]
    NoCache,

    /// `go` failed.
    #[error("building the control plane failed: `{command}` said\n{output}")]
    Build {
        /// The command line.
        command: String,
        /// The end of its output.
        output: String,
    },

    /// A component of the control plane ended while it should start.
    #[error("{component} ended while the control plane started. The end of its log:\n{log}")]
    Died {
        /// The component's name.
        component: &'static str,
        /// The end of its log.
        log: String,
    },

    /// Something that should soon come didn't.
    #[error("waited {seconds} s in vain for {what}.{detail}")]
    Timeout {
        /// What was waited for.
        what: String,
        /// How long, in seconds.
        seconds: u64,
        /// The last error and the end of a log, where there are any.
        detail: String,
    },

    /// A kubeconfig file can't be used.
    #[error("the kubeconfig file {path} can't be used: {source}")]
    Kubeconfig {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: Box<kube::config::KubeconfigError>,
    },

    /// The API server refused a request, or couldn't be reached.
    #[error("{what} failed: {source}")]
    Kube {
        /// What was tried.
        what: String,
        /// The answer.
        source: Box<kube::Error>,
    },

    /// A file or process couldn't be handled.
    #[error("{what}: {source}")]
    Io {
        /// What was tried, with the path.
        what: String,
        /// Why it failed.
        source: io::Error,
    },

    /// The cluster is one that the testbed didn't start, and no client is recorded.
    #[error(
        "the cluster of TESTBED_KUBECONFIG has no audit log that the testbed can read: unset TESTBED_KUBECONFIG, so that a control plane is \
         started, or record a client by Testbed::recorded"
    )]
    NoAuditLog,

    /// The cluster is one that the testbed didn't start: it can't stop its processes either.
    #[error(
        "the cluster of TESTBED_KUBECONFIG has no processes that the testbed started: unset TESTBED_KUBECONFIG, so that a control plane is started"
    )]
    NotStarted,

    /// A line of the API server's audit log isn't an audit event.
    #[error("the audit log has a line that isn't an audit event: {0}")]
    AuditLog(#[from] serde_json::Error),
}

impl Error {
    /// For `map_err`: an I/O error with what was tried.
    pub(crate) fn io(what: impl Into<String>) -> impl FnOnce(io::Error) -> Self {
        let what = what.into();
        move |source| Error::Io { what, source }
    }

    /// For `map_err`: a Kubernetes error with what was tried.
    pub(crate) fn kube(what: impl Into<String>) -> impl FnOnce(kube::Error) -> Self {
        let what = what.into();
        move |source| Error::Kube { what, source: Box::new(source) }
    }
}
