//! Where the demo plays: a control plane, a namespace in it, and what is to be cleaned up there.

use std::{
    process,
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant, SystemTime},
};

use druid_operator::Druid;
use k8s_openapi::{
    api::core::v1::{Namespace, ServiceAccount},
    apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition,
};
use kube::{
    Api, Client, Config, CustomResourceExt,
    api::{DeleteParams, DynamicObject, ListParams, Patch, PatchParams, PostParams},
    config::KubeConfigOptions,
    core::{ApiResource, GroupVersionKind},
    runtime::{conditions::is_crd_established, wait::Condition},
};
use operator_core::runtime::client::client;
use operator_testbed::{Request, Testbed};
use serde_json::json;
use tokio::net::TcpListener;

use crate::{
    view::{View, time},
    wait::{Failure, Patience, Result, Seen, until},
};

/// Field manager of the demo.
pub const MANAGER: &str = "druid-demo";
/// ZooKeeper and the metadata store, where pods really run.
const EXTERNALS: &str = include_str!("../../externals.yaml");

pub struct Place {
    pub client: Client,
    pub namespace: String,
    /// For the operator; on the testbed that is a user whose requests are recorded.
    pub operator_config: Config,
    context: Option<String>,
    testbed: Option<Testbed>,
    /// Where pods are simulated, the demo itself listens as ZooKeeper: the operator asks for no more than a connection.
    zookeeper: Option<TcpListener>,
    made: Mutex<Made>,
}

/// What would be left behind in a cluster that outlives the demo.
#[derive(Clone, Copy, Default)]
struct Made {
    namespace: bool,
    kind: bool,
}

impl Place {
    /// The cluster of the named context, else a control plane of its own.
    pub async fn find(context: Option<&str>, view: &View) -> Result<Self> {
        let started = Instant::now();
        let (testbed, config, operator_config) = match context {
            Some(context) => {
                let config = of_context(context).await?;
                (None, config.clone(), config)
            }
            None => {
                let failed = "starting a control plane";
                let testbed = Testbed::start().await.map_err(Failure::during(failed))?;
                let config = testbed.config().await.map_err(Failure::during(failed))?;
                let operator_config = testbed.operator_config().await.map_err(Failure::during(failed))?;
                (Some(testbed), config, operator_config)
            }
        };
        let zookeeper = match &testbed {
            Some(_) => Some(TcpListener::bind("127.0.0.1:0").await.map_err(Failure::during("listening as ZooKeeper"))?),
            None => None,
        };
        let place = Self {
            client: client(config).map_err(Failure::during("making a client"))?,
            namespace: fresh_name(),
            operator_config,
            context: context.map(str::to_owned),
            testbed,
            zookeeper,
            made: Mutex::default(),
        };
        view.say("");
        match (&place.context, &place.testbed) {
            (Some(context), _) => view.say(&format!(
                "It uses the cluster of context {context}, and there the namespace {}. The operator runs here, outside of that \
                 cluster's network, and so doesn't check whether ZooKeeper is there (run --skip-external-checks).",
                place.namespace
            )),
            (None, Some(testbed)) => {
                view.say(&format!(
                    "etcd, API server, controller manager and scheduler are up after {}; nodes and pods are simulated. In \
                     ZooKeeper's place, the demo itself takes connections. The namespace enforces the Pod Security Standard \
                     `restricted`.",
                    time(started.elapsed())
                ));
                view.say("To look on from another terminal:");
                view.say("");
                view.command(&format!("export KUBECONFIG={}", testbed.kubeconfig().display()));
            }
            (None, None) => {}
        }
        Ok(place)
    }

    /// Where ZooKeeper is, if it isn't one of externals.yaml.
    pub fn zookeeper(&self) -> Option<String> {
        Some(self.zookeeper.as_ref()?.local_addr().ok()?.to_string())
    }

    /// A command line that looks into the demo's namespace.
    pub fn kubectl(&self, arguments: &str) -> String {
        let context = self.context.iter().map(|name| format!(" --context {name}")).collect::<String>();
        format!("kubectl{context} -n {} {arguments}", self.namespace)
    }

    /// How long pods may take: real ones pull their images first.
    pub fn patience(&self) -> Patience {
        Patience::pods(Duration::from_secs(if self.is_kept() { 900 } else { 60 }))
    }

    /// What the operator asked the API server so far; none: nobody wrote it down.
    pub fn requests(&self) -> Option<Vec<Request>> {
        self.testbed.as_ref()?.requests().ok()
    }

    /// Whether the control plane goes on after the demo.
    pub fn is_kept(&self) -> bool {
        self.testbed.as_ref().is_none_or(|testbed| testbed.folder().is_none())
    }

    /// Whether the demo installed the kind.
    pub fn kind_is_new(&self) -> bool {
        self.made().kind
    }

    /// Makes the namespace, with what Druid needs beside itself where pods really run.
    pub async fn furnish(&self) -> Result<()> {
        self.made().namespace = true;
        // The images of externals.yaml run as root.
        let labels = match self.is_kept() {
            true => json!({}),
            false => json!({ "pod-security.kubernetes.io/enforce": "restricted" }),
        };
        let metadata = json!({ "name": self.namespace, "labels": labels });
        let namespace = json!({ "apiVersion": "v1", "kind": "Namespace", "metadata": metadata });
        let namespace = serde_json::from_value(namespace).map_err(Failure::during("making a namespace"))?;
        Api::<Namespace>::all(self.client.clone())
            .create(&PostParams::default(), &namespace)
            .await
            .map_err(Failure::during(format!("creating the namespace {}", self.namespace)))?;
        // Before it is there, the API server refuses pods.
        let accounts = Api::<ServiceAccount>::namespaced(self.client.clone(), &self.namespace);
        until("the service account `default`", Patience::CLOSE, async || {
            let account = accounts.get_opt("default").await.map_err(Failure::during("reading it"))?;
            Ok(account.map_or_else(|| Seen::Not("none".to_owned()), |_| Seen::Yes(())))
        })
        .await?;
        if self.is_kept() {
            self.apply_externals().await?;
        }
        Ok(())
    }

    async fn apply_externals(&self) -> Result<()> {
        let failed = "applying externals.yaml";
        let objects: Vec<DynamicObject> = serde_saphyr::from_multiple(EXTERNALS).map_err(Failure::during(failed))?;
        for object in &objects {
            let types = object.types.clone().unwrap_or_default();
            // The story has it wait for that.
            if types.kind == "Secret" {
                continue;
            }
            let kind = GroupVersionKind::try_from(&types).map_err(Failure::during(failed))?;
            let name = object.metadata.name.as_deref().unwrap_or_default();
            Api::<DynamicObject>::namespaced_with(self.client.clone(), &self.namespace, &ApiResource::from_gvk(&kind))
                .patch(name, &PatchParams::apply(MANAGER), &Patch::Apply(object))
                .await
                .map_err(Failure::during(failed))?;
        }
        Ok(())
    }

    /// Installs the kind. Returns how long it took until the API server served it.
    pub async fn install_kind(&self) -> Result<Duration> {
        let started = Instant::now();
        let kinds: Api<CustomResourceDefinition> = Api::all(self.client.clone());
        let failed = || format!("installing {}", Druid::crd_name());
        let there = kinds.get_opt(Druid::crd_name()).await.map_err(Failure::during(failed()))?;
        self.made().kind = there.is_none();
        // Without force: what someone else installed is not overwritten.
        kinds
            .patch(Druid::crd_name(), &PatchParams::apply(MANAGER), &Patch::Apply(Druid::crd()))
            .await
            .map_err(Failure::during(failed()))?;
        let clusters: Api<Druid> = Api::namespaced(self.client.clone(), &self.namespace);
        until("the kind Druid, established and served", Patience::CLOSE, async || {
            let kind = kinds.get(Druid::crd_name()).await.map_err(Failure::during("reading it"))?;
            if !is_crd_established().matches_object(Some(&kind)) {
                return Ok(Seen::Not("it is there, but not established".to_owned()));
            }
            let served = clusters.list(&ListParams::default().limit(1)).await;
            served.map_err(Failure::during("established, but not served"))?;
            Ok(Seen::Yes(()))
        })
        .await?;
        Ok(started.elapsed())
    }

    /// Takes away what the demo made, where it would stay.
    pub async fn leave(&self, view: &View) -> Result<()> {
        let made = *self.made();
        if !self.is_kept() || !made.namespace {
            return Ok(());
        }
        view.say("");
        view.say(&format!("Cleaning up: namespace {}", self.namespace));
        let failed = |error: kube::Error| Failure::new(format!("cleaning up: {error}"));
        let namespaces: Api<Namespace> = Api::all(self.client.clone());
        let deleted = namespaces.delete(&self.namespace, &DeleteParams::default()).await;
        deleted.map(drop).or_else(unless_gone).map_err(failed)?;
        until("the namespace is gone", self.patience(), async || {
            let there = namespaces.get_opt(&self.namespace).await.map_err(failed)?;
            Ok(there.map_or(Seen::Yes(()), |_| Seen::Not("it is there".to_owned())))
        })
        .await?;
        if made.kind {
            // With the kind, everyone's clusters would go.
            let clusters: Api<Druid> = Api::all(self.client.clone());
            let others = clusters.list(&ListParams::default()).await.map_err(failed)?.items.len();
            if others == 0 {
                let kinds: Api<CustomResourceDefinition> = Api::all(self.client.clone());
                let deleted = kinds.delete(Druid::crd_name(), &DeleteParams::default()).await;
                deleted.map(drop).or_else(unless_gone).map_err(failed)?;
                until("the kind Druid is gone", self.patience(), async || {
                    let there = kinds.get_opt(Druid::crd_name()).await.map_err(failed)?;
                    Ok(there.map_or(Seen::Yes(()), |_| Seen::Not("it is there".to_owned())))
                })
                .await?;
            } else {
                view.say(&format!("The kind Druid stays: there are {others} clusters in other namespaces."));
            }
        }
        Ok(())
    }

    fn made(&self) -> MutexGuard<'_, Made> {
        self.made.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn of_context(context: &str) -> Result<Config> {
    let options = KubeConfigOptions { context: Some(context.to_owned()), ..KubeConfigOptions::default() };
    Config::from_kubeconfig(&options)
        .await
        .map_err(Failure::during(format!("reading the context {context} of the kubeconfig file")))
}

/// Chosen here, so that it can be deleted even where the answer to its creation got lost.
fn fresh_name() -> String {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    format!("demo-{:x}-{:x}", process::id(), now.as_millis() % 0x1_0000)
}

fn unless_gone(error: kube::Error) -> std::result::Result<(), kube::Error> {
    match error {
        kube::Error::Api(status) if status.code == 404 => Ok(()),
        error => Err(error),
    }
}
