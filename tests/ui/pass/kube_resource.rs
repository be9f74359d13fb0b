//! What the derive makes is an ordinary kube resource.

use kube::{
    Api, Client, CustomResourceExt, Resource, ResourceExt,
    core::object::{HasSpec, HasStatus},
    runtime::reflector::Store,
};
use operator_core::prelude::*;

#[derive(DataOperator, Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[operator(
    group = "example.com",
    version = "v1beta1",
    kind = "Proxy",
    shortname = "px",
    shortname = "prx",
    category = "all"
)]
pub struct ProxySpec {
    #[node_type]
    pub gateways: NodeSpec,
}

#[expect(dead_code, reason = "compiling is all that is asked")]
async fn kube_takes_it(client: Client, store: Store<Proxy>) -> kube::Result<Option<String>> {
    let api: Api<Proxy> = Api::default_namespaced(client.clone());
    let _watched = kube::runtime::watcher(Api::<Proxy>::namespaced(client, "ns"), Default::default());
    let found = store.state().first().map(|proxy| proxy.name_any());
    Ok(api.get("one").await?.meta().name.clone().or(found))
}

fn main() {
    assert_eq!(Proxy::crd_name(), "proxies.example.com");
    assert_eq!(Proxy::shortnames(), ["px", "prx"]);
    assert_eq!(Proxy::api_version(&()), "example.com/v1beta1");
    assert_eq!(Proxy::url_path(&(), Some("ns")), "/apis/example.com/v1beta1/namespaces/ns/proxies");
    assert_eq!(Proxy::api_resource().kind, "Proxy");

    let mut proxy = Proxy::new("one", ProxySpec { gateways: NodeSpec::default() });
    HasSpec::spec_mut(&mut proxy).gateways.replicas = Some(2);
    assert!(HasStatus::status(&proxy).is_none());

    let json = serde_json::to_value(&proxy).unwrap();
    let expected = serde_json::json!({
        "apiVersion": "example.com/v1beta1", "kind": "Proxy", "metadata": { "name": "one" }, "spec": { "gateways": { "replicas": 2 } },
    });
    assert_eq!(json, expected);
    assert_eq!(serde_json::from_value::<Proxy>(json).unwrap().spec.gateways.replicas, Some(2));
}
