//! An installation that another operator of the same kind made, with names and labels of its own, is taken over in place.

use k8s_openapi::api::{
    apps::v1::{Deployment, StatefulSet},
    core::v1::{PersistentVolumeClaim, Pod, Service},
};
use kube::api::{DeleteParams, ListParams, Patch, PatchParams, PropagationPolicy, ResourceExt};
use operator_core::prelude::*;
use serde_json::{Value, json};

use crate::setup::{Setup, eventually, with};

/// Names and labels are the other operator's.
#[derive(DataOperator, Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[operator(group = "takeover.example.com", version = "v1", kind = "Legacy")]
#[operator(every_node(
    object_name = "druid-${cluster.name}-${node.key}",
    container = "druid",
    selector("druid_cr", "${cluster.name}"),
    selector("nodeSpecUniqueStr", "druid-${cluster.name}-${node.key}"),
    port(http = 8080)
))]
pub struct LegacySpec {
    /// Image of every node.
    #[operator(image)]
    pub image: String,
    /// Keep data.
    #[node_type(name = "historical", storage(data = "/druid/data", size = "1Gi"))]
    pub historicals: BTreeMap<String, NodeSpec>,
    /// Lead to others.
    #[node_type(name = "router", workload = Deployment, config_hash_env = "HASH")]
    pub routers: BTreeMap<String, NodeSpec>,
}

/// What the other operator made for a cluster of this UID; none: it was orphaned since.
async fn made_by_another(setup: &Setup, uid: Option<String>) {
    let owner = uid.map(|uid| {
        json!([{
            "apiVersion": "takeover.example.com/v1", "kind": "Legacy", "name": "tiny", "uid": uid,
            "controller": true, "blockOwnerDeletion": true,
        }])
    });
    let named = |name: &str| {
        let labels = json!({ "druid_cr": "tiny", "nodeSpecUniqueStr": name, "component": "other" });
        json!({ "name": name, "labels": labels, "ownerReferences": owner })
    };
    let spec = |name: &str, replicas: u8| {
        let selector = json!({ "druid_cr": "tiny", "nodeSpecUniqueStr": name });
        json!({
            "replicas": replicas,
            "selector": { "matchLabels": selector },
            "template": {
                "metadata": { "labels": named(name)["labels"] },
                "spec": { "containers": [
                    { "name": "druid", "image": "apache/druid:33.0.0", "args": ["theirs"] },
                    { "name": "beside", "image": "example.com/beside:1" },
                ] },
            },
        })
    };
    for (name, replicas, workload) in [("druid-tiny-hot", 2, "StatefulSet"), ("druid-tiny-web", 1, "Deployment")] {
        let ports = json!([{ "name": "http", "port": 8080, "targetPort": 8080 }]);
        let mut service = json!({ "selector": spec(name, 0)["selector"]["matchLabels"], "ports": ports });
        let mut spec = spec(name, replicas);
        if workload == "StatefulSet" {
            service["clusterIP"] = "None".into();
            spec["serviceName"] = name.into();
            spec["volumeClaimTemplates"] = json!([{
                "metadata": { "name": "data" },
                "spec": { "accessModes": ["ReadWriteOnce"], "resources": { "requests": { "storage": "1Gi" } } },
            }]);
        }
        setup.create("Service", json!({ "metadata": named(name), "spec": service })).await;
        setup.create(workload, json!({ "metadata": named(name), "spec": spec })).await;
    }
    eventually("the other operator's pods to be ready", || async {
        let pods = setup.api::<Pod>().list(&ListParams::default()).await.unwrap().items;
        let is_ready = |pod: &Pod| {
            let conditions = pod.status.as_ref().and_then(|status| status.conditions.as_ref());
            conditions.is_some_and(|all| all.iter().any(|it| it.type_ == "Ready" && it.status == "True"))
        };
        let ready = pods.iter().filter(|pod| is_ready(pod)).count();
        if ready == 3 { Ok(()) } else { Err(format!("{ready} are")) }
    })
    .await;
}

/// Takes the workloads away, and leaves their pods.
async fn orphan_pods(setup: &Setup) {
    let orphan = DeleteParams { propagation_policy: Some(PropagationPolicy::Orphan), ..DeleteParams::default() };
    setup.api::<StatefulSet>().delete("druid-tiny-hot", &orphan).await.unwrap();
    setup.api::<Deployment>().delete("druid-tiny-web", &orphan).await.unwrap();
    eventually("the workloads to be gone", || async {
        let sets = setup.uids::<StatefulSet>().await.len() + setup.uids::<Deployment>().await.len();
        if sets == 0 { Ok(()) } else { Err(format!("{sets} are there")) }
    })
    .await;
    assert_eq!(setup.uids::<Pod>().await.len(), 3, "the pods go on running");
}

fn tiny() -> Value {
    json!({
        "image": "apache/druid:33.0.0",
        "historicals": { "hot": { "replicas": 2 } },
        "routers": { "web": { "replicas": 1 } },
    })
}

#[tokio::test]
async fn what_an_operator_of_another_kind_left_is_taken_over_where_the_user_asks_for_it() {
    let setup = Setup::of_kind::<Legacy>("takeover").await;
    made_by_another(&setup, None).await;
    orphan_pods(&setup).await;
    let (claims, pods) = (setup.uids::<PersistentVolumeClaim>().await, setup.uids::<Pod>().await);
    setup.apply_as::<Legacy>("tiny", tiny()).await.unwrap();
    let message = setup.reason_of::<Legacy>("tiny", "NameTaken").await;
    assert!(!message.contains("takeover.example.com/adopt"), "it isn't labelled: {message}");

    let patch = PatchParams::default();
    for (node, label) in [("druid-tiny-hot", "historical-hot"), ("druid-tiny-web", "router-web")] {
        let labels = json!({ "app.kubernetes.io/managed-by": "legacy-operator", "takeover.example.com/node": label });
        let labels = Patch::Merge(json!({ "metadata": { "labels": labels } }));
        setup.api::<Service>().patch(node, &patch, &labels).await.unwrap();
    }
    let asked = Patch::Merge(json!({ "metadata": { "annotations": { "takeover.example.com/adopt": "true" } } }));
    setup.api::<Legacy>().patch("tiny", &patch, &asked).await.unwrap();
    let ready: Legacy = setup.ready_as("tiny", tiny()).await;
    assert_eq!(ready.status.unwrap().ready, "3/3");
    assert_eq!(setup.uids::<PersistentVolumeClaim>().await, claims, "the data stays");
    let after = setup.uids::<Pod>().await;
    assert!(after.len() == 3 && after.values().all(|uid| !pods.values().any(|before| before == uid)), "{after:?}");
    setup.at_rest::<Legacy>("tiny").await;
}

#[tokio::test]
async fn an_installation_of_another_operator_is_taken_over_with_its_names_and_data() {
    operator_core::check::<Legacy>().unwrap();
    let mut setup = Setup::without_operator_of::<Legacy>("takeover").await;
    let spec = tiny();
    let cluster: Legacy = setup.apply_as("tiny", spec.clone()).await.unwrap();
    made_by_another(&setup, cluster.uid()).await;
    let (claims, services) = (setup.uids::<PersistentVolumeClaim>().await, setup.uids::<Service>().await);
    let pods = setup.uids::<Pod>().await;
    assert_eq!(claims.keys().collect::<Vec<_>>(), ["data-druid-tiny-hot-0", "data-druid-tiny-hot-1"]);

    orphan_pods(&setup).await;
    setup.start::<Legacy>().await;
    let ready: Legacy = setup.ready_as("tiny", spec.clone()).await;
    assert_eq!(ready.status.unwrap().ready, "3/3");
    setup.at_rest::<Legacy>("tiny").await;
    assert_eq!(setup.uids::<PersistentVolumeClaim>().await, claims, "the data stays");
    assert_eq!(setup.uids::<Service>().await, services, "so do the names");
    assert_eq!(setup.uids::<StatefulSet>().await.keys().collect::<Vec<_>>(), ["druid-tiny-hot"]);
    // The pods' template is ours now: each pod was replaced, once.
    let after = setup.uids::<Pod>().await;
    assert!(after.len() == 3 && after.values().all(|uid| !pods.values().any(|before| before == uid)), "{after:?}");
    let pod = setup.api::<Pod>().get("druid-tiny-hot-1").await.unwrap();
    let containers = pod.spec.unwrap().containers;
    assert_eq!((containers[0].name.as_str(), containers.len()), ("druid", 1), "nothing of theirs is left");
    assert_eq!(containers[0].args, None);
    let labels: Value = json!(pod.metadata.labels);
    for (key, value) in [
        ("druid_cr", "tiny"),
        ("nodeSpecUniqueStr", "druid-tiny-hot"),
        ("app.kubernetes.io/component", "historical"),
        ("takeover.example.com/node", "historical-hot"),
    ] {
        assert_eq!(labels[key], value, "{labels}");
    }
    let set = setup.api::<StatefulSet>().get("druid-tiny-hot").await.unwrap();
    let selector = set.spec.unwrap().selector.match_labels.unwrap();
    assert_eq!(selector.keys().collect::<Vec<_>>(), ["druid_cr", "nodeSpecUniqueStr"]);

    let grown = with(spec, [("/historicals/hot/replicas", json!(3)), ("/historicals/cold", json!({}))]);
    let _: Legacy = setup.ready_as("tiny", grown).await;
    let grown = setup.uids::<Pod>().await;
    assert!(grown.len() == 5 && after.iter().all(|(name, uid)| grown.get(name) == Some(uid)), "{after:?} {grown:?}");
}
