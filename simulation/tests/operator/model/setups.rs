//! The setups, each small enough to be explored to its end.

use std::time::Duration;

use serde_json::json;

use super::{Disturbance, Setup, explore};
use crate::{
    cases::{reason, with},
    promises::PATIENCE,
    specs::{Node, Scale, Spec},
    world::{CLUSTERS, NAMESPACE, World, name},
};

const STATEFUL_SETS: &str = "statefulsets.apps";
const CLAIMS: &str = "persistentvolumeclaims";
/// See [`operator_simulation::controllers::ALL`].
const GARBAGE: usize = 0;
const SETS: usize = 1;
const JOBS: usize = 4;
const A_MINUTE: Duration = Duration::from_secs(60);

/// What most setups have.
const PLAIN: Setup = Setup {
    clusters: &["a"],
    install: |_| {},
    rests: true,
    late: &[CLUSTERS, STATEFUL_SETS],
    slow: &[GARBAGE, SETS],
    disturbances: &[],
    deaths: 1,
    late_writes: false,
    old_lists: false,
    passes: 0,
    rolls: false,
    patience: PATIENCE,
    waits: |_| false,
};

/// One store with one pod.
fn store(scale: Scale) -> Node {
    Node { scale, ordered: false, size: 0, setting: 0, policy: false }
}

fn stores(stores: &[(&'static str, Node)]) -> Spec {
    with(|spec| (spec.query, spec.stores) = (None, stores.iter().cloned().collect()))
}

/// As it is, and larger; nothing where it is gone.
fn grow(world: &mut World, name: &'static str) {
    world.name = name;
    if world.get(CLUSTERS, name).is_none() {
        return;
    }
    world.change(CLUSTERS, name, "", |object| {
        object.pointer_mut("/spec/stores/hot/storage/data/size").into_iter().for_each(|size| *size = "11Gi".into())
    });
}

fn scale(world: &mut World, kind: &str, name: &str, replicas: i64) {
    let plural = kind.trim_end_matches(".apps");
    let path = format!("/apis/apps/v1/namespaces/{NAMESPACE}/{plural}/{name}/scale?fieldManager=autoscaler");
    let body = json!({ "spec": { "replicas": replicas } }).to_string().into_bytes();
    let request = http::Request::patch(path).header("content-type", "application/merge-patch+json").body(body).unwrap();
    world.server().handle(&request);
}

const SCALES: Disturbance = Disturbance {
    words: "someone scales the StatefulSet to 2 pods",
    happens: |world| scale(world, STATEFUL_SETS, "a-store-hot", 2),
};
const GROWS: Disturbance =
    Disturbance { words: "the storage shall grow, which replaces the StatefulSet", happens: |world| grow(world, "a") };

#[test]
fn a_replacement_while_someone_scales() {
    explore(&Setup {
        install: |world| world.apply(&stores(&[("hot", store(Scale::Initial))])),
        disturbances: &[GROWS, SCALES],
        ..PLAIN
    });
}

#[test]
fn a_node_that_is_removed_while_it_is_replaced() {
    explore(&Setup {
        install: |world| world.apply(&stores(&[("hot", store(Scale::Initial)), ("cold", store(Scale::Initial))])),
        disturbances: &[
            GROWS,
            Disturbance {
                words: "the node is removed",
                happens: |world| world.apply(&stores(&[("cold", store(Scale::Initial))])),
            },
        ],
        ..PLAIN
    });
}

#[test]
fn a_cluster_that_is_deleted_while_it_is_replaced() {
    explore(&Setup {
        install: |world| world.apply(&stores(&[("hot", store(Scale::Initial))])),
        disturbances: &[
            GROWS,
            Disturbance { words: "the cluster is deleted", happens: |world| world.delete(CLUSTERS, "a") },
        ],
        ..PLAIN
    });
}

/// The lease is handed over by then: a write of the former holder that is under way still arrives.
#[test]
fn a_replacement_of_which_a_write_arrives_after_another_operator_has_begun() {
    explore(&Setup {
        install: |world| world.apply(&stores(&[("hot", store(Scale::Initial))])),
        disturbances: &[GROWS],
        late: &[CLUSTERS],
        slow: &[GARBAGE],
        late_writes: true,
        ..PLAIN
    });
}

#[test]
fn a_replacement_of_a_set_that_takes_its_claims_with_it() {
    fn ends_claims(world: &mut World) {
        world.change(CLUSTERS, "a", "", |object| {
            object["spec"]["stores"]["hot"]["storageRetention"] = json!({ "whenDeleted": "Delete" });
        });
    }
    explore(&Setup {
        install: |world| {
            world.apply(&stores(&[("hot", store(Scale::Initial))]));
            ends_claims(world);
        },
        disturbances: &[Disturbance {
            words: "the storage shall grow, which replaces the StatefulSet",
            happens: |world| {
                grow(world, "a");
                ends_claims(world);
            },
        }],
        late: &[STATEFUL_SETS, CLAIMS],
        passes: 2,
        ..PLAIN
    });
}

#[test]
fn an_autoscaler_that_takes_over() {
    explore(&Setup {
        install: |world| world.apply(&stores(&[("hot", store(Scale::Initial))])),
        disturbances: &[
            SCALES,
            Disturbance {
                words: "autoscaling is turned on",
                happens: |world| world.apply(&stores(&[("hot", store(Scale::Autoscaled))])),
            },
        ],
        slow: &[],
        ..PLAIN
    });
}

#[test]
fn a_node_that_is_added_while_old_clusters_are_shown() {
    explore(&Setup {
        install: |world| world.apply(&stores(&[("hot", store(Scale::Fixed(1)))])),
        disturbances: &[Disturbance {
            words: "a node is added",
            happens: |world| world.apply(&stores(&[("hot", store(Scale::Fixed(1))), ("cold", store(Scale::Fixed(1)))])),
        }],
        late: &[CLUSTERS],
        slow: &[GARBAGE],
        old_lists: true,
        passes: 1,
        ..PLAIN
    });
}

#[test]
fn a_job_that_is_done_and_cleaned_up() {
    explore(&Setup {
        install: |world| world.apply(&Spec { migrate: true, ..stores(&[("hot", store(Scale::Fixed(1)))]) }),
        disturbances: &[
            Disturbance {
                words: "the Job is cleaned up",
                happens: |world| {
                    let jobs = world.server().list("jobs.batch", NAMESPACE);
                    jobs.iter().for_each(|job| world.delete("jobs.batch", &name(job)));
                },
            },
            Disturbance {
                words: "a setting of the store changes",
                happens: |world| {
                    let node = Node { setting: 1, ..store(Scale::Fixed(1)) };
                    world.apply(&Spec { migrate: true, ..stores(&[("hot", node)]) });
                },
            },
        ],
        late: &[CLUSTERS, "jobs.batch"],
        slow: &[],
        rolls: true,
        ..PLAIN
    });
}

#[test]
fn a_job_that_runs_for_the_first_time() {
    explore(&Setup {
        install: |world| world.apply(&Spec { migrate: true, ..stores(&[("hot", store(Scale::Fixed(1)))]) }),
        rests: false,
        late: &["jobs.batch"],
        slow: &[JOBS],
        ..PLAIN
    });
}

#[test]
fn a_generated_secret_that_is_deleted() {
    explore(&Setup {
        install: |world| world.apply(&with(|spec| spec.stores.clear())),
        disturbances: &[
            Disturbance {
                words: "the Secret is deleted",
                happens: |world| world.delete("secrets", "a-query-password"),
            },
            Disturbance { words: "the Service is deleted", happens: |world| world.delete("services", "a-query") },
        ],
        late: &[CLUSTERS, "secrets"],
        slow: &[],
        patience: A_MINUTE,
        waits: |world| reason(world).0 == "SecretLost",
        ..PLAIN
    });
}

#[test]
fn a_first_installation() {
    explore(&Setup {
        install: |world| world.apply(&with(|spec| spec.stores.values_mut().for_each(|node| node.policy = true))),
        rests: false,
        late: &[CLUSTERS, STATEFUL_SETS],
        slow: &[SETS],
        deaths: 2,
        ..PLAIN
    });
}

#[test]
fn two_clusters_at_once() {
    explore(&Setup {
        clusters: &["a", "b"],
        install: |world| {
            for name in ["b", "a"] {
                world.name = name;
                world.apply(&stores(&[("hot", store(Scale::Initial))]));
            }
        },
        disturbances: &[
            GROWS,
            Disturbance {
                words: "the storage of b shall grow, which replaces its StatefulSet",
                happens: |world| grow(world, "b"),
            },
        ],
        late: &[STATEFUL_SETS],
        slow: &[],
        ..PLAIN
    });
}
