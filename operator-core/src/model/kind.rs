//! The kinds of objects that clusters are made of.

use std::{
    collections::BTreeMap,
    hash::{Hash, Hasher},
    sync::{Mutex, PoisonError},
};

use crate::definition::{Definition, Workload};

/// A kind of child object. Two are equal where group and kind are: whoever wrote them down, they name the same objects.
#[derive(Clone, Copy, Debug)]
pub struct ChildKind {
    /// API group; empty for the core group.
    pub group: &'static str,
    /// API version.
    pub version: &'static str,
    /// Kind.
    pub kind: &'static str,
    /// Plural, as in URLs.
    pub plural: &'static str,
    /// Top-level fields and, with `spec.`, fields below `spec` that can't be changed: a difference means delete and create again.
    pub immutable: &'static [&'static str],
    /// When it is made; what is made earlier is there before what is made later.
    pub stage: Stage,
    /// Whether the API server may lack it: then it is left out.
    pub optional: bool,
}

impl PartialEq for ChildKind {
    fn eq(&self, other: &Self) -> bool {
        (self.group, self.kind) == (other.group, other.kind)
    }
}

impl Eq for ChildKind {}

impl Hash for ChildKind {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (self.group, self.kind).hash(state);
    }
}

/// When a child is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Stage {
    /// Configuration, identities, Services.
    Base,
    /// What runs pods; its deletion for a replacement leaves them running.
    Workload,
    /// What is about a workload: autoscalers.
    After,
}

const fn kind(group: &'static str, kind: &'static str, plural: &'static str) -> ChildKind {
    ChildKind { group, version: "v1", kind, plural, immutable: &[], stage: Stage::Base, optional: false }
}

const fn workload(
    group: &'static str,
    kind: &'static str,
    plural: &'static str,
    immutable: &'static [&'static str],
) -> ChildKind {
    ChildKind { group, version: "v1", kind, plural, immutable, stage: Stage::Workload, optional: false }
}

/// Configuration files. Those that roll pods are immutable and named by content.
pub static CONFIG_MAP: ChildKind = kind("", "ConfigMap", "configmaps");

/// Generated passwords.
pub static SECRET: ChildKind = kind("", "Secret", "secrets");

/// Identities of pods.
pub static SERVICE_ACCOUNT: ChildKind = kind("", "ServiceAccount", "serviceaccounts");

/// Rights of pods.
pub static ROLE: ChildKind = kind("rbac.authorization.k8s.io", "Role", "roles");

/// Who has which rights.
pub static ROLE_BINDING: ChildKind =
    ChildKind { immutable: &["roleRef"], ..kind("rbac.authorization.k8s.io", "RoleBinding", "rolebindings") };

/// Names of nodes.
pub static SERVICE: ChildKind = ChildKind { immutable: &["spec.clusterIP"], ..kind("", "Service", "services") };

/// Who may connect.
pub static NETWORK_POLICY: ChildKind = kind("networking.k8s.io", "NetworkPolicy", "networkpolicies");

/// How many pods may be missing.
pub static POD_DISRUPTION_BUDGET: ChildKind = kind("policy", "PodDisruptionBudget", "poddisruptionbudgets");

/// Ways in, by HTTP.
pub static INGRESS: ChildKind = kind("networking.k8s.io", "Ingress", "ingresses");

/// Ways in, by the Gateway API.
pub static HTTP_ROUTE: ChildKind =
    ChildKind { optional: true, ..kind("gateway.networking.k8s.io", "HTTPRoute", "httproutes") };

/// What Prometheus scrapes.
pub static SERVICE_MONITOR: ChildKind =
    ChildKind { optional: true, ..kind("monitoring.coreos.com", "ServiceMonitor", "servicemonitors") };

/// Pods with stable names and claims.
pub static STATEFUL_SET: ChildKind = workload(
    "apps",
    "StatefulSet",
    "statefulsets",
    &["spec.selector", "spec.serviceName", "spec.podManagementPolicy", "spec.volumeClaimTemplates"],
);

/// Interchangeable pods.
pub static DEPLOYMENT: ChildKind = workload("apps", "Deployment", "deployments", &["spec.selector"]);

/// A pod per machine.
pub static DAEMON_SET: ChildKind = workload("apps", "DaemonSet", "daemonsets", &["spec.selector"]);

/// Pods that run to their end.
pub static JOB: ChildKind = workload("batch", "Job", "jobs", &[]);

/// What sets the number of pods.
pub static AUTOSCALER: ChildKind = ChildKind {
    version: "v2",
    stage: Stage::After,
    ..kind("autoscaling", "HorizontalPodAutoscaler", "horizontalpodautoscalers")
};

/// Volumes that pods claim. StatefulSets make them; the operator only lets them grow.
pub static CLAIM: ChildKind = kind("", "PersistentVolumeClaim", "persistentvolumeclaims");

/// Every kind of child, in the order in which they are created.
pub static ALL: [&ChildKind; 16] = [
    &CONFIG_MAP,
    &SECRET,
    &SERVICE_ACCOUNT,
    &ROLE,
    &ROLE_BINDING,
    &SERVICE,
    &NETWORK_POLICY,
    &POD_DISRUPTION_BUDGET,
    &INGRESS,
    &HTTP_ROUTE,
    &SERVICE_MONITOR,
    &STATEFUL_SET,
    &DEPLOYMENT,
    &DAEMON_SET,
    &JOB,
    &AUTOSCALER,
];

/// Every kind of child that clusters of `definition` may have: the usual ones, and those that the author declares.
pub fn of(definition: &Definition) -> Vec<&'static ChildKind> {
    let declared = definition.customize.map_or(&[] as &[_], |customization| customization.kinds);
    let mut kinds = ALL.to_vec();
    for kind in declared {
        if !kinds.contains(kind) {
            kinds.push(kind);
        }
    }
    kinds
}

/// The kind as it stands in [`ALL`], where it does: what authors write down doesn't say what can't be changed.
pub fn known(kind: &'static ChildKind) -> &'static ChildKind {
    ALL.into_iter().find(|known| *known == kind).unwrap_or(kind)
}

/// Kinds that this build doesn't know otherwise, by their [id](ChildKind::id). Kinds are kept by reference everywhere, so these are kept for
/// good: each once, and at most [`MOST`].
static RECORDED: Mutex<BTreeMap<&'static str, &'static ChildKind>> = Mutex::new(BTreeMap::new());
/// More kinds than the builds of an operator ever declare; not the operator alone may write a status.
const MOST: usize = 256;

/// The kind with an [id](ChildKind::id) that a status remembers: as `definition` has it, else, where only an earlier build declared it, as the
/// id says. `None` where it is no id.
pub fn recorded(id: &str, definition: &Definition) -> Option<&'static ChildKind> {
    let [group, _, kind, _] = parts(id)?;
    if let Some(known) = of(definition).into_iter().find(|known| (known.group, known.kind) == (group, kind)) {
        return Some(known);
    }
    let mut recorded = RECORDED.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(kind) = recorded.get(id) {
        return Some(kind);
    }
    if recorded.len() >= MOST {
        tracing::warn!(id, "too many kinds are remembered; this one isn't looked for");
        return None;
    }
    let id: &'static str = Box::leak(Box::from(id));
    let [group, version, kind, plural] = parts(id)?;
    // It may have been uninstalled since.
    let kind = ChildKind { version, optional: true, ..self::kind(group, kind, plural) };
    let kind: &'static ChildKind = Box::leak(Box::new(kind));
    recorded.insert(id, kind);
    Some(kind)
}

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

/// Longest id, in bytes: a group of 253, and three labels.
const LONGEST: usize = 253 + 3 * 64;

/// Whether children of a kind are always watched. The status remembers the others, so that they are pruned after they are no longer
/// declared, and found again where their kind is installed later.
pub fn is_always_watched(kind: &ChildKind) -> bool {
    !kind.optional && (kind == &CLAIM || ALL.contains(&kind))
}

impl Workload {
    /// The kind of object that it is.
    pub fn kind(self) -> &'static ChildKind {
        match self {
            Self::StatefulSet => &STATEFUL_SET,
            Self::Deployment => &DEPLOYMENT,
            Self::DaemonSet => &DAEMON_SET,
            Self::Job => &JOB,
        }
    }
}

/// Position of a kind in the order of creation; kinds that authors add come last.
pub fn position(kind: &ChildKind) -> usize {
    ALL.iter().position(|known| *known == kind).unwrap_or(ALL.len())
}

impl ChildKind {
    /// The kind of `T`, for objects that [`Customize`](crate::render::Customize) adds.
    pub const fn of<T: k8s_openapi::Resource>() -> Self {
        Self { version: T::VERSION, ..kind(T::GROUP, T::KIND, T::URL_PATH_SEGMENT) }
    }

    /// `batch/v1/CronJob/cronjobs`, as the status has it; kinds of the core group begin with the version.
    pub fn id(&self) -> String {
        format!("{}/{}/{}", self.api_version(), self.kind, self.plural)
    }

    /// Whether it runs pods.
    pub fn is_workload(&self) -> bool {
        self.stage == Stage::Workload
    }

    /// `v1` or `apps/v1`.
    pub fn api_version(&self) -> String {
        if self.group.is_empty() { self.version.to_owned() } else { format!("{}/{}", self.group, self.version) }
    }

    /// Path of one object on the API server.
    pub fn url(&self, namespace: &str, name: &str) -> String {
        let prefix = if self.group.is_empty() { "api".to_owned() } else { format!("apis/{}", self.group) };
        format!("/{prefix}/{}/namespaces/{namespace}/{}/{name}", self.version, self.plural)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::definition::Customization;

    static DECLARED: [&ChildKind; 2] =
        [&ChildKind::of::<k8s_openapi::api::core::v1::Service>(), &kind("example.com", "Extra", "extras")];
    static DEFINITION: Definition =
        Definition { customize: Some(Customization { kinds: &DECLARED, call: |_, _, _| Ok(()) }), ..Definition::EMPTY };

    #[test]
    fn declared_kinds_come_after_the_usual_ones_and_none_twice() {
        let kinds = of(&DEFINITION);
        assert_eq!(kinds.len(), ALL.len() + 1);
        assert_eq!(kinds.last().map(|kind| kind.id()).as_deref(), Some("example.com/v1/Extra/extras"));
    }

    #[test]
    fn a_usual_kind_that_an_author_declares_keeps_what_is_known_of_it() {
        assert!(DECLARED[0].immutable.is_empty());
        assert_eq!(known(DECLARED[0]).immutable, SERVICE.immutable);
    }

    #[test]
    fn a_kind_is_found_again_by_its_id_whether_or_not_it_is_still_declared() {
        for kind in [&SERVICE, &HTTP_ROUTE, DECLARED[1]] {
            let found = recorded(&kind.id(), &DEFINITION).unwrap();
            assert!(std::ptr::eq(found, kind), "{found:?}");
        }
        let id = DECLARED[1].id();
        assert_eq!(id, "example.com/v1/Extra/extras");
        let found = recorded(&id, &Definition::EMPTY).unwrap();
        assert_eq!((found, found.id().as_str(), found.optional), (DECLARED[1], id.as_str(), true));
        assert!(std::ptr::eq(found, recorded(&id, &Definition::EMPTY).unwrap()), "it is kept once");
        assert_eq!(found.url("n", "a"), "/apis/example.com/v1/namespaces/n/extras/a");
        assert_eq!(
            recorded("v1/LimitRange/limitranges", &DEFINITION).map(ChildKind::api_version).as_deref(),
            Some("v1")
        );
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
            &long,
        ] {
            assert!(recorded(id, &DEFINITION).is_none(), "{id}");
        }
    }

    #[test]
    fn only_what_may_be_missing_or_is_declared_must_be_remembered() {
        assert!(is_always_watched(&JOB) && is_always_watched(&CLAIM));
        assert!(!is_always_watched(&HTTP_ROUTE) && !is_always_watched(DECLARED[1]));
    }
}
