//! The API server that a command talks to.

use std::error::Error as _;

use kube::{Api, Client, Config, api::ListParams};

use crate::{Cluster, Error, Result, runtime::client::client};

/// An API server.
pub struct Server {
    /// A client of it.
    pub client: Client,
    /// The namespace of what names none.
    pub namespace: String,
    address: String,
}

impl Server {
    /// The one of the environment: `KUBECONFIG`, `~/.kube/config`, or the pod's service account. Sends nothing yet.
    pub async fn infer() -> Result<Self> {
        let config = Config::infer().await.map_err(|error| Error::NoCluster(Box::new(error)))?;
        let (namespace, address) =
            (config.default_namespace.clone(), config.cluster_url.to_string().trim_end_matches('/').to_owned());
        match client(config) {
            Ok(client) => Ok(Self { client, namespace, address }),
            Err(error) => Err(Error::Access { address, source: Box::new(error) }),
        }
    }

    /// What to say where a request didn't go through.
    pub fn error(&self, error: kube::Error) -> Error {
        match error {
            kube::Error::Api(status) => Error::Api(status.message),
            error => {
                Error::Unreachable { address: self.address.clone(), message: causes(&error), source: Box::new(error) }
            }
        }
    }

    /// Fails where the kind of `K` isn't installed, which is the commonest mistake.
    pub async fn require_kind<K: Cluster>(&self, namespace: Option<&str>) -> Result<()> {
        let clusters: Api<K> = match namespace {
            Some(namespace) => Api::namespaced(self.client.clone(), namespace),
            None => Api::all(self.client.clone()),
        };
        match clusters.list_metadata(&ListParams::default().limit(1)).await {
            Err(kube::Error::Api(status)) if status.code == 404 => Err(Error::NoKind(K::crd_name())),
            answer => answer.map(drop).map_err(|error| self.error(error)),
        }
    }
}

/// The causes of an error, from the outermost. Its own words, and those of the HTTP client, only name the layer that noticed it.
fn causes(error: &kube::Error) -> String {
    let mut causes: Vec<String> = Vec::new();
    let mut cause = error.source();
    while let Some(error) = cause {
        let said = error.to_string();
        // Some repeat what they were caused by.
        if let Some(last) = causes.last_mut().filter(|last| last.contains(&said)) {
            last.clone_from(&said);
        } else {
            causes.push(said);
        }
        cause = error.source();
    }
    if causes.len() > 1 && causes.first().is_some_and(|first| first.starts_with("client error")) {
        causes.remove(0);
    }
    if causes.is_empty() { error.to_string() } else { causes.join(": ") }
}
