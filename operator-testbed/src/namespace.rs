use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use k8s_openapi::api::core::v1::{Namespace as Object, ServiceAccount};
use kube::api::{Api, DeleteParams, ObjectMeta, PostParams};

use crate::Error;
use crate::testbed::config_of;

/// How long the service account may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// A namespace for one test.
///
/// Dropped, it stays in a control plane that ends with the process anyway; in the cluster of `TESTBED_KUBECONFIG` it is deleted.
pub struct Namespace {
    name: String,
    /// The kubeconfig file of a cluster that outlives the test.
    external: Option<PathBuf>,
}

impl Namespace {
    pub(crate) async fn create(client: kube::Client, prefix: &str, external: Option<PathBuf>) -> Result<Self, Error> {
        let namespaces: Api<Object> = Api::all(client.clone());
        let metadata = ObjectMeta { generate_name: Some(format!("{prefix}-")), ..ObjectMeta::default() };
        let object = Object { metadata, ..Object::default() };
        let created = namespaces.create(&PostParams::default(), &object).await;
        let created = created.map_err(Error::kube(format!("creating a namespace {prefix}-…")))?;
        let name = created.metadata.name.unwrap_or_default();
        let namespace = Namespace { name, external };
        namespace.wait_for_service_account(client).await?;
        Ok(namespace)
    }

    /// Before it is there, the API server refuses pods.
    async fn wait_for_service_account(&self, client: kube::Client) -> Result<(), Error> {
        let service_accounts: Api<ServiceAccount> = Api::namespaced(client, &self.name);
        let what = || format!("the service account `default` of namespace {}", self.name);
        let started = Instant::now();
        while started.elapsed() < PATIENCE {
            let account = service_accounts.get_opt("default").await;
            if account.map_err(Error::kube(format!("reading {}", what())))?.is_some() {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        Err(Error::Timeout { what: what(), seconds: PATIENCE.as_secs(), detail: String::new() })
    }

    /// Its name: the prefix, `-`, and some random characters.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Deletes it and all in it, without waiting until all that is gone.
    ///
    /// # Errors
    /// If the API server refuses.
    pub async fn delete(mut self, client: kube::Client) -> Result<(), Error> {
        self.external = None;
        delete(client, &self.name).await
    }
}

impl Drop for Namespace {
    fn drop(&mut self) {
        let Some(kubeconfig) = self.external.take() else { return };
        let name = self.name.clone();
        // On a thread of its own, as a runtime can't be entered twice.
        let deleted = thread::spawn(move || delete_blocking(&kubeconfig, &name)).join();
        if let Ok(Err(error)) = deleted {
            eprintln!("testbed: namespace {} is left behind: {error}", self.name);
        }
    }
}

fn delete_blocking(kubeconfig: &Path, name: &str) -> Result<(), Error> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.map_err(Error::io("making a runtime"))?.block_on(async {
        let client = kube::Client::try_from(config_of(kubeconfig).await?).map_err(Error::kube("making a client"))?;
        delete(client, name).await
    })
}

async fn delete(client: kube::Client, name: &str) -> Result<(), Error> {
    let namespaces: Api<Object> = Api::all(client);
    let deleted = namespaces.delete(name, &DeleteParams::default()).await;
    deleted.map(|_| ()).map_err(Error::kube(format!("deleting namespace {name}")))
}
