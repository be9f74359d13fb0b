//! Single stories.

use operator_simulation::Deletion;

use crate::{
    specs::small,
    world::{NAMESPACE, run},
};

#[test]
fn an_installation_comes_to_rest_and_writes_once_per_child() {
    run(async |world| {
        world.apply(&small());
        world.comes_to_rest().await;
        let writes = world.wire.writes();
        assert!(writes.iter().all(|write| write.changed && write.code < 300), "{writes:#?}");
        let children = world.children().len();
        let of_children = writes.iter().filter(|write| !write.path.ends_with("/status")).count();
        assert_eq!(of_children, children, "{writes:#?}");
    });
}

#[test]
fn a_deleted_cluster_leaves_its_claims_only() {
    run(async |world| {
        world.apply(&small());
        world.comes_to_rest().await;
        world.server().delete(crate::world::CLUSTERS, (NAMESPACE, "a"), &Deletion::default()).unwrap();
        assert!(world.settle(crate::promises::PATIENCE).await);
        let server = world.server();
        let left: Vec<_> =
            server.all().map(|(kind, _)| kind.to_owned()).filter(|kind| !kind.contains("event")).collect();
        assert_eq!(left, ["persistentvolumeclaims"; 2]);
    });
}
