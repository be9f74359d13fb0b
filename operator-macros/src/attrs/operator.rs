//! `#[operator(…)]` on the struct.

use operator_definition::Power;
use syn::{Attribute, Ident, Path};

use super::{ConfigKeys, Keys, Setting, Text, template::every_node};
use crate::{
    errors::Errors,
    model::{Crd, Template, kind_of},
};

/// Keys that make no sense here, most of them of kube's `CustomResource`, and why.
const NOT_OURS: [(&str, &str); 9] = [
    ("namespaced", "a cluster always lives in a namespace; leave it out"),
    ("status", "the status is operator_core's ClusterStatus; leave it out"),
    ("doc", "write a doc comment, `/// …`, above the struct"),
    ("schema", "the schema is that of the struct's `JsonSchema`, derived or your own; leave it out"),
    ("crates", "all others are found in operator_core; where that has another name, write crate = path"),
    ("struct", "write root = \"…\""),
    (
        "derive",
        "the custom resource has `Clone`, `Debug`, `Serialize` and `Deserialize`, and `PartialEq` and `Default` where the spec has; leave it out",
    ),
    ("attr", "the custom resource is a type of operator_core, to which nothing can be added; leave it out"),
    ("customize", "a hook is called where the struct has `impl Customize`; leave it out"),
];

/// The keys of `#[operator]` on the struct.
pub struct OperatorKeys {
    pub group: Option<Text>,
    pub version: Option<Text>,
    pub kind: Option<Text>,
    pub plural: Option<Text>,
    pub singular: Option<Text>,
    pub crd: Crd,
    pub allow: Allow,
    pub every_node: Template,
    /// Files that functions compute from the whole spec.
    pub configs: Vec<ConfigKeys>,
    pub root: Option<Text>,
    pub validate: Option<Path>,
    /// Type of what users write.
    pub form: Option<Path>,
    pub crate_path: Option<Path>,
}

/// What a cluster's user may do.
#[derive(Default)]
pub struct Allow {
    pub powers: Vec<Power>,
    /// Beginnings of annotations' keys.
    pub annotations: Vec<Text>,
}

impl OperatorKeys {
    /// Reads all `#[operator]` attributes of the struct as one; `ident` is its name.
    pub fn read(attributes: &[Attribute], ident: &Ident, errors: &Errors) -> Self {
        let attributes: Vec<_> = attributes.iter().filter(|attribute| attribute.path().is_ident("operator")).collect();
        let mut keys = Keys::of("operator", &attributes, errors);

        let kind = kind_of(ident);
        let examples = [
            ("group", format!("group = \"{}.example.com\"", kind.to_lowercase())),
            ("version", "version = \"v1alpha1\"".to_owned()),
            ("kind", format!("kind = \"{kind}\"")),
        ];
        if attributes.is_empty() {
            let examples = examples.map(|(_, example)| example).join(", ");
            errors.at(ident, format!("the kind has no name yet: add #[operator({examples})] to the struct"));
        } else {
            for (key, example) in &examples {
                keys.require(key, example);
            }
        }

        let read = Self {
            group: keys.text("group"),
            version: keys.text("version"),
            kind: keys.text("kind"),
            plural: keys.text("plural"),
            singular: keys.text("singular"),
            crd: Crd::read(&mut keys),
            allow: allow(&mut keys),
            every_node: every_node(&mut keys),
            configs: ConfigKeys::computed(&mut keys),
            root: keys.text("root"),
            validate: keys.path("validate"),
            form: keys.path("form"),
            crate_path: keys.path("crate"),
        };
        for (setting, _) in Setting::ALL {
            keys.refuse(setting, &format!("put #[operator({setting})] on the field that holds it"));
        }
        for (key, advice) in NOT_OURS {
            keys.refuse(key, advice);
        }
        keys.finish();
        read
    }
}

/// The getters refuse what is unknown or given twice.
fn allow(keys: &mut Keys) -> Allow {
    let Some(mut keys) = keys.list("allow", "host_access") else { return Allow::default() };
    let powers = Power::PLAIN.iter().filter_map(|(word, power)| keys.flag(word).map(|_| *power)).collect();
    let annotations = keys.words(Power::ANNOTATIONS);
    keys.finish();
    Allow { powers, annotations }
}
