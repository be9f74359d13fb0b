//! What the spec's type and the author's functions make of a small spec that the schema accepts.

use serde_json::{Value, json};

use super::{
    Finding, Panic, Subject, caught,
    fields::{Holder, holders},
    path::type_of,
    sample::{Sampler, TEXT, key},
};
use crate::{
    crd,
    definition::{Cardinality, ConfigFile, Definition, LIST_KEY, NodeType, Peer, Surroundings, Tag},
    model::{Identity, Invalid, text::cut},
    render::{Author, format, render},
    settings::{
        FIELDS,
        json::joined,
        unknown::{UNKNOWN, below},
    },
};

/// Longest value that a finding shows, in bytes.
const SHOWN: usize = 300;

/// The type reads what the schema accepts; where nothing else was found, the author's functions don't panic over it, and it has children.
pub fn check(subject: &Subject<'_>, found: &mut Vec<Finding>) {
    let definition = subject.author.definition;
    found.extend(defaults(definition));
    let of_one_field = |first: &NodeType| {
        let is_single = !first.cardinality.is_many();
        definition.node_types.iter().filter(|node_type| is_single && node_type.field == first.field).count()
    };
    let samples = definition.first_of_fields().map(of_one_field).max().unwrap_or_default().max(1);
    for chosen in 0..samples {
        let mut of_sample = Vec::new();
        sample(subject, chosen, found.is_empty(), &mut of_sample);
        of_sample.retain(|finding| !found.contains(finding));
        found.extend(of_sample);
    }
}

/// One of the samples: of types that share a field of one node, each has its turn.
fn sample(subject: &Subject<'_>, chosen: usize, is_right: bool, found: &mut Vec<Finding>) {
    let (sample, is_sure, read) = tried(subject, |sampler| sampler.spec(subject, chosen));
    match read {
        Read::As(spec) => {
            Trial { subject, found }.fields_of_spec(&sample);
            if is_right && found.is_empty() && is_sure {
                found.extend(functions(subject, &spec));
            }
        }
        Read::Wrong(wrong) => found.extend(wrong),
        // By the type's own judgement, about which nothing is known here.
        Read::Refused(_) => {}
    }
}

/// Makes a spec with defaults; or where that can't be read without, one without: then each default is tried by itself.
fn tried(subject: &Subject<'_>, make: impl Fn(&mut Sampler) -> Value) -> (Value, bool, Read) {
    let tried = |fills| {
        let mut sampler = Sampler::new(fills);
        let spec = make(&mut sampler);
        let read = read(subject, &spec);
        (spec, sampler.is_sure, read)
    };
    match tried(true) {
        (spec, is_sure, Read::As(read)) => (spec, is_sure, Read::As(read)),
        filled => Some(tried(false)).filter(|(_, _, read)| matches!(read, Read::As(_))).unwrap_or(filled),
    }
}

/// The functions of `defaults = path`.
fn defaults(definition: &Definition) -> Vec<Finding> {
    let of_type = |node_type: &'static NodeType| {
        let panics = node_type.layers.iter().filter_map(|layer| caught(layer.defaults?).err());
        panics.map(|panic| Finding::new(format!("node_type \"{}\", defaults", node_type.name), panic.to_string()))
    };
    definition.node_types.iter().flat_map(of_type).collect()
}

/// What a type makes of a spec.
enum Read {
    /// The same, with the type's defaults.
    As(Value),
    /// It has another shape than the schema.
    Wrong(Vec<Finding>),
    /// It refuses a value.
    Refused(String),
}

fn read(subject: &Subject<'_>, spec: &Value) -> Read {
    let invalid = match caught(|| (subject.author.read)(spec)) {
        Ok(Ok(read)) => return Read::As(read),
        Ok(Err(invalid)) => invalid,
        Err(panic) => vec![Invalid::new("", format!("to read it, {panic}"))],
    };
    let refused = invalid.iter().map(|invalid| invalid.message.as_str()).collect::<Vec<_>>().join("; ");
    let wrong: Vec<Finding> = invalid.into_iter().filter_map(misfit).collect();
    if wrong.is_empty() { Read::Refused(refused) } else { Read::Wrong(wrong) }
}

/// What serde says where the shape is another, and not only a value.
fn misfit(Invalid { path, message }: Invalid) -> Option<Finding> {
    let why = match () {
        () if message == UNKNOWN => "the schema has this field, but the type doesn't read it".to_owned(),
        () if message.starts_with("missing field") => {
            format!("the schema doesn't require what the type does: {message}")
        }
        () if message.starts_with("unknown field") => {
            format!("the schema has a field that the type refuses: {message}")
        }
        () if message.starts_with("invalid type") => {
            format!("the schema takes a value that the type doesn't: {message}")
        }
        () => return None,
    };
    let advice = "give serde and schemars the same names, defaults and types";
    Some(Finding::new(joined("spec", &path), format!("{why}; {advice}")))
}

/// Tries the fields one by one: a value that the type refuses hides no other.
struct Trial<'a> {
    subject: &'a Subject<'a>,
    found: &'a mut Vec<Finding>,
}

impl Trial<'_> {
    /// The author's own fields of the spec and of its nodes. `NodeSpec`'s are tested already.
    fn fields_of_spec(&mut self, sample: &Value) {
        let Definition { defaults, config_groups, node_types, .. } = *self.subject.author.definition;
        let nodes = node_types.iter().map(|node_type| node_type.field);
        let others: Vec<&str> = nodes.chain(defaults).chain(config_groups.map(|groups| groups.field)).collect();
        self.fields(self.subject.spec, sample, "", &others);
        for node_type in node_types {
            let node = crd::node(self.subject.spec, node_type).zip(pointer(node_type, sample));
            node.into_iter().for_each(|(schema, at)| self.fields(schema, sample, &at, FIELDS));
        }
    }

    /// The fields of the object at a pointer in `spec`, and those below, but `others`.
    fn fields(&mut self, schema: &Value, spec: &Value, at: &str, others: &[&str]) {
        let fields = schema.get("properties").and_then(Value::as_object).into_iter().flatten();
        // Of several forms, the sample has one: the fields of the others aren't its type's.
        let has_forms = ["anyOf", "oneOf"].iter().any(|keyword| schema.get(keyword).is_some());
        for (name, field) in fields.filter(|_| !has_forms).filter(|(name, _)| !others.contains(&name.as_str())) {
            let at = format!("{at}/{}", name.replace('~', "~0").replace('/', "~1"));
            self.value(field, spec, &at);
        }
    }

    /// A value at a pointer in `spec`, and those below.
    fn value(&mut self, schema: &Value, spec: &Value, at: &str) {
        let default = schema.get("default");
        let (spec, _, read) = tried(self.subject, |sampler| {
            let mut spec = spec.clone();
            put(&mut spec, at, default.cloned().unwrap_or_else(|| full(schema, sampler)));
            spec
        });
        let path = || below("spec".to_owned(), at);
        match (read, default) {
            (Read::Wrong(wrong), _) => return self.found.extend(wrong),
            (Read::Refused(why), Some(default)) => {
                self.found.push(Finding::new(path(), format!("the type can't read its default {default}: {why}")));
            }
            (Read::As(read), Some(default)) => {
                let other = read.pointer(at).filter(|read| !has(read, default));
                self.found.extend(other.map(|other| {
                    let message = format!("its default {default} is read and written as {other}: write the default so");
                    Finding::new(path(), message)
                }));
            }
            (Read::Refused(_), None) => return,
            (Read::As(_), None) => {}
        }
        self.fields(schema, &spec, at, &[]);
        for (keyword, key) in [("items", "0"), ("additionalProperties", TEXT)] {
            let at = format!("{at}/{key}");
            if let (Some(schema), Some(_)) = (schema.get(keyword), spec.pointer(&at)) {
                self.fields(schema, &spec, &at, &[]);
            }
        }
    }
}

/// Whether a value has what another has, where both say anything.
fn has(value: &Value, other: &Value) -> bool {
    match (value, other) {
        (Value::Object(fields), Value::Object(others)) => {
            others.iter().all(|(name, other)| fields.get(name).is_none_or(|value| has(value, other)))
        }
        _ => value == other,
    }
}

/// A value of a schema; of a list or map, with an item.
fn full(schema: &Value, sampler: &mut Sampler) -> Value {
    match (type_of(schema), schema.get("items"), schema.get("additionalProperties")) {
        (Some("array"), Some(items), _) => json!([sampler.of(items)]),
        (Some("object"), _, Some(values)) if values.is_object() => json!({ TEXT: sampler.of(values) }),
        _ => sampler.of(schema),
    }
}

/// Puts a value at a pointer; what is around it is there.
fn put(spec: &mut Value, at: &str, value: Value) {
    let Some((around, name)) = at.rsplit_once('/') else { return };
    let name = name.replace("~1", "/").replace("~0", "~");
    if let Some(around) = spec.pointer_mut(around).and_then(Value::as_object_mut) {
        around.insert(name, value);
    }
}

/// The pointer of the sample's node of this type, where it has one.
fn pointer(node_type: &NodeType, spec: &Value) -> Option<String> {
    let at = place(node_type, spec)?;
    let says = |tag: Tag| spec.pointer(&at).and_then(|node| node.get(tag.field)).is_some_and(|says| says == tag.value);
    node_type.tag.is_none_or(says).then_some(at)
}

fn place(node_type: &NodeType, spec: &Value) -> Option<String> {
    let field = node_type.field;
    match node_type.cardinality {
        Cardinality::One | Cardinality::Optional => Some(format!("/{field}")),
        Cardinality::Many => Some(format!("/{field}/{}", key(node_type))),
        Cardinality::List => {
            let key = key(node_type);
            let index = spec.get(field)?.as_array()?.iter().position(|node| node[LIST_KEY] == key)?;
            Some(format!("/{field}/{index}"))
        }
    }
}

/// The sample's node of this type.
fn peer(node_type: &NodeType) -> Peer {
    let key = match (node_type.cardinality.is_many(), node_type.copies().is_some()) {
        (false, false) => None,
        (false, true) => Some("0".to_owned()),
        (true, false) => Some(key(node_type).to_owned()),
        (true, true) => Some(format!("{}-0", key(node_type))),
    };
    let name = format!("{TEXT}-{}", node_type.name);
    Peer {
        node_type: node_type.name,
        key,
        host: format!("{name}.{TEXT}.svc"),
        name,
        workload: node_type.workload(),
        replicas: Some(1),
        ports: node_type.ports().iter().map(|port| (port.name.to_owned(), port.number.into())).collect(),
    }
}

/// Calls the author's functions over a spec as its type has it, and renders it.
fn functions(subject: &Subject<'_>, spec: &Value) -> Vec<Finding> {
    match subject.author.validate.map(|validate| caught(|| validate(spec))) {
        Some(Err(panic)) => return vec![Finding::new("validate", panics(&panic, spec))],
        // The other functions count on what it says.
        Some(Ok(refused)) if !refused.is_empty() => return Vec::new(),
        _ => {}
    }
    let mut found = Vec::new();
    let there = subject.author.definition.node_types.iter().filter(|node_type| pointer(node_type, spec).is_some());
    let peers: Vec<Peer> = there.map(peer).collect();
    for holder in holders(subject) {
        let at = holder.node_type.map_or_else(|| Some(String::new()), |node_type| pointer(node_type, spec));
        let Some(value) = at.and_then(|at| spec.pointer(&at)) else { continue };
        for config in &holder.configs {
            // Who reads it: a node of the type, or one of those that the file is for.
            let reads = |peer: &&Peer| match holder.node_type {
                Some(node_type) => node_type.name == peer.node_type,
                None => config.readers.is_empty() || config.readers.contains(&peer.node_type),
            };
            let Some(reader) = peers.iter().find(reads) else { continue };
            let around = Surroundings::new((TEXT, TEXT), spec, &peers, reader);
            match computed(&holder, config, value, &around) {
                Ok(()) => {}
                Err(Some(wrong)) => found.push(wrong),
                // Then nothing can be made of the sample.
                Err(None) => return found,
            }
        }
    }
    if !found.is_empty() {
        return found;
    }
    let cluster = Identity { namespace: TEXT.to_owned(), name: TEXT.to_owned(), uid: TEXT.to_owned() };
    let author = subject.author;
    let own = Author { customize: None, validate: None, ..author };
    match caught(|| render(&cluster, spec, own)) {
        Err(panic) => found.push(Finding::new("spec", panics(&panic, spec))),
        Ok(Err(invalid)) => found.extend(invalid.into_iter().map(|Invalid { path, message }| {
            let message = format!("{message} (in the smallest spec with a node of each node type)");
            Finding::new(joined("spec", &path), message)
        })),
        Ok(Ok(_)) if author.customize.is_some() => {
            let hook = caught(|| render(&cluster, spec, author)).err();
            found.extend(hook.map(|panic| Finding::new("customize", panics(&panic, spec))));
        }
        Ok(Ok(_)) => {}
    }
    found
}

pub fn panics(panic: &Panic, value: &Value) -> String {
    format!("{panic}, over what the schema accepts: {}", cut(value.to_string(), SHOWN))
}

/// What is wrong with what `with` computes from the struct that it stands in. None: it refuses the sample, as it may.
fn computed(
    holder: &Holder<'_>,
    config: &ConfigFile,
    value: &Value,
    around: &Surroundings<'_>,
) -> Result<(), Option<Finding>> {
    let Some(with) = config.with else { return Ok(()) };
    let wrong = match caught(|| with(value, around)) {
        Err(panic) => panics(&panic, value),
        Ok(Err(_)) => return Err(None),
        Ok(Ok(computed)) if computed.is_null() => return Ok(()),
        Ok(Ok(computed)) => match format::write(config.format, &computed) {
            Ok(_) => return Ok(()),
            Err(error) => format!("what it returns can't be written: {error}"),
        },
    };
    Err(Some(Finding::new(holder.title(&format!("config \"{}\", with", config.file)), wrong)))
}
