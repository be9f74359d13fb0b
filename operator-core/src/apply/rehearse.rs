//! What a write would come to: the API server is asked for it by the same requests, as dry runs. For the command `plan`.

use serde_json::Value;

use super::{Failure, Outcome, Requests, Writer};
use crate::{
    model::{Identity, Kind, Scale, kind::SECRET},
    plan::Action,
    state::{Answer, Fact},
};

/// What a write would come to. It has no `Debug`: it may hold a Secret.
pub enum Rehearsal {
    /// The object would be stored.
    Stored {
        /// As it is now; none: it isn't there.
        live: Option<Value>,
        /// As it would be.
        stored: Value,
    },
    /// The API server's answer is a fact for the next plan.
    Answered(Fact),
    /// There was no such answer; why.
    Failed(String),
}

impl Writer {
    /// Asks what a write of an object would come to, and changes nothing.
    pub async fn rehearse(&self, action: &Action, cluster: &Identity) -> Rehearsal {
        match self.try_rehearse(action, cluster).await {
            Ok((live, stored)) => Rehearsal::Stored { live, stored },
            Err(failure) => {
                let (message, mut outcome) = (failure.message.clone(), Outcome::default());
                outcome.note(action, Err(failure), self.now());
                match outcome.facts.pop() {
                    Some(fact) => Rehearsal::Answered(fact),
                    None => Rehearsal::Failed(message),
                }
            }
        }
    }

    /// An object as it is; `None` where there is none.
    ///
    /// # Errors
    /// Where the API server doesn't answer, or doesn't show it.
    pub async fn live(&self, kind: &Kind, name: &str, cluster: &Identity) -> Result<Option<Value>, Failure> {
        let requests = Requests::new(&self.manager.name, kind, &cluster.namespace, name);
        match self.send(requests.get()?).await {
            Ok(answer) => read(&answer).map(Some),
            Err(failure) if failure.code == Some(404) => Ok(None),
            Err(failure) => Err(failure),
        }
    }

    async fn try_rehearse(&self, action: &Action, cluster: &Identity) -> Result<(Option<Value>, Value), Failure> {
        let (kind, name) = action.target();
        let requests = Requests::new(&self.manager.name, kind, &cluster.namespace, name).rehearsed();
        let request = match action {
            Action::Create { object, replicas } => requests.create(object, *replicas)?,
            Action::Apply { object, found: (uid, _), generate, .. } => requests.apply(object, uid, generate)?,
            Action::Release { object, .. } | Action::Replace { object, .. } | Action::Try { object, .. } => {
                requests.dry_run(object)?
            }
            Action::Grow { found: (uid, _), size, .. } => requests.grow(uid, size)?,
            Action::Inspect { .. } | Action::Delete { .. } => requests.get()?,
        };
        let answer = self.send(request).await.map_err(|failure| match action.object() {
            Some(object) if *kind == &SECRET => failure.without_values(&object.json),
            _ => failure,
        });
        let mut stored = read(&answer?)?;
        let live = match action {
            Action::Create { .. } => None,
            _ => self.live(kind, name, cluster).await?,
        };
        // Whether something could be put in its place is asked under another name.
        if let Some(asked) = stored.pointer_mut("/metadata/name") {
            *asked = name.into();
        }
        let now = live.as_ref().and_then(|live| live.pointer("/spec/replicas"));
        if let (true, Some(now), Some(spec)) = (keeps_replicas(action), now, stored.get_mut("spec"))
            && let Some(spec) = spec.as_object_mut()
        {
            spec.insert("replicas".to_owned(), now.clone());
        }
        Ok((live, stored))
    }
}

impl Rehearsal {
    /// What the API server said where it refuses the write; `None` where it would store the object.
    pub fn refusal(&self) -> Option<String> {
        match self {
            Self::Stored { .. } => None,
            Self::Failed(message) => Some(message.clone()),
            Self::Answered(Fact { answer: Answer::Refused(refusal) | Answer::WouldBeRefused(refusal), .. }) => {
                Some(refusal.message.clone())
            }
            Self::Answered(_) => Some("an object of this name is there".to_owned()),
        }
    }
}

/// Whether the number of pods stays though the dry run gives it up: the operator hands it over before an apply, and records it before a
/// replacement.
fn keeps_replicas(action: &Action) -> bool {
    match action {
        Action::Apply { hands_over, .. } => hands_over.is_some(),
        Action::Release { object, .. } | Action::Replace { object, .. } | Action::Try { object, .. } => {
            matches!(object.scale, Scale::Initial | Scale::Autoscaled)
        }
        _ => false,
    }
}

fn read(answer: &[u8]) -> Result<Value, Failure> {
    serde_json::from_slice(answer).map_err(|error| Failure::unreadable(&error))
}
