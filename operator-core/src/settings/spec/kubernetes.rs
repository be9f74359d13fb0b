//! Kubernetes' own types inside a node: their schema, shortened, and with the rules that Kubernetes has in code only.
//!
//! Descriptions are cut to their first sentence; a node type is written out once per field, so every byte counts several
//! times. What is rare is preserved unknown ([`Rule::Opaque`]) and judged by the API server with the pods.
//! Source of the rules: `k8s.io/kubernetes/pkg/apis/core/validation`.

use k8s_openapi::api::core::v1;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::{Map, Value, json};

use super::schema::{ENV_NAME, LABEL, LABEL_KEY, PORT_NAME, SUBDOMAIN};

/// An addition to a field's schema.
enum Rule {
    /// Description, where Kubernetes' own is long.
    Says(&'static str),
    /// Smallest number.
    Min(i64),
    /// Smallest and largest number.
    Range(i64, i64),
    /// The values there are.
    Enum(&'static [&'static str]),
    /// Longest text.
    MaxLength(u32),
    /// Longest text, and what it matches.
    Text(u32, &'static str),
    /// Fewest and most items.
    Items(u32, u32),
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

/// Key: property path; `*` stands for list items, the empty path for the type itself.
type Table = &'static [(&'static str, Rule)];

/// Longest list of objects.
const MOST_ITEMS: u32 = 50;
/// Users and groups; source: `IsValidUserID`.
const ID: Rule = Range(0, i32::MAX as i64);
/// Sentences that several types have.
const ONE_PROFILE: Rule =
    Cel("(self.type == 'Localhost') == has(self.localhostProfile)", "localhostProfile goes with type: Localhost");
const PROFILES: &[&str] = &["Localhost", "RuntimeDefault", "Unconfined"];

/// `{}` is accepted, too: it turns off the probe of lower layers.
const PROBE: Table = &[
    (
        "",
        Cel(
            "[has(self.exec), has(self.grpc), has(self.httpGet), has(self.tcpSocket)].exists_one(x, x) || dyn(self) == {}",
            "give one of exec, grpc, httpGet and tcpSocket; {}: no probe",
        ),
    ),
    ("exec", Says("A command in the container.")),
    ("exec", Required("command")),
    ("exec.command", Says("Program and arguments. Exit status 0: healthy.")),
    ("exec.command", Items(1, 100)),
    ("failureThreshold", Says("Failures in a row until it has failed. Default: 3.")),
    ("failureThreshold", Min(1)),
    ("grpc", Says("gRPC's health check: port and service.")),
    ("grpc", Opaque),
    ("httpGet", Says("HTTP GET; 200 to 399: healthy.")),
    ("httpGet.host", Says("Default: the pod's address.")),
    ("httpGet.httpHeaders", Says("Headers, each with name and value.")),
    ("httpGet.httpHeaders", Opaque),
    ("httpGet.path", Says("Path.")),
    ("httpGet.port", Says("Number or name.")),
    ("httpGet.port", Port),
    ("httpGet.scheme", Says("Default: `HTTP`.")),
    ("httpGet.scheme", Enum(&["HTTP", "HTTPS"])),
    ("initialDelaySeconds", Says("Seconds from start to the first probe. Default: 0.")),
    ("initialDelaySeconds", Min(0)),
    ("periodSeconds", Says("Seconds between two probes. Default: 10.")),
    ("periodSeconds", Min(1)),
    ("successThreshold", Says("Successes in a row until it is healthy. Default: 1.")),
    ("tcpSocket", Says("A TCP connection.")),
    ("tcpSocket.host", Says("Default: the pod's address.")),
    ("tcpSocket.port", Says("Number or name.")),
    ("tcpSocket.port", Port),
    ("timeoutSeconds", Says("Seconds until a probe fails. Default: 1.")),
    ("timeoutSeconds", Min(1)),
];
const READINESS: Table = &[("successThreshold", Min(1)), ("terminationGracePeriodSeconds", Absent)];
const LIVENESS: Table = &[
    ("successThreshold", Range(1, 1)),
    ("terminationGracePeriodSeconds", Says("Seconds to end after a failure. Default: the pod's.")),
    ("terminationGracePeriodSeconds", Min(1)),
];

const BOTH_SECURITY_CONTEXTS: Table = &[
    ("appArmorProfile", Says("AppArmor profile.")),
    ("appArmorProfile", Opaque),
    ("runAsGroup", Says("Group of the processes. Default: the image's.")),
    ("runAsGroup", ID),
    ("runAsNonRoot", Says("Whether a container that would run as root is refused.")),
    ("runAsUser", Says("User of the processes. Default: the image's.")),
    ("runAsUser", ID),
    ("seLinuxOptions", Says("SELinux context.")),
    ("seLinuxOptions", Opaque),
    ("seccompProfile", Says("Seccomp profile.")),
    ("seccompProfile", ONE_PROFILE),
    ("seccompProfile.localhostProfile", Says("Path below the kubelet's seccomp folder.")),
    ("seccompProfile.localhostProfile", Text(4095, r"^[^/\s]\S*$")),
    ("seccompProfile.type", Says("Kind of profile.")),
    ("seccompProfile.type", Enum(PROFILES)),
    ("windowsOptions", Says("Settings for Windows.")),
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
    ("sysctls", Says("Kernel parameters, each with name and value.")),
    ("sysctls", Opaque),
];
const SECURITY_CONTEXT: Table = &[
    (
        "",
        Cel(
            "!(has(self.privileged) && self.privileged && has(self.allowPrivilegeEscalation) && !self.allowPrivilegeEscalation)",
            "privileged needs allowPrivilegeEscalation: leave that out",
        ),
    ),
    ("allowPrivilegeEscalation", Says("Whether a process can gain more privileges than its parent.")),
    ("capabilities", Says("Capabilities of the processes.")),
    ("capabilities.add", Says("Capabilities to add, such as `NET_BIND_SERVICE`.")),
    ("capabilities.add", Items(0, 50)),
    ("capabilities.drop", Says("Capabilities to drop; `ALL`: all of them.")),
    ("capabilities.drop", Items(0, 50)),
    ("privileged", Says("Whether the processes have the rights of root on the Kubernetes node.")),
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
    ("matchLabelKeys", Says("Keys of labels whose values must be equal to be counted together.")),
    ("matchLabelKeys", Items(0, 20)),
    ("matchLabelKeys", Set),
    ("maxSkew", Says("Largest difference in pods between two domains.")),
    ("maxSkew", Min(1)),
    ("minDomains", Says("Fewest domains with pods. Default: 1.")),
    ("minDomains", Min(1)),
    ("nodeAffinityPolicy", Says("Whether only Kubernetes nodes count that the pods can select. Default: `Honor`.")),
    ("nodeAffinityPolicy", Enum(&["Honor", "Ignore"])),
    (
        "nodeTaintsPolicy",
        Says("Whether Kubernetes nodes with taints that the pods don't tolerate are left out. Default: `Ignore`."),
    ),
    ("nodeTaintsPolicy", Enum(&["Honor", "Ignore"])),
    ("topologyKey", Says("Label of Kubernetes nodes; each of its values is a domain.")),
    ("topologyKey", Text(316, LABEL_KEY)),
    ("whenUnsatisfiable", Says("What the scheduler does with a pod that would violate the constraint.")),
    ("whenUnsatisfiable", Enum(&["DoNotSchedule", "ScheduleAnyway"])),
];

const ENV_FROM: Table = &[
    ("", Cel("has(self.configMapRef) != has(self.secretRef)", "give configMapRef or secretRef")),
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
    (
        "",
        Cel(
            "!(has(self.subPath) ? self.subPath : has(self.subPathExpr) ? self.subPathExpr : '').matches('^/|(^|/)[.][.](/|$)')",
            "a path in the volume starts without / and has no ..",
        ),
    ),
    ("mountPath", Says("Folder in the container.")),
    ("mountPath", Text(4096, "^[^:]+$")),
    ("mountPropagation", Says("Whether mounts below it are passed on. Default: `None`.")),
    ("mountPropagation", Enum(&["Bidirectional", "HostToContainer", "None"])),
    ("name", Says("Name of the volume.")),
    ("name", Text(63, LABEL)),
    ("readOnly", Says("Whether it is read-only. Default: false.")),
    ("recursiveReadOnly", Says("Whether mounts below it are read-only too. Default: `Disabled`.")),
    ("recursiveReadOnly", Enum(&["Disabled", "Enabled", "IfPossible"])),
    ("subPath", Says("Path in the volume. Default: its root.")),
    ("subPath", MaxLength(1024)),
    ("subPathExpr", Says("The same, with `$(NAME)` for environment variables.")),
    ("subPathExpr", MaxLength(1024)),
];
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
    ("options", Says("Options of the resolver, each with name and value.")),
    ("options", Opaque),
    ("searches", Says("Search domains.")),
    ("searches", Items(0, 32)),
    ("searches", Set),
    ("searches.*", Text(254, r"^(\.|[a-z0-9_]+((-+|\.)[a-z0-9_]+)*\.?)$")),
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
    list::<v1::EnvFromSource>(generator, ENV_FROM)
}

pub fn volume_mounts(generator: &mut SchemaGenerator) -> Schema {
    list::<v1::VolumeMount>(generator, VOLUME_MOUNT)
}

pub fn topology_spread(generator: &mut SchemaGenerator) -> Schema {
    list::<v1::TopologySpreadConstraint>(generator, TOPOLOGY_SPREAD)
}

pub fn host_aliases(generator: &mut SchemaGenerator) -> Schema {
    list::<v1::HostAlias>(generator, HOST_ALIAS)
}

/// The schema of `T` with the rules of `tables`. A rule for a field that this version of Kubernetes lacks is ignored.
fn object<T: JsonSchema>(generator: &mut SchemaGenerator, tables: &[Table]) -> Schema {
    let mut schema = T::json_schema(generator).to_value();
    shorten(&mut schema);
    for (path, rule) in tables.iter().copied().flatten() {
        set(&mut schema, path, rule);
    }
    Schema::try_from(schema).unwrap_or_default()
}

fn list<T: JsonSchema>(generator: &mut SchemaGenerator, table: Table) -> Schema {
    let items = object::<T>(generator, &[table]);
    json_schema!({ "type": "array", "maxItems": MOST_ITEMS, "items": items })
}

/// Leaves the first sentence of descriptions, and drops formats of integers: their ranges say more.
fn shorten(schema: &mut Value) {
    match schema {
        Value::Object(map) => {
            if map.get("format").is_some_and(|format| format == "int64" || format == "int32") {
                map.remove("format");
            }
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

/// Returns whether the path exists.
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
    if let Opaque = rule {
        preserve(field);
        return;
    }
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
        MaxLength(most) => {
            add("maxLength", most.into());
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
        Set => {
            add("x-kubernetes-list-type", "set".into());
        }
        Required(name) => {
            if let Value::Array(names) = field.entry("required").or_insert_with(|| json!([])) {
                names.push(name.into());
            }
        }
        Opaque | Absent => {}
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

/// Replaces the schema by one that preserves unknown fields. The description stays, and whether it is a list.
pub fn preserve(field: &mut Map<String, Value>) {
    const PRESERVED: &str = "x-kubernetes-preserve-unknown-fields";
    field.retain(|key, _| ["description", "items", "type"].contains(&key.as_str()));
    if let Some(items) = field.get_mut("items") {
        *items = json!({ "type": "object", PRESERVED: true });
        field.insert("maxItems".to_owned(), MOST_ITEMS.into());
    } else {
        field.insert(PRESERVED.to_owned(), true.into());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use schemars::generate::SchemaSettings;

    fn misses<T: JsonSchema>(tables: &[Table]) -> Vec<&'static str> {
        let mut generator =
            SchemaSettings::openapi3().with(|settings| settings.inline_subschemas = true).into_generator();
        let mut schema = T::json_schema(&mut generator).to_value();
        tables
            .iter()
            .copied()
            .flatten()
            .filter(|(path, rule)| !set(&mut schema, path, rule))
            .map(|(path, _)| *path)
            .collect()
    }

    #[test]
    fn every_rule_finds_its_field() {
        let none: [&str; 0] = [];
        assert_eq!(misses::<v1::Probe>(&[PROBE, READINESS]), none);
        assert_eq!(misses::<v1::Probe>(&[PROBE, LIVENESS]), none);
        assert_eq!(misses::<v1::PodSecurityContext>(&[BOTH_SECURITY_CONTEXTS, POD_SECURITY_CONTEXT]), none);
        assert_eq!(misses::<v1::SecurityContext>(&[BOTH_SECURITY_CONTEXTS, SECURITY_CONTEXT]), none);
        assert_eq!(misses::<v1::PodDNSConfig>(&[DNS_CONFIG]), none);
        assert_eq!(misses::<v1::EnvFromSource>(&[ENV_FROM]), none);
        assert_eq!(misses::<v1::VolumeMount>(&[VOLUME_MOUNT]), none);
        assert_eq!(misses::<v1::TopologySpreadConstraint>(&[TOPOLOGY_SPREAD]), none);
        assert_eq!(misses::<v1::HostAlias>(&[HOST_ALIAS]), none);
    }
}
