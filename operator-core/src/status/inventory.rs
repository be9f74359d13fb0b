//! What has to be remembered of every child.

use std::{collections::HashSet, sync::Arc};

use crate::{
    model::{Inventory, Kind, Note, Object, kind::CLAIM},
    plan::Plan,
    render::{Blueprint, names::KEPT},
    state::{Availability, Child, Snapshot},
};

/// The inventory of a cluster: what is there, what was, and what is about to be. Nothing is forgotten of which it isn't known that it is gone.
/// `plan`: where it is about to be carried out.
pub fn inventory(blueprint: Option<&Blueprint>, plan: Option<&Plan>, snapshot: &Snapshot) -> Inventory {
    let before = snapshot.status.as_ref().map(|status| status.inventory.clone()).unwrap_or_default();
    let wanted = blueprint.map(|blueprint| blueprint.with(&snapshot.references)).unwrap_or_default();
    let names: HashSet<(&Kind, &str)> = wanted.iter().map(|object| (&object.kind, object.name.as_str())).collect();
    let is_wanted = |kind: &Kind, name: &str| blueprint.is_none() || names.contains(&(kind, name));
    let mut inventory = Inventory::default();
    // What a Job did counts until its successor was created: what that waits for may come back as it was.
    let counts = |kind: &Kind, name: &str| {
        let comes_after = |job: &Arc<Object>| {
            let base = job.hash.as_ref().and_then(|hash| hash.job.as_deref());
            // Long names are cut.
            let is_of_node =
                base.is_some_and(|base| name.starts_with(base.get(..KEPT).unwrap_or(base).trim_end_matches('-')));
            is_of_node && snapshot.mark(&job.kind, &job.name).is_none()
        };
        snapshot.is_done(kind, name) && (is_wanted(kind, name) || wanted.iter().any(comes_after))
    };
    let replaced = plan.into_iter().flat_map(Plan::replaced);
    let open: HashSet<(Kind, &str)> = snapshot.open().chain(replaced).collect();
    let is_open = |kind: &Kind, name: &str| open.contains(&(kind.clone(), name));
    // A create that the network held back may arrive after the object was deleted, and a restart would not look for it where nothing is said of
    // its kind.
    for kind in before.kinds().filter(|kind| *snapshot.availability(kind) != Availability::Missing) {
        inventory.0.entry(kind.id()).or_default();
    }
    let mut set = |kind: &Kind, name: &str| {
        let note = match (counts(kind, name), is_open(kind, name)) {
            (true, _) => Note::Done,
            (_, true) => Note::Open,
            _ => Note::None,
        };
        inventory.set(kind, name, snapshot.mark(kind, name), note);
    };
    for kind in before.kinds() {
        for name in before.0.get(&kind.id()).into_iter().flat_map(|names| names.keys()) {
            let is_listed = *snapshot.availability(&kind) == Availability::Synced;
            if !is_listed || is_wanted(&kind, name) || counts(&kind, name) || is_open(&kind, name) {
                set(&kind, name);
            }
        }
    }
    // Those of StatefulSets aren't the operator's.
    let is_ours = |child: &&Child| child.kind != &CLAIM || names.contains(&(&child.kind, &*child.name));
    for child in snapshot.children.iter().filter(is_ours) {
        set(&child.kind, &child.name);
    }
    for (kind, name) in plan.into_iter().flat_map(|plan| &plan.record) {
        set(kind, name);
    }
    inventory
}
