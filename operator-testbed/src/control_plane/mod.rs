//! The processes of one control plane, and what it takes to start them.
//!
//! | module | subject |
//! | --- | --- |
//! | `component` | the five programs and their flags |
//! | `folder` | the temporary folder: credentials, configuration, logs |
//! | `watchdog` | the shell that holds the processes and ends them with this one |
//! | `cluster` | the first objects: nodes and the storage class |

mod cluster;
mod component;
mod folder;
mod watchdog;

use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

pub use component::Component;
use component::Ports;
use folder::Folder;
use watchdog::Watchdog;

use crate::Error;
use crate::source::Programs;
use crate::testbed::config_of;

/// Even a machine that builds on all its cores at the same time gets there by then.
const PATIENCE: Duration = Duration::from_secs(120);

/// Ports can be taken between finding them free and using them.
const ATTEMPTS: usize = 5;

/// A running control plane. Dropped, it ends, and its folder is removed.
pub(crate) struct ControlPlane {
    folder: Folder,
    watchdog: Watchdog,
}

impl ControlPlane {
    /// Starts one and waits until its nodes are ready.
    pub async fn start(programs: &Programs) -> Result<Self, Error> {
        let mut attempt = 1;
        loop {
            match Self::try_start(programs).await {
                Err(Error::Died { log, .. }) if attempt < ATTEMPTS && log.contains("address already in use") => {
                    attempt += 1;
                }
                result => return result,
            }
        }
    }

    async fn try_start(programs: &Programs) -> Result<Self, Error> {
        let folder = Folder::create()?;
        let watchdog = Watchdog::start(folder.path())?;
        let ports = free_ports()?;
        folder.fill(&ports)?;
        let mut this = ControlPlane { folder, watchdog };
        this.run(programs, &ports, &[Component::Etcd, Component::ApiServer])?;
        let client = this.wait_for_api_server().await?;
        this.run(programs, &ports, &[Component::ControllerManager, Component::Scheduler, Component::Kwok])?;
        cluster::create(&client).await?;
        this.wait("the nodes and the default service account", || cluster::ready(&client)).await?;
        Ok(this)
    }

    fn run(&mut self, programs: &Programs, ports: &Ports, components: &[Component]) -> Result<(), Error> {
        components.iter().try_for_each(|component| {
            let mut command = programs.command(*component);
            command.extend(component.flags(self.folder.path(), ports));
            self.watchdog.run(*component, &command)
        })
    }

    async fn wait_for_api_server(&self) -> Result<kube::Client, Error> {
        let kubeconfig = self.folder.kubeconfig();
        let ready = async || {
            // A new client each time: the certificate that it must trust is written meanwhile.
            let client =
                kube::Client::try_from(config_of(&kubeconfig).await?).map_err(Error::kube("making a client"))?;
            let request = http::Request::get("/readyz").body(Vec::new()).map_err(kube::Error::HttpError);
            let request = request.map_err(Error::kube("asking the API server"))?;
            client.request_text(request).await.map(|_| Some(client)).map_err(Error::kube("asking the API server"))
        };
        self.wait("the API server", ready).await
    }

    /// Asks until there is a value. Errors count as "not yet", the end of a component doesn't.
    async fn wait<T>(&self, what: &str, ask: impl AsyncFn() -> Result<Option<T>, Error>) -> Result<T, Error> {
        let started = Instant::now();
        loop {
            let answer = ask().await;
            if let Ok(Some(value)) = answer {
                return Ok(value);
            }
            if let Some(component) = self.watchdog.ended() {
                return Err(Error::Died { component: component.name(), log: self.folder.log_tail(component) });
            }
            if started.elapsed() > PATIENCE {
                let last = answer.err().map(|error| format!(" The last answer: {error}.")).unwrap_or_default();
                let log = self.folder.log_tail(Component::ApiServer);
                let detail = format!("{last} The end of the API server's log:\n{log}");
                return Err(Error::Timeout { what: what.to_owned(), seconds: PATIENCE.as_secs(), detail });
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Sends a signal to a component.
    pub fn signal(&self, component: Component, signal: &str) -> Result<(), Error> {
        self.watchdog.signal(component, signal)
    }

    /// Starts a component again, once its process has ended.
    pub async fn start_again(&self, component: Component) -> Result<(), Error> {
        let started = Instant::now();
        while !self.watchdog.has_ended(component) {
            if started.elapsed() > PATIENCE {
                let what = format!("the end of {}", component.name());
                return Err(Error::Timeout { what, seconds: PATIENCE.as_secs(), detail: String::new() });
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        self.watchdog.run_again(component)
    }

    /// The folder with everything: kubeconfig files, logs, data.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Its kubeconfig file for the user `admin`.
    pub fn kubeconfig(&self) -> PathBuf {
        self.folder.kubeconfig()
    }

    /// Its kubeconfig file for the user `operator`.
    pub fn operator_kubeconfig(&self) -> PathBuf {
        self.folder.operator_kubeconfig()
    }

    /// Where the requests of the user `operator` are logged.
    pub fn audit_log(&self) -> PathBuf {
        self.folder.path().join(component::AUDIT_LOG)
    }
}

/// All are held until the last is found, so that they differ.
fn free_ports() -> Result<Ports, Error> {
    let bind =
        || TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).map_err(Error::io("looking for a free port on 127.0.0.1"));
    let port = |listener: &TcpListener| {
        listener.local_addr().map(|address| address.port()).map_err(Error::io("looking for a free port on 127.0.0.1"))
    };
    let listeners = (bind()?, bind()?, bind()?);
    Ok(Ports { etcd: port(&listeners.0)?, etcd_peer: port(&listeners.1)?, api_server: port(&listeners.2)? })
}
