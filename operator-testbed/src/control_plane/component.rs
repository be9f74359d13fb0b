//! The programs of a control plane, and their flags.

use std::path::Path;

/// Folder of the API server's certificate and key, below the testbed's folder. The API server makes them itself.
pub(super) const CERTIFICATES: &str = "certificates";
/// The API server's audit log.
pub(super) const AUDIT_LOG: &str = "audit.log";
/// What is logged there.
pub(super) const AUDIT_POLICY: &str = "audit-policy.yaml";
/// The tokens of the users.
pub(super) const TOKENS: &str = "tokens.csv";
/// Credentials of the user `admin`, also for the components.
pub(super) const KUBECONFIG: &str = "admin.kubeconfig";
/// Credentials of the user `operator`.
pub(super) const OPERATOR_KUBECONFIG: &str = "operator.kubeconfig";
/// What kwok does.
pub(super) const STAGES: &str = "stages.yaml";

/// One program of the control plane.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Component {
    /// etcd, where all objects are stored.
    Etcd,
    /// kube-apiserver.
    ApiServer,
    /// kube-controller-manager, with the controllers of workloads and the garbage collector.
    ControllerManager,
    /// kube-scheduler.
    Scheduler,
    /// kwok, in place of the nodes and the volumes' provisioner.
    Kwok,
}

/// The ports on 127.0.0.1. The other components listen on none.
pub(super) struct Ports {
    pub etcd: u16,
    pub etcd_peer: u16,
    pub api_server: u16,
}

impl Component {
    pub(crate) const ALL: [Component; 5] =
        [Component::Etcd, Component::ApiServer, Component::ControllerManager, Component::Scheduler, Component::Kwok];

    /// The program's name.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Component::Etcd => "etcd",
            Component::ApiServer => "kube-apiserver",
            Component::ControllerManager => "kube-controller-manager",
            Component::Scheduler => "kube-scheduler",
            Component::Kwok => "kwok",
        }
    }

    /// Its flags, for a control plane in this folder.
    pub(super) fn flags(&self, folder: &Path, ports: &Ports) -> Vec<String> {
        let file = |name: &str| folder.join(name).display().to_string();
        match self {
            Component::Etcd => etcd(file("etcd"), ports),
            Component::ApiServer => api_server(file, ports),
            Component::ControllerManager => controller_manager(file),
            Component::Scheduler => scheduler(file),
            Component::Kwok => kwok(file),
        }
    }
}

fn etcd(data: String, ports: &Ports) -> Vec<String> {
    let client = format!("http://127.0.0.1:{}", ports.etcd);
    let peer = format!("http://127.0.0.1:{}", ports.etcd_peer);
    vec![
        "--name=testbed".into(),
        format!("--data-dir={data}"),
        format!("--listen-client-urls={client}"),
        format!("--advertise-client-urls={client}"),
        format!("--listen-peer-urls={peer}"),
        format!("--initial-advertise-peer-urls={peer}"),
        format!("--initial-cluster=testbed={peer}"),
        // The data needn't survive anything.
        "--unsafe-no-fsync".into(),
        "--log-level=warn".into(),
    ]
}

fn api_server(file: impl Fn(&str) -> String, ports: &Ports) -> Vec<String> {
    // The serving key, made anew for each start, also signs service accounts' tokens: it saves a tool that makes keys.
    let key = file(&format!("{CERTIFICATES}/apiserver.key"));
    vec![
        format!("--etcd-servers=http://127.0.0.1:{}", ports.etcd),
        "--bind-address=127.0.0.1".into(),
        format!("--secure-port={}", ports.api_server),
        format!("--cert-dir={}", file(CERTIFICATES)),
        "--authorization-mode=RBAC".into(),
        format!("--token-auth-file={}", file(TOKENS)),
        "--service-account-issuer=https://kubernetes.default.svc".into(),
        format!("--service-account-key-file={key}"),
        format!("--service-account-signing-key-file={key}"),
        "--service-cluster-ip-range=10.96.0.0/16".into(),
        format!("--audit-policy-file={}", file(AUDIT_POLICY)),
        format!("--audit-log-path={}", file(AUDIT_LOG)),
        // A request is in the log before its handler ends, and the log (in MB) is never rotated away under a reader.
        "--audit-log-mode=blocking".into(),
        "--audit-log-maxsize=100000".into(),
        // Benchmarks shall see the server's limits, not its fairness.
        "--enable-priority-and-fairness=false".into(),
        "--max-requests-inflight=0".into(),
        "--max-mutating-requests-inflight=0".into(),
        "--profiling=false".into(),
    ]
}

fn controller_manager(file: impl Fn(&str) -> String) -> Vec<String> {
    let mut flags = client_flags(file(KUBECONFIG));
    flags.extend([
        format!("--service-account-private-key-file={}", file(&format!("{CERTIFICATES}/apiserver.key"))),
        format!("--root-ca-file={}", file(&format!("{CERTIFICATES}/apiserver.crt"))),
        // The nodes are never lost, and so hardly need a heartbeat.
        "--node-monitor-grace-period=24h".into(),
        "--concurrent-deployment-syncs=20".into(),
        "--concurrent-replicaset-syncs=20".into(),
        "--concurrent-statefulset-syncs=20".into(),
        "--concurrent-namespace-syncs=20".into(),
        "--concurrent-gc-syncs=40".into(),
    ]);
    flags
}

fn scheduler(file: impl Fn(&str) -> String) -> Vec<String> {
    client_flags(file(KUBECONFIG))
}

/// What the controller manager and the scheduler have in common.
fn client_flags(kubeconfig: String) -> Vec<String> {
    vec![
        format!("--kubeconfig={kubeconfig}"),
        "--leader-elect=false".into(),
        "--secure-port=0".into(),
        "--profiling=false".into(),
        "--kube-api-qps=1000".into(),
        "--kube-api-burst=2000".into(),
    ]
}

fn kwok(file: impl Fn(&str) -> String) -> Vec<String> {
    vec![
        format!("--kubeconfig={}", file(KUBECONFIG)),
        format!("--config={}", file(STAGES)),
        "--manage-all-nodes".into(),
        // No leases: the controller manager is content with the nodes' status.
        "--node-lease-duration-seconds=0".into(),
        "--cidr=10.244.0.1/16".into(),
        "--server-address=".into(),
    ]
}
