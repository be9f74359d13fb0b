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
