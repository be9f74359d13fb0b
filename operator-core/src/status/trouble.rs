//! What a node's failure says, for people.

use super::row::Row;
use crate::{
    render::names,
    state::{Snapshot, Trouble, trouble::Cause},
};

/// Why a node fails: what its pods say, then what its workload says.
pub fn failure(row: &Row<'_>, waits: bool, snapshot: &Snapshot) -> Option<String> {
    let health = row.health?;
    let label = names::cut(&row.status.name, 63);
    let troubles = snapshot.troubles.iter().flatten();
    let of_node: Vec<&Trouble> = troubles.filter(|trouble| !row.is_ready() && *trouble.node == *label).collect();
    // A Job may take as long as it takes.
    let may_stall = waits || row.is_job || health.failure.is_some();
    let pods = of_node.into_iter().filter(|trouble| trouble.cause != Cause::Stalled || !may_stall);
    let said: Vec<String> = pods.map(sentence).chain(health.failure.as_deref().map(str::to_owned)).collect();
    (!said.is_empty()).then(|| format!("{}: {}", row.status.name, said.join("; ")))
}

/// Until someone has looked after a restart of the operator, what an earlier one said of a node that fails still stands: first what fails, then
/// that with what waits.
pub fn as_before(rows: &[Row<'_>], snapshot: &Snapshot) -> Option<(String, String)> {
    let before = snapshot.status.as_ref().filter(|before| {
        snapshot.troubles.is_none()
            && before.observed_generation == snapshot.generation
            && rows.iter().any(|row| row.health.is_some() && !row.is_ready())
    })?;
    let said = |type_| before.condition(type_).filter(|said| said.reason == "Failing").map(|said| said.message.clone());
    Some((said("Degraded")?, said("Progressing")?))
}

fn sentence(Trouble { pod, more, cause, message, .. }: &Trouble) -> String {
    let what = match cause {
        Cause::Unschedulable => "can't be scheduled".to_owned(),
        Cause::ImagePull { container, image } => format!("container {container}: image {image} can't be pulled"),
        Cause::Config { container, reason } => format!("container {container} is in {reason}"),
        Cause::CrashLoop { container, restarts } => {
            let restarts = match restarts {
                0 => String::new(),
                1 => " after 1 restart".to_owned(),
                // They were rounded down.
                restarts => format!(" after at least {restarts} restarts"),
            };
            format!("container {container} is in CrashLoopBackOff{restarts}")
        }
        Cause::Failed { reason } if &**reason == "Failed" => "failed".to_owned(),
        Cause::Failed { reason } => format!("failed ({reason})"),
        Cause::Terminating => "is being deleted and doesn't end".to_owned(),
        Cause::NotStarted => "hasn't started for more than 10 minutes".to_owned(),
        Cause::NotReady => "runs and hasn't been ready for more than 10 minutes".to_owned(),
        Cause::Stalled => "no progress for more than 10 minutes; the events of its workload say more".to_owned(),
    };
    let pod = pod.as_ref().map(|pod| match more {
        0 => format!("pod {pod}: "),
        1 => format!("pod {pod} and 1 more: "),
        more => format!("pod {pod} and {more} more: "),
    });
    let message = if message.is_empty() { String::new() } else { format!(": {message}") };
    format!("{}{what}{message}", pod.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        model::{ClusterStatus, NodeStatus},
        state::Health,
    };

    fn row(health: &Health) -> Row<'_> {
        let status = NodeStatus { name: "store".to_owned(), replicas: 1, ..NodeStatus::default() };
        Row { status, health: Some(health), is_job: false }
    }

    #[test]
    fn a_node_without_progress_is_named_where_nothing_else_is_said_and_it_waits_for_nothing() {
        let (slow, late) = (Health::default(), Health { failure: Some("too late".into()), ..Health::default() });
        let snapshot = Snapshot { troubles: Some(vec![Trouble::stalled("store")]), ..Snapshot::default() };
        let stalled = "store: no progress for more than 10 minutes; the events of its workload say more";
        assert_eq!(failure(&row(&slow), false, &snapshot).as_deref(), Some(stalled));
        assert_eq!(failure(&row(&slow), true, &snapshot), None);
        assert_eq!(failure(&Row { is_job: true, ..row(&slow) }, false, &snapshot), None);
        assert_eq!(failure(&row(&late), false, &snapshot).as_deref(), Some("store: too late"));
    }

    #[test]
    fn a_ready_node_has_no_trouble_any_more() {
        let health = Health {
            observed: true,
            replicas: 1,
            current: 1,
            updated: 1,
            ready: 1,
            single_revision: true,
            ..Health::default()
        };
        let cause = Cause::CrashLoop { container: "c".into(), restarts: 5 };
        let crash = Trouble {
            pod: Some("store-0".into()),
            more: 0,
            cause,
            message: "Error".into(),
            ..Trouble::stalled("store")
        };
        let snapshot = Snapshot { troubles: Some(vec![crash]), ..Snapshot::default() };
        assert_eq!(failure(&row(&health), false, &snapshot), None);
        let said = failure(&row(&Health::default()), false, &snapshot);
        let crash = "store: pod store-0: container c is in CrashLoopBackOff after at least 5 restarts: Error";
        assert_eq!(said.as_deref(), Some(crash));
    }

    #[test]
    fn what_was_said_stands_until_somebody_has_looked_at_this_generation() {
        let said = |type_: &str, message: &str| {
            serde_json::from_value(serde_json::json!({
                "type": type_, "status": "True", "reason": "Failing", "message": message, "lastTransitionTime": "2026-01-01T12:00:00Z",
            }))
            .unwrap()
        };
        let status = ClusterStatus {
            observed_generation: 1,
            conditions: vec![said("Degraded", "a"), said("Progressing", "a; b")],
            ..ClusterStatus::default()
        };
        let snapshot = Snapshot { generation: 1, status: Some(status), ..Snapshot::default() };
        let health = Health::default();
        let rows = [row(&health)];
        assert_eq!(as_before(&rows, &snapshot), Some(("a".to_owned(), "a; b".to_owned())));
        assert_eq!(as_before(&[], &snapshot), None);
        assert_eq!(as_before(&rows, &Snapshot { generation: 2, ..snapshot.clone() }), None);
        assert_eq!(as_before(&rows, &Snapshot { troubles: Some(Vec::new()), ..snapshot }), None);
    }
}
