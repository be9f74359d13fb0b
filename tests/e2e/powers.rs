//! Who may create a cluster gets no right that the author didn't give: as the API server and the cluster's status say it.

use k8s_openapi::api::{
    apps::v1::StatefulSet,
    core::v1::{Service, ServiceAccount},
    networking::v1::Ingress,
    rbac::v1::{Role, RoleBinding},
};
use operator_core::prelude::*;
use serde_json::json;

use crate::setup::{Setup, eventually};

/// A data system whose users may name an account for its pods, and no more.
#[derive(DataOperator, Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[operator(group = "guarded.example.com", version = "v1", kind = "Guarded", allow(service_account))]
pub struct GuardedSpec {
    /// Image of every node.
    #[operator(image)]
    pub image: String,
    /// Elects its leader by the API server.
    #[node_type(port(http = 80), rule(resources("pods"), verbs("get")))]
    pub store: NodeSpec,
}

#[tokio::test]
async fn what_is_not_allowed_is_refused_by_the_schema_or_named_in_the_status_and_changes_nothing() {
    let setup = Setup::of_kind::<Guarded>("guarded").await;
    let spec = |store| json!({ "image": "example.com/data:1", "store": store });
    for (field, value) in
        [("podOverrides", json!({ "spec": { "hostPID": true } })), ("imagePullSecrets", json!([{ "name": "s" }]))]
    {
        let refused = setup.apply_as::<Guarded>("a", spec(json!({ field: value }))).await.unwrap_err().to_string();
        assert!(refused.contains(field), "{refused}");
    }
    let host = json!({ "volumes": [{ "name": "host", "hostPath": { "path": "/" } }] });
    setup.apply_as::<Guarded>("a", spec(host)).await.unwrap();
    let message = setup.reason_of::<Guarded>("a", "InvalidSpec").await;
    assert!(
        message.contains("spec.store.volumes[host].hostPath") && message.contains("needs `host_access`"),
        "{message}"
    );
    assert!(setup.names_of::<StatefulSet, Guarded>().await.is_empty());

    // Applied over another spec, a map without fields would become null.
    setup.ready_as::<Guarded>("a", spec(json!({ "replicas": 1 }))).await;
    let snippet = json!({ "nginx.ingress.kubernetes.io/server-snippet": "deny all;" });
    let snippet = json!({ "replicas": 1, "ingress": { "annotations": snippet } });
    setup.apply_as::<Guarded>("a", spec(snippet)).await.unwrap();
    let message = setup.reason_of::<Guarded>("a", "InvalidSpec").await;
    assert!(message.contains("needs `annotations`"), "{message}");
    assert_eq!(setup.names_of::<Service, Guarded>().await, ["a-store"]);
    assert!(setup.names_of::<Ingress, Guarded>().await.is_empty());
}

#[tokio::test]
async fn a_role_is_bound_to_the_operators_own_account_and_goes_where_pods_have_another() {
    let setup = Setup::of_kind::<Guarded>("bound").await;
    let spec = |store| json!({ "image": "example.com/data:1", "store": store });
    setup.ready_as::<Guarded>("a", spec(json!({}))).await;
    let binding = setup.api::<RoleBinding>().get("a-store").await.unwrap();
    let subjects: Vec<String> = binding.subjects.unwrap().into_iter().map(|subject| subject.name).collect();
    assert_eq!(subjects, ["a-store"]);

    let account: ServiceAccount = serde_json::from_value(json!({ "metadata": { "name": "users" } })).unwrap();
    setup.api::<ServiceAccount>().create(&Default::default(), &account).await.unwrap();
    setup.ready_as::<Guarded>("a", spec(json!({ "serviceAccountName": "users" }))).await;
    eventually("the Role and its binding to be gone", || async {
        let left = [setup.names_of::<Role, Guarded>().await, setup.names_of::<RoleBinding, Guarded>().await].concat();
        if left.is_empty() { Ok(()) } else { Err(format!("{left:?}")) }
    })
    .await;
    let pods = setup.api::<StatefulSet>().get("a-store").await.unwrap().spec.unwrap().template.spec.unwrap();
    assert_eq!(pods.service_account_name.as_deref(), Some("users"));
}
