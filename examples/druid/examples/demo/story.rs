//! The steps, each with what must be seen before the next one begins.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use druid_operator::Druid;
use k8s_openapi::api::{
    apps::v1::{Deployment, StatefulSet},
    core::v1::Service,
};
use kube::{
    ResourceExt,
    api::{Patch, PatchParams},
};
use operator_core::runtime::{Operator, client::client};
use serde_json::{Value, json};
use tokio::{sync::oneshot, task::JoinHandle};

use crate::{
    cluster::{Cluster, NAME, Pods, SECRET},
    place::Place,
    view::{View, time},
    wait::{Failure, Patience, Result, Seen, until},
};

/// Plays all steps; then, unless it shall be only `once`, stays for ever.
pub async fn play(place: &Place, view: &View, once: bool) -> Result<()> {
    let cluster = Cluster::new(place.client.clone(), &place.namespace, place.zookeeper());
    let story = Story { cluster, place, view };
    place.furnish().await?;
    story.install_the_kind().await?;
    let (mut operator, _stop) = story.start_the_operator()?;
    let steps = async {
        let cluster = story.apply_a_cluster().await?;
        story.create_the_secret(&cluster).await?;
        story.refuse_a_wrong_spec().await?;
        story.change_a_configuration().await?;
        story.rotate_the_secret().await?;
        story.put_back().await?;
        story.add_a_tier().await?;
        story.remove_a_tier().await?;
        story.delete_the_cluster().await?;
        if once { story.end() } else { story.stay().await }
    };
    tokio::select! {
        played = steps => played,
        ended = &mut operator => Err(Failure::new(match ended {
            Ok(()) => "the operator ended by itself".to_owned(),
            Err(error) => format!("the operator failed: {error}"),
        })),
    }
}

struct Story<'a> {
    cluster: Cluster,
    place: &'a Place,
    view: &'a View,
}

impl Story<'_> {
    async fn install_the_kind(&self) -> Result<()> {
        self.view.step("The kind Druid is installed");
        let took = self.place.install_kind().await?;
        self.view.say(&format!("The API server serves it after {}.", time(took)));
        self.command("explain druid.spec.historicals");
        Ok(())
    }

    /// It ends when what is returned beside it is dropped.
    fn start_the_operator(&self) -> Result<(JoinHandle<()>, oneshot::Sender<()>)> {
        let client = client(self.place.operator_config.clone()).map_err(Failure::during("making a client"))?;
        // The demo itself listens as ZooKeeper, on an address that must be allowed outright.
        let operator = Operator::new::<Druid>(client)
            .namespace(Some(self.place.namespace.clone()))
            .external_allow("127.0.0.1".parse().into_iter().collect())
            .external_checks(self.place.zookeeper().is_some());
        let (stop, stopped) = oneshot::channel::<()>();
        let shutdown = async move {
            let _ = stopped.await;
        };
        Ok((tokio::spawn(operator.run(shutdown)), stop))
    }

    async fn apply_a_cluster(&self) -> Result<Druid> {
        self.view.step(
            "The operator starts, and cluster.yaml is applied: its coordinators wait for a Secret that isn't there",
        );
        let cluster = self.cluster.apply().await?;
        let (waiting, _) = until("the status says what the cluster waits for", Patience::CLOSE, async || {
            let picture = self.cluster.picture().await?;
            Ok(picture.waits_for().map_or_else(|| Seen::Not("nothing yet".to_owned()), |it| Seen::Yes(it.to_owned())))
        })
        .await?;
        self.view.say(waiting.split("; ").next().unwrap_or_default());
        self.view.say("All others start.");
        if !waiting.contains(SECRET) {
            return Err(Failure::new(format!("expected that it names Secret {SECRET}; seen: {waiting}")));
        }
        self.command("get druid wiki -o wide");
        Ok(cluster)
    }

    async fn create_the_secret(&self, cluster: &Druid) -> Result<()> {
        self.view.step("The Secret is created: the cluster gets ready");
        let started = Instant::now();
        self.cluster.set_password("first").await?;
        let pods = self.ready(cluster).await?;
        let took = started.elapsed();
        let children = self.cluster.children(None).await?;
        self.view.say(&format!("Ready after {}: {}.", time(took), count_by_kind(&children)));
        if let Some(costs) = self.costs() {
            self.view.say(&costs);
        }
        self.command(&format!("create secret generic {SECRET} --from-literal=password=first"));
        self.command("get all,configmaps,poddisruptionbudgets,pvc");
        let wanted = ["broker", "coordinator", "historical-hot", "middlemanager", "router"];
        if pods.keys().ne(wanted) {
            let nodes: Vec<&str> = pods.keys().map(String::as_str).collect();
            return Err(Failure::new(format!("expected pods of {wanted:?}; seen: {nodes:?}")));
        }
        Ok(())
    }

    /// What the installation cost the API server.
    fn costs(&self) -> Option<String> {
        let requests = self.place.requests()?;
        let about_children: Vec<_> = requests
            .iter()
            .filter(|request| request.namespace == self.place.namespace && !request.name.is_empty())
            .filter(|request| request.group != "druid.example.com" && request.resource != "events")
            .collect();
        let count = |is: fn(&str) -> bool| about_children.iter().filter(|request| is(&request.verb)).count();
        let reads = count(|verb| verb == "get");
        let writes = count(|verb| !matches!(verb, "get" | "list" | "watch"));
        let status = requests.iter().filter(|request| request.subresource == "status").count();
        Some(format!(
            "The operator made {writes} writes and {reads} reads for its objects, and {status} status updates."
        ))
    }

    async fn refuse_a_wrong_spec(&self) -> Result<()> {
        self.view.step("A wrong spec is refused: the brokers shall be in a config group that doesn't exist");
        let patch = json!({ "spec": { "brokers": { "configGroup": "querying" } } });
        match self.cluster.patch(&patch).await {
            Err(kube::Error::Api(status)) if status.code == 422 => self.view.say(&status.message),
            Err(error) => return Err(Failure::new(format!("expected a refusal (422); seen: {error}"))),
            Ok(_) => return Err(Failure::new("expected a refusal (422); seen: the API server took it")),
        }
        self.patch_command(&patch);
        Ok(())
    }

    async fn change_a_configuration(&self) -> Result<()> {
        self.view.step("The brokers' configuration changes: exactly their pods roll");
        let before = self.pods().await?;
        let workload = self.deployment("wiki-broker").await?;
        let patch = json!({ "spec": { "brokers": { "runtime": { "druid.processing.numThreads": 2 } } } });
        let cluster = self.patch(&patch).await?;
        let (_, took) = until("a new pod template in Deployment wiki-broker", Patience::CLOSE, async || {
            let now = self.deployment("wiki-broker").await?;
            Ok(if now.metadata.generation > workload.metadata.generation {
                Seen::Yes(())
            } else {
                Seen::Not("the one before".to_owned())
            })
        })
        .await?;
        let started = Instant::now();
        let after = self.ready(&cluster).await?;
        self.view.say(&format!(
            "The Deployment had its new template after {}, and all pods were replaced {} later.",
            time(took),
            time(started.elapsed())
        ));
        self.replaced(&before, &after, &["broker"])?;
        self.patch_command(&patch);
        self.command("get pods --sort-by=.metadata.creationTimestamp");
        Ok(())
    }

    async fn rotate_the_secret(&self) -> Result<()> {
        self.view.step("Someone changes the Secret: exactly the pods that read it roll");
        let before = self.pods().await?;
        let workload = self.stateful_set("wiki-coordinator").await?;
        let revision = self.cluster.picture().await?.revision("coordinator");
        self.cluster.set_password("second").await?;
        let (_, took) = until("a new pod template in StatefulSet wiki-coordinator", Patience::CLOSE, async || {
            let now = self.stateful_set("wiki-coordinator").await?;
            Ok(if now.metadata.generation > workload.metadata.generation {
                Seen::Yes(())
            } else {
                Seen::Not("the one before".to_owned())
            })
        })
        .await?;
        let started = Instant::now();
        // The spec is as before, and so is its generation: a status from before would look the same.
        until("a status about the new configuration", Patience::CLOSE, async || {
            let now = self.cluster.picture().await?.revision("coordinator");
            Ok(if now == revision { Seen::Not("about the one before".to_owned()) } else { Seen::Yes(()) })
        })
        .await?;
        let after = self.ready_at(0).await?;
        self.view.say(&format!(
            "The StatefulSet had its new template after {}, and all pods were replaced {} later.",
            time(took),
            time(started.elapsed())
        ));
        self.replaced(&before, &after, &["coordinator"])?;
        let secret = json!({ "stringData": { "password": "third" } });
        self.command(&format!("patch secret {SECRET} -p '{secret}'"));
        Ok(())
    }

    async fn put_back(&self) -> Result<()> {
        self.view.step("Someone edits the routers' Service: what is the operator's is put back, what isn't stays");
        let services = self.cluster.api::<Service>();
        let read = async || services.get("wiki-router").await.map_err(Failure::during("reading Service wiki-router"));
        let before = read().await?.spec.unwrap_or_default().selector;
        let patch = json!({
            "metadata": { "annotations": { "team": "search" } },
            "spec": { "selector": { "app.kubernetes.io/instance": "elsewhere" } },
        });
        let edited = services.patch("wiki-router", &PatchParams::default(), &Patch::Merge(&patch)).await;
        let edited = edited.map_err(Failure::during("editing Service wiki-router"))?;
        if edited.spec.unwrap_or_default().selector == before {
            return Err(Failure::new("expected that the edit changes the selector; seen: it is as before"));
        }
        let (service, took) = until("the selector as it was", Patience::CLOSE, async || {
            let service = read().await?;
            let selector = service.spec.clone().unwrap_or_default().selector;
            Ok(if selector == before {
                Seen::Yes(service)
            } else {
                Seen::Not(format!("{:?}", selector.unwrap_or_default()))
            })
        })
        .await?;
        if service.annotations().get("team").map(String::as_str) != Some("search") {
            return Err(Failure::new("expected that the annotation `team: search` stays; seen: it is gone"));
        }
        self.view.say(&format!("The selector was put back after {}; the annotation stays.", time(took)));
        self.command("annotate service wiki-router team=search");
        self.command("set selector service wiki-router app=elsewhere");
        self.command("describe service wiki-router");
        Ok(())
    }

    async fn add_a_tier(&self) -> Result<()> {
        self.view.step("A tier of historicals is added");
        let before = self.pods().await?;
        let patch = json!({ "spec": { "historicals": { "cold": {
            "replicas": 2,
            "runtime": { "druid.server.tier": "cold" },
        } } } });
        let started = Instant::now();
        let cluster = self.patch(&patch).await?;
        let after = self.ready(&cluster).await?;
        let children = self.cluster.children(Some("historical-cold")).await?;
        let took = time(started.elapsed());
        self.view.say(&format!("Ready after {took}: {}.", count_by_kind(&children)));
        if after.get("historical-cold").map(|pods| pods.len()) != Some(2) {
            return Err(Failure::new(format!("expected 2 pods of historical-cold; seen: {children:?}")));
        }
        self.replaced(&before, &after, &[])?;
        self.patch_command(&patch);
        self.command(
            "get statefulsets,services,configmaps,poddisruptionbudgets,pvc -l druid.example.com/node=historical-cold",
        );
        Ok(())
    }

    async fn remove_a_tier(&self) -> Result<()> {
        self.view.step("The tier is removed: all of it goes, except its data");
        let before = self.pods().await?;
        let children = self.cluster.children(Some("historical-cold")).await?;
        let claims = self.cluster.claims(Some("historical-cold")).await?;
        let patch = json!({ "spec": { "historicals": { "cold": null } } });
        let started = Instant::now();
        let cluster = self.patch(&patch).await?;
        self.gone(Some("historical-cold")).await?;
        let took = time(started.elapsed());
        let after = self.ready(&cluster).await?;
        self.view.say(&format!("Gone after {took}: {}.", count_by_kind(&children)));
        self.kept(Some("historical-cold"), &claims).await?;
        self.replaced(&before, &after, &[])?;
        self.patch_command(&patch);
        self.command(
            "get statefulsets,services,configmaps,poddisruptionbudgets,pvc -l druid.example.com/node=historical-cold",
        );
        Ok(())
    }

    async fn delete_the_cluster(&self) -> Result<()> {
        self.view.step("The cluster is deleted: nothing is left but its data");
        let claims = self.cluster.claims(None).await?;
        let started = Instant::now();
        self.cluster.delete().await?;
        if self.place.kind_is_new() {
            self.view.say("Waiting for Kubernetes' garbage collector: it looks for new kinds every 30 seconds.");
        }
        self.gone(None).await?;
        self.view.say(&format!("All is gone after {}.", time(started.elapsed())));
        self.kept(None, &claims).await?;
        self.command("delete druid wiki");
        self.command("get all,configmaps,poddisruptionbudgets,pvc -l app.kubernetes.io/instance=wiki");
        Ok(())
    }

    fn end(&self) -> Result<()> {
        self.view.say("");
        self.view.say("Every step was seen to happen.");
        Ok(())
    }

    /// For people to play with.
    async fn stay(&self) -> Result<()> {
        self.view.step("Now you: the cluster is applied again, and the operator stays until Ctrl-C");
        self.cluster.apply().await?;
        self.command("get druid wiki -o wide");
        self.patch_command(&json!({ "spec": { "historicals": { "hot": { "replicas": 3 } } } }));
        self.command("edit druid wiki");
        self.command("delete deployment wiki-broker");
        self.command("events --for druid/wiki");
        self.view.say("");
        loop {
            // A look that fails shows nothing new.
            if let Ok(picture) = self.cluster.picture().await {
                self.view.nodes(&picture.rows(0));
            }
            tokio::time::sleep(Duration::from_millis(300)).await;
        }
    }

    async fn patch(&self, patch: &Value) -> Result<Druid> {
        self.cluster.patch(patch).await.map_err(Failure::during("changing the cluster"))
    }

    /// Shows the nodes until the cluster is ready at the generation of `cluster`. Returns the pods.
    async fn ready(&self, cluster: &Druid) -> Result<Pods> {
        self.ready_at(cluster.metadata.generation.unwrap_or_default()).await
    }

    async fn ready_at(&self, generation: i64) -> Result<Pods> {
        let ready = until("the cluster is Ready", self.place.patience(), async || {
            let picture = self.cluster.picture().await?;
            self.view.nodes(&picture.rows(generation));
            Ok(picture.ready_at(generation))
        })
        .await;
        self.view.end_live();
        Ok(ready?.0)
    }

    /// The pods of a cluster that is ready and stays as it is.
    async fn pods(&self) -> Result<Pods> {
        let (pods, _) = until("the cluster is Ready", self.place.patience(), async || {
            Ok(self.cluster.picture().await?.ready_at(0))
        })
        .await?;
        Ok(pods)
    }

    async fn gone(&self, node: Option<&str>) -> Result<()> {
        until("no object is left", self.place.patience(), async || {
            let left = self.cluster.children(node).await?;
            Ok(if left.is_empty() { Seen::Yes(()) } else { Seen::Not(left.join(", ")) })
        })
        .await?;
        Ok(())
    }

    /// The claims must still be there.
    async fn kept(&self, node: Option<&str>, before: &[String]) -> Result<()> {
        let after = self.cluster.claims(node).await?;
        if before.is_empty() || after != before {
            return Err(Failure::new(format!("expected the claims {before:?} to be kept; seen: {after:?}")));
        }
        let names: Vec<&str> = after.iter().filter_map(|claim| claim.split(' ').nth(1)).collect();
        self.view.say(&format!("Kept: {}.", names.join(", ")));
        Ok(())
    }

    /// Says which nodes' pods were replaced; they must be these.
    fn replaced(&self, before: &Pods, after: &Pods, wanted: &[&str]) -> Result<()> {
        let common = || before.iter().filter_map(|(node, pods)| Some((node.as_str(), pods, after.get(node)?)));
        let replaced: Vec<&str> =
            common().filter(|(_, before, after)| before != after).map(|(node, _, _)| node).collect();
        let partly = common().any(|(node, before, after)| wanted.contains(&node) && !before.is_disjoint(after));
        if replaced != wanted || partly {
            return Err(Failure::new(format!(
                "expected that all pods of {wanted:?} are replaced and no others; seen: {before:?} became {after:?}"
            )));
        }
        let same: Vec<&str> = common().filter(|(_, before, after)| before == after).map(|(node, _, _)| node).collect();
        if !replaced.is_empty() {
            self.view.say(&format!("Replaced:  {}", replaced.join(", ")));
        }
        self.view.say(&format!("Untouched: {}", same.join(", ")));
        Ok(())
    }

    async fn deployment(&self, name: &str) -> Result<Deployment> {
        let deployment = self.cluster.api::<Deployment>().get(name).await;
        deployment.map_err(Failure::during(format!("reading Deployment {name}")))
    }

    async fn stateful_set(&self, name: &str) -> Result<StatefulSet> {
        let stateful_set = self.cluster.api::<StatefulSet>().get(name).await;
        stateful_set.map_err(Failure::during(format!("reading StatefulSet {name}")))
    }

    fn command(&self, arguments: &str) {
        self.view.command(&self.place.kubectl(arguments));
    }

    fn patch_command(&self, patch: &Value) {
        self.command(&format!("patch druid {NAME} --type=merge -p '{patch}'"));
    }
}

/// `2 StatefulSets, 1 Service`, of `Kind name`s.
fn count_by_kind(objects: &[String]) -> String {
    let mut counts = BTreeMap::<&str, usize>::new();
    for object in objects {
        *counts.entry(object.split(' ').next().unwrap_or_default()).or_default() += 1;
    }
    let counts = counts.into_iter().map(|(kind, count)| match count {
        1 => format!("1 {kind}"),
        count => format!("{count} {kind}s"),
    });
    counts.collect::<Vec<_>>().join(", ")
}
