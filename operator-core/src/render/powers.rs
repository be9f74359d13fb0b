//! What a node's pods and children may have only where the author allows it. It is looked for in what comes out in the end, whichever field of
//! the spec it came by; what the author's attributes alone come to is the author's.
//!
//! Sources: the `baseline` Pod Security Standard (Kubernetes 1.34), and `allowPrivilegeEscalation` of `restricted`. What a security context, a
//! volume or a container has and these lists don't know isn't allowed either.

use serde_json::Value;

use super::{NodeContext, Object, pod, secrets::Secret};
use crate::{
    definition::Power::{self, HostAccess, ImagePullSecrets, PodOverrides, Secrets, ServiceAccount, VolumeClaims},
    model::kind::{HTTP_ROUTE, INGRESS},
    settings::{
        Invalid, ResolvedNode,
        json::{at, name},
    },
};

/// Capabilities that containers may add.
const CAPABILITIES: &str = "AUDIT_WRITE CHOWN DAC_OVERRIDE FOWNER FSETID KILL MKNOD NET_BIND_SERVICE SETFCAP SETGID SETPCAP SETUID \
                            SYS_CHROOT";
/// Kernel parameters that pods may set.
const SYSCTLS: &str = "kernel.shm_rmid_forced net.ipv4.ip_local_port_range net.ipv4.ip_local_reserved_ports \
                       net.ipv4.ip_unprivileged_port_start net.ipv4.ping_group_range net.ipv4.tcp_fin_timeout \
                       net.ipv4.tcp_keepalive_intvl net.ipv4.tcp_keepalive_probes net.ipv4.tcp_keepalive_time \
                       net.ipv4.tcp_rmem net.ipv4.tcp_syncookies net.ipv4.tcp_wmem";
/// SELinux types that containers may have.
const SELINUX: &str = "container_t container_init_t container_kvm_t container_engine_t";
/// Fields of a container that no power stands for, or that are looked into.
const CONTAINER: &str = "args command env envFrom image imagePullPolicy lifecycle livenessProbe name ports readinessProbe resizePolicy \
                         resources restartPolicy restartPolicyRules securityContext startupProbe stdin stdinOnce \
                         terminationMessagePath terminationMessagePolicy tty volumeDevices volumeMounts workingDir";
/// The annotation that sets a container's AppArmor profile, before its name.
const APPARMOR: &str = "container.apparmor.security.beta.kubernetes.io/";

/// Refuses what needs a power that the author doesn't allow. `of_author` renders a node with the author's settings alone.
pub fn check(
    context: &NodeContext<'_>,
    secrets: &[Secret],
    (pod, children): (&Value, &[Object]),
    of_author: impl FnOnce(&ResolvedNode) -> Option<(Value, Vec<Object>)>,
) -> Result<(), Vec<Invalid>> {
    let NodeContext { names, spec, node, .. } = *context;
    let mut used = Uses::of(context, secrets, pod, children);
    if used.is_empty() {
        return Ok(());
    }
    let author = node.of_author().and_then(|node| {
        let (pod, children) = of_author(&node)?;
        Some(Uses::of(&NodeContext { node: &node, ..*context }, secrets, &pod, &children))
    });
    for own in author.unwrap_or_default() {
        if let Some(index) = used.iter().position(|used| used.is(&own)) {
            used.remove(index);
        }
    }
    let invalid = used.into_iter().map(|Use { power, place, what, .. }| {
        let message = format!("`{what}` needs `{}`, which this operator doesn't allow: leave it out", power.word());
        node.invalid_layer(names.definition, spec, &place, message)
    });
    let invalid: Vec<Invalid> = invalid.collect();
    if invalid.is_empty() { Ok(()) } else { Err(invalid) }
}

/// A use of a power that isn't allowed.
struct Use {
    power: Power,
    /// Name of the container, volume or child.
    of: String,
    what: String,
    /// Path in the node.
    place: String,
}

impl Use {
    /// Whether both are the same use, whichever field they came by.
    fn is(&self, other: &Self) -> bool {
        (self.power, &self.of, &self.what) == (other.power, &other.of, &other.what)
    }
}

/// A list of a pod's spec, and the name of an item; both are empty for the pod as a whole.
type Part<'a> = (&'a str, &'a str);

const POD: Part<'_> = ("", "");

struct Uses<'a> {
    context: &'a NodeContext<'a>,
    secrets: &'a [Secret],
    found: Vec<Use>,
}

impl<'a> Uses<'a> {
    fn of(context: &'a NodeContext<'a>, secrets: &'a [Secret], pod: &Value, children: &[Object]) -> Vec<Use> {
        let mut uses = Self { context, secrets, found: Vec::new() };
        for patch in &context.node.pod_overrides {
            uses.add(PodOverrides, POD, "podOverrides", patch);
        }
        uses.pod(&pod["spec"]);
        uses.annotations("", "podAnnotations", pod);
        for child in children {
            let is_main = child.name == context.names.node(&context.node.name);
            let field = match is_main {
                _ if child.kind == &INGRESS => "ingress.annotations",
                _ if child.kind == &HTTP_ROUTE => "httpRoute.annotations",
                true => "service.annotations",
                false => "service.external.annotations",
            };
            uses.annotations(&child.name, field, &child.json);
        }
        uses.found
    }

    /// Adds the use of a power, unless that is allowed. `field` is its path in the part of the pod.
    fn add(&mut self, power: Power, (list, item): Part<'_>, field: &str, value: &Value) {
        if !self.context.names.definition.allow.contains(&power) {
            let place = pod::place(self.context.node, list, item, field);
            let what = if field == "podOverrides" { field.to_owned() } else { format!("{field}: {value}") };
            self.found.push(Use { power, of: item.to_owned(), what, place });
        }
    }

    /// Each of these values.
    fn add_all(&mut self, power: Power, part: Part<'_>, field: &str, values: Vec<&Value>) {
        values.into_iter().for_each(|value| self.add(power, part, field, value));
    }

    fn pod(&mut self, spec: &Value) {
        let NodeContext { names, node, .. } = *self.context;
        let text = |field: &str| spec.get(field).and_then(Value::as_str).filter(|name| !name.is_empty());
        let account = text("serviceAccountName").or_else(|| text("serviceAccount")).unwrap_or("default");
        if account != pod::own_account(names, node) {
            self.add(ServiceAccount, POD, "serviceAccountName", &account.into());
        }
        // Where it is left out, Kubernetes mounts a token.
        if node.node_type.rules().is_empty() && spec["automountServiceAccountToken"] != false {
            self.add(ServiceAccount, POD, "automountServiceAccountToken", &true.into());
        }
        for field in ["hostNetwork", "hostPID", "hostIPC"] {
            if at(spec, field).iter().any(|value| **value != false) {
                self.add(HostAccess, POD, field, &spec[field]);
            }
        }
        self.add_all(ImagePullSecrets, POD, "imagePullSecrets", at(spec, "imagePullSecrets.*.name"));
        self.security_context(POD, &spec["securityContext"]);
        for volume in at(spec, "volumes.*") {
            self.volume(("volumes", name(volume)), volume);
        }
        for list in ["initContainers", "containers"] {
            for container in at(spec, &format!("{list}.*")) {
                self.container((list, name(container)), container);
            }
        }
    }

    fn container(&mut self, part: Part<'_>, container: &Value) {
        self.security_context(part, &container["securityContext"]);
        let context = &container["securityContext"];
        let escalates = &context["allowPrivilegeEscalation"];
        // What is privileged escalates, and was refused for that already.
        let follows = escalates.is_null() && context["privileged"] == true;
        if pod::restricted(self.context.node) && *escalates != false && !follows {
            self.add(HostAccess, part, "securityContext.allowPrivilegeEscalation", &true.into());
        }
        let host_ports = at(container, "ports.*.hostPort").into_iter().filter(|port| **port != 0);
        self.add_all(HostAccess, part, "ports.hostPort", host_ports.collect());
        for field in ["livenessProbe", "readinessProbe", "startupProbe", "lifecycle"] {
            let handlers = if field == "lifecycle" { "lifecycle.postStart|preStop" } else { field };
            let hosts = at(container, &format!("{handlers}.httpGet|tcpSocket.host")).into_iter();
            let hosts = hosts.filter(|host| **host != "");
            self.add_all(HostAccess, part, field, hosts.collect());
        }
        for (field, path) in [("env", "env.*.valueFrom.secretKeyRef"), ("envFrom", "envFrom.*.secretRef")] {
            at(container, path).into_iter().for_each(|secret| self.secret(part, field, &secret["name"]));
        }
        for (field, value) in container.as_object().into_iter().flatten().filter(|(field, _)| !CONTAINER.has(field)) {
            self.add(PodOverrides, part, field, value);
        }
    }

    fn security_context(&mut self, part: Part<'_>, context: &Value) {
        for (field, value) in context.as_object().into_iter().flatten().filter(|(_, value)| !value.is_null()) {
            let path = &format!("securityContext.{field}");
            let is_allowed = match field.as_str() {
                "runAsUser" | "runAsGroup" | "runAsNonRoot" | "readOnlyRootFilesystem" | "allowPrivilegeEscalation" => {
                    true
                }
                "fsGroup" | "fsGroupChangePolicy" | "seLinuxChangePolicy" => true,
                "supplementalGroups" | "supplementalGroupsPolicy" => true,
                "privileged" => *value == false,
                "procMount" => *value == "Default",
                "seccompProfile" | "appArmorProfile" => {
                    ["RuntimeDefault", "Localhost"].iter().any(|it| value["type"] == *it)
                }
                "windowsOptions" => value.get("hostProcess").is_none_or(|host| *host == false),
                "seLinuxOptions" => {
                    let empty = |field: &str| value.get(field).is_none_or(|value| *value == "");
                    let kind = value.get("type").and_then(Value::as_str).unwrap_or_default();
                    empty("user") && empty("role") && (kind.is_empty() || SELINUX.has(kind))
                }
                "capabilities" => {
                    let added = at(value, "add.*").into_iter();
                    let added = added.filter(|added| !added.as_str().is_some_and(|added| CAPABILITIES.has(added)));
                    self.add_all(HostAccess, part, path, added.collect());
                    true
                }
                "sysctls" => {
                    let set = at(value, "*.name").into_iter();
                    let set = set.filter(|set| !set.as_str().is_some_and(|set| SYSCTLS.has(set)));
                    self.add_all(HostAccess, part, path, set.collect());
                    true
                }
                _ => false,
            };
            if !is_allowed {
                self.add(HostAccess, part, path, value);
            }
        }
    }

    fn volume(&mut self, part: Part<'_>, volume: &Value) {
        for (kind, source) in volume.as_object().into_iter().flatten().filter(|(_, source)| !source.is_null()) {
            match kind.as_str() {
                "name" | "configMap" | "downwardAPI" | "emptyDir" | "image" => {}
                "secret" => self.secret(part, kind, &source["secretName"]),
                "persistentVolumeClaim" => self.add(VolumeClaims, part, kind, &source["claimName"]),
                "ephemeral" => {
                    let copied = at(source, "volumeClaimTemplate.spec.dataSource|dataSourceRef|volumeName");
                    self.add_all(VolumeClaims, part, kind, copied);
                }
                "projected" => {
                    let sources = at(source, "sources.*").into_iter().filter_map(Value::as_object).flatten();
                    for (kind, source) in sources.filter(|(_, source)| !source.is_null()) {
                        match kind.as_str() {
                            "configMap" | "downwardAPI" | "clusterTrustBundle" => {}
                            "secret" => self.secret(part, "projected.secret", &source["name"]),
                            "serviceAccountToken" | "podCertificate" => {
                                self.add(ServiceAccount, part, "projected", &kind.as_str().into());
                            }
                            _ => self.add(HostAccess, part, "projected", &kind.as_str().into()),
                        }
                    }
                }
                _ => self.add(HostAccess, part, kind, source),
            }
        }
    }

    /// A Secret that is read, beside those that the author's fields name.
    fn secret(&mut self, part: Part<'_>, field: &str, name: &Value) {
        if !self.secrets.iter().any(|secret| *name == *secret.name) {
            self.add(Secrets, part, field, name);
        }
    }

    fn annotations(&mut self, of: &str, field: &str, object: &Value) {
        let allow = self.context.names.definition.allow;
        let is_allowed =
            |key: &str| allow.iter().any(|power| matches!(power, Power::Annotations(own) if key.starts_with(own)));
        for (key, value) in at(object, "metadata.annotations").into_iter().filter_map(Value::as_object).flatten() {
            let is_confined =
                *value == "runtime/default" || value.as_str().is_some_and(|it| it.starts_with("localhost/"));
            if key.starts_with(APPARMOR) && !is_confined {
                self.add(HostAccess, POD, field, &key.as_str().into());
            } else if !is_allowed(key) {
                let (what, place) = (format!("{key}: {value}"), format!("{field}.{key}"));
                self.found.push(Use { power: Power::Annotations(""), of: of.to_owned(), what, place });
            }
        }
    }
}

/// A list of words, as text.
trait Words {
    fn has(&self, word: &str) -> bool;
}

impl Words for str {
    fn has(&self, word: &str) -> bool {
        self.split(' ').any(|one| one == word)
    }
}
