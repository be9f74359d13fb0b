//! Operators of several kinds in one process, and an operator of all namespaces.

use std::collections::BTreeMap;

use k8s_openapi::api::{
    apps::v1::{Deployment, StatefulSet},
    rbac::v1::{Role, RoleBinding},
};
use kube::{
    Api, ResourceExt,
    api::{DeleteParams, Patch, PatchParams, PostParams},
};
use operator_core::{prelude::*, runtime::Operator};
use operator_testbed::Testbed;
use serde_json::json;

use crate::{
    kinds::Data,
    setup::{Setup, eventually, small},
};

/// Another kind in the namespace of the first.
#[derive(DataOperator, Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[operator(group = "others.example.com", version = "v1", kind = "Other")]
pub struct OtherSpec {
    /// Image of every node.
    #[operator(image)]
    pub image: String,
    /// Answers queries.
    #[node_type(workload = Deployment)]
    pub front: NodeSpec,
}

/// A kind that no other test has: its operator looks at all namespaces.
#[derive(DataOperator, Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[operator(group = "everywhere.example.com", version = "v1", kind = "Everywhere", plural = "everywheres")]
pub struct EverywhereSpec {
    /// Image of every node.
    #[operator(image)]
    pub image: String,
    /// Keeps data.
    #[node_type(storage(data = "/data", size = "1Gi"))]
    pub store: NodeSpec,
}

#[tokio::test]
async fn two_kinds_in_one_process_share_a_watch_of_each_kind_of_child() {
    let mut setup = Setup::without_operator("together").await;
    crate::setup::install(&setup.client, <Other as kube::CustomResourceExt>::crd()).await;
    setup.start_with(|client| Operator::new::<Data>(client).and::<Other>()).await;
    setup.ready("a", small()).await;
    setup.ready_as::<Other>("b", json!({ "image": "example.com/other:1", "front": { "replicas": 1 } })).await;
    assert_eq!(setup.names_of::<Deployment, Other>().await, ["b-front"]);
    assert_eq!(setup.names_of::<Deployment, Data>().await, ["a-query"]);
    // Drift of either is put back.
    for name in ["a-query", "b-front"] {
        let deployments = setup.api::<Deployment>();
        let uid = deployments.get(name).await.unwrap().uid();
        deployments.delete(name, &DeleteParams::background()).await.unwrap();
        eventually(&format!("{name} to come back"), || async {
            let now = deployments.get_opt(name).await.unwrap().and_then(|deployment| deployment.uid());
            if now.is_some() && now != uid { Ok(()) } else { Err(format!("{now:?}")) }
        })
        .await;
    }
    let requests = Testbed::shared().await.unwrap().requests().unwrap();
    let mut watches = BTreeMap::<String, usize>::new();
    // Watches of the clusters themselves are begun anew when another test applies their definition.
    let is_child = |group: &str| !group.ends_with(".example.com");
    for request in requests.iter().filter(|request| request.verb == "watch" && request.namespace == setup.namespace) {
        if !is_child(&request.group) {
            continue;
        }
        *watches.entry(request.resource.clone()).or_default() += 1;
    }
    assert_eq!((watches.get("deployments"), watches.get("poddisruptionbudgets")), (Some(&1), Some(&1)), "{watches:?}");
    assert!(watches.values().all(|count| *count == 1), "{watches:?}");
}

#[tokio::test]
async fn an_operator_of_all_namespaces_runs_clusters_wherever_they_are() {
    let first = Setup::without_operator_of::<Everywhere>("one").await;
    let second = Setup::without_operator_of::<Everywhere>("two").await;
    let config = Testbed::shared().await.unwrap().operator_config().await.unwrap();
    let client = operator_core::runtime::client::client(config).unwrap();
    let (end, ended) = tokio::sync::oneshot::channel::<()>();
    let operator = tokio::spawn(Operator::new::<Everywhere>(client).run(async {
        let _ = ended.await;
    }));
    let spec = json!({ "image": "example.com/everywhere:1", "store": { "replicas": 1 } });
    for setup in [&first, &second] {
        setup.ready_as::<Everywhere>("a", spec.clone()).await;
        assert_eq!(setup.names_of::<StatefulSet, Everywhere>().await, ["a-store"]);
    }
    let clusters: Api<Everywhere> = first.api();
    clusters.delete("a", &DeleteParams::default()).await.unwrap();
    eventually("the first cluster to be gone", || async {
        let left = first.names_of::<StatefulSet, Everywhere>().await;
        if left.is_empty() { Ok(()) } else { Err(format!("{left:?}")) }
    })
    .await;
    assert_eq!(second.names_of::<StatefulSet, Everywhere>().await, ["a-store"], "of equal names, each is its own");
    second
        .ready_as::<Everywhere>("a", json!({ "image": "example.com/everywhere:2", "store": { "replicas": 1 } }))
        .await;
    let _ = end.send(());
    operator.await.unwrap();
}

/// Rights to everything that clusters consist of, in these groups.
fn rights(groups: &[&str]) -> serde_json::Value {
    let more = json!({ "apiGroups": [""], "resources": ["services", "secrets", "persistentvolumeclaims", "pods"], "verbs": ["*"] });
    json!({ "metadata": { "name": "limited" }, "rules": [{ "apiGroups": groups, "resources": ["*"], "verbs": ["*"] }, more] })
}

/// Who has these rights in a namespace.
pub async fn limited(setup: &Setup, role: serde_json::Value) -> kube::Client {
    setup.api::<Role>().create(&PostParams::default(), &serde_json::from_value(role).unwrap()).await.unwrap();
    let binding = json!({
        "metadata": { "name": "limited" },
        "roleRef": { "apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "limited" },
        "subjects": [{ "apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": setup.namespace }],
    });
    setup.api::<RoleBinding>().create(&PostParams::default(), &serde_json::from_value(binding).unwrap()).await.unwrap();
    let mut config = Testbed::shared().await.unwrap().config().await.unwrap();
    config.auth_info.impersonate = Some(setup.namespace.clone());
    operator_core::runtime::client::client(config).unwrap()
}

#[tokio::test]
async fn a_kind_that_may_not_be_seen_concerns_only_the_clusters_that_want_it() {
    let mut setup = Setup::without_operator("limited").await;
    let groups = ["", "apps", "batch", "tests.example.com", "events.k8s.io"];
    let client = limited(&setup, rights(&groups)).await;
    setup.start_with(|_| Operator::new::<Data>(client)).await;
    setup.apply("a", small()).await.unwrap();
    let message = setup.reason("a", "Retrying").await;
    assert!(
        message.contains("PodDisruptionBudget a-query is not written") && message.contains("forbidden"),
        "{message}"
    );
    eventually("the workloads to be there", || async {
        let workloads = (setup.names::<StatefulSet>().await, setup.names::<Deployment>().await);
        if workloads == (vec!["a-store-hot".to_owned()], vec!["a-query".to_owned()]) {
            Ok(())
        } else {
            Err(format!("{workloads:?}"))
        }
    })
    .await;
    let no_budget = json!({ "disruptionBudget": { "enabled": false } });
    setup.ready("b", crate::setup::with(small(), [("/defaults", no_budget)])).await;
}

#[tokio::test]
async fn clusters_go_on_when_a_kind_that_all_have_can_be_seen_again() {
    let mut setup = Setup::without_operator("blind").await;
    let groups = ["apps", "batch", "policy", "tests.example.com", "events.k8s.io"];
    let client = limited(&setup, rights(&groups)).await;
    setup.start_with(|_| Operator::new::<Data>(client)).await;
    setup.apply("a", small()).await.unwrap();
    let message = setup.reason("a", "Retrying").await;
    assert!(message.contains("ConfigMap") && message.contains("forbidden"), "{message}");
    assert!(setup.names::<StatefulSet>().await.is_empty(), "its pods need the file");
    let granted = Patch::Merge(rights(&["", "apps", "batch", "policy", "tests.example.com", "events.k8s.io"]));
    setup.api::<Role>().patch("limited", &PatchParams::default(), &granted).await.unwrap();
    setup.reason("a", "Ready").await;
}
