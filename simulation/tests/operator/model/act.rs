//! What can happen next, and that it happens.

use std::{
    collections::BTreeSet,
    hash::{DefaultHasher, Hash, Hasher},
    sync::Arc,
};

use operator_simulation::{
    ApiServer,
    controllers::{self, controller},
    operator::Fault,
};
use serde_json::Value;

use super::{
    Setup,
    history::{Broken, History, Promise, text},
};
use crate::world::{CLUSTERS, World, name, run_on};

/// More writes than a reconcile has in any setup.
const MOST_WRITES: usize = 16;

/// Something that can happen. Numbers are those of the setup's lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Act {
    /// The watch of a late kind shows all that it hasn't shown: where the operator has just started, a list.
    Show(usize),
    /// An operator that has just started is shown the clusters as they were at first.
    ListOld,
    /// The operator reconciles a cluster.
    Reconcile(usize),
    /// The same, but it dies once it has done so many writes and one more.
    Dies(usize, usize),
    /// The same, but its last write arrives later.
    DiesMeanwhile(usize, usize),
    /// That write arrives.
    Arrives,
    /// The operator dies while it has nothing under way. Another one starts at once, with an empty memory.
    Restart,
    /// A slow controller takes a step.
    Control(usize),
    /// Time passes until the operator wants to look again.
    Pass,
    /// People or autoscalers do something.
    Disturb(usize),
}

impl Act {
    /// Whether the operator dies.
    pub fn is_death(self) -> bool {
        matches!(self, Self::Dies(..) | Self::DiesMeanwhile(..) | Self::Restart)
    }

    /// As a sentence.
    pub fn words(self, setup: &Setup) -> String {
        let controllers =
            ["garbage collector", "StatefulSet", "Deployment", "DaemonSet", "Job", "kubelet", "volume controller"];
        let controller = |at: usize| controllers.get(at).copied().unwrap_or_default();
        match self {
            Self::Show(kind) => format!("the operator is shown {}", setup.late[kind]),
            Self::ListOld => "the operator is shown the clusters as they were at first".to_owned(),
            Self::Reconcile(cluster) => format!("the operator reconciles {}", setup.clusters[cluster]),
            Self::Dies(cluster, write) => {
                format!("the operator reconciles {} and dies after write {}", setup.clusters[cluster], write + 1)
            }
            Self::DiesMeanwhile(cluster, write) => {
                let cluster = setup.clusters[cluster];
                format!("the operator reconciles {cluster} and dies while write {} is under way", write + 1)
            }
            Self::Arrives => "the write that is under way arrives".to_owned(),
            Self::Restart => "the operator dies".to_owned(),
            Self::Control(at) => format!("the controller takes a step: {}", controller(setup.slow[at])),
            Self::Pass => "time passes until the operator wants to look again".to_owned(),
            Self::Disturb(at) => setup.disturbances[at].words.to_owned(),
        }
    }
}

/// Where a path begins: at first, or where an operator died and another one started, with an empty memory.
#[derive(Clone, Debug)]
pub struct Start {
    server: ApiServer,
    history: History,
    left: Left,
    late: Option<http::Request<Vec<u8>>>,
    /// Whether the operator has long run.
    runs: bool,
}

/// What is left of what may happen.
#[derive(Clone, Debug, Hash)]
struct Left {
    disturbances: Vec<usize>,
    deaths: u8,
    passes: u8,
    late_writes: bool,
}

/// A world to which some of it has happened.
pub struct Played<'a> {
    pub world: &'a mut World,
    pub history: History,
    /// Number of writes of the last act.
    pub writes: usize,
    /// Where the operator started, if it has just done so.
    pub started: Option<Start>,
    setup: &'static Setup,
    left: Left,
}

impl Start {
    /// What there is at first.
    pub fn new(setup: &'static Setup, server: ApiServer) -> Self {
        let left = Left {
            disturbances: (0..setup.disturbances.len()).collect(),
            deaths: setup.deaths,
            passes: setup.passes,
            late_writes: setup.late_writes,
        };
        Self { history: History::begin(&server), server, left, late: None, runs: setup.rests }
    }

    /// The world, in which something can happen then.
    pub fn play<T>(&self, setup: &'static Setup, then: impl AsyncFnOnce(&mut Played<'_>) -> T) -> T {
        run_on(self.server.clone(), async |world| {
            world.wire.put_under_way(self.late.clone());
            if self.runs {
                (0..world.watched()).for_each(|watch| _ = world.deliver(watch, usize::MAX, None));
                for name in setup.clusters {
                    world.name = name;
                    let uid = world.uid();
                    world.reconcile_now(&uid).await;
                }
            }
            let (history, left) = (self.history.clone(), self.left.clone());
            let mut played = Played { world, history, writes: 0, started: None, setup, left };
            played.happens_at_once();
            then(&mut played).await
        })
    }
}

impl Played<'_> {
    /// The same with an operator that has just started, which it must have.
    fn start(&self) -> Start {
        let (server, late) = (self.world.server().clone(), self.world.wire.under_way());
        Start { server, history: self.history.clone(), left: self.left.clone(), late, runs: false }
    }

    /// Something happens. Returns whether it could.
    pub async fn take(&mut self, act: Act) -> bool {
        let writes = self.world.wire.count();
        let happened = match act {
            Act::Show(kind) => {
                let watch = self.watch(self.setup.late[kind]);
                watch.is_some_and(|watch| self.world.deliver(watch, usize::MAX, None))
            }
            Act::ListOld => {
                let age = self.world.server().log().len() - self.history.at_first;
                self.world.deliver(0, usize::MAX, Some(age))
            }
            Act::Reconcile(cluster) => self.reconcile(cluster).await,
            Act::Dies(cluster, write) => self.dies(cluster, write, Fault::DiesAfter).await,
            Act::DiesMeanwhile(cluster, write) => {
                self.left.late_writes = false;
                self.dies(cluster, write, Fault::DiesMeanwhile).await
            }
            Act::Arrives => self.world.wire.clone().arrive(&mut self.world.server()),
            Act::Restart => {
                self.left.deaths -= 1;
                self.world.restart();
                true
            }
            Act::Control(at) => self.world.control(self.setup.slow[at]),
            Act::Pass => {
                self.left.passes -= 1;
                let Some(time) = self.world.next_due() else { return false };
                self.world.pass(time).await;
                true
            }
            Act::Disturb(at) => {
                self.left.disturbances.retain(|left| *left != at);
                (self.setup.disturbances[at].happens)(self.world);
                true
            }
        };
        // Events are written beside the loop.
        tokio::task::yield_now().await;
        self.writes = self.world.wire.count() - writes;
        let broken = self.observe(matches!(act, Act::Disturb(_)));
        self.started = act.is_death().then(|| self.start());
        self.happens_at_once();
        self.history.broken = broken.and(self.observe(false)).err();
        happened
    }

    async fn reconcile(&mut self, cluster: usize) -> bool {
        self.world.name = self.setup.clusters[cluster];
        let uid = self.world.uid();
        let asked = self.world.asked().contains(&uid);
        if asked {
            self.world.reconcile_now(&uid).await;
        }
        asked
    }

    async fn dies(&mut self, cluster: usize, write: usize, fault: Fault) -> bool {
        self.left.deaths -= 1;
        self.world.wire.fail(Some((write, fault)));
        let happened = self.reconcile(cluster).await;
        // Whether there were so many writes.
        let died = !self.world.wire.is_failing();
        self.world.wire.fail(None);
        happened && died
    }

    /// Takes in what happened, by the hand of others or not.
    pub fn observe(&mut self, is_asked_for: bool) -> Result<(), Broken> {
        let server = self.world.shared();
        let server = server.lock().unwrap();
        self.history.observe(&server, self.setup, is_asked_for)
    }

    /// Controllers that aren't slow work, and watches of kinds that aren't late show what there is.
    fn happens_at_once(&mut self) {
        let setup = self.setup;
        for _ in 0..100 {
            let quick = (0..controllers::ALL.len()).filter(|at| !setup.slow.contains(at));
            let mut moved = quick.filter(|at| self.world.control(*at)).count() > 0;
            for (watch, (kind, is_behind)) in self.world.views().into_iter().enumerate() {
                let is_shown = is_behind && !setup.late.contains(&&*kind);
                moved |= is_shown && self.world.deliver(watch, usize::MAX, None);
            }
            if !moved {
                return;
            }
        }
        panic!("controllers don't come to rest");
    }

    fn watch(&mut self, late: &str) -> Option<usize> {
        self.world.views().iter().position(|(kind, is_behind)| kind == late && *is_behind)
    }

    /// What can happen next.
    pub fn next(&mut self) -> Vec<Act> {
        let (setup, mut next) = (self.setup, Vec::new());
        let lives = self.left.deaths > 0;
        for (cluster, name) in setup.clusters.iter().enumerate() {
            self.world.name = name;
            if self.world.get(CLUSTERS, name).is_none() || !self.world.asked().contains(&self.world.uid()) {
                continue;
            }
            next.push(Act::Reconcile(cluster));
            if lives {
                next.extend((0..MOST_WRITES).map(|write| Act::Dies(cluster, write)));
            }
            if lives && self.left.late_writes {
                next.extend((0..MOST_WRITES).map(|write| Act::DiesMeanwhile(cluster, write)));
            }
        }
        if setup.old_lists && !self.world.is_listed(0) && self.left.disturbances.len() < setup.disturbances.len() {
            next.push(Act::ListOld);
        }
        next.extend((0..setup.late.len()).filter(|kind| self.watch(setup.late[*kind]).is_some()).map(Act::Show));
        let moves = |at: &usize| controllers::ALL[setup.slow[*at]](&mut self.world.server().clone());
        next.extend((0..setup.slow.len()).filter(moves).map(Act::Control));
        next.extend(self.world.wire.late().map(|_| Act::Arrives));
        next.extend(lives.then_some(Act::Restart));
        let is_idle = self.world.asked().is_empty() && self.world.next_due().is_some();
        next.extend((is_idle && self.left.passes > 0).then_some(Act::Pass));
        next.extend(self.left.disturbances.iter().map(|at| Act::Disturb(*at)));
        next
    }

    /// Over all on which the future depends; and over the same, where nothing disturbs any more.
    pub fn prints(&mut self) -> (u64, u64) {
        let future = hash(&(self.world.state(&[]), self.history.text()));
        let old = if self.setup.old_lists { self.world.state(&[CLUSTERS]) } else { String::new() };
        (hash(&(future, old, &self.left)), future)
    }

    /// At rest, all is as wanted, and an operator that starts writes nothing. Where the operator waits for something, only the latter. Of a
    /// cluster that was deleted, the claims are left.
    pub async fn is_as_wanted(&mut self, rests: bool) -> Result<(), Broken> {
        for name in self.setup.clusters.iter().filter(|_| rests) {
            self.world.name = name;
            if let Some(cluster) = self.world.get(CLUSTERS, name) {
                assert!(cluster.pointer("/metadata/deletionTimestamp").is_none(), "{name} doesn't go");
                self.world.is_as_wanted();
            } else {
                let server = self.world.server();
                let is_its = |object: &Value| text(object, "/metadata/labels/app.kubernetes.io~1instance") == *name;
                let left = server.all().filter(|(kind, object)| *kind != "persistentvolumeclaims" && is_its(object));
                let left: Vec<_> = left.map(|(kind, object)| (kind, text(object, "/metadata/name"))).collect();
                assert!(left.is_empty(), "of {name}, which is gone, {left:?} is left");
            }
        }
        if rests {
            let server = self.world.server();
            let uids: BTreeSet<&str> = server.all().map(|(_, object)| text(object, "/metadata/uid")).collect();
            let is_left = |pod: &&Arc<Value>| controller(pod).is_none_or(|uid| !uids.contains(uid));
            let left: Vec<_> = server.list("pods", "").iter().filter(is_left).map(|pod| name(pod)).collect();
            assert!(left.is_empty(), "no workload has {left:?}");
        }
        let writes = self.world.wire.count();
        self.world.restart();
        let restarted = self.world.settle(std::time::Duration::from_secs(60)).await;
        let written = self.world.wire.writes().split_off(writes);
        if restarted == rests && written.is_empty() {
            return Ok(());
        }
        Err(Broken::new(Promise::Quiet, format!("a restart at rest: rests {restarted}, writes {written:#?}")))
    }

    /// Why it doesn't come to rest.
    pub fn why_not(&mut self) -> String {
        let why = self.setup.clusters.iter().map(|name| {
            self.world.name = name;
            match self.world.get(CLUSTERS, name) {
                Some(cluster) => format!("{name}: {:#?}\n{:#}", self.world.plan().1, cluster["status"]),
                None => format!("{name} is gone"),
            }
        });
        why.collect::<Vec<_>>().join("\n")
    }
}

fn hash(value: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}
