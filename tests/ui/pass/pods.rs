//! What a node type says of its pods: how they are confined, what they may do, whom they talk to.

use operator_core::{
    definition::{Protocol, RunAs, Security, Workload},
    prelude::*,
};

#[derive(DataOperator, Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[operator(group = "example.com", version = "v1", kind = "Mesh")]
pub struct MeshSpec {
    #[node_type(
        run_as(user = 2000, group = 3000),
        talks_to("agents", "migration"),
        empty_dirs("/tmp", "/cache"),
        read_only_root = false
    )]
    pub peers: Peer,
    #[node_type(workload = DaemonSet, security = unrestricted, talks_to("agents"))]
    pub agents: NodeSpec,
    #[node_type(workload = Job, order = -1, defaults = MeshSpec::once)]
    pub migration: NodeSpec,
}

impl MeshSpec {
    fn once() -> NodeDefaults {
        NodeDefaults { termination_grace_period_seconds: Some(5), ..NodeDefaults::default() }
    }
}

#[node_type(
    port(http = 8080),
    port(dns = 53),
    port(dns_udp = 53, protocol = UDP),
    empty_dirs("/tmp"),
    read_only_root,
    security = restricted,
    run_as(user = 1000),
    rule(resources("pods", "pods/log"), verbs("get", "list")),
    rule(groups("", "apps"), resources("*"), verbs("watch")),
    publish_not_ready,
    metrics(port = "http")
)]
pub struct Peer {}

fn main() {
    let [peers, agents, migration] = Mesh::DEFINITION.node_types else { panic!() };
    let peer = &peers.layers[1];
    assert_eq!(
        (peer.run_as, peers.layers[2].run_as),
        (Some(RunAs { user: 1000, group: 1000 }), Some(RunAs { user: 2000, group: 3000 }))
    );
    assert_eq!(
        peer.ports.iter().map(|port| port.protocol).collect::<Vec<_>>(),
        [Protocol::Tcp, Protocol::Tcp, Protocol::Udp]
    );
    assert_eq!(
        (peer.read_only_root, peer.publish_not_ready, peer.security),
        (Some(true), Some(true), Some(Security::Restricted))
    );
    assert_eq!((peers.layers[2].read_only_root, peers.layers[2].publish_not_ready), (Some(false), None));
    assert_eq!((peer.empty_dirs, peers.empty_dirs()), (["/tmp"].as_slice(), vec!["/tmp", "/cache"]));
    let [pods, all] = peer.rules else { panic!() };
    assert_eq!(
        (pods.groups, pods.resources, pods.verbs),
        ([""].as_slice(), ["pods", "pods/log"].as_slice(), ["get", "list"].as_slice())
    );
    assert_eq!(all.groups, ["", "apps"]);
    assert_eq!(peer.metrics.map(|metrics| (metrics.port, metrics.path)), Some(("http", "/metrics")));
    assert_eq!(peers.layers[2].talks_to, ["agents", "migration"]);
    assert_eq!((agents.workload(), agents.layers[2].security), (Workload::DaemonSet, Some(Security::Unrestricted)));
    assert_eq!(migration.workload(), Workload::Job);
    assert_eq!(migration.layers[2].defaults.unwrap()()["terminationGracePeriodSeconds"], 5);
}
