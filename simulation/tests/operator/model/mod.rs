//! All that can happen to small clusters, exhaustively: which view is late, which controller takes the next step, where the operator dies, and
//! what people do meanwhile. Each setup is explored by stateright until no new state is found, or so many are known as are asked for.
//!
//! | module | holds |
//! | --- | --- |
//! | this one | [`Setup`]; its states, and how they are explored |
//! | `act` | [`Act`]: what can happen next |
//! | `history` | the promises that hold at each step |
//! | `setups` | the setups |
//!
//! A world can't be copied while an operator runs in it: a state is the path that leads to it from where the operator started, which is played again
//! for each state that comes after it. Two
//! paths lead to one state where [`operator_simulation::operator::World::state`] says the same; `EQUAL` of those pairs are tried.

mod act;
mod history;
mod setups;

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    hash::{DefaultHasher, Hash, Hasher},
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use stateright::{Checker, Model, Property};

use self::{
    act::{Act, Played, Start},
    history::{Broken, Promise},
};
use crate::{
    promises::PATIENCE,
    world::{World, run},
};

/// Of so many pairs of paths that lead to one state, one is tried: all that can happen next leads to the same states, too.
const EQUAL: usize = 100;
/// Rounds in which everything happens once that waits; more than any setup needs.
const MOST_ROUNDS: usize = 300;

/// What there is at first, and what can happen to it. What it doesn't name happens at once.
pub struct Setup {
    /// The clusters.
    pub clusters: &'static [&'static str],
    /// Applies them; where `rests`, they come to rest before anything happens.
    pub install: fn(&mut World),
    pub rests: bool,
    /// Kinds whose watches are late, each by itself.
    pub late: &'static [&'static str],
    /// Controllers, by number, that take steps by themselves.
    pub slow: &'static [usize],
    /// What people and autoscalers do, each once, at any time.
    pub disturbances: &'static [Disturbance],
    /// How often the operator dies: at any time, or after any of its writes.
    pub deaths: u8,
    /// Whether the last write of an operator that dies may arrive at any time later.
    pub late_writes: bool,
    /// Whether an operator that starts may be shown the clusters as they were at first.
    pub old_lists: bool,
    /// How often time passes until the operator wants to look again, though other things could happen.
    pub passes: u8,
    /// Whether pods are restarted by what happens.
    pub rolls: bool,
    /// How long it may take until all comes to rest, and whether a cluster that waits for something after that is as wanted, too.
    pub patience: Duration,
    pub waits: fn(&World) -> bool,
}

/// Something that people or autoscalers do.
pub struct Disturbance {
    pub words: &'static str,
    pub happens: fn(&mut World),
}

/// A state: the path that leads to it, and what is to be known of it.
#[derive(Clone, Debug)]
struct State {
    path: Vec<Act>,
    /// Where the operator started that runs now, and after how many acts.
    start: (Arc<Start>, usize),
    /// Over all on which the future depends, and what is left of what may happen.
    print: u64,
    next: Vec<Act>,
    broken: Option<Broken>,
}

impl Hash for State {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.print.hash(state);
    }
}

impl PartialEq for State {
    fn eq(&self, other: &Self) -> bool {
        self.print == other.print
    }
}

/// A setup while it is explored.
struct Exploration {
    setup: &'static Setup,
    start: Arc<Start>,
    known: Mutex<Known>,
}

#[derive(Default)]
struct Known {
    /// States from which all comes to rest as wanted, where nothing disturbs any more.
    good: HashSet<u64>,
    /// How often everything happened once that waited, to find that out.
    rounds: usize,
    /// Number of the writes of a reconcile, by state and cluster.
    writes: HashMap<(u64, usize), usize>,
    /// The first path to each state.
    paths: HashMap<u64, State>,
    /// Whether there were more states than are explored.
    is_cut: bool,
    /// Pairs of paths that lead to one state.
    pairs: usize,
    /// The first state in which a promise is broken: then there is no need to go on.
    broken: Option<State>,
}

impl Exploration {
    fn new(setup: &'static Setup) -> Self {
        let server = run(async |world| {
            history::fix_generated_values(world);
            (setup.install)(world);
            if setup.rests {
                assert!(world.settle(PATIENCE).await, "the first installation doesn't come to rest");
            }
            let mut server = world.server().clone();
            server.forget_history();
            server
        });
        Self { setup, start: Arc::new(Start::new(setup, server)), known: Mutex::default() }
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Plays the path to a state, and an act; then something with the world to which that leads. None where the act can't happen.
    fn play<T>(
        &self,
        State { path, start: (start, at), .. }: &State,
        act: Act,
        then: impl AsyncFnOnce(&mut Played<'_>) -> T,
    ) -> Option<T> {
        start.play(self.setup, async |played| {
            for act in &path[*at..] {
                played.take(*act).await;
            }
            if !played.take(act).await {
                return None;
            }
            Some(then(played).await)
        })
    }

    /// The state after another act; none where that can't happen.
    fn after(&self, before: &State, act: Act) -> Option<State> {
        let path: Vec<Act> = before.path.iter().copied().chain([act]).collect();
        let is_too_many =
            |cluster, write| self.known().writes.get(&(before.print, cluster)).is_some_and(|writes| write >= *writes);
        if let Act::Dies(cluster, write) | Act::DiesMeanwhile(cluster, write) = act
            && is_too_many(cluster, write)
        {
            return None;
        }
        let reached = catch_unwind(AssertUnwindSafe(|| {
            self.play(before, act, async |played| {
                let start = played.started.take().map(|start| (Arc::new(start), path.len()));
                if let Act::Reconcile(cluster) = act {
                    self.known().writes.insert((before.print, cluster), played.writes);
                }
                let (print, future) = played.prints();
                let next = played.next();
                let broken = match played.history.broken.take() {
                    None => self.ends_well(played, future).await.err(),
                    broken => broken,
                };
                (start, print, next, broken)
            })
        }));
        let (start, print, next, broken) = reached.unwrap_or_else(|panic| {
            // A state of its own.
            let mut hasher = DefaultHasher::new();
            path.hash(&mut hasher);
            Some((None, hasher.finish(), Vec::new(), Some(Broken::by_panic(&*panic))))
        })?;
        Some(State { path, start: start.unwrap_or_else(|| before.start.clone()), print, next, broken })
    }

    /// Whether all comes to rest as wanted where nothing disturbs any more, and everything happens in turn. Ends where that is known.
    async fn ends_well(&self, played: &mut Played<'_>, mut future: u64) -> Result<(), Broken> {
        let mut passed = Vec::new();
        let end = tokio::time::Instant::now() + self.setup.patience;
        let rests = loop {
            if self.known().good.contains(&future) {
                break None;
            }
            passed.push(future);
            if passed.len() > MOST_ROUNDS {
                return Err(Broken::new(Promise::Rests, played.why_not()));
            }
            let rests = played.world.go_on(end).await;
            self.known().rounds += 1;
            played.observe(false)?;
            if rests.is_some() {
                break rests;
            }
            future = played.prints().1;
        };
        if let Some(rests) = rests {
            if !rests && !(self.setup.waits)(played.world) {
                return Err(Broken::new(Promise::Rests, played.why_not()));
            }
            played.is_as_wanted(rests).await?;
        }
        self.known().good.extend(passed);
        Ok(())
    }

    /// Whether two paths to one state go on to the same states.
    fn go_on_alike(&self, one: &State, other: &State) -> Result<(), Broken> {
        let steps = |state: &State| -> BTreeMap<Act, u64> {
            let after = |act: &Act| Some((*act, self.play(state, *act, async |played| played.prints().0)?));
            state.next.iter().filter_map(after).collect()
        };
        let (after_one, after_other) = (steps(one), steps(other));
        if one.next == other.next && after_one == after_other {
            return Ok(());
        }
        let differs = |act: &&Act| after_one.get(act) != after_other.get(act);
        let message = format!(
            "the same state, but not the same future, after {:?}:\n{:?}\n{:?}",
            one.next.iter().chain(&other.next).find(differs),
            one.path,
            other.path
        );
        Err(Broken::new(Promise::States, message))
    }
}

impl Model for Exploration {
    type State = State;
    type Action = Act;

    fn init_states(&self) -> Vec<State> {
        let (print, next) = self.start.play(self.setup, async |played| (played.prints().0, played.next()));
        vec![State { path: Vec::new(), start: (self.start.clone(), 0), print, next, broken: None }]
    }

    fn actions(&self, state: &State, actions: &mut Vec<Act>) {
        let mut known = self.known();
        let is_enough = known.paths.len() >= most_states();
        known.is_cut |= is_enough;
        if known.broken.is_none() && !known.is_cut {
            actions.extend(&state.next);
        }
    }

    fn next_state(&self, before: &State, act: Act) -> Option<State> {
        let mut state = self.after(before, act)?;
        let mut known = self.known();
        match known.paths.get(&state.print).cloned() {
            None => _ = known.paths.insert(state.print, state.clone()),
            Some(other) if other.path != state.path => {
                known.pairs += 1;
                let is_tried = known.pairs % EQUAL == 1;
                drop(known);
                if is_tried && state.broken.is_none() {
                    state.broken = self.go_on_alike(&state, &other).err();
                    // Else it would be taken for the one that is known.
                    state.print += u64::from(state.broken.is_some());
                }
                known = self.known();
            }
            Some(_) => {}
        }
        if known.broken.is_none() && state.broken.is_some() {
            known.broken = Some(state.clone());
        }
        drop(known);
        Some(state)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        fn is_kept<const PROMISE: usize>(_: &Exploration, state: &State) -> bool {
            state.broken.as_ref().is_none_or(|broken| broken.promise as usize != PROMISE)
        }
        macro_rules! always {
            ($($promise:ident)*) => {
                vec![$(Property::always(Promise::$promise.words(), is_kept::<{ Promise::$promise as usize }>)),*]
            };
        }
        always!(Claims Replicas Pods Orphans Jobs Secrets Rests Quiet States)
    }
}

/// So many states of a setup are explored, those that are reached in the fewest steps first: as many as `MODEL_STATES` says.
fn most_states() -> usize {
    std::env::var("MODEL_STATES").ok().and_then(|most| most.parse().ok()).unwrap_or(60)
}

/// Explores a setup until nothing new is found, prints what was explored, and fails where a promise was broken.
fn explore(setup: &'static Setup) {
    // That of the test.
    let name = std::thread::current().name().unwrap_or_default().to_owned();
    let begun = Instant::now();
    let checker = Exploration::new(setup).checker().spawn_bfs().join();
    let known = checker.model().known();
    println!(
        "{}: {}{} states, {} steps, at most {} in a row, {} pairs of paths to one state, {} rounds until rest; {:.1} s",
        name.rsplit("::").next().unwrap_or_default(),
        if known.is_cut { "the first " } else { "all " },
        checker.unique_state_count(),
        checker.state_count(),
        checker.max_depth() - 1,
        known.pairs,
        known.rounds,
        begun.elapsed().as_secs_f32(),
    );
    let Some(State { path, broken: Some(broken), .. }) = &known.broken else {
        drop(known);
        return checker.assert_properties();
    };
    let words = checker.model().start.play(setup, async |played| {
        let mut words = Vec::new();
        for act in path {
            let writes = played.world.wire.count();
            played.take(*act).await;
            words.push(format!("- {}", act.words(setup)));
            for write in &played.world.wire.writes()[writes..] {
                words.push(format!("    {} {} {}", write.method, write.path, write.code));
            }
        }
        words
    });
    panic!(
        "{}, but not after this:\n{}\n{}\nrepeat it: cargo test --workspace --test operator {name} -- --nocapture",
        broken.promise.words(),
        words.join("\n"),
        broken.message,
    );
}
