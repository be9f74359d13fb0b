//! Kubernetes' own types inside a node: their schema, shortened, and with the rules that Kubernetes has in code only.
//!
//! Descriptions are cut to their first sentence; a node type is written out once per field, so every byte counts several
//! times. What is rare is preserved unknown ([`Rule::Opaque`]) and judged by the API server with the pods.
//! Source of the rules: `k8s.io/kubernetes/pkg/apis/core/validation`.

use k8s_openapi::api::core::v1;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde_json::{Map, Value, json};

use super::schema::{ENV_NAME, LABEL_KEY, PORT_NAME, SUBDOMAIN};

/// What a field's schema lacks.
enum Rule {
    /// Description, where Kubernetes' own is long.
    Says(&'static str),
    /// Smallest number.
    Min(i64),
    /// Smallest and largest number.
    Range(i64, i64),
    /// The values there are.
    Enum(&'static [&'static str]),
    /// Longest text, and what it matches.
    Text(u32, &'static str),
    /// Fewest and most items.
    Items(u32, u32),
    /// Keys by which items are unique.
    Keys(&'static [&'static str]),
    /// Items are unique.
    Set,
    /// Also to be given.
    Required(&'static str),
    /// Preserved unknown.
    Opaque,
    /// Not there.
    Absent,
    /// A port, by number or name.
    Port,
    /// CEL, and what is said where it doesn't hold.
    Cel(&'static str, &'static str),
}
use Rule::*;

/// Rules by path: names of properties, `*` for items; empty for the type itself.
type Table = &'static [(&'static str, Rule)];

/// Users and groups; source: `IsValidUserID`.
const ID: Rule = Range(0, i32::MAX as i64);
/// Sentences that several types have.
const ONE_PROFILE: Rule = Cel(
    "(self.type == 'Localhost') == has(self.localhostProfile)",
    "localhostProfile goes with type: Localhost, which needs it",
);
const PROFILES: &[&str] = &["Localhost", "RuntimeDefault", "Unconfined"];

const PROBE: Table = &[
    (
        "",
        Cel(
            "[has(self.exec), has(self.grpc), has(self.httpGet), has(self.tcpSocket)].exists_one(x, x)",
            "a probe asks one thing: give one of exec, grpc, httpGet and tcpSocket",
        ),
    ),
    ("exec", Says("A command in the container.")),
    ("exec", Required("command")),
    ("exec.command", Says("Program and arguments; no shell. Exit status 0: healthy.")),
    ("exec.command", Items(1, 100)),
    ("failureThreshold", Says("Failures in a row until it counts as failed. Default: 3.")),
    ("failureThreshold", Min(1)),
    ("grpc", Says("gRPC's health check.")),
    ("grpc.port", Says("Number of the port.")),
    ("grpc.port", Range(1, 65535)),
    ("grpc.service", Says("Name of the service asked for. Default: the server as a whole.")),
    ("httpGet", Says("HTTP GET; 200 to 399: healthy.")),
    ("httpGet.host", Says("Host. Default: the pod's address.")),
    ("httpGet.httpHeaders", Says("Headers.")),
    ("httpGet.httpHeaders", Items(0, 50)),
    ("httpGet.httpHeaders.*.name", Says("Name.")),
    ("httpGet.httpHeaders.*.name", Text(253, "^[-A-Za-z0-9]+$")),
    ("httpGet.httpHeaders.*.value", Says("Value.")),
    ("httpGet.path", Says("Path.")),
    ("httpGet.port", Says("Number or name of the port.")),
    ("httpGet.port", Port),
    ("httpGet.scheme", Says("Default: `HTTP`.")),
    ("httpGet.scheme", Enum(&["HTTP", "HTTPS"])),
    ("initialDelaySeconds", Says("Seconds from the container's start to the first probe. Default: 0.")),
    ("initialDelaySeconds", Min(0)),
    ("periodSeconds", Says("Seconds between two probes. Default: 10.")),
    ("periodSeconds", Min(1)),
    ("successThreshold", Says("Successes in a row until it counts as healthy. Default: 1.")),
    ("tcpSocket", Says("A TCP connection.")),
    ("tcpSocket.host", Says("Host. Default: the pod's address.")),
    ("tcpSocket.port", Says("Number or name of the port.")),
    ("tcpSocket.port", Port),
    ("timeoutSeconds", Says("Seconds after which a probe counts as failed. Default: 1.")),
    ("timeoutSeconds", Min(1)),
];
const READINESS: Table = &[("successThreshold", Min(1)), ("terminationGracePeriodSeconds", Absent)];
const LIVENESS: Table = &[
    ("successThreshold", Range(1, 1)),
    ("terminationGracePeriodSeconds", Says("Seconds the pod gets to end after it failed. Default: the pod's own.")),
    ("terminationGracePeriodSeconds", Min(1)),
];

const BOTH_SECURITY_CONTEXTS: Table = &[
    ("appArmorProfile", Says("AppArmor profile.")),
    ("appArmorProfile", ONE_PROFILE),
    ("appArmorProfile.localhostProfile", Says("Name of a profile on the machine.")),
    ("appArmorProfile.localhostProfile", Text(4095, r"^\S+$")),
    ("appArmorProfile.type", Says("Kind of profile.")),
    ("appArmorProfile.type", Enum(PROFILES)),
    ("runAsGroup", Says("Group of the processes. Default: the image's.")),
    ("runAsGroup", ID),
    ("runAsNonRoot", Says("Whether a container that would run as root is refused.")),
    ("runAsUser", Says("User of the processes. Default: the image's.")),
    ("runAsUser", ID),
    ("seLinuxOptions", Says("SELinux context.")),
    ("seLinuxOptions", Opaque),
    ("seccompProfile", Says("Seccomp profile.")),
    ("seccompProfile", ONE_PROFILE),
    ("seccompProfile.localhostProfile", Says("Path of a profile below the kubelet's seccomp folder.")),
    ("seccompProfile.localhostProfile", Text(4095, r"^[^/\s]\S*$")),
    ("seccompProfile.type", Says("Kind of profile.")),
    ("seccompProfile.type", Enum(PROFILES)),
    ("windowsOptions", Says("Settings of Windows.")),
    ("windowsOptions", Opaque),
];
const POD_SECURITY_CONTEXT: Table = &[
    ("fsGroup", Says("Group that volumes belong to.")),
    ("fsGroup", ID),
    ("fsGroupChangePolicy", Says("When a volume's files are given to `fsGroup`. Default: `Always`.")),
    ("fsGroupChangePolicy", Enum(&["Always", "OnRootMismatch"])),
    ("seLinuxChangePolicy", Says("How volumes get their SELinux label. Default: `MountOption`.")),
    ("seLinuxChangePolicy", Enum(&["MountOption", "Recursive"])),
    ("supplementalGroups", Says("Further groups of the processes.")),
    ("supplementalGroups", Items(0, 100)),
    ("supplementalGroups.*", ID),
    ("supplementalGroupsPolicy", Says("Whether groups in the image count too. Default: `Merge`.")),
    ("supplementalGroupsPolicy", Enum(&["Merge", "Strict"])),
    ("sysctls", Says("Kernel parameters of the pod.")),
    ("sysctls", Items(0, 50)),
    ("sysctls", Keys(&["name"])),
    ("sysctls.*.name", Says("Name, such as `net.core.somaxconn`.")),
    ("sysctls.*.name", Text(253, r"^([a-z0-9]([-_a-z0-9]*[a-z0-9])?[./])*([a-z0-9][-_a-z0-9]*)?[a-z0-9]$")),
    ("sysctls.*.value", Says("Value.")),
];
const SECURITY_CONTEXT: Table = &[
    (
        "",
        Cel(
            "!(has(self.privileged) && self.privileged && has(self.allowPrivilegeEscalation) && !self.allowPrivilegeEscalation)",
            "a privileged container can always gain privileges: leave out allowPrivilegeEscalation",
        ),
    ),
    ("allowPrivilegeEscalation", Says("Whether a process can gain more privileges than its parent.")),
    ("capabilities", Says("Capabilities of the processes.")),
    ("capabilities.add", Says("What is added, such as `NET_BIND_SERVICE`.")),
    ("capabilities.add", Items(0, 50)),
    ("capabilities.drop", Says("What is dropped; `ALL`: everything.")),
    ("capabilities.drop", Items(0, 50)),
    ("privileged", Says("Whether the processes may do what root may on the machine.")),
    ("procMount", Says("What `/proc` shows. Default: `Default`.")),
    ("procMount", Enum(&["Default", "Unmasked"])),
    ("readOnlyRootFilesystem", Says("Whether the root file system is read-only.")),
];

const TOPOLOGY_SPREAD: Table = &[
    (
        "",
        Cel(
            "!has(self.minDomains) || self.whenUnsatisfiable == 'DoNotSchedule'",
            "minDomains goes with whenUnsatisfiable: DoNotSchedule only",
        ),
    ),
    ("labelSelector", Says("The pods that are counted, as in a label selector. Default: the node's own.")),
    ("labelSelector", Opaque),
    ("matchLabelKeys", Says("Labels by whose values pods are told apart too.")),
    ("matchLabelKeys", Items(0, 20)),
    ("matchLabelKeys", Set),
    ("matchLabelKeys.*", Text(316, LABEL_KEY)),
    ("maxSkew", Says("Largest difference in pods between two domains.")),
    ("maxSkew", Min(1)),
    ("minDomains", Says("Fewest domains with pods. Default: 1.")),
    ("minDomains", Min(1)),
    ("nodeAffinityPolicy", Says("Whether machines count that the pods can't select. Default: `Honor`, they don't.")),
    ("nodeAffinityPolicy", Enum(&["Honor", "Ignore"])),
    ("nodeTaintsPolicy", Says("Whether taints are looked at. Default: `Ignore`.")),
    ("nodeTaintsPolicy", Enum(&["Honor", "Ignore"])),
    ("topologyKey", Says("Label of machines; each of its values is a domain.")),
    ("topologyKey", Text(316, LABEL_KEY)),
    ("whenUnsatisfiable", Says("What becomes of a pod that would break it.")),
    ("whenUnsatisfiable", Enum(&["DoNotSchedule", "ScheduleAnyway"])),
];

const ENV_FROM: Table = &[
    ("", Cel("has(self.configMapRef) != has(self.secretRef)", "give one of configMapRef and secretRef")),
    ("configMapRef", Says("A ConfigMap.")),
    ("configMapRef.name", Says("Name.")),
    ("configMapRef.name", Text(253, SUBDOMAIN)),
    ("configMapRef.optional", Says("Whether pods start without it. Default: false.")),
    ("prefix", Says("Text before the name of each variable.")),
    ("prefix", Text(253, ENV_NAME)),
    ("secretRef", Says("A Secret.")),
    ("secretRef.name", Says("Name.")),
    ("secretRef.name", Text(253, SUBDOMAIN)),
    ("secretRef.optional", Says("Whether pods start without it. Default: false.")),
];

const VOLUME_MOUNT: Table = &[
    ("", Cel("!(has(self.subPath) && has(self.subPathExpr))", "give subPath or subPathExpr, not both")),
    (
        "",
        Cel(
            "!has(self.recursiveReadOnly) || self.recursiveReadOnly == 'Disabled' || (has(self.readOnly) && self.readOnly)",
            "recursiveReadOnly goes with readOnly: true",
        ),
    ),
    ("mountPath", Says("Folder in the container.")),
    ("mountPath", Text(4096, "^[^:]+$")),
    ("mountPropagation", Says("Whether mounts below it are passed on. Default: `None`.")),
    ("mountPropagation", Enum(&["Bidirectional", "HostToContainer", "None"])),
    ("name", Says("Name of the volume.")),
    ("name", Text(63, "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$")),
    ("readOnly", Says("Whether it is read-only. Default: false.")),
    ("recursiveReadOnly", Says("Whether mounts below it are read-only too. Default: `Disabled`.")),
    ("recursiveReadOnly", Enum(&["Disabled", "Enabled", "IfPossible"])),
    ("subPath", Says("Path in the volume. Default: its root.")),
    ("subPath", Text(4096, "^([^/].*)?$")),
    ("subPath", BELOW),
    ("subPathExpr", Says("The same, with `$(NAME)` for environment variables.")),
    ("subPathExpr", Text(4096, "^([^/].*)?$")),
    ("subPathExpr", BELOW),
];
const BELOW: Rule = Cel("!self.matches('(^|/)[.][.](/|$)')", "the path stays in the volume: write it without `..`");

const HOST_ALIAS: Table = &[
    ("hostnames", Says("Names.")),
    ("hostnames", Items(0, 50)),
    ("hostnames.*", Text(253, SUBDOMAIN)),
    ("ip", Says("Address.")),
    ("ip", Text(45, "^[0-9a-fA-F:.]+$")),
    ("ip", ADDRESS),
];
const ADDRESS: Rule = Cel("isIP(self)", "write an IP address, such as 10.0.0.1 or 2001:db8::1");

const DNS_CONFIG: Table = &[
    ("nameservers", Says("Addresses of name servers.")),
    ("nameservers", Items(0, 3)),
    ("nameservers", Set),
    ("nameservers.*", Text(45, "^[0-9a-fA-F:.]+$")),
    ("nameservers.*", ADDRESS),
    ("options", Says("Options of the resolver.")),
    ("options", Items(0, 50)),
    ("options.*", Required("name")),
    ("options.*.name", Says("Name, such as `ndots`.")),
    ("options.*.name", Text(253, r"^\S+$")),
    ("options.*.value", Says("Value.")),
    ("searches", Says("Domains in which names are looked for.")),
    ("searches", Items(0, 32)),
    ("searches", Set),
    ("searches.*", Text(254, r"^(\.|[a-z0-9_]([-a-z0-9_]*[a-z0-9_])?(\.[a-z0-9_]([-a-z0-9_]*[a-z0-9_])?)*\.?)$")),
];

pub fn readiness_probe(generator: &mut SchemaGenerator) -> Schema {
    object::<v1::Probe>(generator, &[PROBE, READINESS])
}

pub fn liveness_probe(generator: &mut SchemaGenerator) -> Schema {
    object::<v1::Probe>(generator, &[PROBE, LIVENESS])
}

pub fn pod_security_context(generator: &mut SchemaGenerator) -> Schema {
    object::<v1::PodSecurityContext>(generator, &[BOTH_SECURITY_CONTEXTS, POD_SECURITY_CONTEXT])
}

pub fn security_context(generator: &mut SchemaGenerator) -> Schema {
    object::<v1::SecurityContext>(generator, &[BOTH_SECURITY_CONTEXTS, SECURITY_CONTEXT])
}

pub fn dns_config(generator: &mut SchemaGenerator) -> Schema {
    object::<v1::PodDNSConfig>(generator, &[DNS_CONFIG])
}

pub fn env_from(generator: &mut SchemaGenerator) -> Schema {
    list::<v1::EnvFromSource>(generator, ENV_FROM, &[])
}

pub fn volume_mounts(generator: &mut SchemaGenerator) -> Schema {
    list::<v1::VolumeMount>(generator, VOLUME_MOUNT, &["mountPath"])
}

pub fn topology_spread(generator: &mut SchemaGenerator) -> Schema {
    list::<v1::TopologySpreadConstraint>(generator, TOPOLOGY_SPREAD, &["topologyKey", "whenUnsatisfiable"])
}

pub fn host_aliases(generator: &mut SchemaGenerator) -> Schema {
    list::<v1::HostAlias>(generator, HOST_ALIAS, &["ip"])
}

/// Of a `T`: its own schema with the rules of `tables`. A rule of a field that this version of Kubernetes lacks says nothing.
fn object<T: JsonSchema>(generator: &mut SchemaGenerator, tables: &[Table]) -> Schema {
    let mut schema = T::json_schema(generator).to_value();
    shorten(&mut schema);
    for (path, rule) in tables.iter().copied().flatten() {
        set(&mut schema, path, rule);
    }
    Schema::try_from(schema).unwrap_or_default()
}

fn list<T: JsonSchema>(generator: &mut SchemaGenerator, table: Table, keys: &[&str]) -> Schema {
    let items = object::<T>(generator, &[table]);
    let mut schema = json!({ "type": "array", "maxItems": 50, "items": items });
    if !keys.is_empty() {
        schema["x-kubernetes-list-type"] = "map".into();
        schema["x-kubernetes-list-map-keys"] = json!(keys);
    }
    Schema::try_from(schema).unwrap_or_default()
}

/// Leaves the first sentence of descriptions.
fn shorten(schema: &mut Value) {
    match schema {
        Value::Object(map) => {
            if let Some(Value::String(description)) = map.get_mut("description")
                && let Some(end) = description.find(". ").or_else(|| description.find(".\n"))
            {
                description.truncate(end + 1);
            }
            map.values_mut().for_each(shorten);
        }
        Value::Array(items) => items.iter_mut().for_each(shorten),
        _ => {}
    }
}

/// Whether the path was there.
fn set(schema: &mut Value, path: &str, rule: &Rule) -> bool {
    let (parent, name) = path.rsplit_once('.').unwrap_or(("", path));
    let Some(parent) = parent.split('.').filter(|name| !name.is_empty()).try_fold(schema, step) else {
        return false;
    };
    if let Absent = rule {
        let properties = parent.get_mut("properties").and_then(Value::as_object_mut);
        return properties.is_some_and(|properties| properties.remove(name).is_some());
    }
    let field = if name.is_empty() { Some(parent) } else { step(parent, name) };
    field.and_then(Value::as_object_mut).map(|field| put(field, rule)).is_some()
}

fn step<'a>(schema: &'a mut Value, name: &str) -> Option<&'a mut Value> {
    if name == "*" { schema.get_mut("items") } else { schema.get_mut("properties")?.get_mut(name) }
}

fn put(field: &mut Map<String, Value>, rule: &Rule) {
    let mut add = |key: &str, value: Value| field.insert(key.to_owned(), value);
    match *rule {
        Says(text) => {
            add("description", text.into());
        }
        Min(least) => {
            add("minimum", least.into());
        }
        Range(least, most) => {
            add("minimum", least.into());
            add("maximum", most.into());
        }
        Enum(values) => {
            add("enum", json!(values));
        }
        Text(most, pattern) => {
            add("maxLength", most.into());
            add("pattern", pattern.into());
        }
        Items(least, most) => {
            add("maxItems", most.into());
            if least > 0 {
                add("minItems", least.into());
            }
        }
        Keys(keys) => {
            add("x-kubernetes-list-type", "map".into());
            add("x-kubernetes-list-map-keys", json!(keys));
        }
        Set => {
            add("x-kubernetes-list-type", "set".into());
        }
        Required(name) => {
            if let Value::Array(names) = field.entry("required").or_insert_with(|| json!([])) {
                names.push(name.into());
            }
        }
        Opaque => {
            field.retain(|key, _| key == "description");
            field.insert("type".to_owned(), "object".into());
            field.insert("x-kubernetes-preserve-unknown-fields".to_owned(), true.into());
        }
        Absent => {}
        Port => {
            add("minimum", 1.into());
            add("maximum", 65535.into());
            add("pattern", PORT_NAME.into());
            add("maxLength", 15.into());
        }
        Cel(rule, message) => {
            if let Value::Array(rules) = field.entry("x-kubernetes-validations").or_insert_with(|| json!([])) {
                rules.push(json!({ "rule": rule, "message": message }));
            }
        }
    }
}
