//! Fields that the definition names, and what is written to files.

use serde_json::Value;

use super::{
    Finding, Subject,
    path::{Step, follow, type_of},
};
use crate::{
    crd,
    definition::{ConfigFile, Definition, ExternalCheck, Format, NodeType, SecretField},
};

/// Something that has configuration files and Secrets: the spec, or a node.
pub struct Holder<'a> {
    /// The node type; none: the spec.
    pub node_type: Option<&'static NodeType>,
    pub configs: Vec<ConfigFile>,
    secrets: Vec<SecretField>,
    schema: &'a Value,
}

/// The spec, and a node of each node type that the schema has.
pub fn holders<'a>(subject: &Subject<'a>) -> Vec<Holder<'a>> {
    let Definition { configs, secrets, node_types, .. } = *subject.author.definition;
    let (configs, secrets) = (configs.to_vec(), secrets.to_vec());
    let mut holders = vec![Holder { node_type: None, configs, secrets, schema: subject.spec }];
    holders.extend(node_types.iter().filter_map(|node_type| {
        let schema = crd::node(subject.spec, node_type)?;
        let (configs, secrets) = (node_type.configs(), node_type.secrets());
        Some(Holder { node_type: Some(node_type), configs, secrets, schema })
    }));
    holders
}

impl Holder<'_> {
    /// What findings about a part of it are called.
    pub fn title(&self, part: &str) -> String {
        self.node_type.map_or_else(|| part.to_owned(), |node_type| format!("node_type \"{}\", {part}", node_type.name))
    }

    fn place(&self) -> String {
        self.node_type.map_or_else(|| "spec".to_owned(), NodeType::place)
    }
}

/// They are in the schema, and their values can be written in the format of their file.
pub fn check(subject: &Subject<'_>) -> Vec<Finding> {
    let definition = subject.author.definition;
    let mut found = Vec::new();
    for (title, field) in [
        ("#[operator(image)]", definition.image),
        ("#[operator(defaults)]", definition.defaults),
        ("#[operator(config_groups)]", definition.config_groups.map(|groups| groups.field)),
        ("#[operator(app_config_groups)]", definition.app_config_groups.map(|groups| groups.field)),
        ("#[operator(deployment_order)]", definition.deployment_order),
    ] {
        found.extend(field.and_then(|field| at(subject.spec, "spec", field, title.to_owned()).err()));
    }
    for node_type in definition.node_types {
        found.extend(at(subject.spec, "spec", node_type.field, format!("node_type \"{}\"", node_type.name)).err());
    }
    for external in definition.externals {
        let title = format!("external \"{}\"", external.name);
        let steps: Vec<Step<'_>> = external.at.iter().map(|name| Step::Name((*name).into())).collect();
        match follow(subject.spec, "spec", &steps) {
            Err(missing) => found.push(Finding::new(title, missing.to_string())),
            Ok(_) if matches!(external.check, ExternalCheck::Function(_)) => {}
            Ok(schema) => found.extend(type_of(schema).filter(|is| *is != "string").map(|is| {
                let at = external.at.join(".");
                Finding::new(title, format!("`spec.{at}` is of type {is}; say by `at` where the address is, a string"))
            })),
        }
    }
    for holder in holders(subject) {
        for secret in &holder.secrets {
            let title = holder.title(&format!("secret `{}`", secret.field));
            found.extend(at(holder.schema, &holder.place(), secret.field, title).err());
        }
        // What a function computes needs no field.
        for config in holder.configs.iter().filter(|config| config.with.is_none()) {
            let Some(field) = config.field else { continue };
            let title = holder.title(&format!("config \"{}\"", config.file));
            match at(holder.schema, &holder.place(), field, title.clone()) {
                Err(missing) => found.push(missing),
                Ok(schema) => found.extend(unwritable(config.format, schema).map(|why| {
                    let message = format!("`{}.{field}` {why}", holder.place());
                    Finding::new(title, message)
                })),
            }
        }
    }
    found
}

fn at<'a>(schema: &'a Value, place: &str, name: &str, title: String) -> Result<&'a Value, Finding> {
    follow(schema, place, &[Step::Name(name.into())]).map_err(|missing| {
        Finding::new(
            title,
            format!("{missing} (serde calls it `{name}`: give schemars the same `rename` and `rename_all`)"),
        )
    })
}

/// Why a format can't hold all values of a schema, after the field's path.
fn unwritable(format: Format, schema: &Value) -> Option<String> {
    let advice = "make it a string, a number or a boolean, or write the file as yaml, json or toml";
    let nested = |depth| {
        let path = nested(schema, depth)?;
        Some(format!("has a map or list in `{path}`, which this format can't hold: {advice}"))
    };
    match (format, type_of(schema)?) {
        (Format::Json | Format::Yaml, _) => None,
        (Format::Raw, "string") | (Format::Toml, "object") => None,
        (Format::Raw, is) => Some(format!("is of type {is}, and format = raw writes a string: use another format")),
        (Format::Ini, "object") => nested(2),
        (_, "object") => nested(1),
        (_, is) => Some(format!("is of type {is}, and this format writes names and values: make it a map or a struct")),
    }
}

/// The path of a value that is deeper down than so many maps, or in a list.
fn nested(schema: &Value, depth: usize) -> Option<String> {
    let fields = schema.get("properties").and_then(Value::as_object).into_iter().flatten();
    let fields = fields.map(|(name, field)| (name.as_str(), field));
    let all = fields.chain(schema.get("additionalProperties").map(|values| ("*", values)));
    all.into_iter().find_map(|(name, field)| match type_of(field)? {
        "array" => Some(name.to_owned()),
        "object" if depth == 1 => Some(name.to_owned()),
        "object" => nested(field, depth - 1).map(|below| format!("{name}.{below}")),
        _ => None,
    })
}
