//! What is known of the ConfigMaps and Secrets that pods refer to: digests, never a value.
//!
//! One watch per source and namespace, for all clusters there; it lasts as long as one of them refers to something.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, HashSet},
    fmt,
    ops::ControlFlow,
    sync::Arc,
};

use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::{
    Api, Client,
    runtime::watcher::{self, Event},
};
use parking_lot::Mutex;
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use tokio_util::task::AbortOnDropHandle;

use super::{
    watch::{First, message, watch},
    watches::Changed,
};
use crate::{
    model::{ChildKind, Content, Identity, Kind, Reference},
    state::{Child, Data, dynamic_resource},
};

/// Watches what pods refer to, and says which clusters are concerned.
pub struct References {
    /// Who is asked; none: what happens is told by [`References::ingest`].
    client: Option<Client>,
    changed: Changed,
    inner: Mutex<Inner>,
}

#[derive(Default)]
struct Inner {
    /// What each cluster's pods refer to, and where, by the cluster's UID.
    clusters: HashMap<Box<str>, (Arc<str>, Vec<Reference>)>,
    sources: HashMap<Place, Source>,
}

/// Kind and namespace.
pub type Place = (Kind, Arc<str>);

struct Source {
    watched: Arc<Watched>,
    _task: Option<AbortOnDropHandle<()>>,
}

impl References {
    /// Watches nothing yet. `changed` is told the UID of every cluster that refers to something that changed or became known.
    pub fn new(client: Option<Client>, changed: Changed) -> Self {
        Self { client, changed, inner: Mutex::default() }
    }

    /// Sets what a cluster's pods refer to, and returns what is known of it. Any later change is told.
    pub fn set(&self, cluster: &Identity, references: &BTreeSet<&Reference>) -> BTreeMap<Reference, Content> {
        let mut inner = self.inner.lock();
        let before = inner.clusters.get(&*cluster.uid).map(|(_, before)| before.as_slice()).unwrap_or_default();
        if !before.iter().eq(references.iter().copied()) {
            let references = references.iter().map(|reference| (*reference).clone()).collect();
            self.replace(&mut inner, &cluster.uid, cluster.namespace.as_str().into(), references);
        }
        drop(inner);
        let known = |reference: &&Reference| ((*reference).clone(), self.content(&cluster.namespace, reference));
        references.iter().map(known).collect()
    }

    /// What is known of what is referred to in a namespace.
    fn content(&self, namespace: &str, reference: &Reference) -> Content {
        let watched = self.watched(reference.source.kind(), namespace);
        watched.map_or(Content::Unknown, |watched| watched.seen.lock().content(reference))
    }

    /// A cluster is gone: what only its pods referred to is no longer watched.
    pub fn forget(&self, cluster: &str) {
        self.replace(&mut self.inner.lock(), cluster, "".into(), Vec::new());
    }

    /// Ingests a Secret as the operator itself wrote it; its watch would say so a little later.
    pub fn written(&self, namespace: &str, child: &Child) {
        let Some(secret) = &child.secret else { return };
        if let Some(watched) = self.watched(&crate::model::kind::SECRET, namespace) {
            let told = watched.seen.lock().written(&child.name, child.version, Data::clone(secret).bounded());
            watched.tell(told);
        }
    }

    /// Takes in what the watch of a kind in a namespace shows, and tells whom it concerns. What isn't watched isn't taken in.
    pub fn ingest(&self, kind: &'static ChildKind, namespace: &str, event: Event<Reduced>) {
        if let Some(watched) = self.watched(kind, namespace) {
            watched.ingest(event);
        }
    }

    /// The kinds and namespaces that are watched.
    pub fn places(&self) -> Vec<Place> {
        self.inner.lock().sources.keys().cloned().collect()
    }

    fn watched(&self, kind: &'static ChildKind, namespace: &str) -> Option<Arc<Watched>> {
        self.inner.lock().sources.get(&(kind.into(), namespace.into())).map(|source| source.watched.clone())
    }

    fn replace(&self, inner: &mut Inner, cluster: &str, namespace: Arc<str>, references: Vec<Reference>) {
        for reference in &references {
            let place = (Kind::from(reference.source.kind()), namespace.clone());
            let source = inner.sources.entry(place).or_insert_with_key(|place| self.watch(place));
            source.watched.seen.lock().users.entry(reference.name.as_str().into()).or_default().insert(cluster.into());
        }
        if let Some((namespace, before)) = inner.clusters.remove(cluster) {
            let stays =
                |before: &Reference| references.iter().any(|it| (it.source, &it.name) == (before.source, &before.name));
            for reference in before.iter().filter(|reference| !stays(reference)) {
                if let Some(source) = inner.sources.get(&(reference.source.kind().into(), namespace.clone())) {
                    source.watched.seen.lock().leave(&reference.name, cluster);
                }
            }
        }
        inner.sources.retain(|_, source| !source.watched.seen.lock().users.is_empty());
        if !references.is_empty() {
            inner.clusters.insert(cluster.into(), (namespace, references));
        }
    }

    fn watch(&self, (kind, namespace): &Place) -> Source {
        let watched = Arc::new(Watched { changed: self.changed.clone(), seen: Mutex::default() });
        let task = self.client.clone().map(|client| {
            let api = Api::namespaced_with(client, namespace, kind);
            AbortOnDropHandle::new(tokio::spawn(watched.clone().run(api)))
        });
        Source { watched, _task: task }
    }
}

/// One watch.
struct Watched {
    changed: Changed,
    seen: Mutex<Seen>,
}

impl Watched {
    async fn run(self: Arc<Self>, api: Api<Reduced>) {
        let ingest = |event| self.ingest(event);
        let failed = |error: &watcher::Error| {
            let told = self.seen.lock().failed(message(error));
            self.tell(told);
            ControlFlow::Continue(())
        };
        // Of a Secret from before, all pods that read it would be replaced, and again.
        watch(api, None, First::Newest, ingest, failed).await;
    }

    fn ingest(&self, event: Event<Reduced>) {
        let told = self.seen.lock().ingest(event);
        self.tell(told);
    }

    /// Without the lock: who is told may ask.
    fn tell(&self, clusters: Vec<Arc<str>>) {
        clusters.iter().for_each(|cluster| (self.changed)(cluster));
    }
}

/// What a watch has shown.
#[derive(Default)]
struct Seen {
    /// Whether a list was complete: only then something is missing that isn't there.
    synced: bool,
    /// Version and what is in it, by name.
    known: HashMap<Box<str>, (u64, Data)>,
    /// Names in the list under way.
    listed: HashSet<Box<str>>,
    /// The newest version that was seen.
    newest: u64,
    /// Why there is no list, where that is so.
    trouble: Option<String>,
    /// UIDs of the clusters whose pods refer to a name.
    users: HashMap<Box<str>, HashSet<Arc<str>>>,
}

impl Seen {
    fn content(&self, reference: &Reference) -> Content {
        match self.known.get(&*reference.name) {
            _ if !self.synced => self.trouble.clone().map_or(Content::Unknown, Content::Unreadable),
            Some((_, data)) => data.content(reference.key.as_deref()),
            None => Content::Missing,
        }
    }

    fn leave(&mut self, name: &str, cluster: &str) {
        if let Some(users) = self.users.get_mut(name) {
            users.remove(cluster);
            if users.is_empty() {
                self.users.remove(name);
            }
        }
    }

    /// Returns the clusters for which something changed.
    fn ingest(&mut self, event: Event<Reduced>) -> Vec<Arc<str>> {
        match event {
            Event::Init => {
                self.listed.clear();
                Vec::new()
            }
            Event::InitApply(object) => {
                self.listed.insert(object.name().into());
                self.apply(object)
            }
            Event::InitDone => self.end_list(),
            Event::Apply(object) => self.apply(object),
            Event::Delete(object) => {
                self.newest = self.newest.max(object.version);
                if self.known.get(object.name()).is_none_or(|(version, _)| *version > object.version) {
                    return Vec::new();
                }
                self.known.remove(object.name());
                self.users_of(object.name())
            }
        }
    }

    fn end_list(&mut self) -> Vec<Arc<str>> {
        self.trouble = None;
        let listed = std::mem::take(&mut self.listed);
        let gone: Vec<Box<str>> = self.known.keys().filter(|name| !listed.contains(*name)).cloned().collect();
        self.known.retain(|name, _| listed.contains(name));
        if !std::mem::replace(&mut self.synced, true) {
            return self.all_users();
        }
        gone.iter().flat_map(|name| self.users_of(name)).collect()
    }

    fn apply(&mut self, object: Reduced) -> Vec<Arc<str>> {
        let (version, name) = (object.version, object.name().to_owned());
        self.put(&name, version, object.data)
    }

    fn put(&mut self, name: &str, version: u64, data: Data) -> Vec<Arc<str>> {
        self.newest = self.newest.max(version);
        let known = self.known.get(name);
        if known.is_some_and(|(known, _)| *known >= version) {
            return Vec::new();
        }
        let same = known.is_some_and(|(_, known)| *known == data);
        self.known.insert(name.into(), (version, data));
        if same { Vec::new() } else { self.users_of(name) }
    }

    /// What the watch has passed already it knows better: the object may be gone by now.
    fn written(&mut self, name: &str, version: u64, data: Data) -> Vec<Arc<str>> {
        if self.synced && version > self.newest { self.put(name, version, data) } else { Vec::new() }
    }

    fn failed(&mut self, why: String) -> Vec<Arc<str>> {
        if self.synced {
            return Vec::new();
        }
        if self.trouble.replace(why).is_none() { self.all_users() } else { Vec::new() }
    }

    /// Those who know something: nobody does before the first list is complete.
    fn users_of(&self, name: &str) -> Vec<Arc<str>> {
        let users = self.users.get(name).filter(|_| self.synced);
        users.into_iter().flatten().cloned().collect()
    }

    fn all_users(&self) -> Vec<Arc<str>> {
        let users: HashSet<&Arc<str>> = self.users.values().flatten().collect();
        users.into_iter().cloned().collect()
    }
}

/// A ConfigMap or Secret as it is kept. Its values are dropped while it is decoded, and nothing in them can make that fail: errors quote values.
#[derive(Clone)]
pub struct Reduced {
    metadata: ObjectMeta,
    /// Version; the API server counts upwards within a kind (KEP-5504).
    version: u64,
    data: Data,
}

impl Reduced {
    fn of(object: &Value) -> Self {
        let text = |key: &str| object.get("metadata")?.get(key)?.as_str().map(str::to_owned);
        let resource_version = text("resourceVersion");
        Self {
            version: resource_version.as_deref().and_then(|version| version.parse().ok()).unwrap_or_default(),
            data: Data::of(object).bounded(),
            metadata: ObjectMeta { name: text("name"), resource_version, ..ObjectMeta::default() },
        }
    }

    fn name(&self) -> &str {
        self.metadata.name.as_deref().unwrap_or_default()
    }
}

impl<'de> Deserialize<'de> for Reduced {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Value::deserialize(deserializer).map(|object| Self::of(&object))
    }
}

impl fmt::Debug for Reduced {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

dynamic_resource!(Reduced, Kind, |kind| kind);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Source;
    use serde_json::json;

    fn object(name: &str, version: u64, value: &str) -> Reduced {
        Reduced::of(
            &json!({ "metadata": { "name": name, "resourceVersion": version.to_string() }, "data": { "k": value } }),
        )
    }

    fn content(seen: &Seen, name: &str) -> Content {
        seen.content(&Reference { source: Source::Secret, name: name.to_owned(), key: None })
    }

    fn used(names: &[&str]) -> Seen {
        let users = names.iter().map(|name| ((*name).into(), HashSet::from(["cluster".into()])));
        Seen { users: users.collect(), ..Seen::default() }
    }

    fn list(seen: &mut Seen, objects: Vec<Reduced>) -> usize {
        let events = objects.into_iter().map(Event::InitApply);
        std::iter::once(Event::Init).chain(events).chain([Event::InitDone]).map(|event| seen.ingest(event).len()).sum()
    }

    fn answer(seen: &mut Seen, version: u64) -> usize {
        seen.written("a", version, object("a", version, "x").data).len()
    }

    #[test]
    fn nothing_is_known_until_a_list_is_complete() {
        let mut seen = used(&["a", "b"]);
        assert!(seen.ingest(Event::Init).is_empty());
        assert!(seen.ingest(Event::InitApply(object("a", 1, "x"))).is_empty());
        assert_eq!(content(&seen, "a"), Content::Unknown);
        assert_eq!(seen.ingest(Event::InitDone).len(), 1, "each cluster once");
        assert!(matches!(content(&seen, "a"), Content::Present(_)));
        assert_eq!(content(&seen, "b"), Content::Missing);
    }

    #[test]
    fn only_a_change_of_content_is_told_and_only_to_who_refers_to_it() {
        let mut seen = used(&["a"]);
        list(&mut seen, vec![object("a", 1, "x"), object("c", 2, "x")]);
        assert!(seen.ingest(Event::Apply(object("a", 3, "x"))).is_empty());
        assert!(seen.ingest(Event::Apply(object("c", 4, "y"))).is_empty());
        assert_eq!(seen.ingest(Event::Apply(object("a", 5, "y"))).len(), 1);
        assert!(seen.ingest(Event::Apply(object("a", 4, "x"))).is_empty(), "an old event");
        assert_eq!(list(&mut seen, vec![object("a", 5, "y"), object("c", 4, "y")]), 0, "a list that repeats");
        assert_eq!(list(&mut seen, vec![object("c", 4, "y")]), 1, "a list without it");
        assert_eq!(content(&seen, "a"), Content::Missing);
    }

    #[test]
    fn an_answer_is_taken_in_unless_the_watch_knows_better() {
        let mut seen = used(&["a"]);
        assert_eq!(answer(&mut seen, 1), 0);
        list(&mut seen, vec![object("b", 2, "x")]);
        assert_eq!(answer(&mut seen, 3), 1);
        assert!(seen.ingest(Event::Apply(object("a", 3, "x"))).is_empty(), "the watch repeats it");
        assert_eq!(seen.ingest(Event::Delete(object("a", 4, "x"))).len(), 1);
        assert_eq!(answer(&mut seen, 3), 0, "an answer that came late");
        assert_eq!(content(&seen, "a"), Content::Missing);
        assert_eq!(answer(&mut seen, 5), 1);
        assert!(seen.ingest(Event::Delete(object("a", 4, "x"))).is_empty(), "an old deletion");
    }

    #[test]
    fn a_watch_that_fails_is_told_once() {
        let mut seen = used(&["a"]);
        assert_eq!(seen.failed("forbidden".to_owned()).len(), 1);
        assert!(seen.failed("forbidden".to_owned()).is_empty());
        list(&mut seen, vec![]);
        assert_eq!(seen.trouble, None);
        assert!(seen.failed("gone for a moment".to_owned()).is_empty());
    }

    #[test]
    fn no_value_is_kept_or_shown() {
        let text = r#"{"metadata":{"name":"a","resourceVersion":"1"},"data":{"k":"hush"},"type":7}"#;
        let reduced: Reduced = serde_json::from_str(text).unwrap();
        assert_eq!(format!("{reduced:?}"), "a");
        assert!(!format!("{:?}", reduced.metadata).contains("hush"));
        let broken = serde_json::from_str::<Reduced>(r#"{"data":{"k":"hush""#).unwrap_err();
        assert!(!broken.to_string().contains("hush"));
    }
}
