//! A snapshot without watches: everything is asked for once. For the command line, and for tests.

use std::collections::{BTreeMap, BTreeSet};

use k8s_openapi::jiff::Timestamp;
use kube::{Api, Client, api::ListParams};

use super::{pods::list as list_pods, raw::Raw, tracked::Tracked};
use crate::{
    definition::Definition,
    model::{Content, Kind, Object, Reference, kind},
    render::{
        Blueprint,
        names::{MANAGED_BY, hash_key},
    },
    state::{Availability, Child, Data, Manager, Probe, Snapshot, Store, keyed, members},
};

/// Objects of a page.
const PAGE: u32 = 100;

/// Takes the snapshot of a cluster. What it depends on counts as being there; ConfigMaps and Secrets that the operator writes itself count as
/// being there, too, for it writes them before the workloads that read them.
///
/// # Errors
/// Where the API server doesn't answer. What it refuses to show is in the snapshot as such.
pub async fn look(
    client: &Client,
    definition: &'static Definition,
    cluster: &Tracked,
    blueprint: Option<&Blueprint>,
) -> kube::Result<Snapshot> {
    let (deletion, generation, status) = (cluster.deletion(), cluster.generation, cluster.status());
    let (held, adopts) = (cluster.is_held(definition.group), cluster.adopts(definition.group));
    let cluster = cluster.identity();
    let manager = Manager::of(definition);
    let selector = ListParams::default().labels(&format!("{MANAGED_BY}={}", manager.name)).limit(PAGE);
    let recorded = status.iter().flat_map(|status| status.inventory.kinds());
    let table = kind::ALL.into_iter().filter(|kind| !kind.is_optional()).map(Kind::from);
    let wanted = blueprint.into_iter().flat_map(Blueprint::kinds);
    let kinds_of_all: BTreeSet<Kind> = recorded.chain(table).chain(wanted).chain([Kind::Row(&kind::CLAIM)]).collect();
    let store = Store::default();
    let mut kinds = BTreeMap::new();
    for kind in kinds_of_all {
        let availability = list(client, &kind, &cluster.namespace, &selector, &manager, &store).await?;
        kinds.insert(kind, availability);
    }
    let mut references = BTreeMap::new();
    for reference in blueprint.map(Blueprint::references).unwrap_or_default() {
        let objects = blueprint.into_iter().flat_map(|blueprint| &blueprint.objects);
        let recorded =
            |object: &Object| status.iter().any(|it| it.inventory.mark(&object.kind, &object.name).is_some());
        let mut ours = objects.into_iter();
        let ours = ours.find(|object| object.kind == reference.source.kind() && object.name == reference.name);
        // One whose generated value is lost isn't made again.
        let ours = ours.filter(|object| object.generate.is_empty() || !recorded(object));
        let content = match (content_of(client, &cluster.namespace, reference).await?, ours) {
            // About to be: what it holds may be generated.
            (Content::Missing, Some(ours)) => match Data::of(&ours.json).content(reference.key.as_deref()) {
                Content::Missing if !ours.generate.iter().any(|(key, _)| Some(key) == reference.key.as_ref()) => {
                    Content::Missing
                }
                _ => Content::Present(ours.intent),
            },
            (content, _) => content,
        };
        references.insert(reference.clone(), content);
    }
    let references =
        keyed(references, &hash_key(&cluster), |it| blueprint.is_some_and(|blueprint| blueprint.writes(it)));
    let children = store.cluster(&manager.name, &cluster.uid, &cluster.namespace, &cluster.name);
    let time = Timestamp::now();
    let may_be_stuck =
        |child: &&Child| child.health.as_ref().is_some_and(|health| health.rolling.is_some() && !health.is_complete());
    let nodes: Vec<String> =
        children.iter().filter(may_be_stuck).filter_map(|child| Some(child.node.as_deref()?.to_owned())).collect();
    let pods = if nodes.is_empty() {
        Vec::new()
    } else {
        // Without the right to list pods, the list is empty.
        list_pods(client, definition, &cluster, &nodes).await.unwrap_or_default()
    };
    Ok(Snapshot {
        time,
        cluster,
        generation,
        deletion,
        held,
        adopts,
        children,
        status,
        kinds,
        references,
        externals: Probe::There,
        troubles: None,
        members: members(&pods, time),
        facts: Vec::new(),
    })
}

async fn list(
    client: &Client,
    kind: &Kind,
    namespace: &str,
    selector: &ListParams,
    manager: &Manager,
    store: &Store,
) -> kube::Result<Availability> {
    let api: Api<Raw> = match kind.namespaced {
        true => Api::namespaced_with(client.clone(), namespace, kind),
        false => Api::all_with(client.clone(), kind),
    };
    let mut page = selector.clone();
    loop {
        let listed = match api.list(&page).await {
            Err(kube::Error::Api(status)) if status.code == 404 => return Ok(Availability::Missing),
            Err(kube::Error::Api(status)) => return Ok(Availability::Failing(status.message)),
            listed => listed?,
        };
        for raw in &listed.items {
            if let Some(child) = Child::read(kind, std::slice::from_ref(manager), raw.text()) {
                store.apply(child);
            }
        }
        match listed.metadata.continue_.filter(|token| !token.is_empty()) {
            Some(token) => page = selector.clone().continue_token(&token),
            None => return Ok(Availability::Synced),
        }
    }
}

/// What is known of a ConfigMap or Secret: its values aren't kept.
async fn content_of(client: &Client, namespace: &str, reference: &Reference) -> kube::Result<Content> {
    let api = Api::<Raw>::namespaced_with(client.clone(), namespace, &Kind::from(reference.source.kind()));
    match api.get_opt(&reference.name).await {
        Err(kube::Error::Api(status)) => Ok(Content::Unreadable(status.message)),
        object => {
            Ok(object?
                .map_or(Content::Missing, |raw| Data::read(raw.text()).bounded().content(reference.key.as_deref())))
        }
    }
}
