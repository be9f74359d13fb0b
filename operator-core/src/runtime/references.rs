//! What is known of the ConfigMaps and Secrets that pods refer to: digests, never a value.
//!
//! One watch per object, for all clusters whose pods refer to it, as long as there is one: nobody has to be allowed to see more than that.

use std::{
    collections::{BTreeSet, HashMap, HashSet},
    ops::ControlFlow,
    sync::Arc,
};

use kube::{
    Api, Client,
    runtime::watcher::{self, Event},
};
use parking_lot::Mutex;
use tokio_util::task::AbortOnDropHandle;

use super::{
    raw::Raw,
    watch::{First, message, watch},
    watches::Changed,
};
use crate::{
    model::{Content, Identity, Kind, Reference, Source},
    state::Data,
};

/// Objects of a namespace that are watched: each has a connection, and who creates clusters chooses how many.
const MOST: usize = 512;

/// Watches what pods refer to, and says which clusters are concerned.
pub struct References {
    /// Who is asked; none: what happens is told by [`References::ingest`].
    client: Option<Client>,
    changed: Changed,
    inner: Mutex<Inner>,
}

#[derive(Default)]
struct Inner {
    /// What each cluster's pods refer to, by the cluster's UID.
    clusters: HashMap<Arc<str>, BTreeSet<Referred>>,
    watches: HashMap<Referred, (Arc<Watched>, Option<AbortOnDropHandle<()>>)>,
    /// UIDs of the clusters that refer to more than is watched.
    waiting: HashSet<Arc<str>>,
}

/// An object that pods refer to: its namespace, which of the two it is, and its name.
pub type Referred = (Arc<str>, Source, Box<str>);

impl References {
    /// Watches nothing yet. `changed` is told the UID of every cluster that refers to something that changed or became known.
    pub fn new(client: Option<Client>, changed: Changed) -> Self {
        Self { client, changed, inner: Mutex::default() }
    }

    /// Sets what a cluster's pods refer to, and returns what is known of it. Any later change is told.
    pub fn set(&self, cluster: &Identity, references: &[&Reference]) -> Vec<(Reference, Content)> {
        let namespace = Arc::<str>::from(&*cluster.namespace);
        let referred = |reference: &Reference| (namespace.clone(), reference.source, Box::from(&*reference.name));
        let mut inner = self.inner.lock();
        let told =
            self.want(&mut inner, &cluster.uid, references.iter().map(|reference| referred(reference)).collect());
        let content = |reference: &Reference| {
            let watched = inner.watches.get(&referred(reference));
            watched.map_or_else(too_many, |(watched, _)| watched.seen.lock().content(reference.key.as_deref()))
        };
        let contents = references.iter().map(|reference| ((*reference).clone(), content(reference))).collect();
        drop(inner);
        told.iter().for_each(|cluster| (self.changed)(cluster));
        contents
    }

    /// A cluster is gone: what only its pods referred to is no longer watched.
    pub fn forget(&self, cluster: &str) {
        let told = self.want(&mut self.inner.lock(), cluster, BTreeSet::new());
        told.iter().for_each(|cluster| (self.changed)(cluster));
    }

    /// Takes in what the watch of an object shows, and tells whom it concerns. What isn't watched isn't taken in.
    pub fn ingest(&self, referred: &Referred, event: Event<Raw>) {
        let watched = self.inner.lock().watches.get(referred).map(|(watched, _)| watched.clone());
        if let Some(watched) = watched {
            watched.learn(|seen| seen.ingest(event));
        }
    }

    /// What is watched, each with whether its watch has shown anything.
    pub fn watched(&self) -> Vec<(Referred, bool)> {
        let is_known = |watched: &Watched| watched.seen.lock().known != Known::Nothing;
        let inner = self.inner.lock();
        inner.watches.iter().map(|(referred, (watched, _))| (referred.clone(), is_known(watched))).collect()
    }

    /// Everything that is kept, as text; who waits for room aside.
    pub fn memory(&self) -> Vec<String> {
        let inner = self.inner.lock();
        let wanted = inner.clusters.iter().map(|wanted| format!("{wanted:?}"));
        let known = |(referred, (watched, _)): (&Referred, &(Arc<Watched>, _))| {
            format!("{referred:?} {:?}", watched.seen.lock().known)
        };
        wanted.chain(inner.watches.iter().map(known)).collect()
    }

    /// Returns the clusters for which there may be room now.
    fn want(&self, inner: &mut Inner, cluster: &str, mut wanted: BTreeSet<Referred>) -> HashSet<Arc<str>> {
        let (cluster, before) =
            inner.clusters.remove_entry(cluster).unwrap_or_else(|| (cluster.into(), BTreeSet::new()));
        let mut told = HashSet::new();
        for referred in before.difference(&wanted) {
            let is_last = |(watched, _): &(Arc<Watched>, _)| {
                let mut seen = watched.seen.lock();
                seen.users.remove(&cluster);
                seen.users.is_empty()
            };
            if inner.watches.get(referred).is_some_and(is_last) {
                inner.watches.remove(referred);
                told.extend(inner.waiting.drain());
            }
        }
        inner.waiting.remove(&cluster);
        wanted.retain(|referred| {
            let used = || inner.watches.keys().filter(|(namespace, ..)| *namespace == referred.0).count();
            let is_room = inner.watches.contains_key(referred) || used() < MOST;
            if is_room {
                let watch = inner.watches.entry(referred.clone()).or_insert_with(|| self.watch(referred));
                watch.0.seen.lock().users.insert(cluster.clone());
            } else {
                inner.waiting.insert(cluster.clone());
            }
            is_room
        });
        if !wanted.is_empty() {
            inner.clusters.insert(cluster, wanted);
        }
        told
    }

    fn watch(&self, (namespace, source, name): &Referred) -> (Arc<Watched>, Option<AbortOnDropHandle<()>>) {
        let watched = Arc::new(Watched { changed: self.changed.clone(), seen: Mutex::default() });
        let task = self.client.clone().map(|client| {
            let api = Api::namespaced_with(client, namespace, &Kind::from(source.kind()));
            AbortOnDropHandle::new(tokio::spawn(watched.clone().run(api, selector(name))))
        });
        (watched, task)
    }
}

fn too_many() -> Content {
    Content::Unreadable(format!("the pods of this namespace refer to more than {MOST} ConfigMaps and Secrets"))
}

/// Selects the object of a name, whatever a user wrote as such.
fn selector(name: &str) -> String {
    let escaped = name.replace('\\', r"\\").replace(',', r"\,").replace('=', r"\=");
    format!("metadata.name={escaped}")
}

/// One watch.
struct Watched {
    changed: Changed,
    seen: Mutex<Seen>,
}

impl Watched {
    async fn run(self: Arc<Self>, api: Api<Raw>, selector: String) {
        let ingest = |event| self.learn(|seen| seen.ingest(event));
        let failed = |error: &watcher::Error| {
            self.learn(|seen| seen.fail(message(error)));
            ControlFlow::Continue(())
        };
        // Of a Secret from before, all pods that read it would be replaced, and again.
        watch(api, watcher::Config::default().fields(&selector), First::Newest, ingest, failed).await;
    }

    /// Tells whom it concerns where something changed; without the lock: who is told may ask.
    fn learn(&self, learn: impl FnOnce(&mut Seen) -> bool) {
        let mut seen = self.seen.lock();
        let told = if learn(&mut seen) { seen.users.clone() } else { HashSet::new() };
        drop(seen);
        told.iter().for_each(|cluster| (self.changed)(cluster));
    }
}

/// What a watch has shown.
#[derive(Default)]
struct Seen {
    known: Known,
    /// Whether the list under way has shown the object.
    listed: bool,
    /// UIDs of the clusters whose pods refer to it.
    users: HashSet<Arc<str>>,
}

#[derive(Debug, Default, PartialEq)]
enum Known {
    /// Nothing yet.
    #[default]
    Nothing,
    /// Why there is no list.
    Unreadable(String),
    /// It isn't there.
    Missing,
    /// What is in it.
    Present(Data),
}

impl Seen {
    fn content(&self, key: Option<&str>) -> Content {
        match &self.known {
            Known::Nothing => Content::Unknown,
            Known::Unreadable(why) => Content::Unreadable(why.clone()),
            Known::Missing => Content::Missing,
            Known::Present(data) => data.content(key),
        }
    }

    /// Returns whether anything changed.
    fn ingest(&mut self, event: Event<Raw>) -> bool {
        let known = match event {
            Event::Init => {
                self.listed = false;
                return false;
            }
            Event::InitDone if self.listed => return false,
            Event::InitApply(raw) | Event::Apply(raw) => Known::Present(Data::read(raw.text()).bounded()),
            Event::InitDone | Event::Delete(_) => Known::Missing,
        };
        self.listed = true;
        self.know(known)
    }

    /// A watch that was begun goes on: what was seen still counts.
    fn fail(&mut self, why: String) -> bool {
        matches!(self.known, Known::Nothing | Known::Unreadable(_)) && self.know(Known::Unreadable(why))
    }

    fn know(&mut self, known: Known) -> bool {
        let changed = self.known != known;
        self.known = known;
        changed
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn object(value: &str) -> Raw {
        serde_json::from_str(&json!({ "metadata": { "name": "a" }, "data": { "k": value } }).to_string()).unwrap()
    }

    fn list(seen: &mut Seen, object: Option<Raw>) -> bool {
        let events = [Event::Init].into_iter().chain(object.map(Event::InitApply)).chain([Event::InitDone]);
        events.filter_map(|event| seen.ingest(event).then_some(())).count() > 0
    }

    fn cluster(uid: &str) -> Identity {
        Identity { namespace: "default".to_owned(), name: uid.to_owned(), uid: uid.to_owned() }
    }

    #[test]
    fn nothing_is_missing_until_a_list_was_complete() {
        let mut seen = Seen::default();
        assert!(!seen.ingest(Event::Init));
        assert_eq!(seen.content(None), Content::Unknown);
        assert!(seen.ingest(Event::InitDone));
        assert_eq!(seen.content(None), Content::Missing);
        assert!(list(&mut seen, Some(object("x"))));
        assert!(matches!(seen.content(Some("k")), Content::Present(_)));
        assert_eq!(seen.content(Some("other")), Content::Missing);
    }

    #[test]
    fn only_a_change_of_content_is_told() {
        let mut seen = Seen::default();
        assert!(list(&mut seen, Some(object("x"))));
        assert!(!seen.ingest(Event::Apply(object("x"))));
        assert!(!list(&mut seen, Some(object("x"))), "a list that repeats");
        assert!(seen.ingest(Event::Apply(object("y"))));
        assert!(seen.ingest(Event::Delete(object("y"))));
        assert!(!list(&mut seen, None), "it is gone already");
        assert!(seen.ingest(Event::Apply(object("y"))));
        assert!(list(&mut seen, None), "a list without it");
        assert_eq!(seen.content(None), Content::Missing);
    }

    #[test]
    fn a_watch_that_fails_is_told_once_and_what_was_seen_still_counts() {
        let mut seen = Seen::default();
        assert!(seen.fail("forbidden".to_owned()));
        assert!(!seen.fail("forbidden".to_owned()));
        assert_eq!(seen.content(None), Content::Unreadable("forbidden".to_owned()));
        assert!(list(&mut seen, None));
        assert!(!seen.fail("gone for a moment".to_owned()));
        assert_eq!(seen.content(None), Content::Missing);
    }

    /// None yet, and the UIDs of the clusters that were told of something.
    fn references() -> (References, Arc<Mutex<Vec<String>>>) {
        let told = Arc::<Mutex<Vec<String>>>::default();
        let changed: Changed = {
            let told = told.clone();
            Arc::new(move |uid| told.lock().push(uid.to_owned()))
        };
        (References::new(None, changed), told)
    }

    #[test]
    fn an_object_is_watched_once_and_as_long_as_a_cluster_refers_to_it() {
        let (references, told) = references();
        let to = |name: &str, key: &str| Reference {
            source: Source::Secret,
            name: name.to_owned(),
            key: Some(key.to_owned()),
        };
        let (shared, other, own) = (to("shared", "k"), to("shared", "other"), to("own", "k"));
        let set = |uid: &str, to: &[&Reference]| {
            references.set(&cluster(uid), to).into_iter().map(|(_, content)| content).collect::<Vec<_>>()
        };
        assert_eq!(set("a", &[&shared, &other]), [Content::Unknown, Content::Unknown]);
        set("b", &[&shared, &own]);
        assert_eq!(references.watched().len(), 2, "two keys of one object are one watch");
        let referred = |name: &str| (Arc::from("default"), Source::Secret, Box::from(name));
        references.ingest(&referred("own"), Event::InitDone);
        assert_eq!(std::mem::take(&mut *told.lock()), ["b"], "who doesn't refer to it isn't told");
        references.ingest(&referred("shared"), Event::Apply(object("x")));
        told.lock().sort();
        assert_eq!(std::mem::take(&mut *told.lock()), ["a", "b"], "each cluster once");
        references.forget("b");
        assert_eq!(references.watched(), [(referred("shared"), true)]);
        assert!(matches!(set("a", &[&shared])[..], [Content::Present(_)]));
        set("a", &[]);
        assert!(references.watched().is_empty());
        references.ingest(&referred("shared"), Event::Apply(object("y")));
        assert!(told.lock().is_empty());
        assert_eq!(set("a", &[&shared]), [Content::Unknown], "what was known before may have changed since");
    }

    #[test]
    fn a_cluster_that_refers_to_more_than_there_is_room_for_waits_until_there_is() {
        let (references, told) = references();
        let to = |name: usize| Reference { source: Source::Secret, name: name.to_string(), key: None };
        let most: Vec<_> = (0..MOST).map(to).collect();
        let (more, first) = (to(MOST), to(0));
        let set = |uid: &str, to: &[&Reference]| references.set(&cluster(uid), to).pop().unwrap().1;
        assert_eq!(set("greedy", &most.iter().collect::<Vec<_>>()), Content::Unknown);
        assert!(matches!(set("late", &[&first, &more]), Content::Unreadable(why) if why.contains("more than 512")));
        assert_eq!(set("other", &[&first]), Content::Unknown, "it is watched already");
        let elsewhere = Identity { namespace: "elsewhere".to_owned(), ..cluster("elsewhere") };
        assert_eq!(references.set(&elsewhere, &[&more])[0].1, Content::Unknown, "another namespace has its own");
        assert!(told.lock().is_empty());
        references.forget("greedy");
        assert_eq!(*told.lock(), ["late"]);
        assert_eq!(set("late", &[&first, &more]), Content::Unknown);
    }

    #[test]
    fn a_name_selects_nothing_else() {
        assert_eq!(selector("a.b-c"), "metadata.name=a.b-c");
        assert_eq!(selector(r"a,metadata.name!=b\"), r"metadata.name=a\,metadata.name!\=b\\");
    }
}
