//! `describe`: what a definition yields, without a custom resource: by node type its names, ports, mounts, variables and rights.

use std::fmt::{self, Write};

use serde::Serialize;

use crate::{
    Cluster, DataOperator, Result,
    definition::{Cardinality, Definition, ExternalCheck, NodeType, Reload, SecretField, named},
};

use super::output;

/// How a description is printed.
#[derive(Clone, Copy, Debug, Default, clap::ValueEnum)]
pub enum Format {
    /// For people
    #[default]
    Text,
    /// For programs
    Json,
    /// A picture of who talks to whom, in the language of Mermaid
    Mermaid,
}

/// Prints what the definition of `K` yields.
pub fn describe<K: Cluster>(format: Format) -> Result<()> {
    let described = Description { form: K::Spec::FORM.is_some(), ..Description::of(K::DEFINITION) };
    output::print(&match format {
        Format::Text => described.to_string(),
        Format::Json => format!("{}\n", serde_json::to_string_pretty(&described)?),
        Format::Mermaid => described.mermaid(),
    })
}

/// A kind.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Description {
    kind: &'static str,
    api_version: String,
    /// Whether users write a form: then paths are those of the struct that comes of it.
    form: bool,
    node_types: Vec<Described>,
    externals: Vec<External>,
}

/// A node type.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Described {
    name: &'static str,
    /// Where its nodes stand in the spec.
    path: String,
    workload: &'static str,
    order: i32,
    /// Name of its workload and Service.
    names: String,
    ports: Vec<String>,
    mounts: Vec<String>,
    env: Vec<String>,
    talks_to: Vec<&'static str>,
    rights: Vec<String>,
}

/// A dependency that the operator doesn't run.
#[derive(Serialize)]
struct External {
    name: &'static str,
    path: String,
    check: String,
}

impl Description {
    fn of(definition: &'static Definition) -> Self {
        let external = |external: &crate::definition::External| External {
            name: external.name,
            path: format!("spec.{}", external.at.join(".")),
            check: match external.check {
                ExternalCheck::Tcp => "takes a connection".to_owned(),
                ExternalCheck::Http(path) => format!("answers GET {path}"),
                ExternalCheck::Function(_) => "passes a function of the author's".to_owned(),
            },
        };
        Self {
            kind: definition.kind,
            api_version: definition.api_version(),
            form: false,
            node_types: definition.node_types.iter().map(|node_type| Described::of(definition, node_type)).collect(),
            externals: definition.externals.iter().map(external).collect(),
        }
    }

    /// A flowchart.
    fn mermaid(&self) -> String {
        let mut picture = "flowchart LR\n".to_owned();
        for Described { name, workload, ports, .. } in &self.node_types {
            let ports = if ports.is_empty() { String::new() } else { format!("<br>{}", ports.join(", ")) };
            let _ = writeln!(picture, "    node-{name}[\"{name}<br>{workload}{ports}\"]");
        }
        for External { name, path, .. } in &self.externals {
            let _ = writeln!(picture, "    external-{name}([\"{name}<br>{path}\"])");
        }
        for Described { name, talks_to, .. } in &self.node_types {
            for other in talks_to {
                let _ = writeln!(picture, "    node-{name} --> node-{other}");
            }
        }
        picture
    }
}

impl Described {
    fn of(definition: &'static Definition, node_type: &'static NodeType) -> Self {
        let node = node_type.place();
        let at = |holder: Holder, field: &str| match holder {
            Holder::Spec => format!("spec.{field}"),
            Holder::Node => format!("{node}.{field}"),
        };
        let configs = of_both(definition.configs_of(node_type).copied(), node_type.configs());
        let secrets = of_both(definition.secrets_of(node_type).copied(), node_type.secrets());
        let secret =
            |holder: Holder, it: &SecretField| format!("the key {} of the Secret in {}", it.key, at(holder, it.field));

        let storage = node_type.storage().into_iter().map(|it| format!("{}: a volume of {}", it.mount, it.size));
        let files = configs.into_iter().map(|(holder, it)| {
            let from = it.field.map_or_else(|| "computed".to_owned(), |field| at(holder, field));
            let watched = if it.reload == Reload::None { "; a change restarts no pod" } else { "" };
            format!("{}/{}: {from}{watched}", it.mount, it.file)
        });
        let secret_files = secrets.iter().filter_map(|(holder, it)| match it.folder {
            Some(folder) => Some(format!("{folder}: all keys of the Secret in {}", at(*holder, it.field))),
            None => Some(format!("{}: {}", it.file?, secret(*holder, it))),
        });
        let empty = node_type.empty_dirs().into_iter().map(|folder| format!("{folder}: empty at first"));
        let env = node_type.env().into_iter().map(|(name, value)| format!("{name}={value}"));
        let secret_env =
            secrets.iter().filter_map(|(holder, it)| Some(format!("{}: {}", it.env?, secret(*holder, it))));
        let ports = node_type
            .ports()
            .into_iter()
            .map(|port| format!("{} {}/{}", port.name, port.number, port.protocol.as_str()));
        let rights = node_type.rules().iter().map(|it| {
            let groups: Vec<&str> =
                it.groups.iter().map(|group| if group.is_empty() { "core" } else { group }).collect();
            format!("{} {} of {}", it.verbs.join(", "), it.resources.join(", "), groups.join(", "))
        });
        Self {
            name: node_type.name,
            path: path(node_type),
            workload: node_type.workload().as_str(),
            order: node_type.order,
            names: names(node_type, node_type.copies().is_some()),
            ports: ports.collect(),
            mounts: storage.chain(files).chain(secret_files).chain(empty).collect(),
            env: env.chain(secret_env).collect(),
            talks_to: node_type.talks_to(),
            rights: rights.collect(),
        }
    }
}

impl fmt::Display for Description {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} ({})", self.kind, self.api_version)?;
        if self.form {
            writeln!(f, "\nUsers write a form; paths are those of what the operator makes of it.")?;
        }
        for it in &self.node_types {
            writeln!(f, "\n{}: {}", it.name, it.path)?;
            writeln!(f, "  {} {}, order {}", it.workload, it.names, it.order)?;
            let in_a_line = |words: String| Vec::from_iter((!words.is_empty()).then_some(words));
            for (title, lines) in [
                ("ports", &in_a_line(it.ports.join(", "))),
                ("mounts", &it.mounts),
                ("env", &it.env),
                ("talks to", &in_a_line(it.talks_to.join(", "))),
                ("rights", &it.rights),
            ] {
                for (index, line) in lines.iter().enumerate() {
                    writeln!(f, "  {:10}{line}", if index == 0 { title } else { "" })?;
                }
            }
        }
        for External { name, path, check } in &self.externals {
            writeln!(f, "\n{name}: {path}, ready when it {check}")?;
        }
        Ok(())
    }
}

/// Who has a field.
#[derive(Clone, Copy)]
enum Holder {
    Spec,
    Node,
}

/// Names of the workloads and Services.
fn names(node_type: &NodeType, has_copies: bool) -> String {
    let NodeType { name, cardinality, .. } = node_type;
    let key = match (cardinality.is_many(), has_copies) {
        (true, true) => "<key>-<number>",
        (true, false) => "<key>",
        (false, true) => "<number>",
        (false, false) => "",
    };
    match node_type.object_name() {
        Some(text) => named(text, ["<cluster>", name, key]),
        None if key.is_empty() => format!("<cluster>-{name}"),
        None => format!("<cluster>-{name}-{key}"),
    }
}

/// What nodes of a type read of the cluster's (`spec`), and of their own.
fn of_both<T>(of_cluster: impl Iterator<Item = T>, own: Vec<T>) -> Vec<(Holder, T)> {
    let of_cluster = of_cluster.map(|one| (Holder::Spec, one));
    of_cluster.chain(own.into_iter().map(|one| (Holder::Node, one))).collect()
}

/// Where the nodes of a type stand.
fn path(node_type: &NodeType) -> String {
    let NodeType { field, cardinality, tag, .. } = node_type;
    let key = match cardinality {
        Cardinality::One | Cardinality::Optional => "",
        Cardinality::Many => ".<key>",
        Cardinality::List => "[<name>]",
    };
    let of_type = tag.map(|tag| format!(" with {}: {}", tag.field, tag.value)).unwrap_or_default();
    let may_lack = if *cardinality == Cardinality::Optional { ", optional" } else { "" };
    let copies =
        node_type.copies().map(|copies| format!(", as often as its {} says", copies.field)).unwrap_or_default();
    format!("spec.{field}{key}{of_type}{may_lack}{copies}")
}
