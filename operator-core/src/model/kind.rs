//! The kinds of objects that clusters are made of: all that is special about a kind stands in its row here.

use std::{
    borrow::Cow,
    fmt,
    hash::{Hash, Hasher},
    ops::Deref,
    sync::Arc,
};

use k8s_openapi::{ClusterResourceScope, NamespaceResourceScope};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::definition::Workload;

/// A row of the table: a kind of child object. Two rows are equal where group and kind are.
#[derive(Clone, Debug)]
pub struct ChildKind {
    /// API group; empty for the core group.
    pub group: Cow<'static, str>,
    /// API version.
    pub version: Cow<'static, str>,
    /// Kind.
    pub kind: Cow<'static, str>,
    /// Plural, as in URLs.
    pub plural: Cow<'static, str>,
    /// Whether its objects are in a namespace.
    pub namespaced: bool,
    /// When it is written: what is written earlier is there before what is written later.
    pub stage: Stage,
    /// Whether its objects are created and then never changed, except for their metadata.
    pub once: bool,
    /// Fields of which the API server refuses a change: a path, or its beginning.
    pub immutable: &'static [&'static str],
    /// When it is watched, and whether the API server may lack it.
    pub presence: Presence,
    /// Whether pods read it or act as it: it is kept while pods of an earlier template may need it.
    pub read_by_pods: bool,
    /// Whether pods don't start, or change, while it can't be written.
    pub needed_by_pods: bool,
    /// What becomes of its dependents when it is pruned.
    pub prune: Propagation,
    /// Labels of those that other controllers make: they get the labels of pods, the operator's among them.
    pub of_others: &'static [&'static str],
}

/// When a child is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Stage {
    /// Configuration, identities, Services.
    Base,
    /// What runs pods; its deletion for a replacement leaves them running.
    Workload,
    /// What is about a workload: autoscalers.
    After,
    /// What says that all of it was accepted.
    Last,
}

/// When a kind is watched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Presence {
    /// From the start: nearly every cluster has some.
    Start,
    /// From the first time that a cluster wants one.
    Wanted,
    /// The same; where the API server lacks the kind, its objects are left out.
    Optional,
}

/// What becomes of the dependents of an object that is deleted; source: `DeleteOptions`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Propagation {
    /// They are deleted afterwards.
    Background,
    /// They are deleted first: the object is there until they are gone.
    Foreground,
    /// They stay.
    Orphan,
}

const fn row(names: [&'static str; 4], stage: Stage, presence: Presence) -> ChildKind {
    let [group, version, kind, plural] = names;
    ChildKind {
        group: Cow::Borrowed(group),
        version: Cow::Borrowed(version),
        kind: Cow::Borrowed(kind),
        plural: Cow::Borrowed(plural),
        namespaced: true,
        stage,
        once: false,
        immutable: &[],
        presence,
        read_by_pods: false,
        needed_by_pods: false,
        prune: Propagation::Background,
        of_others: &[],
    }
}

/// Declares a static for each row: its names, when it is written, when it is watched, and what else is special about it.
macro_rules! kinds {
    ($($(#[$doc:meta])* $name:ident: $names:tt, $stage:ident, $presence:ident $(, $field:ident: $value:expr)*;)+) => {
        $($(#[$doc])* pub static $name: ChildKind = {
            #[allow(unused_mut, reason = "about some kinds, nothing else is special")]
            let mut kind = row($names, Stage::$stage, Presence::$presence);
            $(kind.$field = $value;)*
            kind
        };)+

        /// Every kind of child, in the order in which they are created.
        pub static ALL: [&ChildKind; [$(stringify!($name)),+].len()] = [$(&$name),+];
    };
}

kinds! {
    /// Configuration files. Those that roll pods are immutable and named by content.
    CONFIG_MAP: ["", "v1", "ConfigMap", "configmaps"], Base, Start, read_by_pods: true, needed_by_pods: true;
    /// Generated passwords.
    SECRET: ["", "v1", "Secret", "secrets"], Base, Wanted, read_by_pods: true, needed_by_pods: true;
    /// Identities of pods.
    SERVICE_ACCOUNT: ["", "v1", "ServiceAccount", "serviceaccounts"], Base, Wanted,
        read_by_pods: true, needed_by_pods: true;
    /// Rights of pods.
    ROLE: ["rbac.authorization.k8s.io", "v1", "Role", "roles"], Base, Wanted, read_by_pods: true, needed_by_pods: true;
    /// Who has which rights.
    ROLE_BINDING: ["rbac.authorization.k8s.io", "v1", "RoleBinding", "rolebindings"], Base, Wanted,
        immutable: &["roleRef"], read_by_pods: true, needed_by_pods: true;
    /// Names of nodes.
    SERVICE: ["", "v1", "Service", "services"], Base, Start,
        immutable: &["spec.clusterIP", "spec.clusterIPs"], needed_by_pods: true;
    /// Who may connect.
    NETWORK_POLICY: ["networking.k8s.io", "v1", "NetworkPolicy", "networkpolicies"], Base, Wanted, needed_by_pods: true;
    /// How many pods may be missing.
    POD_DISRUPTION_BUDGET: ["policy", "v1", "PodDisruptionBudget", "poddisruptionbudgets"], Base, Wanted;
    /// Ways in, by HTTP.
    INGRESS: ["networking.k8s.io", "v1", "Ingress", "ingresses"], Base, Wanted;
    /// Ways in, by the Gateway API.
    HTTP_ROUTE: ["gateway.networking.k8s.io", "v1", "HTTPRoute", "httproutes"], Base, Optional;
    /// What Prometheus scrapes.
    SERVICE_MONITOR: ["monitoring.coreos.com", "v1", "ServiceMonitor", "servicemonitors"], Base, Optional;
    /// Pods with stable names and claims. The API server names no field below `spec` that can't be changed.
    STATEFUL_SET: ["apps", "v1", "StatefulSet", "statefulsets"], Workload, Start, immutable: &["spec"];
    /// Interchangeable pods.
    DEPLOYMENT: ["apps", "v1", "Deployment", "deployments"], Workload, Start, immutable: &["spec.selector"];
    /// A pod per machine.
    DAEMON_SET: ["apps", "v1", "DaemonSet", "daemonsets"], Workload, Start, immutable: &["spec.selector"];
    /// Pods that run to their end. A Job is there until its pods are gone: only then a newer one may run.
    JOB: ["batch", "v1", "Job", "jobs"], Workload, Start, once: true, prune: Propagation::Foreground;
    /// What sets the number of pods.
    AUTOSCALER: ["autoscaling", "v2", "HorizontalPodAutoscaler", "horizontalpodautoscalers"], After, Wanted;
    /// What recommends or sets the requests of pods.
    VERTICAL_AUTOSCALER: ["autoscaling.k8s.io", "v1", "VerticalPodAutoscaler", "verticalpodautoscalers"], After, Optional;
    /// The last spec of which everything was accepted. It is kept until no pods of its template are left.
    REVISION: ["apps", "v1", "ControllerRevision", "controllerrevisions"], Last, Start, once: true, read_by_pods: true,
        of_others: &["controller.kubernetes.io/hash", "controller-revision-hash"];
}

/// Volumes that pods claim. StatefulSets make them, and the operator only lets them grow; hooks add others. None is ever deleted.
pub static CLAIM: ChildKind =
    row(["", "v1", "PersistentVolumeClaim", "persistentvolumeclaims"], Stage::Base, Presence::Wanted);

/// Pods that run on a schedule. Hooks add them.
pub static CRON_JOB: ChildKind = row(["batch", "v1", "CronJob", "cronjobs"], Stage::Base, Presence::Optional);

/// Pods. Workloads make them; the operator only deletes one that keeps its StatefulSet from being updated.
pub static POD: ChildKind = row(["", "v1", "Pod", "pods"], Stage::Base, Presence::Wanted);

impl ChildKind {
    /// The kind of `T`, for objects that an author's hook adds. Where the API server lacks it, its objects are left out.
    pub const fn of<T: k8s_openapi::Resource<Scope = NamespaceResourceScope>>() -> Self {
        Self::named(T::GROUP, T::VERSION, T::KIND, T::URL_PATH_SEGMENT)
    }

    /// The same of a cluster-scoped kind. Such an object can't have an owner that is in a namespace: a label names its cluster, and the
    /// operator deletes it before the cluster goes.
    pub const fn cluster_scoped<T: k8s_openapi::Resource<Scope = ClusterResourceScope>>() -> Self {
        let mut kind = Self::named(T::GROUP, T::VERSION, T::KIND, T::URL_PATH_SEGMENT);
        kind.namespaced = false;
        kind
    }

    /// A kind of these names, in namespaces, about which nothing is special. Where the API server lacks it, its objects are left out.
    pub const fn named(group: &'static str, version: &'static str, kind: &'static str, plural: &'static str) -> Self {
        row([group, version, kind, plural], Stage::Base, Presence::Optional)
    }

    /// The kind of object that runs a node's pods.
    pub fn of_workload(workload: Workload) -> &'static Self {
        match workload {
            Workload::StatefulSet => &STATEFUL_SET,
            Workload::Deployment => &DEPLOYMENT,
            Workload::DaemonSet => &DAEMON_SET,
            Workload::Job => &JOB,
        }
    }

    /// What a label selector needs so that it doesn't select what other controllers make: nothing, or `,!<label>` for each label of theirs.
    pub fn not_of_others(&self) -> String {
        self.of_others.iter().map(|label| format!(",!{label}")).collect()
    }

    /// Whether it runs pods.
    pub fn is_workload(&self) -> bool {
        self.stage == Stage::Workload
    }

    /// Whether the API server may lack it.
    pub fn is_optional(&self) -> bool {
        self.presence == Presence::Optional
    }

    /// `v1` or `apps/v1`.
    pub fn api_version(&self) -> String {
        if self.group.is_empty() { self.version.to_string() } else { format!("{}/{}", self.group, self.version) }
    }

    /// Position in the order of creation; kinds that authors add come last.
    pub fn position(&self) -> usize {
        ALL.iter().position(|known| *known == self).unwrap_or(ALL.len())
    }
}

impl PartialEq for ChildKind {
    fn eq(&self, other: &Self) -> bool {
        (&self.kind, &self.group) == (&other.kind, &other.group)
    }
}

impl Eq for ChildKind {}

/// A kind, cheap to clone: a row of the table or of an author's, or one that only a status remembers.
#[derive(Clone)]
pub enum Kind {
    /// A row that stands in a program.
    Row(&'static ChildKind),
    /// A kind that this build doesn't declare.
    Recorded(Arc<ChildKind>),
}

impl Kind {
    /// The kind of an id, `apps/v1/StatefulSet/statefulsets`; kinds of the core group begin with the version, and cluster-scoped
    /// ones end with `@cluster`. `None` where it is no id.
    pub fn from_id(id: &str) -> Option<Self> {
        let (names, namespaced) = id.strip_suffix(CLUSTER_SCOPED).map_or((id, true), |names| (names, false));
        let [group, version, kind, plural] = parts(names)?;
        if let Some(known) = ALL.into_iter().chain([&CLAIM]).find(|row| (&*row.group, &*row.kind) == (group, kind)) {
            return Some(Self::Row(known));
        }
        let own = |text: &str| Cow::Owned(text.to_owned());
        Some(Self::Recorded(Arc::new(ChildKind {
            group: own(group),
            version: own(version),
            kind: own(kind),
            plural: own(plural),
            namespaced,
            // It may have been uninstalled since.
            ..row([""; 4], Stage::Base, Presence::Optional)
        })))
    }

    /// Its id; see [`Kind::from_id`].
    pub fn id(&self) -> String {
        let scope = if self.namespaced { "" } else { CLUSTER_SCOPED };
        format!("{}/{}/{}{scope}", self.api_version(), self.kind, self.plural)
    }
}

impl Deref for Kind {
    type Target = ChildKind;

    fn deref(&self) -> &ChildKind {
        match self {
            Self::Row(row) => row,
            Self::Recorded(row) => row,
        }
    }
}

/// What authors write down doesn't say all that is special about a kind of the table.
impl From<&'static ChildKind> for Kind {
    fn from(row: &'static ChildKind) -> Self {
        Self::Row(ALL.into_iter().chain([&CLAIM]).find(|known| *known == row).unwrap_or(row))
    }
}

impl PartialEq for Kind {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl Eq for Kind {}

impl PartialEq<&ChildKind> for Kind {
    fn eq(&self, other: &&ChildKind) -> bool {
        **self == **other
    }
}

impl Hash for Kind {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (&self.kind, &self.group).hash(state);
    }
}

impl Ord for Kind {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (&self.kind, &self.group).cmp(&(&other.kind, &other.group))
    }
}

impl PartialOrd for Kind {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Debug for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.id())
    }
}

impl Serialize for Kind {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.id())
    }
}

impl<'de> Deserialize<'de> for Kind {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let id = Cow::<str>::deserialize(deserializer)?;
        Self::from_id(&id)
            .ok_or_else(|| de::Error::custom(format!("`{id}` is no kind: write group/version/Kind/plural")))
    }
}

/// End of the ids of cluster-scoped kinds.
const CLUSTER_SCOPED: &str = "@cluster";
/// Longest id, in bytes: a group of 253, and three labels.
const LONGEST: usize = 253 + 3 * 64;

/// Group, version, kind and plural of an id. They become parts of URLs.
fn parts(id: &str) -> Option<[&str; 4]> {
    let is_word =
        |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    let (group, rest) = match id.matches('/').count() {
        2 => ("", id),
        _ => id.split_once('/').filter(|(group, _)| group.split('.').all(is_word))?,
    };
    let mut words = rest.split('/').filter(|word| is_word(word));
    let parts = [group, words.next()?, words.next()?, words.next()?];
    (id.len() <= LONGEST && rest.matches('/').count() == 2).then_some(parts)
}

#[cfg(test)]
mod tests {
    use super::*;

    static DECLARED: [&ChildKind; 3] = [
        &ChildKind::of::<k8s_openapi::api::core::v1::Service>(),
        &ChildKind::named("example.com", "v1", "Extra", "extras"),
        &ChildKind::cluster_scoped::<k8s_openapi::api::scheduling::v1::PriorityClass>(),
    ];

    #[test]
    fn a_kind_of_the_table_that_an_author_declares_keeps_what_is_known_of_it() {
        assert!(DECLARED[0].immutable.is_empty());
        assert_eq!(Kind::from(DECLARED[0]).immutable, SERVICE.immutable);
    }

    #[test]
    fn a_kind_is_found_again_by_its_id_whether_or_not_it_is_declared() {
        for kind in [&SERVICE, &HTTP_ROUTE, DECLARED[1]] {
            let kind = Kind::from(kind);
            assert_eq!(Kind::from_id(&kind.id()), Some(kind));
        }
        let extra = Kind::from(DECLARED[1]);
        assert_eq!(extra.id(), "example.com/v1/Extra/extras");
        assert!(Kind::from_id(&extra.id()).is_some_and(|found| found.is_optional()));
        let class = Kind::from(DECLARED[2]);
        assert_eq!(class.id(), "scheduling.k8s.io/v1/PriorityClass/priorityclasses@cluster");
        assert!(Kind::from_id(&class.id()).is_some_and(|found| found == class && !found.namespaced));
        assert_eq!(Kind::from_id("v1/LimitRange/limitranges").map(|kind| kind.api_version()).as_deref(), Some("v1"));
        let text = serde_json::to_string(&extra).unwrap();
        assert_eq!(serde_json::from_str::<Kind>(&text).unwrap(), extra);
    }

    #[test]
    fn what_is_no_id_is_no_kind() {
        let long = format!("{}/v1/A/as", "a".repeat(500));
        for id in [
            "",
            "CronJob.batch",
            "v1/A",
            "a/v1/A/as/b",
            "/v1/A/as",
            "a/v1//as",
            "a/v1/A/..",
            "../v1/A/as",
            "a/v1/A/a?b",
            "a/v1/A/as@else",
            "@cluster",
            &long,
        ] {
            assert!(Kind::from_id(id).is_none(), "{id}");
        }
    }
}
