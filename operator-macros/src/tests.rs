//! What the macros write, as people would read it. After a change: `cargo insta review`, or `INSTA_UPDATE=always cargo
//! test`.

use proc_macro2::TokenStream;
use quote::quote;

use crate::{attribute, derive};

#[test]
fn a_minimal_operator() {
    let expanded = readable(derive::data_operator(quote! {
        #[operator(group = "example.com", version = "v1", kind = "Cache")]
        pub struct CacheSpec {
            #[node_type]
            pub servers: NodeSpec,
        }
    }));
    insta::assert_snapshot!(expanded);
}

#[test]
fn an_operator_with_everything() {
    let expanded = readable(derive::data_operator(quote! {
        /// An Apache Druid cluster.
        #[operator(group = "druid.example.com", version = "v1alpha1", kind = "Druid", shortname = "dr", category = "all")]
        #[operator(printcolumn(name = "Image", type = "string", json_path = ".spec.image", priority = 1))]
        #[operator(validation(rule = "has(self.spec.image)", message = "give an image"))]
        #[serde(rename_all = "camelCase")]
        pub(crate) struct DruidSpec {
            /// Image of every node that doesn't set its own.
            #[operator(image)]
            pub image: String,
            #[config(file = "common.runtime.properties", mount = "/opt/druid/conf/_common", format = properties)]
            pub common: Properties,
            #[config(file = "log4j2.xml", mount = "/opt/druid/conf/_common", format = raw, with = logging::xml)]
            pub log_level: String,
            #[operator(defaults)]
            #[serde(default)]
            pub defaults: NodeDefaults,
            #[operator(config_groups)]
            #[serde(default)]
            pub config_groups: BTreeMap<String, NodeDefaults>,
            #[operator(app_config_groups(by = "shared"))]
            pub app_config_groups: BTreeMap<String, Shared>,
            #[operator(deployment_order)]
            pub deployment_order: Vec<String>,
            #[secret(env = "DB_PASSWORD", generate(length = 32))]
            pub metadata_password: Option<SecretRef>,
            #[external(tcp)]
            pub zookeeper: String,
            #[external(name = "db", at = "metadata.host", http = "/health")]
            #[external(name = "storage", check = storage::ready)]
            pub dependencies: Dependencies,
            #[node_type(order = 1)]
            #[serde(default)]
            pub historicals: BTreeMap<String, Historical>,
            #[node_type(order = 2, workload = Deployment, port(http = 8082), args("broker"))]
            pub brokers: NodeSpec,
            #[node_type(name = "router", order = 3, workload = Deployment, port(http = 8888), args("router"))]
            pub routers: Option<NodeSpec>,
            #[node_types]
            pub others: Vec<Named<Other>>,
            pub other: Other,
        }
    }));
    insta::assert_snapshot!(expanded);
}

#[test]
fn a_node_type() {
    let arguments = quote! {
        workload = StatefulSet,
        image = "druid:34",
        port(http = 8083),
        port(gossip = 7946, protocol = UDP),
        command("/druid.sh"),
        args("historical"),
        env(DRUID_XMX = "8g"),
        storage(segments = "/druid/data", size = "50Gi", class = "fast"),
        readiness(http = "/druid/historical/v1/readiness", port = "http", period = 5),
        liveness(tcp = "http"),
        startup(exec("/ready.sh", "-q"), failures = 60),
        config_hash_env = "CONFIG_HASH",
        defaults = historical::defaults,
        empty_dirs("/tmp", "/var/run"),
        read_only_root,
        security = unrestricted,
        run_as(user = 1000),
        rule(resources("pods"), verbs("get", "list")),
        rule(groups("apps", "batch"), resources("*"), verbs("get")),
        talks_to("broker"),
        publish_not_ready,
        metrics(port = "http"),
    };
    let expanded = readable(attribute::node_type(
        arguments,
        quote! {
            /// Serves segments from local disk.
            #[derive(Clone, PartialEq)]
            pub struct Historical {
                /// Of this node type.
                #[config(file = "runtime.properties", mount = "/opt/druid/conf/historical", format = properties)]
                pub runtime_properties: Properties,
                #[config(file = "limits.toml", mount = "/opt/druid/conf/historical", format = toml, reload = none)]
                pub limits: Properties,
                #[secret(file = "/etc/druid/token", key = "auth")]
                #[cfg(feature = "tokens")]
                pub token: SecretRef,
                pub tier: String,
                #[serde(flatten)]
                pub more: More,
            }
        },
    ));
    insta::assert_snapshot!(expanded);
}

#[test]
fn an_enum_of_node_types() {
    let expanded = readable(attribute::node_types(
        quote!(tag = "role"),
        quote! {
            /// A node of the cluster.
            #[derive(PartialEq)]
            pub enum Node {
                /// Gives out tasks.
                #[node_type(order = 1, port(http = 8090), talks_to("middlemanager"))]
                Overlord(NodeSpec),
                #[node_type(name = "middlemanager")]
                #[serde(rename = "middleManager")]
                MiddleManager(MiddleManager),
            }
        },
    ));
    insta::assert_snapshot!(expanded);
}

#[test]
fn an_operator_with_mistakes_is_a_stub() {
    let expanded = readable(derive::data_operator(quote! {
        #[operator(group = "example", version = "v1")]
        pub struct CacheSpec {
            #[node_type(port(name = "http", nmber = 80))]
            pub servers: NodeSpec,
        }
    }));
    insta::assert_snapshot!(expanded);
}

#[test]
fn a_node_type_with_mistakes_is_a_stub() {
    let expanded = readable(attribute::node_type(
        quote!(order = 1, storage(data = "data", size = "1Gi")),
        quote! {
            struct Server {
                node: String,
            }
        },
    ));
    insta::assert_snapshot!(expanded);
}

/// Formatted.
#[track_caller]
fn readable(tokens: TokenStream) -> String {
    prettyplease::unparse(&syn::parse2(tokens).expect("the macros write Rust"))
}
