//! The plan, once the API server was asked all that it depends on.
//!
//! The operator finds out some things only by its writes: that a name is taken, that a field can't be changed. Here it is asked for them by
//! reads and dry runs. Each answer goes into the snapshot, and the plan is made anew, as the loop does.

use std::collections::{HashMap, HashSet};

use futures::{StreamExt, stream};

use super::change::Change;
use crate::{
    apply::{Outcome, Rehearsal, Writer},
    model::{Digest, Kind, kind::REVISION},
    plan::{Action, Plan, Verb, plan as decide},
    render::Blueprint,
    state::{Answer, Child, Data, Fact, Snapshot},
};

/// Requests that are under way at once.
const PARALLEL: usize = 16;
/// How often a plan is made anew at most: each answer opens few questions.
const ROUNDS: usize = 10;

/// A plan, and what its writes come to.
pub struct Preview {
    /// What it was made from.
    pub snapshot: Snapshot,
    /// The plan.
    pub plan: Plan,
    /// What each of its actions changes.
    pub changes: Vec<Change>,
    /// What could not be found out, and why.
    pub unknown: Vec<String>,
}

/// What is done to what, and what is sent.
type Key = (Verb, Kind, String, Digest);

/// What was asked so far.
struct Inquiry<'a> {
    writer: &'a Writer,
    blueprint: &'a Blueprint,
    snapshot: Snapshot,
    asked: HashSet<Key>,
    rehearsals: HashMap<Key, Rehearsal>,
    unknown: Vec<String>,
}

impl Preview {
    /// Makes the plan.
    pub async fn of(writer: &Writer, blueprint: &Blueprint, snapshot: Snapshot) -> Self {
        let (asked, rehearsals) = (HashSet::new(), HashMap::new());
        let mut inquiry = Inquiry { writer, blueprint, snapshot, asked, rehearsals, unknown: Vec::new() };
        let mut plan = decide(Ok(blueprint), None, &inquiry.snapshot);
        for _ in 0..ROUNDS {
            // Dry runs are worth their requests only once it is known what is there.
            if !inquiry.ask(&plan).await && !inquiry.rehearse(&plan).await {
                break;
            }
            plan = decide(Ok(blueprint), None, &inquiry.snapshot);
        }
        // The spec that is kept once all else went well is in the file.
        plan.actions.retain(|action| *action.target().0 != &REVISION);
        let changes = inquiry.changes(&plan).await;
        Self { snapshot: inquiry.snapshot, plan, changes, unknown: inquiry.unknown }
    }

    /// How many writes the API server would refuse.
    pub fn refused(&self) -> usize {
        self.changes.iter().filter(|change| change.refused.is_some()).count()
    }
}

impl Inquiry<'_> {
    /// Asks whether names are taken, and whether something new could be stored in the place of what can't be changed. Returns whether there
    /// was something to ask.
    async fn ask(&mut self, plan: &Plan) -> bool {
        let questions: Vec<Action> = plan.actions.iter().filter_map(question).collect();
        let questions: Vec<Action> =
            questions.into_iter().filter(|question| self.asked.insert(key(question))).collect();
        let (writer, cluster) = (self.writer, self.snapshot.cluster.clone());
        // Each in a plan of its own: of several, the writer leaves out what comes after a bad answer.
        let answers = questions.iter().map(|question| {
            let plan = Plan { actions: vec![question.clone()], ..Plan::default() };
            let cluster = &cluster;
            async move { writer.execute(&plan, cluster).await }
        });
        let outcomes: Vec<Outcome> = stream::iter(answers).buffered(PARALLEL).collect().await;
        for outcome in outcomes {
            outcome.children.into_iter().for_each(|child| self.found(child));
            outcome.facts.into_iter().for_each(|fact| self.learn(fact));
            self.unknown.extend(outcome.failed.into_iter().map(|failed| failed.message));
        }
        !questions.is_empty()
    }

    /// Asks what the writes come to. Returns whether that is something on which another plan decides.
    async fn rehearse(&mut self, plan: &Plan) -> bool {
        let is_write = |action: &&Action| !matches!(action.verb(), Verb::Delete | Verb::Inspect);
        let new = plan.actions.iter().filter(is_write).filter(|action| !self.rehearsals.contains_key(&key(action)));
        let new: Vec<&Action> = new.collect();
        let (writer, cluster) = (self.writer, self.snapshot.cluster.clone());
        let asked = new.iter().map(|action| writer.rehearse(action, &cluster));
        let answers: Vec<Rehearsal> = stream::iter(asked).buffered(PARALLEL).collect().await;
        let mut is_news = false;
        for (action, rehearsal) in new.into_iter().zip(answers) {
            is_news |= self.decides(action, &rehearsal);
            self.rehearsals.insert(key(action), rehearsal);
        }
        is_news
    }

    /// Takes in what another plan decides on.
    fn decides(&mut self, action: &Action, rehearsal: &Rehearsal) -> bool {
        match rehearsal {
            Rehearsal::Answered(fact) => {
                let decides = match &fact.answer {
                    // Something else may be put in its place.
                    Answer::Refused(refusal) => refusal.immutable && action.verb() == Verb::Apply,
                    answer => *answer == Answer::Exists,
                };
                if decides {
                    self.learn(fact.clone());
                }
                decides
            }
            // What pods read is part of their configuration's hash. What is generated is different each time.
            Rehearsal::Stored { stored, .. } if action.object().is_some_and(|object| object.generate.is_empty()) => {
                let (kind, name) = action.target();
                let data = Data::of(stored).bounded();
                let references = self.snapshot.references.iter_mut();
                let read =
                    references.filter(|(reference, _)| *kind == reference.source.kind() && reference.name == name);
                let mut changes = false;
                for (reference, known) in read {
                    let content = data.content(reference.key.as_deref());
                    changes |= std::mem::replace(known, content.clone()) != content;
                }
                changes
            }
            _ => false,
        }
    }

    fn found(&mut self, child: Child) {
        self.snapshot.children.retain(|known| known.uid != child.uid);
        self.snapshot.children.push(child);
    }

    fn learn(&mut self, fact: Fact) {
        self.snapshot.facts.retain(|known| known.kind != fact.kind || known.name != fact.name);
        self.snapshot.facts.push(fact);
    }

    async fn changes(&mut self, plan: &Plan) -> Vec<Change> {
        let mut changes = Vec::new();
        for action in &plan.actions {
            let rehearsal = self.rehearsals.remove(&key(action));
            changes.push(Change::of(action, rehearsal, self.writer, self.blueprint, &self.snapshot).await);
        }
        changes
    }
}

/// What has to be asked before it is known what becomes of an action.
fn question(action: &Action) -> Option<Action> {
    match action {
        Action::Create { object, .. } | Action::Inspect { object } => Some(Action::Inspect { object: object.clone() }),
        Action::Try { .. } => Some(action.clone()),
        _ => None,
    }
}

fn key(action: &Action) -> Key {
    let (kind, name) = action.target();
    (action.verb(), kind.clone(), name.to_owned(), action.sent())
}
