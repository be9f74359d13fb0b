//! What shall not be any more.

use std::collections::HashSet;

use super::{There, gates::Gates};
use crate::{
    model::kind::{CLAIM, CONFIG_MAP, ChildKind, JOB, ROLE, ROLE_BINDING, SECRET, SERVICE_ACCOUNT},
    render::{Desired, Object},
    state::{Child, Health},
};

/// What pods read or act as: it stays as long as pods of an older template may need it, also where they start anew.
static READ: [&ChildKind; 5] = [&CONFIG_MAP, &SECRET, &SERVICE_ACCOUNT, &ROLE, &ROLE_BINDING];

/// The cluster's objects that shall not be, workloads first. Claims stay: the StatefulSet's retention policy is about them.
pub fn surplus<'a>(
    desired: &Desired,
    observed: &'a [Child],
    there: &There<'_>,
    gates: &Gates<'_>,
) -> impl Iterator<Item = &'a Child> + use<'a> {
    // What waits may be what comes in its place.
    let observed = if gates.are_held() { &[] } else { observed };
    let wanted: HashSet<(&ChildKind, &str)> =
        desired.objects.iter().map(|object| (object.kind, object.name.as_str())).collect();
    let rolling: HashSet<&str> = desired
        .objects
        .iter()
        .filter(|object| object.kind.is_workload() && is_rolling(object, there))
        .filter_map(|object| object.node.as_deref())
        .collect();
    let in_use = |child: &Child| {
        READ.contains(&child.kind) && child.node.as_deref().map_or(!rolling.is_empty(), |node| rolling.contains(node))
    };
    // What a Job did counts until its successor can run: what that waits for may come back as it was.
    let succeeded = |child: &Child| {
        let successor = desired
            .objects
            .iter()
            .find(|object| object.kind == &JOB && object.node.as_deref() == child.node.as_deref());
        successor.is_none_or(|object| there.get(object).is_some() || gates.reasons(object).is_empty())
    };
    let mut surplus: Vec<&Child> = observed
        .iter()
        .filter(|child| child.kind != &CLAIM && !child.deleting)
        .filter(|child| !wanted.contains(&(child.kind, child.name.as_ref())) && !in_use(child))
        .filter(|child| child.kind != &JOB || succeeded(child))
        .collect();
    surplus.sort_by_key(|child| (!child.kind.is_workload(), child.kind.kind, &child.name));
    surplus.into_iter()
}

/// Whether pods may be on another template than the newest.
fn is_rolling(object: &Object, there: &There<'_>) -> bool {
    there.get(object).is_none_or(|child| {
        !there.is_as_wanted(object, child) || !child.health.as_deref().is_some_and(Health::rolled_out)
    })
}
