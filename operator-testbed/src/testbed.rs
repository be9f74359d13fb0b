use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::thread;

use kube::config::{KubeConfigOptions, Kubeconfig};
use tokio::sync::{OnceCell, oneshot};

use crate::control_plane::{Component, ControlPlane};
use crate::recorder::Recorder;
use crate::source::Source;
use crate::{
    Error, Namespace, Request,
    request::{self, Who},
};

/// A control plane to test against: one that was started, or the cluster that `TESTBED_KUBECONFIG` names.
///
/// A started one ends when this is dropped, or the process ends in whatever way.
pub struct Testbed {
    kubeconfig: PathBuf,
    operator_kubeconfig: PathBuf,
    control_plane: Option<ControlPlane>,
    /// Of the clients that are recorded where there is no audit log.
    recorder: OnceLock<Recorder>,
}

impl Testbed {
    /// The one of this process: started by the first caller, ends with the process. Callers may be on different runtimes.
    ///
    /// # Errors
    /// As for [`Testbed::start`]. After an error, the next caller tries again.
    pub async fn shared() -> Result<&'static Testbed, Error> {
        static SHARED: OnceCell<Testbed> = OnceCell::const_new();
        SHARED.get_or_try_init(Testbed::start).await
    }

    /// One of its own. Dropping it takes some 100 ms, in which the thread is blocked.
    ///
    /// # Errors
    /// If there is no control plane to start and none can be built, or it doesn't start.
    pub async fn start() -> Result<Testbed, Error> {
        // On a thread and a runtime of its own: a build blocks for minutes, and nothing of it may be tied to the caller's runtime.
        let (sender, receiver) = oneshot::channel();
        thread::spawn(move || {
            // Where the caller has gone away, the testbed is dropped, and so ends.
            let _ = sender.send(start_blocking());
        });
        receiver.await.unwrap_or_else(|_| {
            let source = std::io::Error::other("the thread that did so panicked");
            Err(Error::Io { what: "starting the control plane".to_owned(), source })
        })
    }

    /// Kubeconfig file of the user `admin`, who may do anything.
    pub fn kubeconfig(&self) -> &Path {
        &self.kubeconfig
    }

    /// Kubeconfig file of the user `operator`, who may do anything too, and whose [requests](Testbed::requests) are recorded. With
    /// `TESTBED_KUBECONFIG` it is the same as [`Testbed::kubeconfig`], and only [recorded](Testbed::recorded) clients are.
    pub fn operator_kubeconfig(&self) -> &Path {
        &self.operator_kubeconfig
    }

    /// The folder of the started control plane, with the log of each component (`kube-apiserver.log`, …) and its process ID (`kube-apiserver.pid`, …).
    pub fn folder(&self) -> Option<&Path> {
        self.control_plane.as_ref().map(ControlPlane::folder)
    }

    /// Sends a signal, such as `KILL`, `STOP` or `CONT`, to a program of the started control plane.
    ///
    /// # Errors
    /// If it doesn't run, or with `TESTBED_KUBECONFIG`.
    pub fn signal(&self, component: Component, signal: &str) -> Result<(), Error> {
        self.started()?.signal(component, signal)
    }

    /// Starts a program of the control plane again after it was killed, with the same ports and data. It may not answer yet when this returns.
    ///
    /// # Errors
    /// If it hasn't ended after 2 minutes, or can't be started, or with `TESTBED_KUBECONFIG`.
    pub async fn start_again(&self, component: Component) -> Result<(), Error> {
        self.started()?.start_again(component).await
    }

    fn started(&self) -> Result<&ControlPlane, Error> {
        self.control_plane.as_ref().ok_or(Error::NotStarted)
    }

    /// A new client of the user `admin`. Each test needs its own, as a client's connections belong to the runtime that made them.
    ///
    /// # Errors
    /// If the kubeconfig file can't be used.
    pub async fn client(&self) -> Result<kube::Client, Error> {
        kube::Client::try_from(self.config().await?).map_err(Error::kube("making a client"))
    }

    /// The configuration of a client of the user `admin`. It doesn't retry: a test shall see errors when they come.
    ///
    /// # Errors
    /// If the kubeconfig file can't be used.
    pub async fn config(&self) -> Result<kube::Config, Error> {
        config_of(&self.kubeconfig).await
    }

    /// The same of the user `operator`.
    ///
    /// # Errors
    /// If the kubeconfig file can't be used.
    pub async fn operator_config(&self) -> Result<kube::Config, Error> {
        config_of(&self.operator_kubeconfig).await
    }

    /// A fresh namespace, whose name starts with the prefix. Pods can be created in it at once.
    ///
    /// # Errors
    /// If it can't be created, or doesn't get its service account.
    pub async fn namespace(&self, prefix: &str) -> Result<Namespace, Error> {
        let external = self.control_plane.is_none().then(|| self.kubeconfig.clone());
        Namespace::create(self.client().await?, prefix, external).await
    }

    /// A client of the user `operator` whose [requests](Testbed::requests) are recorded also with `TESTBED_KUBECONFIG`, where there is no audit
    /// log: they are recorded on their way through this client then. Otherwise this is the same client.
    pub fn recorded(&self, client: kube::Client) -> kube::Client {
        match self.control_plane {
            Some(_) => client,
            None => self.recorder.get_or_init(Recorder::default).client(client),
        }
    }

    /// The requests of the user `operator` to the API server so far, in order, without leader election's Leases.
    ///
    /// A request is in the list when it ends, a watch when it starts. The API server writes it down before it ends the response, but may send
    /// the last bytes of a large one a moment earlier: to be sure of the very last request, ask again some milliseconds later.
    ///
    /// With `TESTBED_KUBECONFIG`, these are the requests of the [recorded](Testbed::recorded) clients of this process; a create has no name there.
    ///
    /// # Errors
    /// With `TESTBED_KUBECONFIG`, if no client is recorded; otherwise if the audit log can't be read.
    pub fn requests(&self) -> Result<Vec<Request>, Error> {
        match &self.control_plane {
            Some(control_plane) => request::read(&control_plane.audit_log(), Who::Operator),
            None => Ok(self.recorder.get().ok_or(Error::NoAuditLog)?.requests()),
        }
    }

    /// The deletions of pods so far that the user `operator` didn't ask for, in order. The `user_agent` tells whose they are: for instance it ends
    /// with `statefulset-controller` or `generic-garbage-collector`.
    ///
    /// # Errors
    /// With `TESTBED_KUBECONFIG`, or if the audit log can't be read.
    pub fn pod_deletions_of_others(&self) -> Result<Vec<Request>, Error> {
        let control_plane = self.control_plane.as_ref().ok_or(Error::NoAuditLog)?;
        request::read(&control_plane.audit_log(), Who::Others)
    }
}

fn start_blocking() -> Result<Testbed, Error> {
    match Source::find()? {
        Source::Cluster(kubeconfig) => {
            let operator_kubeconfig = kubeconfig.clone();
            Ok(Testbed { kubeconfig, operator_kubeconfig, control_plane: None, recorder: OnceLock::new() })
        }
        Source::Programs(programs) => {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            let runtime = runtime.map_err(Error::io("making a runtime"))?;
            let control_plane = runtime.block_on(ControlPlane::start(&programs))?;
            Ok(Testbed {
                kubeconfig: control_plane.kubeconfig(),
                operator_kubeconfig: control_plane.operator_kubeconfig(),
                control_plane: Some(control_plane),
                recorder: OnceLock::new(),
            })
        }
    }
}

/// The client configuration of a kubeconfig file.
pub(crate) async fn config_of(path: &Path) -> Result<kube::Config, Error> {
    let failed = |source| Error::Kubeconfig { path: path.to_owned(), source: Box::new(source) };
    let kubeconfig = Kubeconfig::read_from(path).map_err(failed)?;
    let options = KubeConfigOptions::default();
    let mut config = kube::Config::from_custom_kubeconfig(kubeconfig, &options).await.map_err(failed)?;
    config.default_retry = false;
    Ok(config)
}
