//! A watch that learns of things late, as an operator's watch shows them.

use std::collections::BTreeMap;

use kube::runtime::watcher::Event as Shown;
use serde_json::Value;

use crate::{
    ApiServer, Change, Event, View,
    controllers::has_label,
    json::{put, text},
};

/// What is watched of a kind.
#[derive(Clone)]
pub enum Selector {
    All,
    /// What bears a label.
    Label(&'static str, String),
    /// The object of a name.
    Name(Box<str>),
}

/// One watch of an operator.
pub struct Watch {
    view: View,
    selector: Selector,
    /// What is selected, as last shown, by UID.
    selected: BTreeMap<String, Value>,
    /// Whether it has shown its first list.
    pub listed: bool,
}

impl Watch {
    /// A watch that has shown nothing.
    pub fn new(kind: &str, selector: Selector) -> Self {
        Self { view: View::new(kind), selector, selected: BTreeMap::new(), listed: false }
    }

    /// What a list shows that is as old as so many writes.
    pub fn list(&mut self, server: &ApiServer, age: usize) -> Vec<Shown<Value>> {
        let version = server.log().iter().rev().nth(age).map_or(0, |event| event.version);
        let objects = self.view.relist(server, Some(if age == 0 { server.version() } else { version }));
        let objects: Vec<Value> = objects.iter().map(|object| (**object).clone()).collect();
        let objects: Vec<Value> = objects.into_iter().filter(|object| self.selects(object)).collect();
        self.selected = objects.iter().map(|object| (uid(object), object.clone())).collect();
        self.listed = true;
        let objects = objects.into_iter().map(Shown::InitApply);
        std::iter::once(Shown::Init).chain(objects).chain([Shown::InitDone]).collect()
    }

    /// The next events, `count` at most. What loses the label is gone for the watch, and is shown as it was.
    pub fn next(&mut self, server: &ApiServer, count: usize) -> Vec<Shown<Value>> {
        let mut shown = Vec::new();
        for event in self.view.deliver(server, count) {
            let object = (*event.object).clone();
            let uid = uid(&object);
            if event.change != Change::Deleted && self.selects(&object) {
                self.selected.insert(uid, object.clone());
                shown.push(Shown::Apply(object));
            } else if let Some(mut before) = self.selected.remove(&uid) {
                put(&mut before, "/metadata/resourceVersion", text(&object, "/metadata/resourceVersion"));
                shown.push(Shown::Delete(before));
            }
        }
        shown
    }

    /// Whether there is something that it hasn't shown.
    pub fn is_behind(&self, server: &ApiServer) -> bool {
        self.pending(server).next().is_some()
    }

    /// What it will show if nothing else happens, and the UIDs of what it has shown.
    pub fn ahead<'a>(&'a self, server: &'a ApiServer) -> (impl Iterator<Item = &'a Event>, Vec<&'a String>) {
        (self.pending(server), self.selected.keys().collect())
    }

    fn pending<'a>(&'a self, server: &'a ApiServer) -> impl Iterator<Item = &'a Event> {
        let concerns = |event: &&Event| self.selects(&event.object) || self.selected.contains_key(&uid(&event.object));
        self.view.pending(server).filter(concerns)
    }

    fn selects(&self, object: &Value) -> bool {
        match &self.selector {
            Selector::All => true,
            Selector::Label(key, value) => has_label(object, key, value),
            Selector::Name(name) => text(object, "/metadata/name") == &**name,
        }
    }
}

fn uid(object: &Value) -> String {
    text(object, "/metadata/uid").to_owned()
}
