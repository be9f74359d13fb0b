//! Schemas and patterns that several parts share; all as Kubernetes itself has them.

use schemars::{Schema, SchemaGenerator, json_schema};
use serde_json::{Value, json};

/// A kind of text.
pub struct Text {
    /// Most characters.
    pub longest: u32,
    /// What it matches.
    pub pattern: &'static str,
}

/// A DNS subdomain, as most objects are named. Source: RFC 1123.
pub const SUBDOMAIN: Text = Text { longest: 253, pattern: r"^[a-z0-9]+((-+|\.)[a-z0-9]+)*$" };
/// A DNS label. Source: RFC 1123.
pub const LABEL: Text = Text { longest: 63, pattern: "^[a-z0-9]+(-+[a-z0-9]+)*$" };
/// A host name, or all below one.
pub const HOST: Text = Text { longest: 253, pattern: r"^(\*\.)?[a-z0-9]+((-+|\.)[a-z0-9]+)*$" };
/// A name of a port, of which one character is a letter. Source: RFC 6335.
pub const PORT_NAME: Text = Text { longest: 15, pattern: "^([0-9]+-?)*[a-z](-?[a-z0-9])*$" };
/// Key of a label: a name of at most 63 characters, with a DNS subdomain and `/` before it or not.
pub const LABEL_KEY: Text =
    Text { longest: 316, pattern: r"^([a-z0-9]+((-+|\.)[a-z0-9]+)*/)?[A-Za-z0-9]([\w.-]{0,61}[A-Za-z0-9])?$" };
/// Value of a label.
pub const LABEL_VALUE: Text = Text { longest: 63, pattern: r"^([A-Za-z0-9]([\w.-]*[A-Za-z0-9])?)?$" };
/// Name of an environment variable: ASCII that can be printed, without `=`.
pub const ENV_NAME: Text = Text { longest: 253, pattern: "^[ -<>-~]+$" };
/// Key in a ConfigMap's or Secret's data.
pub const DATA_KEY: Text = Text { longest: 253, pattern: r"^[\w.-]+$" };
/// An absolute path of a URL, without empty parts.
pub const URL_PATH: Text = Text { longest: 1024, pattern: "^(/|(/[-A-Za-z0-9._~!$&'()*+,;=:@%]+)+/?)$" };
/// A time as Prometheus writes it.
pub const DURATION: &str = "^([0-9]+y)?([0-9]+w)?([0-9]+d)?([0-9]+h)?([0-9]+m)?([0-9]+s)?([0-9]+ms)?$";

/// Keyword of a schema's CEL rules.
pub const RULES: &str = "x-kubernetes-validations";

/// Keyword of a schema that accepts all fields.
pub const PRESERVED: &str = "x-kubernetes-preserve-unknown-fields";

/// Declares functions for `#[schemars(schema_with = …)]`.
macro_rules! schemas {
    ($($(#[$doc:meta])* $name:ident: $schema:tt)+) => {
        $($(#[$doc])* pub fn $name(_: &mut SchemaGenerator) -> Schema { json_schema!($schema) })+
    };
}

schemas! {
    /// An object that the API server validates where it is used.
    preserved: { "type": "object", PRESERVED: true }

    /// A list of such objects.
    list_of_preserved: { "type": "array", "maxItems": 50, "items": { "type": "object", PRESERVED: true } }

    /// A list of such objects, of which each has a name.
    named_list_of_preserved: {
        "type": "array",
        "maxItems": 50,
        "items": {
            "type": "object",
            "required": ["name"],
            "properties": {
                "name": {
                    "type": "string",
                    "description": "Name: a DNS label.",
                    "maxLength": LABEL.longest,
                    "pattern": LABEL.pattern,
                },
            },
            PRESERVED: true,
        },
    }

    /// Scheduling gates, which are named like labels.
    scheduling_gates: {
        "type": "array",
        "maxItems": 20,
        "items": {
            "type": "object",
            "required": ["name"],
            "properties": {
                "name": {
                    "type": "string",
                    "description": "Name, such as `example.com/licence`.",
                    "maxLength": LABEL_KEY.longest,
                    "pattern": LABEL_KEY.pattern,
                },
            },
        },
    }

    /// Values of configuration files, by file name. The CustomResourceDefinition of a kind names the files.
    config_overrides: { "type": "object", "maxProperties": 50, "additionalProperties": { PRESERVED: true } }

    /// Labels, or label requirements.
    labels: {
        "type": "object",
        "maxProperties": 64,
        "additionalProperties": { "type": "string", "maxLength": LABEL_VALUE.longest, "pattern": LABEL_VALUE.pattern },
        RULES: [keys_of_labels()],
    }

    /// Annotations: values are free.
    annotations: {
        "type": "object",
        "maxProperties": 64,
        "additionalProperties": { "type": "string" },
        RULES: [keys_of_labels()],
    }

    /// Address ranges.
    address_ranges: {
        "type": "array",
        "maxItems": 100,
        "x-kubernetes-list-type": "set",
        "items": {
            "type": "string",
            "maxLength": 43,
            RULES: [cel("isCIDR(self)", "write an address range, such as 10.0.0.0/8 or 2001:db8::/32")],
        },
    }

    /// Host names, of which the first part may be `*`.
    hosts: {
        "type": "array",
        "maxItems": 16,
        "x-kubernetes-list-type": "set",
        "items": { "type": "string", "maxLength": HOST.longest, "pattern": HOST.pattern },
    }

    /// A number of pods, or a percentage up to 100.
    part: { "x-kubernetes-int-or-string": true, "minimum": 0, "maxLength": 4, "pattern": "^(100|[0-9]{1,2})%$" }

    /// A number of pods, or a percentage of any size.
    surge: { "x-kubernetes-int-or-string": true, "minimum": 0, "maxLength": 6, "pattern": "^[0-9]+%$" }

    /// A port, by number or name.
    port: {
        "x-kubernetes-int-or-string": true,
        "minimum": 1,
        "maximum": 65535,
        "maxLength": PORT_NAME.longest,
        "pattern": PORT_NAME.pattern,
    }
}

/// Amounts of a container's resources, by resource.
pub fn resources(generator: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": "object",
        "maxProperties": 20,
        "additionalProperties": generator.subschema_for::<crate::settings::Quantity>(),
        RULES: [cel(
            "self.all(key, key.matches('^(cpu|memory|ephemeral-storage|hugepages-.+|.+/.+)$'))",
            "write cpu, memory, ephemeral-storage, hugepages-<size>, or a name such as example.com/gpu",
        )],
    })
}

/// A CEL rule, and what is said where it doesn't hold.
pub fn cel(rule: &str, message: &str) -> Value {
    json!({ "rule": rule, "message": message })
}

/// A field's name as CEL writes it; source: Kubernetes' page on CustomResourceDefinitions, "Validation rules".
pub fn cel_name(field: &str) -> String {
    const RESERVED: &str =
        "true false null in as break const continue else for function if import let loop package namespace return";
    if RESERVED.split(' ').any(|word| word == field) {
        return format!("__{field}__");
    }
    field.replace("__", "__underscores__").replace('.', "__dot__").replace('-', "__dash__").replace('/', "__slash__")
}

/// A CEL rule: no two items have the same number for the same protocol.
pub fn unique_numbers(number: &str) -> Value {
    let protocol = |item: &str| format!("(has({item}.protocol) ? {item}.protocol : 'TCP')");
    let same = format!("a.{number} == b.{number} && {} == {}", protocol("a"), protocol("b"));
    json!([cel(&format!("self.all(a, self.exists_one(b, {same}))"), "two ports have the same number")])
}

/// A CEL rule: every key is one of a label or annotation.
fn keys_of_labels() -> Value {
    cel(
        &format!("self.all(key, key.matches(r'{}'))", LABEL_KEY.pattern),
        "write keys as name or example.com/name, at most 63 of A-Z, a-z, 0-9, -, _, . after the /",
    )
}
