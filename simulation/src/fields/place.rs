//! How lists and maps are merged: the list types of the API.

use std::collections::BTreeMap;

use serde_json::Value;

/// How a list or map is merged. What has no rule is a structure where it is a map, and atomic where it is a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    /// List whose items are told apart by these fields (`x-kubernetes-list-type: map`).
    Keys(&'static [&'static str]),
    /// List of values, each of which is there or not (`x-kubernetes-list-type: set`).
    Set,
    /// Map or list item that has one owner as a whole.
    Atomic,
    /// Map whose keys are data (`additionalProperties`), not fields of a structure.
    Map,
}

/// Rules by the end of a path of field names; `*` stands for list items. The first that fits counts.
pub type Rules = &'static [(&'static str, Rule)];

const NAME: Rule = Rule::Keys(&["name"]);

const METADATA: Rules = &[
    ("metadata.labels", Rule::Map),
    ("metadata.annotations", Rule::Map),
    ("metadata.finalizers", Rule::Set),
    ("metadata.ownerReferences", Rule::Keys(&["uid"])),
    ("metadata.ownerReferences.*", Rule::Atomic),
];

/// Source: `applyconfigurations/internal/internal.go` of client-go 0.36, for the kinds in [`crate::Kind`]'s table.
const BUILT_IN: Rules = &[
    ("containers", NAME),
    ("initContainers", NAME),
    ("ephemeralContainers", NAME),
    ("containers.*.ports", Rule::Keys(&["containerPort", "protocol"])),
    ("initContainers.*.ports", Rule::Keys(&["containerPort", "protocol"])),
    ("*.env", NAME),
    ("*.volumeMounts", Rule::Keys(&["mountPath"])),
    ("*.volumeDevices", Rule::Keys(&["devicePath"])),
    ("resources.claims", NAME),
    ("spec.volumes", NAME),
    ("spec.resourceClaims", NAME),
    ("spec.schedulingGates", NAME),
    ("spec.hostAliases", Rule::Keys(&["ip"])),
    ("spec.imagePullSecrets", NAME),
    ("spec.imagePullSecrets.*", Rule::Atomic),
    ("topologySpreadConstraints", Rule::Keys(&["topologyKey", "whenUnsatisfiable"])),
    ("spec.ports", Rule::Keys(&["port", "protocol"])),
    ("status.conditions", Rule::Keys(&["type"])),
    ("status.podIPs", Rule::Keys(&["ip"])),
    ("secrets", NAME),
    ("secrets.*", Rule::Atomic),
    ("selector", Rule::Atomic),
    ("labelSelector", Rule::Atomic),
    ("podSelector", Rule::Atomic),
    ("nodeSelector", Rule::Atomic),
    ("requiredDuringSchedulingIgnoredDuringExecution", Rule::Atomic),
    ("configMapKeyRef", Rule::Atomic),
    ("secretKeyRef", Rule::Atomic),
    ("fieldRef", Rule::Atomic),
    ("fileKeyRef", Rule::Atomic),
    ("resourceFieldRef", Rule::Atomic),
    ("secretRef", Rule::Atomic),
    ("nodePublishSecretRef", Rule::Atomic),
    ("dataSource", Rule::Atomic),
    ("roleRef", Rule::Atomic),
    ("regarding", Rule::Atomic),
    ("related", Rule::Atomic),
    ("defaultBackend.resource", Rule::Atomic),
    ("service.port", Rule::Atomic),
    ("data", Rule::Map),
    ("binaryData", Rule::Map),
    ("limits", Rule::Map),
    ("requests", Rule::Map),
];

/// Fields of built-in kinds that Go never leaves out: they are always there, so nobody ever adds them.
const ALWAYS_THERE: &[&str] = &[
    "spec",
    "status",
    "spec.template",
    "spec.template.metadata",
    "spec.template.spec",
    "spec.strategy",
    "spec.updateStrategy",
    "spec.scaleTargetRef",
    "spec.resources",
    "spec.containers",
    "spec.template.spec.containers",
    "metadata",
];

/// Where in an object a walk is.
#[derive(Clone, Copy)]
pub struct Place<'a> {
    rules: Option<Rules>,
    at: Option<(&'a str, &'a Place<'a>)>,
}

impl<'a> Place<'a> {
    /// The root of an object. `rules` are those of a custom kind; built-in kinds have theirs here.
    pub fn root(rules: Option<Rules>) -> Self {
        Self { rules, at: None }
    }

    /// A field of the map at this place.
    pub fn field(&'a self, name: &'a str) -> Place<'a> {
        Place { rules: self.rules, at: Some((name, self)) }
    }

    /// An item of the list at this place.
    pub fn item(&'a self) -> Place<'a> {
        self.field("*")
    }

    /// The place of a path element in its serialised form.
    pub fn element(&'a self, element: &'a str) -> Place<'a> {
        match element.strip_prefix("f:") {
            Some(name) => self.field(name),
            None => self.item(),
        }
    }

    /// How what stands here is merged.
    pub fn rule(&self) -> Option<Rule> {
        let own = self.rules.unwrap_or(BUILT_IN);
        METADATA.iter().chain(own).find(|(pattern, _)| self.ends_with(pattern)).map(|(_, rule)| *rule)
    }

    /// Whether what stands here can be seen as empty where it is missing.
    pub fn is_always_there(&self) -> bool {
        let mut depth = 0;
        let mut place = self;
        while let Some((_, parent)) = place.at {
            (place, depth) = (parent, depth + 1);
        }
        self.rules.is_none() && ALWAYS_THERE.iter().any(|path| path.split('.').count() == depth && self.ends_with(path))
    }

    fn ends_with(&self, pattern: &str) -> bool {
        let mut place = self;
        pattern.rsplit('.').all(|name| match place.at {
            Some((at, parent)) => {
                place = parent;
                at == name
            }
            None => false,
        })
    }
}

/// The path element that names a list item. A key that is missing has its default.
pub fn element(rule: Rule, item: &Value) -> String {
    let Rule::Keys(keys) = rule else { return format!("v:{item}") };
    let key = |name: &&'static str| match item.get(name) {
        Some(value) => Some((*name, value.clone())),
        None if *name == "protocol" => Some((*name, "TCP".into())),
        None => None,
    };
    let keys: BTreeMap<&str, Value> = keys.iter().filter_map(key).collect();
    let keys: Vec<_> = keys.iter().map(|(name, value)| format!("{}:{value}", Value::from(*name))).collect();
    format!("k:{{{}}}", keys.join(","))
}
