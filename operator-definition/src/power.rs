//! Powers: what a cluster's user may do by its spec only where the author allows it.

/// What the pods and children of a cluster can have beyond what confined pods have. Those who may create a cluster get it where the
/// [`Definition`](crate::Definition) allows it. What the author's own attributes and `defaults` ask for is allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Power {
    /// Run as any ServiceAccount of the namespace, and mount tokens.
    ServiceAccount,
    /// Read any Secret of the namespace, beside those that fields marked `#[secret(…)]` name.
    Secrets,
    /// Pull images with the credentials of any Secret of the namespace.
    ImagePullSecrets,
    /// Mount or copy any PersistentVolumeClaim of the namespace.
    VolumeClaims,
    /// Get at the Kubernetes node: what the `baseline` Pod Security Standard forbids, and privilege escalation.
    HostAccess,
    /// Set any other field of the pods, those of later versions of Kubernetes included.
    PodOverrides,
    /// Set annotations of pods, Services, Ingresses and HTTPRoutes whose keys begin like this; `""`: all. Controllers with more rights
    /// than the user act on them.
    Annotations(&'static str),
}

impl Power {
    /// The powers without a value, by the words of attributes and messages.
    pub const PLAIN: &[(&str, Self)] = &[
        ("service_account", Self::ServiceAccount),
        ("secrets", Self::Secrets),
        ("image_pull_secrets", Self::ImagePullSecrets),
        ("volume_claims", Self::VolumeClaims),
        ("host_access", Self::HostAccess),
        ("pod_overrides", Self::PodOverrides),
    ];

    /// The word for [`Power::Annotations`].
    pub const ANNOTATIONS: &str = "annotations";

    /// Its word in attributes and messages.
    pub fn word(self) -> &'static str {
        Self::PLAIN.iter().find(|(_, power)| *power == self).map_or(Self::ANNOTATIONS, |(word, _)| word)
    }
}
