//! Why the pods of clusters that aren't ready aren't. Pods aren't watched: a watch on all of them would cost every change of every pod. While
//! nodes of a cluster aren't ready, their pods are listed once in a while, beside the loop; of a ready cluster they never are.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Weak},
    time::Duration,
};

use k8s_openapi::{api::core::v1::Pod, jiff::Timestamp};
use kube::{Client, Resource, api::ListParams, core::request::Request};
use parking_lot::Mutex;
use tokio::{sync::Semaphore, time::Instant};
use tokio_util::task::AbortOnDropHandle;

use super::watches::Changed;
use crate::{
    definition::Definition,
    model::{Identity, NodeStatus},
    render::names::{self, Names},
    state::{
        Member, members,
        pod::{Pod as Listed, Pods as List},
        trouble::{self, Trouble},
    },
};

/// How long nothing of a cluster has to change before its pods are looked at: most get ready by themselves.
const QUIET: Duration = Duration::from_secs(10);
/// First and longest time between two looks, and longest time until the first.
const AGAIN: (Duration, Duration) = (Duration::from_secs(10), Duration::from_secs(60));
/// How long a list may take.
const TIMEOUT: Duration = Duration::from_secs(30);
/// Lists under way at once: what comes from the API server's cache isn't paged.
const AT_ONCE: usize = 2;

/// Looks at pods.
pub struct Pods {
    client: Option<Client>,
    definition: &'static Definition,
    changed: Changed,
    lists: Semaphore,
    /// By the cluster's UID.
    clusters: Mutex<HashMap<Box<str>, Looked>>,
    this: Weak<Self>,
}

/// A cluster that isn't ready.
struct Looked {
    generation: i64,
    /// Its nodes that aren't ready, and since when each is as it is.
    nodes: BTreeMap<String, (NodeStatus, Instant)>,
    /// What was found, if anything; none: nobody has looked yet, and the cluster's status says that some fail.
    troubles: Option<Vec<Trouble>>,
    /// All pods of the StatefulSets among those nodes.
    members: Vec<Member>,
    /// When it was first asked for.
    began: Instant,
    /// When the next look is due.
    due: Instant,
    /// Looks in a row that found nothing new.
    looks: u32,
    task: Option<AbortOnDropHandle<()>>,
}

impl Pods {
    /// Looks at no pods yet; without a client, what there is is told by [`Pods::ingest`]. `changed` is called with a cluster's UID when something else was found than before.
    pub fn new(client: Option<Client>, definition: &'static Definition, changed: Changed) -> Arc<Self> {
        Arc::new_cyclic(|this| Self {
            client,
            definition,
            changed,
            lists: Semaphore::new(AT_ONCE),
            clusters: Mutex::default(),
            this: this.clone(),
        })
    }

    /// What was found at a cluster of this generation.
    pub fn troubles(&self, cluster: &str, generation: i64) -> Option<Vec<Trouble>> {
        let clusters = self.clusters.lock();
        clusters.get(cluster).filter(|looked| looked.generation == generation)?.troubles.clone()
    }

    /// All pods of the StatefulSets of nodes that aren't ready, of a cluster of this generation.
    pub fn members(&self, cluster: &str, generation: i64) -> Vec<Member> {
        let clusters = self.clusters.lock();
        let looked = clusters.get(cluster).filter(|looked| looked.generation == generation);
        looked.map(|looked| looked.members.clone()).unwrap_or_default()
    }

    /// Objects were deleted, or aren't as they were known: where these are known pods, the next look is soon.
    pub fn acted<'a>(&self, cluster: &Identity, mut uids: impl Iterator<Item = &'a Box<str>>) {
        let mut clusters = self.clusters.lock();
        if let Some(looked) = clusters.get_mut(&*cluster.uid)
            && uids.any(|uid| looked.members.iter().any(|pod| pod.uid == *uid))
        {
            looked.members.clear();
            (looked.due, looked.looks) = (Instant::now() + QUIET, 0);
            looked.task = self.start(cluster.clone(), looked.due);
        }
    }

    /// Has the pods of these nodes looked at until all are ready. `was_failing`: whether the cluster's status says that some fail.
    pub fn ask(&self, cluster: &Identity, generation: i64, unready: Vec<NodeStatus>, was_failing: bool) {
        let mut clusters = self.clusters.lock();
        if unready.is_empty() {
            clusters.remove(&*cluster.uid);
            return;
        }
        let (now, uid) = (Instant::now(), &*cluster.uid);
        if clusters.get(uid).is_none_or(|looked| looked.generation != generation) {
            clusters.insert(uid.into(), Looked::new(generation, was_failing, now));
        }
        if let Some(looked) = clusters.get_mut(uid) {
            let is_moved = looked.note(unready, now);
            if is_moved || looked.task.is_none() {
                looked.task = self.start(cluster.clone(), looked.due);
            }
        }
    }

    /// A cluster is gone.
    pub fn forget(&self, cluster: &str) {
        self.clusters.lock().remove(cluster);
    }

    fn start(&self, cluster: Identity, mut due: Instant) -> Option<AbortOnDropHandle<()>> {
        let (this, client) = (self.this.clone(), self.client.clone()?);
        Some(AbortOnDropHandle::new(tokio::spawn(async move {
            loop {
                tokio::time::sleep_until(due).await;
                let Some(this) = this.upgrade() else { return };
                let Some(next) = this.look(&client, &cluster).await else { return };
                due = next;
            }
        })))
    }

    /// Looks once; returns when the next look is due, where one is.
    async fn look(&self, client: &Client, cluster: &Identity) -> Option<Instant> {
        let nodes: Vec<String> = self.clusters.lock().get(&*cluster.uid)?.nodes.keys().cloned().collect();
        let found = {
            // Fails only once it is closed, which it never is.
            let _permit = self.lists.acquire().await.ok()?;
            tokio::time::timeout(TIMEOUT, list(client, self.definition, cluster, &nodes)).await
        };
        let found = match found {
            Ok(Ok(found)) => Some(found),
            Ok(Err(error)) => self.failed(cluster, &error.to_string()),
            Err(_) => self.failed(cluster, &format!("no answer within {} s", TIMEOUT.as_secs())),
        };
        self.ingest(&cluster.uid, found.as_deref(), Timestamp::now())
    }

    /// Takes in the pods of a cluster; none: they can't be listed. Returns when the next look is due, where one is.
    pub fn ingest(&self, cluster: &str, pods: Option<&[Listed]>, now: Timestamp) -> Option<Instant> {
        let found = pods.map(|pods| trouble::troubles(pods, &names::node_label(self.definition.group), now));
        let mut clusters = self.clusters.lock();
        let looked = clusters.get_mut(cluster)?;
        let mut is_news = looked.learn(found, Instant::now());
        if let Some(pods) = pods {
            let before = std::mem::replace(&mut looked.members, members(pods, now));
            is_news |= before.len() != looked.members.len()
                || looked.members.iter().zip(&before).any(|(member, before)| member.is_news(before));
        }
        let due = looked.due;
        drop(clusters);
        if is_news {
            (self.changed)(cluster);
        }
        Some(due)
    }

    fn failed<T>(&self, Identity { namespace, name, .. }: &Identity, error: &str) -> Option<T> {
        tracing::warn!(namespace, cluster = name, error, "the pods of a cluster that isn't ready can't be listed");
        None
    }
}

/// Lists the pods of these nodes, as the API server has them in its cache.
pub async fn list(
    client: &Client,
    definition: &'static Definition,
    cluster: &Identity,
    nodes: &[String],
) -> kube::Result<Vec<Listed>> {
    let names = Names { cluster, definition, customize: None };
    let values: Vec<String> = nodes.iter().map(|node| names::cut(node, 63)).collect();
    let selector = format!("{},{} in ({})", names.selector_of_all(), names.node_label(), values.join(","));
    let params = ListParams::default().labels(&selector).match_any();
    let request = Request::new(Pod::url_path(&(), Some(&cluster.namespace))).list(&params);
    client.request::<List>(request.map_err(kube::Error::BuildRequest)?).await.map(|pods| pods.items)
}

impl Looked {
    fn new(generation: i64, was_failing: bool, now: Instant) -> Self {
        let troubles = (!was_failing).then(Vec::new);
        let (nodes, members) = Default::default();
        Self { generation, nodes, troubles, members, began: now, due: now + QUIET, looks: 0, task: None }
    }

    /// Takes in how the nodes are doing; returns whether the next look is due at another time.
    fn note(&mut self, unready: Vec<NodeStatus>, now: Instant) -> bool {
        let before = std::mem::take(&mut self.nodes);
        for node in unready {
            let known = before.get(&node.name).filter(|(known, _)| *known == node);
            let since = known.map_or(now, |(_, since)| *since);
            self.nodes.insert(node.name.clone(), (node, since));
        }
        let due = match &self.troubles {
            _ if self.nodes == before => self.due,
            // A trouble may be over.
            Some(troubles) if !troubles.is_empty() => self.due.min(now + QUIET),
            _ if self.looks == 0 => (now + QUIET).min(self.due.max(self.began + AGAIN.1)),
            _ => self.due,
        };
        std::mem::replace(&mut self.due, due) != due
    }

    /// Takes in what was found; returns whether it is news. None: it couldn't be listed.
    fn learn(&mut self, found: Option<Vec<Trouble>>, now: Instant) -> bool {
        let mut found = found.or_else(|| self.troubles.clone()).unwrap_or_default();
        let slow = Duration::try_from(trouble::SLOW).unwrap_or(AGAIN.1);
        for (node, (_, since)) in &self.nodes {
            let label = names::cut(node, 63);
            if now.duration_since(*since) > slow && !found.iter().any(|trouble| *trouble.node == *label) {
                found.push(Trouble::stalled(&label));
            }
        }
        let is_news = self.troubles.as_ref() != Some(&found);
        self.looks = if is_news { 0 } else { self.looks.saturating_add(1) };
        self.due = now + AGAIN.0.saturating_mul(1 << self.looks.saturating_sub(1).min(8)).min(AGAIN.1);
        self.troubles = Some(found);
        is_news
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node(ready: i32) -> Vec<NodeStatus> {
        vec![NodeStatus { name: "a".to_owned(), replicas: 9, ready, ..NodeStatus::default() }]
    }

    fn seconds(count: u64) -> Duration {
        Duration::from_secs(count)
    }

    #[test]
    fn a_cluster_that_changes_all_the_time_is_looked_at_once_a_minute() {
        let begin = Instant::now();
        let mut looked = Looked::new(1, false, begin);
        assert_eq!(looked.due, begin + seconds(10));
        for ready in 0..20 {
            looked.note(node(ready), begin + seconds(4) * ready.unsigned_abs());
        }
        assert_eq!(looked.due, begin + seconds(60));
    }

    #[test]
    fn looks_that_find_nothing_new_come_later_and_later() {
        let now = Instant::now();
        let mut looked = Looked::new(1, false, now);
        looked.note(node(0), now);
        let mut waits = Vec::new();
        for _ in 0..6 {
            assert!(!looked.learn(Some(Vec::new()), now));
            waits.push(looked.due.duration_since(now).as_secs());
        }
        assert_eq!(waits, [10, 20, 40, 60, 60, 60]);
        assert!(!looked.note(node(1), now), "no trouble is known that could be over");
        assert!(!looked.learn(None, now), "what can't be listed is no news");
    }

    #[test]
    fn what_an_earlier_operator_said_of_failing_pods_is_over_once_a_look_finds_nothing() {
        let now = Instant::now();
        let mut looked = Looked::new(1, true, now);
        looked.note(node(0), now);
        assert_eq!(looked.troubles, None);
        assert!(looked.learn(Some(Vec::new()), now));
    }

    #[test]
    fn a_change_may_be_the_end_of_a_trouble() {
        let now = Instant::now();
        let mut looked = Looked::new(1, false, now);
        looked.note(node(0), now);
        assert!(looked.learn(Some(vec![Trouble::stalled("b")]), now));
        (0..2).for_each(|_| _ = looked.learn(Some(vec![Trouble::stalled("b")]), now));
        assert_eq!(looked.due, now + seconds(20));
        assert!(!looked.note(node(0), now));
        assert!(looked.note(node(1), now));
        assert_eq!(looked.due, now + seconds(10));
    }

    #[test]
    fn a_node_that_does_not_get_on_is_named_where_no_pod_says_why() {
        let now = Instant::now();
        let mut looked = Looked::new(1, false, now);
        looked.note(node(0), now);
        looked.learn(Some(Vec::new()), now + seconds(600));
        assert_eq!(looked.troubles, Some(Vec::new()));
        looked.learn(Some(Vec::new()), now + seconds(601));
        assert_eq!(looked.troubles, Some(vec![Trouble::stalled("a")]));
        looked.note(node(1), now + seconds(602));
        looked.learn(Some(Vec::new()), now + seconds(610));
        assert_eq!(looked.troubles, Some(Vec::new()));
    }
}
