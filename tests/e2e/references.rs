//! What pods refer to is in their hash: a change rolls who reads it, and nothing else does.

use std::{
    collections::BTreeMap,
    io,
    sync::{Arc, Mutex},
    time::Duration,
};

use k8s_openapi::api::{
    apps::v1::{Deployment, StatefulSet},
    core::v1::{Pod, Secret},
    rbac::v1::Role,
};
use kube::api::{DeleteParams, ListParams, Patch, PatchParams, PostParams};
use operator_core::{
    Cluster,
    definition::{Definition, SecretField},
};
use operator_testbed::{Request, Testbed};
use serde_json::{Value, json};

use crate::{
    kinds::Data,
    setup::{Setup, eventually, small, typed, with},
};

/// Long enough for what would follow.
const SETTLE: Duration = Duration::from_secs(2);

fn secret(name: &str, value: &str) -> Value {
    json!({ "apiVersion": "v1", "kind": "Secret", "metadata": { "name": name }, "stringData": { "key": value } })
}

/// The variable PASSWORD, from a key of a Secret.
fn password(secret: &str, optional: bool) -> Value {
    let from = json!({ "name": secret, "key": "key", "optional": optional });
    json!([{ "name": "PASSWORD", "valueFrom": { "secretKeyRef": from } }])
}

impl Setup {
    async fn put(&self, object: Value) {
        let name = object["metadata"]["name"].as_str().unwrap().to_owned();
        let params = PatchParams::apply("user").force();
        self.api::<Secret>().patch(&name, &params, &Patch::Apply(object)).await.unwrap();
    }

    /// UIDs of all pods, by cluster and node.
    async fn pods_of_clusters(&self) -> BTreeMap<String, Vec<String>> {
        let mut pods = BTreeMap::<String, Vec<String>>::new();
        for pod in self.api::<Pod>().list(&ListParams::default()).await.unwrap() {
            let label = |key: &str| pod.metadata.labels.as_ref().and_then(|labels| labels.get(key)).cloned().unwrap();
            let node = format!("{} {}", label("app.kubernetes.io/instance"), label("tests.example.com/node"));
            if pod.metadata.deletion_timestamp.is_none() {
                pods.entry(node).or_default().push(pod.metadata.uid.clone().unwrap());
            }
        }
        pods.values_mut().for_each(|uids| uids.sort());
        pods
    }

    async fn all_ready(&self, names: &[&str]) {
        for name in names {
            self.cluster(name, "to be ready", |data: &Data| {
                data.status.as_ref().is_some_and(|status| status.is_ready())
            })
            .await;
        }
    }
}

#[tokio::test]
async fn exactly_the_pods_that_read_a_rotated_secret_roll() {
    let mut setup = Setup::new("rotate").await;
    setup.put(secret("shared", "one")).await;
    setup.put(secret("other", "one")).await;
    setup.ready("a", with(small(), [("/query/env", password("shared", false))])).await;
    setup.ready("b", with(small(), [("/stores/hot/env", password("shared", false))])).await;
    setup.ready("c", with(small(), [("/defaults", json!({ "env": password("other", false) }))])).await;
    let before = setup.pods_of_clusters().await;

    // A restart knows nothing of what there was, and writes nothing all the same.
    setup.stop().await;
    let asked = setup.requests().await.len();
    setup.start::<Data>().await;
    tokio::time::sleep(SETTLE).await;
    let requests = setup.requests().await;
    let writes: Vec<_> = requests[asked..].iter().filter(|request| request.verb != "list").collect();
    assert!(writes.is_empty(), "{writes:#?}");

    setup.put(secret("shared", "two")).await;
    eventually("new pods", || async {
        let now = setup.pods_of_clusters().await;
        let rolled: Vec<_> = now
            .iter()
            .filter(|(node, uids)| uids.len() == 2 && uids.iter().all(|uid| !before[*node].contains(uid)))
            .map(|(node, _)| node.as_str())
            .collect();
        if rolled == ["a query", "b store-hot"] { Ok(()) } else { Err(format!("{rolled:?}")) }
    })
    .await;
    setup.all_ready(&["a", "b", "c"]).await;
    let rotated = setup.pods_of_clusters().await;
    for node in ["a store-hot", "b query", "c query", "c store-hot"] {
        assert_eq!(rotated[node], before[node], "{node}");
    }

    // Running pods have what they read: they go on without it.
    setup.api::<Secret>().delete("shared", &DeleteParams::default()).await.unwrap();
    for name in ["a", "b"] {
        let message = setup.reason(name, "Waiting").await;
        assert!(message.contains("Secret shared/key is not there yet"), "{message}");
    }
    setup.put(secret("shared", "two")).await;
    setup.all_ready(&["a", "b", "c"]).await;
    // Nobody reads the other key.
    let mut more = secret("shared", "two");
    more["stringData"]["other"] = "new".into();
    setup.put(more).await;
    tokio::time::sleep(SETTLE).await;
    assert_eq!(setup.pods_of_clusters().await, rotated);
}

#[tokio::test]
async fn what_is_missing_is_waited_for_and_what_is_optional_is_not() {
    let setup = Setup::new("missing").await;
    let from = json!({ "configMapKeyRef": { "name": "optional", "key": "key", "optional": true } });
    let optional = json!([{ "name": "LEVEL", "valueFrom": from }]);
    let spec = with(small(), [("/query/env", password("needed", false)), ("/stores/hot/env", optional)]);
    setup.apply("a", spec).await.unwrap();
    let message = setup.reason("a", "Waiting").await;
    assert!(message.contains("Secret needed/key is not there yet") && !message.contains("optional"), "{message}");
    assert_eq!(setup.names::<StatefulSet>().await, ["a-store-hot"], "what waits for nothing is there");
    assert!(setup.names::<Deployment>().await.is_empty());
    setup.put(secret("needed", "one")).await;
    setup.all_ready(&["a"]).await;
    let deployment = setup.api::<Deployment>().get("a-query").await.unwrap();
    assert_eq!(deployment.metadata.generation, Some(1), "it was applied once");

    let before = setup.pods_of_clusters().await;
    let optional = json!({ "metadata": { "name": "optional" }, "binaryData": { "key": "eA==" } });
    setup.create("ConfigMap", optional).await;
    eventually("new pods", || async {
        let now = setup.pods_of_clusters().await;
        let rolled =
            now["a store-hot"].len() == 2 && now["a store-hot"].iter().all(|uid| !before["a store-hot"].contains(uid));
        if rolled { Ok(()) } else { Err(format!("{now:?}")) }
    })
    .await;
    assert_eq!(setup.pods_of_clusters().await["a query"], before["a query"]);
}

#[tokio::test]
async fn an_object_is_watched_once_for_all_clusters_as_long_as_one_refers_to_it() {
    let setup = Setup::new("watched").await;
    let watches = || async {
        let requests = Testbed::shared().await.unwrap().requests().unwrap();
        let all = |request: &Request| request.verb == "watch" && !request.uri.contains("labelSelector");
        let of_namespace = requests.into_iter().filter(|request| request.namespace == setup.namespace && all(request));
        let mut watches: Vec<_> = of_namespace
            .filter(|request| request.resource == "secrets")
            .map(|request| {
                (request.uri.split("metadata.name%3D").nth(1).map(|name| name[..5].to_owned()), request.code)
            })
            .collect();
        watches.sort();
        watches
    };
    let becomes = |wanted: &'static [(&str, u16)]| async move {
        eventually("watches", || async {
            let now = watches().await;
            let is_wanted =
                now.iter().map(|(name, code)| (name.as_deref().unwrap_or_default(), *code)).eq(wanted.iter().copied());
            if is_wanted { Ok(()) } else { Err(format!("{now:?}")) }
        })
        .await;
    };
    setup.ready("a", small()).await;
    becomes(&[]).await;
    let one = with(small(), [("/query/env", password("first", true))]);
    let both = with(one.clone(), [("/stores/hot/env", password("other", true))]);
    setup.ready("a", both).await;
    setup.ready("b", one).await;
    becomes(&[("first", 0), ("other", 0)]).await;
    setup.ready("a", small()).await;
    becomes(&[("first", 0), ("other", 200)]).await;
    setup.api::<Data>().delete("b", &DeleteParams::default()).await.unwrap();
    becomes(&[("first", 200), ("other", 200)]).await;
}

/// Rights on all that a cluster consists of, and these on Secrets.
fn rights(secrets: Value) -> Value {
    let core = ["configmaps", "services", "persistentvolumeclaims", "pods"];
    let groups = ["apps", "batch", "policy", "tests.example.com", "events.k8s.io"];
    let mut rules = json!([
        { "apiGroups": groups, "resources": ["*"], "verbs": ["*"] },
        { "apiGroups": [""], "resources": core, "verbs": ["*"] },
    ]);
    rules.as_array_mut().unwrap().extend(secrets.as_array().unwrap().iter().cloned());
    json!({ "metadata": { "name": "limited" }, "rules": rules })
}

#[tokio::test]
async fn an_operator_needs_rights_on_secrets_only_where_pods_refer_to_some() {
    let mut setup = Setup::without_operator("named").await;
    let client = crate::together::limited(&setup, rights(json!([]))).await;
    setup.start_with(|_| operator_core::runtime::Operator::new::<Data>(client)).await;
    setup.put(secret("shared", "one")).await;
    setup.ready("a", small()).await;

    // What it may not see concerns only who refers to it.
    setup.apply("b", with(small(), [("/query/env", password("shared", false))])).await.unwrap();
    let message = setup.reason("b", "Retrying").await;
    assert!(message.contains("secrets is forbidden"), "{message}");
    let granted = json!([{ "apiGroups": [""], "resources": ["secrets"], "verbs": ["*"] }]);
    setup.api::<Role>().patch("limited", &PatchParams::default(), &Patch::Merge(rights(granted))).await.unwrap();
    setup.all_ready(&["a", "b"]).await;
    assert_eq!(setup.names::<Secret>().await, ["b-config-hash-key"]);
}

#[tokio::test]
async fn a_hash_on_pods_does_not_help_to_guess_a_secret_and_survives_that_it_is_made_again() {
    let mut setup = Setup::new("oracle").await;
    let hashes = async |setup: &Setup| {
        let mut hashes = Vec::new();
        for name in ["a", "b"] {
            let deployment = setup.api::<Deployment>().get(&format!("{name}-query")).await.unwrap();
            let annotations = deployment.spec.unwrap().template.metadata.unwrap().annotations.unwrap();
            hashes.push(annotations["tests.example.com/config-hash"].clone());
        }
        hashes
    };
    setup.put(secret("shared", "weak")).await;
    let reading = || with(small(), [("/query/env", password("shared", false))]);
    setup.ready("a", reading()).await;
    setup.ready("b", reading()).await;
    let [a, b] = <[String; 2]>::try_from(hashes(&setup).await).unwrap();
    assert_ne!(a, b, "the same configuration and the same Secret: only a key can part them");

    // Neither the digest of its value nor that of the key is in what is written down of the cluster.
    let snapshot = setup.at_rest::<Data>("a").await;
    let written = serde_json::to_string(&snapshot).unwrap();
    let plain = operator_core::state::Data::of(&json!({ "data": { "key": "d2Vhaw==" } })).content(Some("key"));
    let key = setup.api::<Secret>().get("a-config-hash-key").await.unwrap();
    let key = operator_core::state::Data::of(&serde_json::to_value(key).unwrap()).content(Some("key"));
    for content in [plain, key] {
        let operator_core::model::Content::Present(digest) = content else { panic!("{content:?}") };
        assert!(!written.contains(&digest.to_string()), "{written}");
    }

    // Neither a restart nor a Secret that is made again with what it held changes the hash.
    let before = setup.pods_of_clusters().await;
    setup.stop().await;
    setup.api::<Secret>().delete("shared", &DeleteParams::default()).await.unwrap();
    setup.put(secret("shared", "weak")).await;
    setup.start::<Data>().await;
    tokio::time::sleep(SETTLE).await;
    setup.all_ready(&["a", "b"]).await;
    assert_eq!((hashes(&setup).await, setup.pods_of_clusters().await), (vec![a, b], before));
}

/// The kind, with a Secret that is made for every cluster.
static GENERATING: Definition = Definition {
    secrets: &[SecretField {
        readers: &[],
        field: "password",
        key: "key",
        env: None,
        file: None,
        folder: None,
        generate: Some(16),
    }],
    ..*Data::DEFINITION
};

#[tokio::test]
async fn a_generated_secret_is_in_the_first_apply_of_a_workload() {
    let mut setup = Setup::without_operator("generated").await;
    setup
        .start_with(|client| {
            operator_core::runtime::Operator::of(
                client,
                operator_core::runtime::Author { read: typed, ..operator_core::runtime::Author::from(&GENERATING) },
            )
        })
        .await;
    let spec = with(small(), [("/defaults", json!({ "env": password("a-password", false) }))]);
    setup.ready("a", spec).await;
    let requests = setup.requests().await;
    let of = |resource: &str| requests.iter().filter(|request| request.resource == resource).collect::<Vec<_>>();
    for workload in ["statefulsets", "deployments"] {
        let requests = of(workload);
        let writes = requests.iter().filter(|request| request.verb == "patch").count();
        assert_eq!(writes, 1, "{requests:#?}");
    }
    assert!(requests.iter().all(|request| request.verb != "get"), "{requests:#?}");
    assert!(setup.events("a").await.iter().all(|(reason, _)| reason != "Waiting"));
}

#[tokio::test]
async fn nothing_is_asked_while_referenced_secrets_stay_as_they_are() {
    let setup = Setup::new("quiet-references").await;
    setup.put(secret("shared", "one")).await;
    setup.ready("a", with(small(), [("/defaults", json!({ "env": password("shared", false) }))])).await;
    tokio::time::sleep(SETTLE).await;
    let before = setup.requests().await.len();
    // A change that is none of content, and one of what nobody refers to.
    let label = json!({ "metadata": { "labels": { "a": "b" } } });
    let merge = Patch::Merge(label);
    setup.api::<Secret>().patch("shared", &PatchParams::default(), &merge).await.unwrap();
    let other = serde_json::from_value(secret("other", "one")).unwrap();
    setup.api::<Secret>().create(&PostParams::default(), &other).await.unwrap();
    tokio::time::sleep(Duration::from_secs(30)).await;
    let requests = setup.requests().await;
    assert_eq!(requests.len(), before, "{:#?}", &requests[before..]);
}

/// All that is logged on this thread.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, text: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(text);
        Ok(text.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn what_a_secret_holds_shows_nowhere() {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt().with_max_level(tracing_subscriber::filter::LevelFilter::TRACE);
    // With one subscriber alone, tracing asks the thread that first comes to a line whether it is wanted, which may be another test's.
    let _second = tracing::Dispatch::new(tracing_subscriber::registry());
    let _guard = tracing::subscriber::set_default(subscriber.with_writer(move || writer.clone()).finish());
    let setup = Setup::new("hush").await;
    setup.put(secret("shared", "hush-hush-1")).await;
    setup.ready("a", with(small(), [("/defaults", json!({ "env": password("shared", false) }))])).await;
    setup.put(secret("shared", "hush-hush-2")).await;
    eventually("an update", || async {
        let events = setup.events("a").await;
        if events.iter().any(|(reason, _)| reason == "Updated") { Ok(()) } else { Err(format!("{events:?}")) }
    })
    .await;
    setup.all_ready(&["a"]).await;
    let log = String::from_utf8_lossy(&log.0.lock().unwrap()).into_owned();
    assert!(log.contains("applied"), "nothing was logged: {log}");
    let cluster = format!("{:?}", setup.api::<Data>().get("a").await.unwrap());
    let events = format!("{:?}", setup.events("a").await);
    for text in ["hush-hush", "aHVzaC1odXNo"] {
        for (what, shown) in [("log", &log), ("cluster", &cluster), ("events", &events)] {
            assert!(!shown.contains(text), "{what}");
        }
    }
}
