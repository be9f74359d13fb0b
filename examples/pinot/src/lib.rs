//! An Apache Pinot cluster in the form of the DSOI specification: a list of nodes, groups that they refer to, the order given by the user.

use operator_core::prelude::*;

/// An Apache Pinot cluster: analytics on events as they arrive.
#[derive(DataOperator, Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[operator(group = "pinot.example.com", version = "v1beta1", kind = "Pinot", category = "all")]
#[serde(rename_all = "camelCase")]
pub struct PinotSpec {
    /// Image of every node whose group names no other, for instance `apachepinot/pinot:1.3.0`.
    #[operator(image)]
    #[schemars(length(min = 1))]
    pub image: String,

    /// Node types in the order in which they are upgraded. Default: controller, broker, server, minion.
    #[operator(deployment_order)]
    #[serde(default)]
    pub deployment_order: Vec<String>,

    /// What the cluster depends on.
    #[external(name = "zookeeper", at = "zookeeper.address", tcp)]
    pub external: External,

    /// Settings for Kubernetes that nodes refer to by `k8sConfigGroup`.
    #[operator(config_groups(by = "k8sConfigGroup"))]
    #[serde(default)]
    pub k8s_config: BTreeMap<String, NodeDefaults>,

    /// Settings of Pinot that nodes refer to by `appConfigGroup`.
    #[operator(app_config_groups(by = "appConfigGroup"))]
    #[serde(default)]
    pub app_config: BTreeMap<String, AppConfig>,

    /// The nodes.
    #[node_types]
    pub nodes: Vec<Named<Node>>,
}

/// A node of the cluster.
#[node_types]
pub enum Node {
    /// Assigns segments to servers, and keeps them for good.
    #[node_type(
        order = 1,
        port(http = 9000),
        args("StartController", "-configFileName", "/etc/pinot/pinot.conf"),
        storage(data = "/var/pinot", size = "20Gi"),
        talks_to("broker", "server", "minion")
    )]
    Controller(PinotNode),
    /// Answers queries.
    #[node_type(
        order = 2,
        port(http = 8099),
        args("StartBroker", "-configFileName", "/etc/pinot/pinot.conf"),
        talks_to("controller", "server")
    )]
    Broker(PinotNode),
    /// Serves segments.
    #[node_type(
        order = 3,
        port(http = 8097, query = 8098),
        args("StartServer", "-configFileName", "/etc/pinot/pinot.conf"),
        storage(data = "/var/pinot", size = "50Gi"),
        talks_to("controller")
    )]
    Server(PinotNode),
    /// Runs tasks on segments.
    #[node_type(
        order = 4,
        port(http = 9514),
        args("StartMinion", "-configFileName", "/etc/pinot/pinot.conf"),
        talks_to("controller", "server")
    )]
    Minion(PinotNode),
}

/// What a Pinot cluster depends on.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct External {
    /// Where the cluster keeps its coordination.
    pub zookeeper: ZooKeeper,
}

/// A ZooKeeper ensemble.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct ZooKeeper {
    /// Host and port, or several separated by commas.
    pub address: String,
}

/// Settings of Pinot that nodes share.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct AppConfig {
    /// Lines of `pinot.conf`, under the node's own.
    #[serde(default)]
    pub config: Properties,
}

/// What all nodes have.
#[node_type(empty_dirs("/opt/pinot/logs", "/tmp"), readiness(http = "/health"), run_as(user = 1000), publish_not_ready)]
pub struct PinotNode {
    /// Name of a group in `k8sConfig`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub k8s_config_group: Option<String>,
    /// Name of a group in `appConfig`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub app_config_group: Option<String>,
    /// Lines of `pinot.conf`.
    #[config(file = "pinot.conf", mount = "/etc/pinot", format = properties, with = config)]
    #[serde(default)]
    pub config: Properties,
}

/// What follows from the cluster, under what the user says.
fn config(node: &PinotNode, around: &Surroundings<'_>) -> Properties {
    let ports: &[(&str, &str)] = match around.node().node_type {
        "controller" => &[("controller.port", "9000")],
        "broker" => &[("pinot.broker.client.queryPort", "8099")],
        "server" => &[("pinot.server.adminapi.port", "8097"), ("pinot.server.netty.port", "8098")],
        _ => &[("pinot.minion.port", "9514")],
    };
    let mut config = Properties::from([
        ("pinot.cluster.name", "${cluster.name}"),
        ("pinot.zk.server", "${external.zookeeper}"),
        ("pinot.set.instance.id.to.hostname", "true"),
    ]);
    for (name, port) in ports {
        config.set(*name, *port);
    }
    node.config.over(config)
}
