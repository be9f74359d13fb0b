//! Plans of volumes: claims that grow, don't shrink, and don't go with a StatefulSet that is replaced.

use operator_core::{
    model::{
        Kind,
        kind::{CLAIM, SERVICE, SERVICE_ACCOUNT, STATEFUL_SET},
    },
    plan::{Action, Verb},
    state::{Answer, Availability, claims},
};
use serde_json::{Value, json};

use crate::{
    common::World,
    plans::{blueprint, done, refusal, says, waiting, wanted},
};

/// The size of claims that aren't bound yet.
const PENDING: &str = "9Gi";

pub fn put_claim(world: &mut World, name: &str, node: &str, size: &str) {
    let json = json!({
        "metadata": { "name": name, "namespace": "default", "labels": {
            "app.kubernetes.io/instance": "a", "app.kubernetes.io/managed-by": "data-operator",
            "app.kubernetes.io/name": "data", "tests.example.com/node": node } },
        "spec": { "resources": { "requests": { "storage": size } } },
        "status": { "phase": if size == PENDING { "Pending" } else { "Bound" } },
    });
    world.put(&Kind::Row(&CLAIM), json, Value::Null);
}

#[test]
fn claims_that_are_too_small_grow_and_nothing_else_happens_to_them() {
    let larger = blueprint(&json!({ "store": { "storage": { "data": { "size": "20Gi" } } } }));
    let mut world = World::of(&larger);
    for (name, node, size) in [
        ("data-a-store-1", "store", "10Gi"),
        ("data-a-store-0", "store", "10240Mi"),
        ("data-a-store-2", "store", "20Gi"),
        ("data-a-store-3", "store", "30Gi"),
        ("data-a-store-4", "store", PENDING),
        ("other-a-store-0", "store", "1Gi"),
        ("data-a-store-0-copy", "store", "1Gi"),
        ("data-a-query-0", "query", "1Gi"),
    ] {
        put_claim(&mut world, name, node, size);
    }
    let growing = world.plan(&larger);
    assert_eq!(
        done(&growing),
        ["Grow PersistentVolumeClaim data-a-store-0", "Grow PersistentVolumeClaim data-a-store-1"]
    );
    let Action::Grow { size, .. } = &growing.actions[0] else { panic!("{growing:?}") };
    assert_eq!(size.as_str(), "20Gi");
    assert!(!done(&world.plan(&blueprint(&json!({})))).iter().any(|done| done.contains("Claim")));

    // A claim that can't grow is in nobody's way.
    world.answers(&growing.actions[0], Answer::Refused(refusal("its class forbids it", false)));
    world.delete(&SERVICE);
    world.put(&Kind::Row(&SERVICE_ACCOUNT), json!({ "metadata": { "name": "surplus" } }), Value::Null);
    let others = world.plan(&larger);
    assert_eq!(
        done(&others),
        ["Create Service a-store", "Grow PersistentVolumeClaim data-a-store-1", "Delete ServiceAccount surplus"]
    );
    assert_eq!(waiting(&others), ["PersistentVolumeClaim data-a-store-0: its class forbids it"]);
    world.passes(300);
    assert_eq!(world.plan(&larger).count(Verb::Grow), 2);
    world.step(&larger);
    assert!(world.plan(&larger).is_done());
}

#[test]
fn claims_belong_to_the_cluster_that_their_labels_name() {
    let mut world = World::new();
    put_claim(&mut world, "data-a-store-0", "store", "1Gi");
    let claim = world.child(&Kind::Row(&CLAIM), "data-a-store-0").unwrap();
    assert_eq!(claim.controller.as_deref(), Some(claims::owner("data-operator", "default", "a").as_str()));
    let foreign =
        json!({ "metadata": { "name": "x", "namespace": "default", "labels": { "app.kubernetes.io/instance": "a" } } });
    world.put(&Kind::Row(&CLAIM), foreign, Value::Null);
    let foreign = world.child(&Kind::Row(&CLAIM), "x").unwrap();
    assert_eq!(foreign.controller, None, "no operator of this kind manages it");
}

#[test]
fn storage_that_shrinks_is_refused_as_it_is_written() {
    let sized = |size: &str| blueprint(&json!({ "store": { "storage": { "data": { "size": size } } } }));
    let mut world = World::of(&sized("20Gi"));
    let shrinks = world.plan(&sized("5Gi"));
    assert_eq!(done(&shrinks), Vec::<String>::new());
    let why = "spec.store.storage.data.size: the storage has 20Gi and can't shrink to 5Gi: a PersistentVolumeClaim only grows; write \
               20Gi or more, or add a node with smaller storage instead";
    assert_eq!(shrinks.invalid[0].to_string(), why);
    assert_eq!(says(&world.report(&sized("5Gi"), &shrinks), "Ready"), ("InvalidSpec".to_owned(), why.to_owned()));
    let larger = sized("30Gi");
    let steps: Vec<String> = (0..4).flat_map(|_| done(&world.step(&larger))).collect();
    assert_eq!(steps, ["Apply", "Try", "Replace", "Create"].map(|verb| format!("{verb} StatefulSet a-store")));
    world.step(&larger);
    assert!(world.plan(&larger).is_done());
}

/// The garbage collector deletes a claim of which it learns too late that it was to be orphaned.
#[test]
fn claims_are_taken_from_a_stateful_set_before_it_is_replaced() {
    let sized = |size: &str| {
        let retention = json!({ "whenDeleted": "Delete" });
        blueprint(&json!({ "store": { "storage": { "data": { "size": size } }, "storageRetention": retention } }))
    };
    let owned = |world: &mut World, is_owned: bool| {
        let set = json!({ "kind": "StatefulSet", "name": "a-store", "uid": "u" });
        let owners = if is_owned { json!([set]) } else { json!([]) };
        world.change(&Kind::Row(&CLAIM), "data-a-store-0", |claim| claim["metadata"]["ownerReferences"] = owners);
    };
    let mut world = World::of(&sized("20Gi"));
    put_claim(&mut world, "data-a-store-0", "store", "30Gi");
    owned(&mut world, true);
    let larger = sized("30Gi");
    let steps: Vec<String> = (0..5).flat_map(|_| done(&world.step(&larger))).collect();
    assert_eq!(steps, ["Apply", "Try", "Release", "Apply", "Try"].map(|verb| format!("{verb} StatefulSet a-store")));
    let mut waits = world.plan(&larger);
    let said = "store: its claims are taken from the StatefulSet that is to be replaced".to_owned();
    assert_eq!((done(&waits), waiting(&waits), waits.is_done()), (vec![], vec![said], false));
    assert!(waits.again.is_some() && !world.report(&larger, &waits).is_ready());

    // Those of pods that are gone stay with it; the garbage collector has known them for long.
    let mut later = world.clone();
    later.passes(29);
    assert_eq!(done(&later.plan(&larger)), Vec::<String>::new());
    later.passes(1);
    assert_eq!(done(&later.plan(&larger)), ["Replace StatefulSet a-store"]);

    // What isn't known isn't taken for proof.
    owned(&mut world, false);
    let mut unlisted = world.clone();
    unlisted.snapshot.kinds.insert(Kind::Row(&CLAIM), Availability::Failing("forbidden".to_owned()));
    assert_eq!(done(&unlisted.plan(&larger)), Vec::<String>::new());
    // Something sets it back.
    let policy = "persistentVolumeClaimRetentionPolicy";
    let mut back = world.clone();
    let tried = back.snapshot.facts.clone();
    back.change(&Kind::Row(&STATEFUL_SET), "a-store", |json| json["spec"][policy]["whenDeleted"] = "Delete".into());
    back.snapshot.facts = tried;
    assert_eq!(done(&back.plan(&larger)), ["Release StatefulSet a-store"]);
    back.passes(30);
    let stuck = back.plan(&larger);
    assert!(stuck.actions.is_empty() && waiting(&stuck)[0].contains("sets its policy back to Delete"), "{stuck:?}");
    // It is about StatefulSets only.
    let mut service = world.clone();
    owned(&mut service, true);
    let apply = Action::Apply {
        object: wanted(&larger, &SERVICE),
        found: service.child(&Kind::Row(&SERVICE), "a-store").map(|child| (child.uid.clone(), child.seen)).unwrap(),
        hands_over: None,
        generate: Vec::new(),
    };
    service.touch(&SERVICE, "a-store", &["spec", "ports"]);
    let found = service.child(&Kind::Row(&SERVICE), "a-store").map(|child| (child.uid.clone(), child.seen));
    service.answers(&apply, Answer::WouldBeStored);
    service.snapshot.facts.last_mut().unwrap().found = found;
    assert_eq!(done(&service.plan(&larger)), ["Replace Service a-store"]);

    let steps: Vec<String> = (0..2).flat_map(|_| done(&world.step(&larger))).collect();
    assert_eq!(steps, ["Replace", "Create"].map(|verb| format!("{verb} StatefulSet a-store")));
    world.step(&larger);
    waits = world.plan(&larger);
    assert!(waits.is_done(), "{waits:?}");
}
