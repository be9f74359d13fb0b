//! Kubernetes' own types inside a node: their schema, shortened, and with the rules that Kubernetes has in code only.
//!
//! Descriptions are cut to their first sentence; a node type is written out once per field, so every byte counts several
//! times. What is rare is preserved unknown and judged by the API server with the pods.
//! Source of the rules: `k8s.io/kubernetes/pkg/apis/core/validation`.

use k8s_openapi::api::core::v1;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::{Value, json};

use super::schema::{ENV_NAME, LABEL, LABEL_KEY, PORT_NAME, PRESERVED, RULES, SUBDOMAIN, cel};

/// Longest list of objects.
const MOST_ITEMS: u32 = 50;

/// Keywords that are added to the schema of a property.
///
/// Key: property path; `*` stands for list items, the empty path for the type itself.
pub type Row = (&'static str, Value);

/// A type of Kubernetes' whose schema has additions.
pub trait Amended: JsonSchema {
    /// The additions. One for a field that this version of Kubernetes lacks is ignored.
    fn rows() -> Vec<Row>;
}

/// Implements [`Amended`] by rows, and by those that several types have.
macro_rules! amended {
    ($($type:ty: $([$shared:expr])? { $($rows:tt)* })+) => {
        $(impl Amended for $type {
            fn rows() -> Vec<Row> {
                [rows! { $($rows)* }, $($shared)?].concat()
            }
        })+
    };
}

/// Rows of a path, its description where Kubernetes' own is long, its kind of text, further keywords, and CEL rules with what is said where
/// they don't hold.
macro_rules! rows {
    ($(
        $path:literal: $($description:literal)? $(as $text:ident)? $({ $($keywords:tt)* })?
            $(where { $($rule:literal: $message:literal,)+ })?,
    )*) => {
        vec![$(($path, json!({
            $("description": $description,)?
            $("maxLength": $text.longest, "pattern": $text.pattern,)?
            $(RULES: [$(cel($rule, $message)),+],)?
            $($($keywords)*)?
        }))),*]
    };
}

/// `{}` is accepted, too: it turns off the probe of lower layers.
fn probe() -> Vec<Row> {
    rows! {
        "": where {
            "[has(self.exec), has(self.grpc), has(self.httpGet), has(self.tcpSocket)].exists_one(x, x) || dyn(self) == {}":
                "give one of exec, grpc, httpGet and tcpSocket; {}: no probe",
        },
        "exec": "A command in the container." { "required": ["command"] },
        "exec.command": "Program and arguments. Exit status 0: healthy." { "minItems": 1, "maxItems": 100 },
        "failureThreshold": "Failures in a row until it has failed. Default: 3." { "minimum": 1 },
        "grpc": "gRPC's health check: port and service." { PRESERVED: true },
        "httpGet": "HTTP GET; 200 to 399: healthy.",
        "httpGet.host": "Default: the pod's address.",
        "httpGet.httpHeaders": "Headers, each with name and value." { PRESERVED: true },
        "httpGet.path": "Path.",
        "httpGet.port": "Number or name." as PORT_NAME { "minimum": 1, "maximum": 65535 },
        "httpGet.scheme": "Default: `HTTP`." { "enum": ["HTTP", "HTTPS"] },
        "initialDelaySeconds": "Seconds from start to the first probe. Default: 0." { "minimum": 0 },
        "periodSeconds": "Seconds between two probes. Default: 10." { "minimum": 1 },
        "successThreshold": "Successes in a row until it is healthy. Default: 1.",
        "tcpSocket": "A TCP connection.",
        "tcpSocket.host": "Default: the pod's address.",
        "tcpSocket.port": "Number or name." as PORT_NAME { "minimum": 1, "maximum": 65535 },
        "timeoutSeconds": "Seconds until a probe fails. Default: 1." { "minimum": 1 },
    }
}

/// Of a readiness probe.
pub fn readiness_probe(generator: &mut SchemaGenerator) -> Schema {
    let own = rows! { "successThreshold": { "minimum": 1 }, };
    let (mut schema, _) = amended::<v1::Probe>(generator, [probe(), own].concat());
    let fields = schema.pointer_mut("/properties").and_then(Value::as_object_mut);
    fields.map(|fields| fields.remove("terminationGracePeriodSeconds"));
    schema
}

/// Of a liveness or startup probe.
pub fn liveness_probe(generator: &mut SchemaGenerator) -> Schema {
    let own = rows! {
        "successThreshold": { "minimum": 1, "maximum": 1 },
        "terminationGracePeriodSeconds": "Seconds to end after a failure. Default: the pod's." { "minimum": 1 },
    };
    amended::<v1::Probe>(generator, [probe(), own].concat()).0
}

/// Users and groups are limited as by `IsValidUserID`.
fn both_security_contexts() -> Vec<Row> {
    rows! {
        "appArmorProfile": "AppArmor profile." { PRESERVED: true },
        "runAsGroup": "Group of the processes. Default: the image's." { "minimum": 0, "maximum": i32::MAX },
        "runAsNonRoot": "Whether a container that would run as root is refused.",
        "runAsUser": "User of the processes. Default: the image's." { "minimum": 0, "maximum": i32::MAX },
        "seLinuxOptions": "SELinux context." { PRESERVED: true },
        "seccompProfile": "Seccomp profile." where {
            "(self.type == 'Localhost') == has(self.localhostProfile)": "localhostProfile goes with type: Localhost",
        },
        "seccompProfile.localhostProfile": "Path below the kubelet's seccomp folder."
            { "maxLength": 4095, "pattern": r"^[^/\s]\S*$" },
        "seccompProfile.type": "Kind of profile." { "enum": ["Localhost", "RuntimeDefault", "Unconfined"] },
        "windowsOptions": "Settings for Windows." { PRESERVED: true },
    }
}

amended! {
    v1::PodSecurityContext: [both_security_contexts()] {
        "fsGroup": "Group that volumes belong to." { "minimum": 0, "maximum": i32::MAX },
        "fsGroupChangePolicy": "When a volume's files are given to `fsGroup`. Default: `Always`."
            { "enum": ["Always", "OnRootMismatch"] },
        "seLinuxChangePolicy": "How volumes get their SELinux label. Default: `MountOption`."
            { "enum": ["MountOption", "Recursive"] },
        "supplementalGroups": "Further groups of the processes." { "maxItems": 100 },
        "supplementalGroups.*": { "minimum": 0, "maximum": i32::MAX },
        "supplementalGroupsPolicy": "Whether groups in the image count too. Default: `Merge`."
            { "enum": ["Merge", "Strict"] },
        "sysctls": "Kernel parameters, each with name and value." { PRESERVED: true },
    }

    v1::SecurityContext: [both_security_contexts()] {
        "": where {
            "!(has(self.privileged) && self.privileged && has(self.allowPrivilegeEscalation) && !self.allowPrivilegeEscalation)":
                "privileged needs allowPrivilegeEscalation: leave that out",
        },
        "allowPrivilegeEscalation": "Whether a process can gain more privileges than its parent.",
        "capabilities": "Capabilities of the processes.",
        "capabilities.add": "Capabilities to add, such as `NET_BIND_SERVICE`." { "maxItems": 50 },
        "capabilities.drop": "Capabilities to drop; `ALL`: all of them." { "maxItems": 50 },
        "privileged": "Whether the processes have the rights of root on the Kubernetes node.",
        "procMount": "What `/proc` shows. Default: `Default`." { "enum": ["Default", "Unmasked"] },
        "readOnlyRootFilesystem": "Whether the root file system is read-only.",
    }

    v1::TopologySpreadConstraint: {
        "": where {
            "!has(self.minDomains) || self.whenUnsatisfiable == 'DoNotSchedule'":
                "minDomains goes with whenUnsatisfiable: DoNotSchedule only",
        },
        "labelSelector": "The pods that are counted, as in a label selector. Default: the node's own."
            { PRESERVED: true },
        "matchLabelKeys": "Keys of labels whose values must be equal to be counted together."
            { "maxItems": 20, "x-kubernetes-list-type": "set" },
        "maxSkew": "Largest difference in pods between two domains." { "minimum": 1 },
        "minDomains": "Fewest domains with pods. Default: 1." { "minimum": 1 },
        "nodeAffinityPolicy": "Whether only Kubernetes nodes count that the pods can select. Default: `Honor`."
            { "enum": ["Honor", "Ignore"] },
        "nodeTaintsPolicy": "Whether Kubernetes nodes with taints that the pods don't tolerate are left out. Default: `Ignore`."
            { "enum": ["Honor", "Ignore"] },
        "topologyKey": "Label of Kubernetes nodes; each of its values is a domain." as LABEL_KEY,
        "whenUnsatisfiable": "What the scheduler does with a pod that would violate the constraint."
            { "enum": ["DoNotSchedule", "ScheduleAnyway"] },
    }

    v1::EnvFromSource: {
        "": where {
            "has(self.configMapRef) != has(self.secretRef)": "give configMapRef or secretRef",
        },
        "configMapRef": "A ConfigMap.",
        "configMapRef.name": "Name." as SUBDOMAIN,
        "configMapRef.optional": "Whether pods start without it. Default: false.",
        "prefix": "Text before the name of each variable." as ENV_NAME,
        "secretRef": "A Secret.",
        "secretRef.name": "Name." as SUBDOMAIN,
        "secretRef.optional": "Whether pods start without it. Default: false.",
    }

    v1::VolumeMount: {
        "": where {
            "!(has(self.subPath) && has(self.subPathExpr))": "give subPath or subPathExpr, not both",
            "!has(self.recursiveReadOnly) || self.recursiveReadOnly == 'Disabled' || (has(self.readOnly) && self.readOnly)":
                "recursiveReadOnly goes with readOnly: true",
            "!(has(self.subPath) ? self.subPath : has(self.subPathExpr) ? self.subPathExpr : '').matches('^/|(^|/)[.][.](/|$)')":
                "a path in the volume starts without / and has no ..",
        },
        "mountPath": "Folder in the container." { "maxLength": 4096, "pattern": "^[^:]+$" },
        "mountPropagation": "Whether mounts below it are passed on. Default: `None`."
            { "enum": ["Bidirectional", "HostToContainer", "None"] },
        "name": "Name of the volume." as LABEL,
        "readOnly": "Whether it is read-only. Default: false.",
        "recursiveReadOnly": "Whether mounts below it are read-only too. Default: `Disabled`."
            { "enum": ["Disabled", "Enabled", "IfPossible"] },
        "subPath": "Path in the volume. Default: its root." { "maxLength": 1024 },
        "subPathExpr": "The same, with `$(NAME)` for environment variables." { "maxLength": 1024 },
    }

    v1::HostAlias: {
        "hostnames": "Names." { "maxItems": 50 },
        "hostnames.*": as SUBDOMAIN,
        "ip": "Address." { "maxLength": 45, "pattern": "^[0-9a-fA-F:.]+$", RULES: is_address() },
    }

    v1::PodDNSConfig: {
        "nameservers": "Addresses of name servers." { "maxItems": 3, "x-kubernetes-list-type": "set" },
        "nameservers.*": { "maxLength": 45, "pattern": "^[0-9a-fA-F:.]+$", RULES: is_address() },
        "options": "Options of the resolver, each with name and value." { PRESERVED: true },
        "searches": "Search domains." { "maxItems": 32, "x-kubernetes-list-type": "set" },
        "searches.*": { "maxLength": 254, "pattern": r"^(\.|[a-z0-9_]+((-+|\.)[a-z0-9_]+)*\.?)$" },
    }
}

fn is_address() -> Value {
    json!([cel("isIP(self)", "write an IP address, such as 10.0.0.1 or 2001:db8::1")])
}

/// The schema of `T` with its additions.
pub fn object<T: Amended>(generator: &mut SchemaGenerator) -> Schema {
    amended::<T>(generator, T::rows()).0
}

/// The schema of a list of `T` with its additions.
pub fn list<T: Amended>(generator: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "array", "maxItems": MOST_ITEMS, "items": object::<T>(generator) })
}

/// The schema of `T` with these additions, and the paths that it lacks.
fn amended<T: JsonSchema>(generator: &mut SchemaGenerator, rows: Vec<Row>) -> (Schema, Vec<&'static str>) {
    let mut schema = T::json_schema(generator).to_value();
    shorten(&mut schema);
    let mut lacking = Vec::new();
    for (path, keywords) in rows {
        match path.split('.').try_fold(&mut schema, step) {
            Some(field) => put(field, keywords),
            None => lacking.push(path),
        }
    }
    (Schema::try_from(schema).unwrap_or_default(), lacking)
}

fn step<'a>(schema: &'a mut Value, name: &str) -> Option<&'a mut Value> {
    match name {
        "" => Some(schema),
        "*" => schema.get_mut("items"),
        name => schema.get_mut("properties")?.get_mut(name),
    }
}

/// Adds keywords to a schema.
fn put(schema: &mut Value, mut keywords: Value) {
    if keywords.get(PRESERVED).is_some() {
        preserve(schema);
        keywords = json!({ "description": keywords["description"] });
    }
    if let (Value::Object(schema), Value::Object(keywords)) = (schema, keywords) {
        schema.extend(keywords);
    }
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

/// Replaces the schema by one that preserves unknown fields. The description stays, and whether it is a list.
pub fn preserve(schema: &mut Value) {
    let Some(schema) = schema.as_object_mut() else { return };
    schema.retain(|key, _| ["description", "items", "type"].contains(&key.as_str()));
    if let Some(items) = schema.get_mut("items") {
        *items = json!({ "type": "object", PRESERVED: true });
        schema.insert("maxItems".to_owned(), MOST_ITEMS.into());
    } else {
        schema.insert(PRESERVED.to_owned(), true.into());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use schemars::generate::SchemaSettings;

    fn lacking<T: JsonSchema>(rows: Vec<Row>) -> Vec<&'static str> {
        let settings = SchemaSettings::openapi3().with(|settings| settings.inline_subschemas = true);
        amended::<T>(&mut settings.into_generator(), rows).1
    }

    #[test]
    fn every_row_finds_its_field() {
        let none: [&str; 0] = [];
        assert_eq!(lacking::<v1::Probe>(probe()), none);
        assert_eq!(lacking::<v1::PodSecurityContext>(v1::PodSecurityContext::rows()), none);
        assert_eq!(lacking::<v1::SecurityContext>(v1::SecurityContext::rows()), none);
        assert_eq!(lacking::<v1::PodDNSConfig>(v1::PodDNSConfig::rows()), none);
        assert_eq!(lacking::<v1::EnvFromSource>(v1::EnvFromSource::rows()), none);
        assert_eq!(lacking::<v1::VolumeMount>(v1::VolumeMount::rows()), none);
        assert_eq!(lacking::<v1::TopologySpreadConstraint>(v1::TopologySpreadConstraint::rows()), none);
        assert_eq!(lacking::<v1::HostAlias>(v1::HostAlias::rows()), none);
    }
}
