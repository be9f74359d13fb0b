//! Several processes of one operator: one works, the others stand by.

use std::{collections::BTreeSet, path::Path, time::Duration};

use k8s_openapi::api::{apps::v1::StatefulSet, coordination::v1::Lease, events::v1::Event};
use kube::{
    CustomResourceExt, ResourceExt,
    api::{DeleteParams, ListParams, Patch, PatchParams},
};
use operator_core::runtime::{Operator, lease::LeaseOptions};
use operator_testbed::{Component, Request, Testbed};
use serde_json::{Value, json};
use tokio::{sync::oneshot, task::JoinHandle};

use crate::{
    kinds::Data,
    setup::{Setup, eventually, small, with},
};

/// Short, for the test's sake.
const DURATION: Duration = Duration::from_secs(3);

/// A process of the operator, with a client of its own.
struct Process {
    end: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

impl Process {
    /// With a lease in this namespace, or without one.
    async fn start(setup: &Setup, lease: Option<&str>) -> Self {
        let lease = lease.map(|namespace| LeaseOptions { namespace: namespace.to_owned(), duration: DURATION });
        Self::start_on(Testbed::shared().await.unwrap(), setup, lease).await
    }

    async fn start_on(testbed: &Testbed, setup: &Setup, lease: Option<LeaseOptions>) -> Self {
        let config = testbed.operator_config().await.unwrap();
        let client = testbed.recorded(operator_core::runtime::client::client(config).unwrap());
        let operator = Operator::new::<Data>(client).namespace(Some(setup.namespace.clone())).lease(lease);
        let (end, ended) = oneshot::channel();
        let task = tokio::spawn(operator.run(async {
            let _ = ended.await;
        }));
        Self { end, task }
    }

    /// Ends it as SIGTERM would.
    async fn end(self) {
        let _ = self.end.send(());
        self.task.await.unwrap();
    }

    /// Ends it as SIGKILL would.
    async fn kill(self) {
        self.task.abort();
        assert!(self.task.await.unwrap_err().is_cancelled());
    }
}

/// Who holds the lease; empty where nobody does.
async fn holder(setup: &Setup) -> String {
    let lease = setup.api::<Lease>().get_opt(Data::crd_name()).await.unwrap();
    lease.and_then(|lease| lease.spec?.holder_identity).unwrap_or_default()
}

async fn another_holder(setup: &Setup, before: &str) -> String {
    eventually("another process to hold the lease", || async {
        let now = holder(setup).await;
        if now.is_empty() || now == before { Err(now) } else { Ok(now) }
    })
    .await
}

/// Who wrote the status of the cluster last.
async fn writer(setup: &Setup) -> String {
    setup.api::<Data>().get("a").await.unwrap().status.map(|status| status.operator).unwrap_or_default()
}

#[tokio::test]
async fn of_two_processes_one_works_and_the_other_takes_over_when_it_ends_or_dies() {
    let setup = Setup::without_operator("lease").await;
    let first = Process::start(&setup, Some(&setup.namespace)).await;
    let one = another_holder(&setup, "").await;
    let second = Process::start(&setup, Some(&setup.namespace)).await;
    setup.ready("a", small()).await;
    assert_eq!(writer(&setup).await, one);
    // The one that stands by asks for nothing but the lease: each watch was begun once.
    let requests = Testbed::shared().await.unwrap().requests().unwrap();
    let is_watch =
        |it: &Request| it.namespace == setup.namespace && it.verb == "watch" && it.resource == "statefulsets";
    let watched: Vec<_> = requests.into_iter().filter(is_watch).collect();
    assert_eq!(watched.len(), 1, "{watched:#?}");

    first.end().await;
    let two = another_holder(&setup, &one).await;
    let repaired = |what: &'static str| async {
        let sets = setup.api::<StatefulSet>();
        let uid = sets.get("a-store-hot").await.unwrap().uid();
        sets.delete("a-store-hot", &DeleteParams::background()).await.unwrap();
        eventually(what, || async {
            let now = sets.get_opt("a-store-hot").await.unwrap().and_then(|set| set.uid());
            if now.is_some() && now != uid { Ok(()) } else { Err(format!("{now:?}")) }
        })
        .await;
    };
    repaired("the second to repair a cluster").await;

    let third = Process::start(&setup, Some(&setup.namespace)).await;
    second.kill().await;
    let three = another_holder(&setup, &two).await;
    repaired("the third to repair a cluster").await;
    assert_eq!(BTreeSet::from([&one, &two, &three]).len(), 3);
    let lease = setup.api::<Lease>().get(Data::crd_name()).await.unwrap().spec.unwrap();
    assert_eq!((lease.lease_transitions, lease.lease_duration_seconds), (Some(3), Some(3)));
    third.end().await;
    assert_eq!(holder(&setup).await, "", "released");
}

#[tokio::test]
async fn a_process_whose_lease_is_taken_stands_by_and_takes_what_is_left_to_it() {
    let setup = Setup::without_operator("taken").await;
    let process = Process::start(&setup, Some(&setup.namespace)).await;
    setup.ready("a", small()).await;
    let this = holder(&setup).await;
    let leases = setup.api::<Lease>();
    let taken = json!({ "spec": { "holderIdentity": "someone", "leaseDurationSeconds": 2 } });
    leases.patch(Data::crd_name(), &PatchParams::default(), &Patch::Merge(taken)).await.unwrap();
    assert_eq!(another_holder(&setup, "someone").await, this, "nobody renewed it");
    let lease = leases.get(Data::crd_name()).await.unwrap().spec.unwrap();
    assert_eq!(lease.lease_transitions, Some(2), "it was lost in between");
    setup.ready("a", crate::setup::with(small(), [("/query/replicas", json!(3))])).await;

    leases.delete(Data::crd_name(), &DeleteParams::default()).await.unwrap();
    assert_eq!(another_holder(&setup, "").await, this, "it makes what is gone");
    setup.ready("a", small()).await;
    process.end().await;
}

#[tokio::test]
async fn a_process_that_shares_no_lease_is_told_of() {
    let setup = Setup::new("unaware").await;
    setup.ready("a", small()).await;
    let this = writer(&setup).await;
    let written = json!({ "status": { "operator": "elsewhere_1", "ready": "0/9" } });
    setup.api::<Data>().patch_status("a", &PatchParams::default(), &Patch::Merge(written)).await.unwrap();
    let note = eventually("an event about another operator", || async {
        let events = setup.api::<Event>().list(&ListParams::default()).await.unwrap().items;
        let told = events.into_iter().find(|event| event.reason.as_deref() == Some("AnotherOperator"));
        told.and_then(|event| event.note).ok_or_else(|| "none".to_owned())
    })
    .await;
    assert!(note.contains("elsewhere_1") && note.contains(&this) && note.contains("--lease-namespace"), "{note}");
    setup
        .cluster("a", "to be put right", |data: &Data| data.status.as_ref().is_some_and(|it| it.operator == this))
        .await;
}

/// Versions of objects go back with etcd, and a watch of a version that is yet to come shows nothing. Without `--bump-revision`, which
/// `etcdutl snapshot restore` has for this.
#[tokio::test]
async fn what_etcd_shows_after_it_was_restored_from_a_backup_counts() {
    let testbed = Testbed::start().await.unwrap();
    // Another's cluster has its own etcd.
    let Some(folder) = testbed.folder() else { return };
    let (data, backup) = (folder.join("etcd"), folder.join("etcd-backup"));
    let setup = Setup::on::<Data>(&testbed, "restored").await;
    // Longer than the API server is away: it isn't lost by that.
    let lease = LeaseOptions { namespace: setup.namespace.clone(), duration: Duration::from_secs(60) };
    let process = Process::start_on(&testbed, &setup, Some(lease)).await;
    setup.ready("a", small()).await;
    let version = async || setup.api::<Lease>().get(Data::crd_name()).await.unwrap().resource_version();
    let before = version().await;
    testbed.signal(Component::Etcd, "KILL").unwrap();
    copy(&data, &backup);
    testbed.start_again(Component::Etcd).await.unwrap();

    // What is remembered from now on never was.
    answers(&setup).await;
    for image in ["example.com/data:2", "example.com/data:3"] {
        setup.ready("a", with_image(image)).await;
    }
    eventually("a renewal of the lease, as there is between any backup and its use", || async {
        if version().await == before { Err("none".to_owned()) } else { Ok(()) }
    })
    .await;
    // What else remembers is started anew, as whoever restores etcd does. The operator isn't.
    let parts =
        [Component::Kwok, Component::Scheduler, Component::ControllerManager, Component::ApiServer, Component::Etcd];
    parts.iter().for_each(|part| testbed.signal(*part, "KILL").unwrap());
    std::fs::remove_dir_all(&data).unwrap();
    std::fs::rename(&backup, &data).unwrap();
    for part in parts.into_iter().rev() {
        testbed.start_again(part).await.unwrap();
    }
    answers(&setup).await;
    assert_eq!(image(&setup).await, "example.com/data:1", "it is as it was");
    setup.ready("a", with_image("example.com/data:4")).await;
    assert_eq!(image(&setup).await, "example.com/data:4");
    process.end().await;
}

async fn answers(setup: &Setup) {
    eventually("the API server to answer", || async {
        setup.api::<Data>().list(&ListParams::default()).await.map_err(|error| error.to_string())
    })
    .await;
}

fn with_image(image: &str) -> Value {
    with(small(), [("/image", image.into())])
}

/// The image of the StatefulSets.
async fn image(setup: &Setup) -> String {
    let sets = setup.api::<StatefulSet>().list(&ListParams::default()).await.unwrap();
    let spec = sets.items[0].spec.clone().unwrap();
    spec.template.spec.unwrap().containers[0].image.clone().unwrap()
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &to);
        } else {
            std::fs::copy(entry.path(), to).unwrap();
        }
    }
}
