//! Random histories: what is done to a cluster, by a seed.

use std::collections::BTreeMap;

use proptest::{
    collection::vec,
    prelude::*,
    sample::select,
    strategy::ValueTree,
    test_runner::{Config, RngAlgorithm, TestRng, TestRunner},
};
use serde_json::{Value, json};

use crate::{
    chance,
    specs::{Node, Scale, Spec, node, spec},
    wire::Fault,
};

/// What is done to a cluster.
#[derive(Clone, Debug)]
pub struct Story {
    pub first: Spec,
    /// Whether nothing goes wrong until the cluster is ready for the first time.
    pub calm_begin: bool,
    /// Whether there are two operators that share a lease.
    pub share_lease: bool,
    pub deaths: Vec<Death>,
    pub steps: Vec<(Step, Pause)>,
    pub retention: Retention,
    /// How the deletion of the cluster is disturbed.
    pub last_death: Option<Death>,
}

/// An operator dies, or is stopped, with the write after so many others.
#[derive(Clone, Copy, Debug)]
pub struct Death {
    pub after: u64,
    pub how: Fault,
    /// How long there is no other one in its place then, in milliseconds. One that is stopped goes on so much later than its lease is over.
    pub down: u64,
}

/// Something that is done. Numbers choose among what there is.
#[derive(Clone, Debug)]
pub enum Step {
    Edit(Edit),
    /// Someone scales a workload of which the spec doesn't say how many pods it has, as an autoscaler does.
    Scale(usize, u8),
    /// Someone changes what is the operator's.
    Drift(Drift, usize),
    /// Someone deletes a child.
    Delete(usize),
    /// Someone removes the status.
    Wipe,
    /// Someone deletes the cluster, and makes it again.
    Recreate,
    Kill,
    Restart,
}

/// A change of the spec.
#[derive(Clone, Debug)]
pub enum Edit {
    Image,
    Common,
    Setting(usize),
    Grow(usize),
    /// What can't be changed in a StatefulSet that is there.
    Order(usize),
    Scale(usize, Scale),
    /// A kind that isn't watched from the start.
    Policy(usize),
    Remove(usize),
    Add(&'static str, Node),
    Migrate,
    Everything(Spec),
}

#[derive(Clone, Copy, Debug)]
pub enum Drift {
    /// Changes a label of the operator's.
    Relabel,
    /// Takes away the annotation with the intent.
    Unmark,
    /// Changes what a Service, a budget or a policy says.
    Spec,
}

/// What comes before the next step.
#[derive(Clone, Copy, Debug)]
pub enum Pause {
    Milliseconds(u64),
    UntilReady,
}

/// What becomes of the claims of each store: whether they are deleted when there are fewer pods, and when the StatefulSet is deleted.
pub type Retention = BTreeMap<&'static str, (bool, bool)>;

const STORES: [&str; 2] = ["hot", "cold"];

impl Story {
    /// The history of a seed.
    pub fn of(seed: u64) -> Self {
        let mut bytes = [0; 32];
        bytes[..8].copy_from_slice(&seed.to_le_bytes());
        let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &bytes);
        let mut runner = TestRunner::new_with_rng(Config::default(), rng);
        let mut story = story().new_tree(&mut runner).map(|tree| tree.current()).unwrap_or_else(|why| panic!("{why}"));
        story.share_lease = chance::one_of(seed, "lease", 0, &[true, false]);
        for (death, nth) in story.deaths.iter_mut().zip(0..) {
            // Stopped, one by itself is only late.
            let stops = if story.share_lease { [true, true, false, false] } else { [true, false, false, false] };
            if chance::one_of(seed, "stops", nth, &stops) {
                death.how = Fault::Stopped;
            }
        }
        story
    }
}

fn story() -> impl Strategy<Value = Story> {
    let deaths = vec(death(), 0..6);
    let steps = vec((step(), pause()), 0..7);
    let retention = proptest::array::uniform2(any::<(bool, bool)>());
    let last_death = proptest::option::of(death());
    (spec(), any::<bool>(), deaths, steps, retention, last_death).prop_map(
        |(first, calm_begin, deaths, steps, [hot, cold], last_death)| Story {
            first,
            calm_begin,
            share_lease: false,
            deaths,
            steps,
            retention: BTreeMap::from([("hot", hot), ("cold", cold)]),
            last_death,
        },
    )
}

fn death() -> impl Strategy<Value = Death> {
    let how = select(vec![Fault::KilledBefore, Fault::KilledAfter, Fault::KilledWhileSending]);
    let down = prop_oneof![Just(0_u64), 0..3000_u64];
    (prop_oneof![0..8_u64, 0..40_u64], how, down).prop_map(|(after, how, down)| Death { after, how, down })
}

fn step() -> impl Strategy<Value = Step> {
    let drift = select(vec![Drift::Relabel, Drift::Unmark, Drift::Spec]);
    prop_oneof![
        10 => edit().prop_map(Step::Edit),
        2 => (0..3_usize, 0..5_u8).prop_map(|(at, replicas)| Step::Scale(at, replicas)),
        2 => (drift, 0..20_usize).prop_map(|(drift, at)| Step::Drift(drift, at)),
        2 => (0..20_usize).prop_map(Step::Delete),
        1 => Just(Step::Wipe),
        1 => Just(Step::Recreate),
        1 => Just(Step::Kill),
        1 => Just(Step::Restart),
    ]
}

fn edit() -> impl Strategy<Value = Edit> {
    let scale = prop_oneof![(0..4_u8).prop_map(Scale::Fixed), Just(Scale::Initial), Just(Scale::Autoscaled)];
    prop_oneof![
        2 => Just(Edit::Image),
        2 => Just(Edit::Common),
        2 => (0..2_usize).prop_map(Edit::Setting),
        4 => (0..2_usize).prop_map(Edit::Grow),
        3 => (0..2_usize).prop_map(Edit::Order),
        4 => (0..3_usize, scale).prop_map(|(at, scale)| Edit::Scale(at, scale)),
        1 => (0..4_usize).prop_map(Edit::Policy),
        2 => (0..4_usize).prop_map(Edit::Remove),
        2 => (select(vec!["hot", "cold", "query", "agent"]), node()).prop_map(|(name, node)| Edit::Add(name, node)),
        1 => Just(Edit::Migrate),
        2 => spec().prop_map(Edit::Everything),
    ]
}

fn pause() -> impl Strategy<Value = Pause> {
    prop_oneof![
        1 => Just(Pause::Milliseconds(0)),
        2 => (0..2500_u64).prop_map(Pause::Milliseconds),
        3 => Just(Pause::UntilReady),
    ]
}

impl Edit {
    /// The spec with this change.
    pub fn apply(&self, spec: &Spec) -> Spec {
        let mut spec = spec.clone();
        match self {
            Self::Image => spec.image = (spec.image + 1) % 3,
            Self::Common => spec.common = (spec.common + 1) % 3,
            Self::Setting(at) => on_store(&mut spec, *at, |node| node.setting = (node.setting + 1) % 3),
            Self::Grow(at) => on_store(&mut spec, *at, |node| node.size += 1),
            Self::Order(at) => on_store(&mut spec, *at, |node| node.ordered = !node.ordered),
            Self::Scale(at, scale) => {
                let count = spec.stores.len() + usize::from(spec.query.is_some());
                match &mut spec.query {
                    Some(query) if at % count.max(1) == count - 1 => query.scale = *scale,
                    _ => on_store(&mut spec, *at, |node| node.scale = *scale),
                }
            }
            Self::Policy(at) => {
                let nodes = spec.stores.values_mut().chain(&mut spec.query).chain(&mut spec.agent);
                let nodes: Vec<&mut Node> = nodes.collect();
                let count = nodes.len();
                if let Some(node) = nodes.into_iter().nth(at % count.max(1)) {
                    node.policy = !node.policy;
                }
            }
            Self::Remove(at) => match at {
                0 | 1 => drop(spec.stores.remove(STORES[*at])),
                2 => spec.query = None,
                _ => spec.agent = None,
            },
            Self::Add(name, node) => match *name {
                "query" => spec.query = Some(node.clone()),
                "agent" => spec.agent = Some(node.clone()),
                name => drop(spec.stores.insert(name, node.clone())),
            },
            Self::Migrate => spec.migrate = !spec.migrate,
            Self::Everything(other) => spec = other.clone(),
        }
        spec
    }
}

fn on_store(spec: &mut Spec, at: usize, then: impl FnOnce(&mut Node)) {
    let count = spec.stores.len().max(1);
    if let Some(node) = spec.stores.values_mut().nth(at % count) {
        then(node);
    }
}

/// The spec as JSON, with what becomes of claims.
pub fn to_json(spec: &Spec, retention: &Retention) -> Value {
    let mut json = spec.to_json();
    if let Some(fields) = json.as_object_mut() {
        // Server-side apply makes null of a map of which it removes everything.
        fields.retain(|name, value| name != "stores" || value.as_object().is_some_and(|stores| !stores.is_empty()));
    }
    for (name, (when_scaled, when_deleted)) in retention {
        if let Some(store) = json.pointer_mut(&format!("/stores/{name}")) {
            let policy = |delete: bool| if delete { "Delete" } else { "Retain" };
            store["storageRetention"] =
                json!({ "whenScaled": policy(*when_scaled), "whenDeleted": policy(*when_deleted) });
        }
    }
    json
}
