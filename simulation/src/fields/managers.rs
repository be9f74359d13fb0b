//! The entries of `managedFields`, and how apply and update change them.

use serde_json::{Value, json};

use super::{
    FieldSet, Place,
    merge::{merged, removed, with_structures},
    walk::{Difference, field_set},
};

/// How fields came to be owned.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Operation {
    /// Server-side apply.
    Apply,
    /// Everything else.
    Update,
}

/// Who owns the fields of an entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Manager {
    /// The field manager.
    pub name: String,
    /// How it wrote.
    pub operation: Operation,
    /// Through which subresource; empty for none.
    pub subresource: String,
    /// In which version of the API.
    pub api_version: String,
}

impl Manager {
    /// As messages name it. Source: `printManager` of `managedfields/internal/conflict.go`.
    fn shown(&self) -> String {
        let mut shown = format!("{:?}", self.name);
        if !self.subresource.is_empty() {
            shown = format!("{shown} with subresource {:?}", self.subresource);
        }
        match self.operation {
            Operation::Apply => shown,
            Operation::Update => format!("{shown} using {}", self.api_version),
        }
    }
}

#[derive(Clone, Debug)]
struct Entry {
    manager: Manager,
    time: String,
    fields: FieldSet,
}

/// A field that someone else owns with another value: the manager as messages name it, and the path.
pub type Conflict = (String, String);

/// All entries of an object.
#[derive(Clone, Debug, Default)]
pub struct Entries(Vec<Entry>);

impl Entries {
    /// Reads `metadata.managedFields`.
    pub fn of(object: &Value) -> Self {
        let read = |entry: &Value| {
            let text = |key: &str| entry.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
            let operation = if text("operation") == "Apply" { Operation::Apply } else { Operation::Update };
            let manager = Manager {
                name: text("manager"),
                operation,
                subresource: text("subresource"),
                api_version: text("apiVersion"),
            };
            let fields = entry.get("fieldsV1").map(FieldSet::from_json).unwrap_or_default();
            Entry { manager, time: text("time"), fields }
        };
        Self(crate::json::items(object, "/metadata/managedFields").iter().map(read).collect())
    }

    /// Writes `metadata.managedFields`, in the order of the API server.
    pub fn to_json(&self) -> Value {
        let mut entries: Vec<&Entry> = self.0.iter().collect();
        entries.sort_by_key(|entry| {
            let Manager { name, operation, subresource, api_version } = &entry.manager;
            (*operation, &entry.time, name, api_version, subresource)
        });
        let write = |entry: &&Entry| {
            let mut json = json!({
                "manager": entry.manager.name,
                "operation": format!("{:?}", entry.manager.operation),
                "apiVersion": entry.manager.api_version,
                "time": entry.time,
                "fieldsType": "FieldsV1",
                "fieldsV1": entry.fields.to_json(),
            });
            if !entry.manager.subresource.is_empty() {
                crate::json::put(&mut json, "/subresource", entry.manager.subresource.as_str());
            }
            json
        };
        entries.iter().map(write).collect()
    }

    /// Whether nobody owns anything.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether anyone owns any of these fields.
    pub fn own(&self, fields: &FieldSet) -> bool {
        self.0.iter().any(|entry| !entry.fields.intersection(fields).is_empty())
    }

    /// Merges what `manager` applies into `live`, without the fields that it applied before and nobody else owns. Fields in `ignored` can't
    /// be set here. Source: `Updater.Apply` of structured-merge-diff.
    ///
    /// # Errors
    /// Fields that others own with another value, unless `force`.
    pub fn apply(
        &mut self,
        live: &Value,
        config: &Value,
        place: &Place<'_>,
        by: (&Manager, &str),
        ignored: &FieldSet,
        force: bool,
    ) -> Result<Value, Vec<Conflict>> {
        let (manager, now) = by;
        let before = self.clone();
        let mut new = merged(Some(live), Some(config), place);
        let (last, time) = self.take(manager).map_or_else(Default::default, |entry| (entry.fields, entry.time));
        let fields = field_set(config, place).without(ignored);
        self.0.push(Entry { manager: manager.clone(), time, fields });
        if !last.is_empty() {
            new = self.pruned(&new, &last, place);
        }
        let difference = Difference::between(live, &new, place, ignored);
        let conflicts = self.yield_to(manager, &difference);
        if !force && !conflicts.is_empty() {
            *self = before;
            return Err(conflicts);
        }
        for entry in self.0.iter_mut().filter(|entry| entry.manager == *manager) {
            entry.fields = entry.fields.difference(&unmanaged());
            if new != *live {
                now.clone_into(&mut entry.time);
            }
        }
        self.0.retain(|entry| !entry.fields.is_empty());
        Ok(new)
    }

    /// Notes that `manager` changed `live` to `new`. Source: `Updater.Update` of structured-merge-diff.
    pub fn update(&mut self, live: &Value, new: &Value, place: &Place<'_>, by: (&Manager, &str), ignored: &FieldSet) {
        let (manager, now) = by;
        let difference = Difference::between(live, new, place, ignored);
        let nobody = Manager { name: String::new(), ..manager.clone() };
        self.yield_to(&nobody, &difference);
        let changed = difference.changed();
        if !changed.is_empty() {
            let previous = self.take(manager).map(|entry| entry.fields).unwrap_or_default();
            let fields = previous.union(&changed).difference(&unmanaged());
            self.0.push(Entry { manager: manager.clone(), time: now.to_owned(), fields });
        }
        self.0.retain(|entry| !entry.fields.is_empty());
    }

    /// Takes everything in `live` into an entry, for what was written before anyone applied it. `through`: subresource and API version.
    pub fn adopt(&mut self, live: &Value, place: &Place<'_>, through: (&str, &str), now: &str) {
        let (subresource, api_version) = through;
        let manager = Manager {
            name: "before-first-apply".to_owned(),
            operation: Operation::Update,
            subresource: subresource.to_owned(),
            api_version: api_version.to_owned(),
        };
        self.update(&Value::Object(serde_json::Map::new()), live, place, (&manager, now), &FieldSet::default());
    }

    fn take(&mut self, manager: &Manager) -> Option<Entry> {
        let at = self.0.iter().position(|entry| entry.manager == *manager)?;
        Some(self.0.remove(at))
    }

    /// Takes what changed out of everyone else's entries. Returns what they owned of what is added or modified.
    fn yield_to(&mut self, manager: &Manager, difference: &Difference) -> Vec<Conflict> {
        let changed = difference.changed();
        let mut conflicts = Vec::new();
        for entry in self.0.iter_mut().filter(|entry| entry.manager != *manager) {
            let lost = entry.fields.intersection(&changed);
            conflicts.extend(lost.paths().into_iter().map(|path| (entry.manager.shown(), path)));
            entry.fields = entry.fields.difference(&lost).difference(&difference.removed);
        }
        conflicts
    }

    /// `new` without the fields in `last` that nobody owns any more. Source: `Updater.prune`.
    fn pruned(&self, new: &Value, last: &FieldSet, place: &Place<'_>) -> Value {
        let whole = |set: &FieldSet| with_structures(set, place);
        let last = whole(last);
        let all = whole(&field_set(new, place));
        let pruned = removed(new, &last, place);
        let owned = self.0.iter().fold(FieldSet::default(), |set, entry| set.union(&entry.fields));
        let kept = whole(&field_set(&pruned, place)).union(&whole(&owned));
        let pruned = removed(new, &all.difference(&kept), place);
        let gone = all.difference(&whole(&field_set(&pruned, place)));
        removed(new, &gone.intersection(&last), place)
    }
}

/// What no entry ever holds. Source: `stripMetaManager`.
fn unmanaged() -> FieldSet {
    FieldSet::of_fields(&[
        "apiVersion",
        "kind",
        "metadata",
        "metadata/name",
        "metadata/namespace",
        "metadata/creationTimestamp",
        "metadata/selfLink",
        "metadata/uid",
        "metadata/clusterName",
        "metadata/generation",
        "metadata/managedFields",
        "metadata/resourceVersion",
    ])
}
