//! A control plane with the kind installed, and a namespace.

use std::path::PathBuf;

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::{
    Api, Client, CustomResourceExt,
    api::PostParams,
    runtime::wait::{await_condition, conditions},
};
use operator_core::runtime::client::client;
use operator_testbed::{Component, Namespace, Testbed};

use crate::{
    error::{Error, failed},
    kind::Bench,
    plain,
};

/// A control plane of its own: nothing that was measured before weighs on it.
pub struct Stage {
    /// The control plane.
    pub testbed: Testbed,
    /// Of a user whose requests aren't counted.
    pub client: Client,
    namespace: Namespace,
    folder: PathBuf,
}

impl Stage {
    /// Starts it. A first cluster is written elsewhere, as an API server is slow when it meets a kind for the first time.
    pub async fn set() -> Result<Self, Error> {
        let testbed = Testbed::start().await?;
        let folder = testbed.folder().ok_or(operator_testbed::Error::NoAuditLog)?.to_owned();
        let client = client(testbed.config().await?)?;
        let kinds = Api::<CustomResourceDefinition>::all(client.clone());
        kinds.create(&PostParams::default(), &Bench::crd()).await?;
        await_condition(kinds, Bench::crd_name(), conditions::is_crd_established())
            .await
            .map_err(failed("waiting for the kind"))?;
        let warm_up = testbed.namespace("warm-up").await?;
        plain::write_one(&client, warm_up.name(), 0).await?;
        let namespace = testbed.namespace("bench").await?;
        Ok(Self { testbed, client, namespace, folder })
    }

    /// The namespace of all clusters.
    pub fn namespace(&self) -> &str {
        self.namespace.name()
    }

    /// Where the operator's log goes.
    pub fn log(&self) -> PathBuf {
        self.folder.join("operator.log")
    }

    /// Holds the controllers of workloads, so that no one but the loader and the operator writes anything.
    pub fn hold_controllers(&self) -> Result<(), Error> {
        Ok(self.testbed.signal(Component::ControllerManager, "STOP")?)
    }

    /// Lets them go on.
    pub fn release_controllers(&self) -> Result<(), Error> {
        Ok(self.testbed.signal(Component::ControllerManager, "CONT")?)
    }
}
