//! Watches of kinds that the API server may lack, and of objects as large as they can be.

use std::sync::{Arc, Mutex};

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::{
    Api,
    api::{DeleteParams, Patch, PatchParams},
};
use operator_core::{
    Cluster,
    model::{ChildKind, Kind},
    runtime::watches::{Changed, WatchRegistry},
    state::{Availability, Manager},
};
use operator_testbed::Testbed;
use serde_json::json;

use crate::{
    kinds::Data,
    setup::{Setup, eventually, small, with},
};

static WIDGET: ChildKind = ChildKind::named("widgets.example.com", "v1", "Widget", "widgets");

impl Setup {
    /// Watches of this namespace, and the owners that they told of.
    async fn watches(&self, user: Option<&str>) -> (WatchRegistry, Arc<Mutex<Vec<String>>>) {
        let mut config = Testbed::shared().await.unwrap().config().await.unwrap();
        config.auth_info.impersonate = user.map(str::to_owned);
        let client = operator_core::runtime::client::client(config).unwrap();
        let told = Arc::<Mutex<Vec<String>>>::default();
        let changed: Changed = {
            let told = told.clone();
            Arc::new(move |owner| told.lock().unwrap().push(owner.to_owned()))
        };
        (WatchRegistry::start(Some(client), Some(&self.namespace), vec![Manager::of(Data::DEFINITION)], changed), told)
    }
}

async fn becomes(watches: &WatchRegistry, wanted: Availability) {
    eventually(&format!("{wanted:?}"), || async {
        let now = watches.availability(&Kind::Row(&WIDGET));
        if now == wanted { Ok(()) } else { Err(format!("{now:?}")) }
    })
    .await;
}

#[tokio::test]
async fn a_kind_that_is_installed_later_is_found_and_one_that_goes_is_missed() {
    let setup = Setup::without_operator("optional").await;
    let (watches, told) = setup.watches(None).await;
    watches.ready().await;
    watches.want("cluster", [Kind::Row(&WIDGET)]);
    becomes(&watches, Availability::Missing).await;
    assert_eq!(std::mem::take(&mut *told.lock().unwrap()), ["cluster"], "who waits is told once");

    let crds: Api<CustomResourceDefinition> = Api::all(setup.client.clone());
    let crd = json!({
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": { "name": "widgets.widgets.example.com" },
        "spec": {
            "group": "widgets.example.com", "scope": "Namespaced", "names": { "kind": "Widget", "plural": "widgets" },
            "versions": [{ "name": "v1", "served": true, "storage": true, "schema": { "openAPIV3Schema": { "type": "object" } } }],
        },
    });
    let name = "widgets.widgets.example.com";
    crds.patch(name, &PatchParams::apply("tests"), &Patch::Apply(crd)).await.unwrap();
    becomes(&watches, Availability::Synced).await;
    assert_eq!(std::mem::take(&mut *told.lock().unwrap()), ["cluster"]);

    let owner = json!({ "apiVersion": "v1", "kind": "Data", "name": "a", "uid": "owner", "controller": true });
    let widget = json!({
        "apiVersion": "widgets.example.com/v1", "kind": "Widget",
        "metadata": { "name": "a", "labels": { "app.kubernetes.io/managed-by": "data-operator" }, "ownerReferences": [owner] },
    });
    let resource = kube::api::ApiResource::from_gvk_with_plural(
        &kube::core::GroupVersionKind::gvk("widgets.example.com", "v1", "Widget"),
        "widgets",
    );
    let widgets: Api<kube::api::DynamicObject> =
        Api::namespaced_with(setup.client.clone(), &setup.namespace, &resource);
    widgets.patch("a", &PatchParams::apply("tests"), &Patch::Apply(widget)).await.unwrap();
    eventually("the widget", || async {
        let told = told.lock().unwrap().clone();
        if told == ["owner"] { Ok(()) } else { Err(format!("{told:?}")) }
    })
    .await;
    assert_eq!(watches.store().children("owner").len(), 1);

    crds.delete(name, &DeleteParams::default()).await.unwrap();
    becomes(&watches, Availability::Missing).await;
    assert!(watches.store().children("owner").is_empty());
    watches.forget("cluster");
    assert_eq!(watches.availability(&Kind::Row(&WIDGET)), Availability::Pending, "nobody looks for it any more");
}

#[tokio::test]
async fn a_kind_that_may_not_be_watched_is_known_as_such() {
    let setup = Setup::without_operator("forbidden").await;
    let (watches, _) = setup.watches(Some("nobody")).await;
    watches.want("cluster", [Kind::Row(&WIDGET)]);
    eventually("the reason", || async {
        match watches.availability(&Kind::Row(&WIDGET)) {
            Availability::Failing(message) if message.contains("nobody") => Ok(()),
            availability => Err(format!("{availability:?}")),
        }
    })
    .await;
}

#[tokio::test]
async fn a_configmap_as_large_as_can_be_is_written_and_seen() {
    let mut setup = Setup::new("large").await;
    let large = "x".repeat(1024 * 1024 - 100);
    let spec = with(small(), [("/common/large", json!(large))]);
    setup.ready("a", spec).await;
    setup.stop().await;
    let before = setup.requests().await.len();
    setup.start::<Data>().await;
    tokio::time::sleep(std::time::Duration::from_secs(2)).await;
    let requests: Vec<_> = setup.requests().await.split_off(before);
    assert!(requests.iter().all(|request| request.verb == "list"), "{requests:#?}");
    setup.ready("a", small()).await;
}
