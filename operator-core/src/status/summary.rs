//! What the conditions of a status say.

use super::{Problem, Reason, row::Row, sentence, trouble};
use crate::{
    plan::{Gate, Plan},
    state::Snapshot,
};

/// Conditions that are there only while they are true: where one is, tools that read any kind's status (kstatus) needn't know the others.
pub const WHILE_TRUE: [&str; 2] = ["Reconciling", "Stalled"];

/// A condition: type, whether it is true, reason, message.
pub type Said = (&'static str, bool, &'static str, String);

/// What the conditions say.
pub enum Summary {
    Problem(Reason, String),
    /// What fails, and that with what waits.
    Failing(String, String),
    Waiting(&'static str, String),
    Progressing(String),
    Ready(String),
}

impl Summary {
    pub fn of(rows: &[Row<'_>], plan: &Plan, problem: Option<&Problem>, snapshot: &Snapshot) -> Self {
        if let Some(problem) = problem {
            return Self::Problem(problem.reason, problem.message.clone());
        }
        let waiting: Vec<(&str, String)> =
            plan.gates.iter().filter_map(|gate| Some((sentence::node(gate)?, sentence::message(gate)))).collect();
        let mut going: Vec<String> = together(&waiting);
        let waits = |row: &Row<'_>| waiting.iter().any(|(node, _)| *node == row.status.name);
        let failing: Vec<String> = rows.iter().filter_map(|row| trouble::failure(row, waits(row), snapshot)).collect();
        if !failing.is_empty() {
            let failing = failing.join("; ");
            going.insert(0, failing.clone());
            return Self::Failing(failing, going.join("; "));
        }
        if let Some((failing, all)) = trouble::as_before(rows, snapshot) {
            return Self::Failing(failing, all);
        }
        let unready = rows.iter().filter(|row| !row.is_ready() && !waits(row));
        going.extend(unready.map(|row| format!("{}: {}", row.status.name, waits_for(row))));
        if !waiting.is_empty() {
            let external = plan.gates.iter().any(|gate| matches!(gate, Gate::External { .. }));
            return Self::Waiting(if external { "WaitingForExternal" } else { "Waiting" }, going.join("; "));
        }
        if !going.is_empty() {
            return Self::Progressing(going.join("; "));
        }
        let left: Vec<String> = rows.iter().filter_map(Row::left).collect();
        let ready =
            if left.is_empty() { "every node is ready on its newest configuration" } else { "every node is ready" };
        let remarks = plan.gates.iter().filter(|gate| gate.is_remark()).map(sentence::message);
        Self::Ready(std::iter::once(ready.to_owned()).chain(left).chain(remarks).collect::<Vec<_>>().join("; "))
    }

    /// Ready, Progressing, Degraded; the reason of Ready is what `kubectl get` shows as Status. Then the one of [`WHILE_TRUE`] that is true.
    pub fn conditions(self, plan: &Plan, is_carried_out: bool) -> Vec<Said> {
        let is_stalled = self.is_stalled(plan);
        let always = self.always();
        let ([reconciling, stalled], [(_, is_ready, reason, message), ..]) = (WHILE_TRUE, &always);
        let type_ = if is_stalled { Some(stalled) } else { (!is_ready && !is_carried_out).then_some(reconciling) };
        let only_now = type_.map(|type_| (type_, true, *reason, message.clone()));
        always.iter().cloned().chain(only_now).collect()
    }

    /// Whether the operator can't get on without a person.
    fn is_stalled(&self, plan: &Plan) -> bool {
        let passes = |gate: &Gate| matches!(gate, Gate::NameTaken { passing: true, .. });
        match self {
            Self::Problem(Reason::NameTaken, _) => !plan.gates.iter().any(passes),
            Self::Problem(reason, _) => !matches!(reason, Reason::Contested | Reason::Retrying),
            _ => false,
        }
    }

    /// Reason, and of each condition whether it holds and why.
    fn always(self) -> [Said; 3] {
        let no = (false, String::new());
        let (reason, ready, progressing, degraded) = match self {
            Self::Problem(reason, said) => {
                let goes_on = matches!(reason, Reason::NameTaken | Reason::Contested | Reason::Retrying);
                (reason.as_str(), (false, said.clone()), (goes_on, said.clone()), (true, said))
            }
            Self::Failing(failing, all) => ("Failing", (false, failing.clone()), (true, all), (true, failing)),
            Self::Waiting(reason, said) => (reason, (false, said.clone()), (true, said), no),
            Self::Progressing(said) => ("Progressing", (false, said.clone()), (true, said), no),
            Self::Ready(said) => ("Ready", (true, said), no.clone(), no),
        };
        let of_degraded = if degraded.0 { reason } else { "AsExpected" };
        [("Ready", reason, ready), ("Progressing", reason, progressing), ("Degraded", of_degraded, degraded)]
            .map(|(type_, reason, (holds, said))| (type_, holds, reason, said))
    }
}

/// What waits for the same in one sentence: `broker, router: Secret db is not there yet`.
fn together(waiting: &[(&str, String)]) -> Vec<String> {
    let mut messages: Vec<(&str, Vec<&str>)> = Vec::new();
    for (node, message) in waiting {
        match messages.iter_mut().find(|(known, _)| known == message) {
            Some((_, nodes)) => nodes.push(node),
            None => messages.push((message, vec![node])),
        }
    }
    messages.into_iter().map(|(message, nodes)| format!("{}: {message}", nodes.join(", "))).collect()
}

fn waits_for(Row { status: row, health, is_job }: &Row<'_>) -> String {
    let counts = format!("{} of {} ready, {} updated", row.ready, row.replicas, row.updated);
    match health {
        None => "to be created".to_owned(),
        Some(_) if *is_job => "its Job is running".to_owned(),
        Some(health) if !health.observed => format!("{counts}, its controller has not seen the newest spec yet"),
        Some(health) if health.current > row.replicas => {
            format!("{counts}, {} surplus to end", health.current - row.replicas)
        }
        Some(_) => counts,
    }
}
