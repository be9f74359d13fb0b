//! How pods are told to misbehave, and the names of what there is in the cluster.
//!
//! The annotations go on the pod, that is into a workload's pod template. `manifests/stages.yaml` obeys them.

/// What a pod does instead of becoming ready: [`NEVER_READY`], [`CRASH`], [`IMAGE_PULL`] or [`CONFIG_ERROR`].
pub const POD: &str = "operator-testbed/pod";

/// Value of [`POD`]: the pod runs, and never becomes ready.
pub const NEVER_READY: &str = "never-ready";

/// Value of [`POD`]: the pod's containers wait in `CrashLoopBackOff`, with restarts counted.
pub const CRASH: &str = "crash";

/// Value of [`POD`]: the pod's containers wait in `ImagePullBackOff`.
pub const IMAGE_PULL: &str = "image-pull";

/// Value of [`POD`]: the pod's containers wait in `CreateContainerConfigError`.
pub const CONFIG_ERROR: &str = "config-error";

/// The pod runs at once and becomes ready after this time, in Go's notation of durations (`10s`, `1m30s`).
pub const READY_AFTER: &str = "operator-testbed/ready-after";

/// With the value `"true"`, a ready pod's status changes about once a second in ways that don't matter: the probe times of its conditions.
pub const CHURN: &str = "operator-testbed/churn";

/// The only, default storage class: its claims are bound at once, and can grow.
pub const STORAGE_CLASS: &str = "kwok-volume";
