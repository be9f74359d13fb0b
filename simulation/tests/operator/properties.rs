//! Whatever happens, the promises are kept.

use std::collections::{BTreeMap, BTreeSet};

use proptest::{collection::vec, prelude::*};

use crate::{
    promises::PATIENCE,
    specs::{Scale, Spec, spec},
    steps::{Step, Story, step},
    world::{World, run},
};

/// The end of a story: what disturbs ends, and all is as promised.
async fn ends_well(world: &mut World, story: &Story) {
    world.wire.fail(None);
    world.refused.lock().unwrap().clear();
    if story.forgotten || world.has_unwatched() {
        world.settle(PATIENCE).await;
        world.leave_out_what_is_forgotten();
    }
    if story.lost {
        world.settle(PATIENCE).await;
        world.ask_for_new_values();
    }
    world.comes_to_rest().await;
    world.writes_with_care(&world.all_clusters(), story.disturbances);
}

/// Steps while a cluster is installed.
pub fn installs(spec: &Spec, steps: &[Step]) {
    run(async |world| {
        let mut story = Story::begin(world, spec);
        for step in steps {
            story.take(world, step).await;
        }
        ends_well(world, &story).await;
    });
}

/// Steps around a cluster that was at rest.
pub fn goes_on(spec: &Spec, steps: &[Step]) {
    run(async |world| {
        let mut story = Story::begin(world, spec);
        world.comes_to_rest().await;
        story.turn_the_page();
        let before = Before::of(world);
        for step in steps {
            story.take(world, step).await;
        }
        ends_well(world, &story).await;
        before.pods_stayed(world, &story);
        before.numbers_stayed(world, &story);
    });
}

/// What there was before the disturbance.
struct Before {
    pods: BTreeMap<String, String>,
    replicas: BTreeMap<String, i64>,
    version: u64,
}

impl Before {
    fn of(world: &World) -> Self {
        let nodes = ["store-hot", "store-cold", "query"];
        let replicas = nodes.iter().filter_map(|node| Some(((*node).to_owned(), world.replicas(node)?))).collect();
        Self { pods: world.pods(), replicas, version: world.server().version() }
    }

    /// Numbers of pods that a node's workload asked for since.
    fn numbers(&self, world: &World, node: &str) -> BTreeSet<i64> {
        let server = world.server();
        let events = server.log().iter().filter(|event| event.version > self.version);
        let of_node = events.filter(|event| {
            ["statefulsets.apps", "deployments.apps"].contains(&event.kind.as_str())
                && event.object["metadata"]["name"] == format!("a-{node}")
        });
        of_node
            .filter_map(|event| event.object["spec"]["replicas"].as_i64())
            .chain(self.replicas.get(node).copied())
            .collect()
    }

    /// Promise 4.
    fn pods_stayed(&self, world: &World, story: &Story) {
        let pods = world.pods();
        let [first, ..] = &story.specs[..] else { return };
        for node in first.nodes().keys().filter(|node| !story.harmed.contains(*node)) {
            let numbers = self.numbers(world, node);
            if story.specs.iter().any(|spec| spec.template(node) != first.template(node)) {
                continue;
            }
            let least = numbers.first().copied().unwrap_or(0);
            let stay: Vec<String> = match node.as_str() {
                "query" if numbers.len() > 1 => Vec::new(),
                "query" | "agent" => {
                    let prefix = format!("a-{node}-");
                    self.pods.keys().filter(|name| name.starts_with(&prefix)).cloned().collect()
                }
                node => (0..least).map(|ordinal| format!("a-{node}-{ordinal}")).collect(),
            };
            for pod in stay {
                assert_eq!(pods.get(&pod), self.pods.get(&pod), "{pod} was restarted: {:#?}", story.specs);
            }
        }
    }

    /// Promise 5.
    fn numbers_stayed(&self, world: &World, story: &Story) {
        for (node, replicas) in &self.replicas {
            let is_free = |spec: &Spec| {
                let nodes = spec.nodes();
                nodes.get(node).is_some_and(|node| matches!(node.scale, Scale::Initial | Scale::Autoscaled))
            };
            if story.harmed.contains(node) || !story.specs.iter().all(is_free) {
                continue;
            }
            let scaled = story.scaled.get(node).into_iter().flatten().copied();
            let allowed: Vec<i64> = std::iter::once(*replicas).chain(scaled).collect();
            for number in self.numbers(world, node) {
                assert!(allowed.contains(&number), "{node} asked for {number} pods, of {allowed:?}");
            }
            assert_eq!(world.replicas(node), allowed.last().copied(), "{node} of {allowed:?}");
        }
    }
}

/// So many cases that they take seconds; with `PROPTEST_CASES`, as many as that says.
fn config() -> ProptestConfig {
    let cases = std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(24);
    ProptestConfig { cases, failure_persistence: None, max_shrink_iters: 2000, ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn an_installation_ends_well(spec in spec(), steps in vec(step(), 0..40)) {
        installs(&spec, &steps);
    }

    #[test]
    fn a_cluster_goes_on_well(spec in spec(), steps in vec(step(), 0..40)) {
        goes_on(&spec, &steps);
    }
}
