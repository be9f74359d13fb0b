//! Views that learn of writes late, and clients that watch.

use std::sync::{Arc, Mutex};

use futures::TryStreamExt;
use k8s_openapi::api::core::v1::ConfigMap;
use kube::{
    Api,
    api::{Patch, PatchParams, WatchEvent, WatchParams},
};
use operator_simulation::{ApiServer, Change, View, client};
use serde_json::json;

fn write(server: &mut ApiServer, name: &str, value: u32) {
    let create = json!({ "metadata": { "name": name }, "data": { "a": value.to_string() } });
    if server.create("configmaps", "test", create, "user").is_err() {
        let change = |object: &mut serde_json::Value| object["data"]["a"] = value.to_string().into();
        server.update("configmaps", ("test", name), "", "user", change).unwrap();
    }
}

#[test]
fn a_view_learns_of_writes_when_it_is_told_to() {
    let mut server = ApiServer::new();
    let mut view = View::new("configmaps");
    (1..=3).for_each(|value| write(&mut server, "a", value));
    assert_eq!(view.behind(&server), 3);
    let events = view.deliver(&server, 2);
    assert_eq!(events.iter().map(|event| event.change).collect::<Vec<_>>(), [Change::Added, Change::Modified]);
    server.delete("configmaps", ("test", "a"), &Default::default()).unwrap();
    let events = view.deliver(&server, 10);
    assert_eq!(events.iter().map(|event| event.change).collect::<Vec<_>>(), [Change::Modified, Change::Deleted]);
    assert_eq!(view.behind(&server), 0);
}

#[test]
fn a_list_can_be_older_than_what_was_seen() {
    let mut server = ApiServer::new();
    write(&mut server, "a", 1);
    let old = server.version();
    write(&mut server, "a", 2);
    write(&mut server, "b", 1);
    let mut view = View::new("configmaps");
    assert_eq!(view.relist(&server, None).len(), 2);
    let objects = view.relist(&server, Some(old));
    assert_eq!(objects.iter().map(|object| &object["data"]["a"]).collect::<Vec<_>>(), ["1"]);
    assert_eq!(view.deliver(&server, 10).len(), 2);
}

#[tokio::test]
async fn a_client_reads_writes_and_watches_the_model() {
    let server = Arc::new(Mutex::new(ApiServer::new()));
    let api: Api<ConfigMap> = Api::namespaced(client(server, "test"), "test");
    let list = api.list(&Default::default()).await.unwrap();
    let version = list.metadata.resource_version.unwrap();
    let mut watch = Box::pin(api.watch(&WatchParams::default(), &version).await.unwrap());
    let object = json!({ "apiVersion": "v1", "kind": "ConfigMap", "metadata": { "name": "a" }, "data": { "a": "1" } });
    let write = async {
        tokio::task::yield_now().await;
        api.patch("a", &PatchParams::apply("operator"), &Patch::Apply(&object)).await.unwrap();
    };
    let (event, ()) = tokio::join!(watch.try_next(), write);
    assert!(matches!(event.unwrap(), Some(WatchEvent::Added(ConfigMap { data: Some(_), .. }))));
    assert_eq!(api.get_opt("b").await.unwrap(), None);
}
