//! What holds whatever is asked in whatever order.

use std::collections::{BTreeMap, BTreeSet};

use operator_simulation::{ApiServer, View, controllers};
use proptest::{collection::vec, prelude::*, sample::select};
use serde_json::{Value, json};

use crate::common::{apply, delete, get, patch, workload};

const MANAGERS: [&str; 3] = ["operator", "user", "other"];
const FIELDS: [&str; 4] = ["a", "b", "c", "d"];
const PATH: &str = "/api/v1/namespaces/test/configmaps/settings";

/// A write of some fields by someone.
#[derive(Clone, Debug)]
struct Write {
    manager: &'static str,
    applies: bool,
    data: BTreeMap<&'static str, u8>,
}

fn write() -> impl Strategy<Value = Write> {
    let data = proptest::collection::btree_map(select(FIELDS.as_slice()), 0..3_u8, 0..4);
    (select(MANAGERS.as_slice()), any::<bool>(), data).prop_map(|(manager, applies, data)| Write {
        manager,
        applies,
        data,
    })
}

fn data(write: &Write) -> Value {
    write.data.iter().map(|(field, value)| ((*field).to_owned(), Value::from(value.to_string()))).collect()
}

fn send(server: &mut ApiServer, write: &Write) -> Value {
    let body =
        json!({ "apiVersion": "v1", "kind": "ConfigMap", "metadata": { "name": "settings" }, "data": data(write) });
    let (code, object) = match write.applies || get(server, PATH).0 == 404 {
        true => apply(server, PATH, write.manager, true, &body),
        false => patch(server, PATH, write.manager, &json!({ "data": data(write) })),
    };
    assert!(code < 300, "{object}");
    object
}

/// Who owns a field, by the entries.
fn owners(object: &Value, field: &str) -> BTreeSet<String> {
    let entries = object["metadata"]["managedFields"].as_array().cloned().unwrap_or_default();
    let owns = |entry: &&Value| !entry["fieldsV1"]["f:data"][format!("f:{field}")].is_null();
    entries.iter().filter(owns).map(|entry| entry["manager"].as_str().unwrap().to_owned()).collect()
}

/// Something that happens to workloads and what they own.
#[derive(Clone, Debug)]
enum Act {
    Create(usize, u32),
    Delete(usize, &'static str),
    Step(usize),
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        1 => (0..3_usize, 0..3_u32).prop_map(|(at, replicas)| Act::Create(at, replicas)),
        1 => (0..3_usize, select(["Background", "Foreground", "Orphan"].as_slice())).prop_map(|(at, how)| Act::Delete(at, how)),
        4 => (0..controllers::ALL.len()).prop_map(Act::Step),
    ]
}

const KINDS: [(&str, &str); 3] =
    [("StatefulSet", "statefulsets"), ("Deployment", "deployments"), ("DaemonSet", "daemonsets")];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn an_apply_is_idempotent(writes in vec(write(), 1..12)) {
        let mut server = ApiServer::new();
        for write in &writes {
            let object = send(&mut server, write);
            server.pass(1);
            if write.applies {
                prop_assert_eq!(send(&mut server, write), object);
            }
        }
    }

    #[test]
    fn a_field_belongs_to_whoever_set_its_value(writes in vec(write(), 1..12)) {
        let mut server = ApiServer::new();
        let mut before = Value::Null;
        for write in &writes {
            let object = send(&mut server, write);
            for field in FIELDS {
                let owners = owners(&object, field);
                let value = &object["data"][field];
                prop_assert!(!value.is_null() || owners.is_empty(), "{} is owned, and isn't there: {}", field, object);
                if *value != before["data"][field] && !value.is_null() {
                    prop_assert_eq!(owners, BTreeSet::from([write.manager.to_owned()]), "{}: {}", field, object);
                } else if write.applies && write.data.contains_key(field) {
                    prop_assert!(owners.contains(write.manager), "{}: {}", field, object);
                }
            }
            before = object;
        }
    }

    #[test]
    fn a_view_delivers_every_event_in_order(writes in vec(write(), 1..12), batches in vec(0..4_usize, 1..12)) {
        let mut server = ApiServer::new();
        let (mut view, mut versions) = (View::new("configmaps"), Vec::new());
        for (at, write) in writes.iter().enumerate() {
            send(&mut server, write);
            let batch = batches.get(at).copied().unwrap_or(1);
            versions.extend(view.deliver(&server, batch).iter().map(|event| event.version));
        }
        versions.extend(view.deliver(&server, usize::MAX).iter().map(|event| event.version));
        prop_assert_eq!(versions, server.log().iter().map(|event| event.version).collect::<Vec<_>>());
    }

    #[test]
    fn garbage_is_what_has_lost_its_owners(acts in vec(act(), 1..40)) {
        let mut server = ApiServer::new();
        let mut asked = BTreeSet::new();
        for act in &acts {
            // What the garbage collector deletes in the foreground for its owner is going though nobody asked for it.
            let stays = |object: &Value| !object["metadata"]["finalizers"].to_string().contains("foregroundDeletion");
            let owners = server.all().filter(|(_, object)| stays(object));
            let owners: BTreeSet<String> = owners.map(|(_, object)| object["metadata"]["uid"].to_string()).collect();
            let seen = server.log().len();
            match act {
                Act::Create(at, replicas) => {
                    let (kind, plural) = KINDS[*at];
                    let mut body = workload(kind, "x", *replicas);
                    body["spec"]["selector"]["matchLabels"]["kind"] = kind.into();
                    body["spec"]["template"]["metadata"]["labels"]["kind"] = kind.into();
                    if kind == "DaemonSet" {
                        body["spec"].as_object_mut().unwrap().remove("replicas");
                    }
                    let path = format!("/apis/apps/v1/namespaces/test/{plural}/x");
                    apply(&mut server, &path, "operator", true, &body);
                }
                Act::Delete(at, how) => {
                    let path = format!("/apis/apps/v1/namespaces/test/{}/x", KINDS[*at].1);
                    asked.insert(get(&mut server, &path).1["metadata"]["uid"].to_string());
                    delete(&mut server, &path, &json!({ "propagationPolicy": how }));
                }
                // The garbage collector deletes nothing whose owner lives and isn't going.
                Act::Step(0) => {
                    controllers::collect_garbage(&mut server);
                    for event in server.log()[seen..].iter().filter(|event| event.change == operator_simulation::Change::Deleted) {
                        let metadata = &event.object["metadata"];
                        let lives = metadata["ownerReferences"].as_array().into_iter().flatten()
                            .any(|owner| owners.contains(&owner["uid"].to_string()) && !asked.contains(&owner["uid"].to_string()));
                        prop_assert!(!lives || asked.contains(&metadata["uid"].to_string()), "{}", event.object);
                    }
                }
                Act::Step(at) => {
                    controllers::ALL[*at](&mut server);
                }
            }
        }
        prop_assert!(controllers::settle(&mut server, 300), "the controllers come to rest");
        let uids: BTreeSet<String> = server.all().map(|(_, object)| object["metadata"]["uid"].to_string()).collect();
        for (kind, object) in server.all() {
            for owner in object["metadata"]["ownerReferences"].as_array().into_iter().flatten() {
                prop_assert!(uids.contains(&owner["uid"].to_string()), "{} is garbage: {}", kind, object);
            }
            prop_assert!(object["metadata"]["deletionTimestamp"].is_null(), "{} isn't gone: {}", kind, object);
        }
    }
}
