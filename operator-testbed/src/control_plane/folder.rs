//! The temporary folder of a control plane, which only its user can read. The watchdog removes it.

use std::fs::{self, DirBuilder, File};
use std::io::{self, Read};
use std::os::unix::fs::DirBuilderExt;
use std::path::{self, Path, PathBuf};
use std::{env, process};

use super::component::{AUDIT_POLICY, CERTIFICATES, Component, KUBECONFIG, OPERATOR_KUBECONFIG, Ports, STAGES, TOKENS};
use crate::Error;

/// Lines of a log that an error quotes.
const TAIL: usize = 15;

pub(super) struct Folder {
    path: PathBuf,
}

impl Folder {
    /// Creates it, empty.
    pub fn create() -> Result<Self, Error> {
        Ok(Folder { path: create_unique()? })
    }

    /// Writes all the files that the components read.
    pub fn fill(&self, ports: &Ports) -> Result<(), Error> {
        let (admin, operator) = (random_token()?, random_token()?);
        // Both may do anything; they are two so that the audit log can tell them apart.
        let tokens = format!("{admin},admin,admin,system:masters\n{operator},operator,operator,system:masters\n");
        self.write(TOKENS, &tokens)?;
        self.write(KUBECONFIG, &self.kubeconfig_of("admin", &admin, ports))?;
        self.write(OPERATOR_KUBECONFIG, &self.kubeconfig_of("operator", &operator, ports))?;
        self.write(AUDIT_POLICY, include_str!("../../manifests/audit-policy.yaml"))?;
        self.write(STAGES, include_str!("../../manifests/stages.yaml"))
    }

    fn write(&self, name: &str, content: &str) -> Result<(), Error> {
        let path = self.path.join(name);
        fs::write(&path, content).map_err(Error::io(format!("writing {}", path.display())))
    }

    /// In JSON, which is YAML too, and needs no care with quoting.
    fn kubeconfig_of(&self, user: &str, token: &str, ports: &Ports) -> String {
        let server = format!("https://127.0.0.1:{}", ports.api_server);
        let certificate = self.path.join(CERTIFICATES).join("apiserver.crt");
        let kubeconfig = serde_json::json!({
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{ "name": "testbed", "cluster": { "server": server, "certificate-authority": certificate } }],
            "users": [{ "name": user, "user": { "token": token } }],
            "contexts": [{ "name": "testbed", "context": { "cluster": "testbed", "user": user } }],
            "current-context": "testbed",
        });
        format!("{kubeconfig:#}\n")
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    pub fn kubeconfig(&self) -> PathBuf {
        self.path.join(KUBECONFIG)
    }

    pub fn operator_kubeconfig(&self) -> PathBuf {
        self.path.join(OPERATOR_KUBECONFIG)
    }

    /// The last lines of a component's log.
    pub fn log_tail(&self, component: Component) -> String {
        let log = fs::read(self.path.join(format!("{}.log", component.name()))).unwrap_or_default();
        let log = String::from_utf8_lossy(&log);
        let lines: Vec<_> = log.lines().collect();
        lines[lines.len().saturating_sub(TAIL)..].join("\n")
    }
}

fn create_unique() -> Result<PathBuf, Error> {
    let parent = path::absolute(env::temp_dir()).map_err(Error::io("finding the folder for temporary files"))?;
    let mut number = 0;
    loop {
        let path = parent.join(format!("operator-testbed-{}-{number}", process::id()));
        match DirBuilder::new().mode(0o700).create(&path) {
            Ok(()) => return Ok(path),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => number += 1,
            Err(source) => {
                return Err(Error::Io { what: format!("creating the folder {}", path.display()), source });
            }
        }
    }
}

fn random_token() -> Result<String, Error> {
    let mut bytes = [0; 16];
    let mut random = File::open("/dev/urandom").map_err(Error::io("opening /dev/urandom"))?;
    random.read_exact(&mut bytes).map_err(Error::io("reading /dev/urandom"))?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}
