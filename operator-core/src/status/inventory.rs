//! What has to be remembered of every child.

use std::collections::HashSet;

use crate::{
    model::{Inventory, Kind, kind::CLAIM},
    render::Blueprint,
    state::{Availability, Snapshot},
};

/// The inventory of a cluster: what is there, what was, and what is about to be. Nothing is forgotten of which it isn't known that it is gone.
pub fn inventory(blueprint: Option<&Blueprint>, about_to_be: &[(Kind, String)], snapshot: &Snapshot) -> Inventory {
    let before = snapshot.status.as_ref().map(|status| status.inventory.clone()).unwrap_or_default();
    let wanted = blueprint.map(|blueprint| blueprint.with(&snapshot.references)).unwrap_or_default();
    let wanted: HashSet<(&Kind, &str)> = wanted.iter().map(|object| (&object.kind, object.name.as_str())).collect();
    let mut inventory = Inventory::default();
    let mut set = |kind: &Kind, name: &str| {
        inventory.set(kind, name, snapshot.mark(kind, name), snapshot.is_done(kind, name));
    };
    for kind in before.kinds() {
        for name in before.0.get(&kind.id()).into_iter().flat_map(|names| names.keys()) {
            let is_listed = *snapshot.availability(&kind) == Availability::Synced;
            if blueprint.is_none() || !is_listed || wanted.contains(&(&kind, name)) {
                set(&kind, name);
            }
        }
    }
    for child in snapshot.children.iter().filter(|child| child.kind != &CLAIM) {
        set(&child.kind, &child.name);
    }
    for (kind, name) in about_to_be {
        set(kind, name);
    }
    inventory
}
