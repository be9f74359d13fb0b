//! Random steps, and what has to be remembered of them to tell which promises they leave.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use http::Request;
use operator_simulation::{Deletion, operator::Fault};
use proptest::{prelude::*, sample::select};
use serde_json::{Value, json};

use crate::{
    specs::{Spec, spec},
    world::{CLUSTERS, NAMESPACE, World},
};

/// Something that happens. Numbers choose among what there is.
#[derive(Clone, Debug)]
pub enum Step {
    /// A watch shows so many events.
    Deliver(usize, usize),
    /// A watch breaks, and shows a list that is as old as so many writes.
    Relist(usize, usize),
    /// The operator reconciles, where it was asked to.
    Reconcile,
    /// The operator reconciles though nobody asked.
    Unasked,
    Control(usize),
    Restart,
    /// What happens to the write after so many others.
    Fail(usize, Fault),
    Edit(Spec),
    /// Someone does something to a child.
    Foreign(Foreign, usize),
    /// An autoscaler, or a person, scales a workload.
    Scale(usize, u8),
    /// A policy refuses objects of a kind, until [`Step::Allow`].
    Refuse(&'static str),
    Allow,
    Pass(u64),
    /// Someone removes the status.
    Wipe,
    /// Someone deletes the cluster, and makes it again.
    Recreate,
}

/// What someone does to a child.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Foreign {
    Delete,
    /// Changes a label of the operator's.
    Relabel,
    /// Takes away the label by which children are watched.
    Unwatch,
    /// Takes away the annotation with the intent.
    Unmark,
    /// Adds a label of their own.
    Label,
}

pub fn step() -> impl Strategy<Value = Step> {
    let faults = [Fault::RequestLost, Fault::AnswerLost, Fault::DiesBefore, Fault::DiesAfter];
    let foreign = [Foreign::Delete, Foreign::Relabel, Foreign::Unwatch, Foreign::Unmark, Foreign::Label];
    let kinds = ["ConfigMap", "Service", "StatefulSet", "Deployment", "NetworkPolicy", "Secret"];
    prop_oneof![
        12 => (0..16_usize, 1..6_usize).prop_map(|(watch, count)| Step::Deliver(watch, count)),
        8 => Just(Step::Reconcile),
        6 => (0..7_usize).prop_map(Step::Control),
        2 => Just(Step::Unasked),
        2 => (0..16_usize, 0..12_usize).prop_map(|(watch, age)| Step::Relist(watch, age)),
        2 => Just(Step::Restart),
        3 => (0..8_usize, select(faults.to_vec())).prop_map(|(after, fault)| Step::Fail(after, fault)),
        3 => spec().prop_map(Step::Edit),
        3 => (select(foreign.to_vec()), 0..20_usize).prop_map(|(what, at)| Step::Foreign(what, at)),
        2 => (0..3_usize, 0..4_u8).prop_map(|(at, replicas)| Step::Scale(at, replicas)),
        1 => select(kinds.to_vec()).prop_map(Step::Refuse),
        1 => Just(Step::Allow),
        1 => (1..400_u64).prop_map(Step::Pass),
        1 => Just(Step::Wipe),
        1 => Just(Step::Recreate),
    ]
}

/// What happened so far.
#[derive(Default)]
pub struct Story {
    pub specs: Vec<Spec>,
    sizes: BTreeMap<&'static str, u8>,
    /// Nodes whose workload someone deleted.
    pub harmed: BTreeSet<String>,
    /// Numbers of pods that someone asked for, by node.
    pub scaled: BTreeMap<String, Vec<i64>>,
    /// Whether someone removed the status.
    pub forgotten: bool,
    /// Whether someone deleted a generated Secret.
    pub lost: bool,
    /// Steps after which a write may be repeated.
    pub disturbances: usize,
}

impl Story {
    /// A story that begins with the installation of a spec.
    pub fn begin(world: &mut World, spec: &Spec) -> Self {
        let mut story = Self::default();
        story.edit(world, spec);
        story
    }

    pub fn edit(&mut self, world: &mut World, spec: &Spec) {
        let spec = spec.clone().grown_from(&mut self.sizes);
        world.apply(&spec);
        self.specs.push(spec);
    }

    /// What was disturbed before is over: only what happens from now on counts.
    pub fn turn_the_page(&mut self) {
        self.specs.drain(..self.specs.len() - 1);
        self.harmed.clear();
        self.scaled.clear();
    }

    pub async fn take(&mut self, world: &mut World, step: &Step) {
        let watches = world.watched();
        match step {
            Step::Deliver(watch, count) => {
                world.deliver(watch % watches, *count, None);
            }
            Step::Relist(watch, age) => {
                world.deliver(watch % watches, 0, Some(*age));
            }
            Step::Reconcile => {
                world.reconcile().await;
            }
            Step::Unasked => {
                let uid = world.uid();
                world.reconcile_now(&uid).await;
            }
            Step::Control(at) => {
                world.control(*at);
            }
            Step::Restart => world.restart(),
            Step::Fail(after, fault) => world.wire.fail(Some((*after, *fault))),
            Step::Edit(spec) => self.edit(world, spec),
            Step::Foreign(what, at) => self.foreign(world, *what, *at),
            Step::Scale(at, replicas) => self.scale(world, *at, *replicas),
            Step::Refuse(kind) => {
                world.refused.lock().unwrap().insert(kind);
            }
            Step::Allow => world.refused.lock().unwrap().clear(),
            Step::Pass(seconds) => world.pass(Duration::from_secs(*seconds)).await,
            Step::Wipe => {
                self.forgotten = true;
                world.change(CLUSTERS, "a", "status", |object| object["status"] = json!({}));
            }
            Step::Recreate => self.recreate(world),
        }
        let disturbs = !matches!(step, Step::Deliver(..) | Step::Reconcile | Step::Control(_) | Step::Pass(_));
        self.disturbances += usize::from(disturbs);
    }

    fn recreate(&mut self, world: &mut World) {
        world.server().delete(CLUSTERS, (NAMESPACE, "a"), &Deletion::default()).unwrap();
        let spec = self.specs.last().unwrap().clone();
        self.harmed.extend(["store-hot", "store-cold", "query", "agent"].map(str::to_owned));
        world.apply(&spec);
    }

    fn foreign(&mut self, world: &mut World, what: Foreign, at: usize) {
        let children = world.children();
        let Some((kind, name, object)) = children.get(at % children.len().max(1)) else { return };
        let label = |object: &mut Value, key: &str, value: Value| object["metadata"]["labels"][key] = value;
        // A policy may refuse it.
        let mut server = world.server();
        let mut change =
            |change: &dyn Fn(&mut Value)| drop(server.update(kind, (NAMESPACE, name), "", "someone", change));
        match what {
            Foreign::Delete => {
                let node = object["metadata"]["labels"]["simulation.example.com/node"].as_str();
                self.lost |= kind == "secrets";
                if ["statefulsets.apps", "deployments.apps", "daemonsets.apps", "secrets"].contains(&kind.as_str()) {
                    self.harmed.extend(node.map(str::to_owned));
                }
                drop(server.delete(kind, (NAMESPACE, name), &Deletion::default()));
            }
            Foreign::Relabel => change(&|object| label(object, "app.kubernetes.io/component", "other".into())),
            Foreign::Unwatch => change(&|object| label(object, "app.kubernetes.io/managed-by", "someone".into())),
            Foreign::Unmark => {
                change(&|object| object["metadata"]["annotations"]["simulation.example.com/intent"] = Value::Null);
            }
            Foreign::Label => change(&|object| label(object, "someone", "theirs".into())),
        }
    }

    fn scale(&mut self, world: &mut World, at: usize, replicas: u8) {
        let mut children = world.children();
        children.retain(|(kind, _, _)| ["statefulsets.apps", "deployments.apps"].contains(&kind.as_str()));
        let Some((kind, name, _)) = children.get(at % children.len().max(1)) else { return };
        let plural = kind.trim_end_matches(".apps");
        let path = format!("/apis/apps/v1/namespaces/{NAMESPACE}/{plural}/{name}/scale?fieldManager=autoscaler");
        let body = json!({ "spec": { "replicas": replicas } }).to_string().into_bytes();
        let request = Request::patch(path).header("content-type", "application/merge-patch+json").body(body).unwrap();
        if world.server().handle(&request).status().is_success() {
            let node = name.trim_start_matches("a-").to_owned();
            self.scaled.entry(node).or_default().push(replicas.into());
        }
    }
}
