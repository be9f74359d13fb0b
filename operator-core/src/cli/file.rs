//! A custom resource in a file.

use std::{fs, io, path::Path};

use serde_json::Value;

use crate::{Error, Result, definition::Definition, settings::Invalid};

/// Why a file isn't one custom resource of a kind.
#[derive(Debug, thiserror::Error)]
enum Unusable {
    #[error(transparent)]
    Syntax(#[from] serde_saphyr::Error),
    #[error("there is no {kind} in it: {}", if others.is_empty() { "it is empty".to_owned() } else { format!("it has {}", others.join(", ")) })]
    Missing { kind: &'static str, others: Vec<String> },
    #[error(
        "there are {count} objects of kind {kind} in it, and a plan is made for one: write each into a file of its own"
    )]
    Several { kind: &'static str, count: usize },
    #[error("its {kind} is of apiVersion {version}: this operator is for {wanted}")]
    OtherVersion { kind: &'static str, version: String, wanted: String },
    #[error("its {kind} has no apiVersion: write `apiVersion: {wanted}`")]
    NoVersion { kind: &'static str, wanted: String },
}

/// A file with one custom resource of a kind, and maybe objects of other kinds.
pub struct File {
    path: String,
    /// The custom resource.
    pub object: Value,
}

impl File {
    /// Reads a file, YAML or JSON; `-` is standard input.
    ///
    /// # Errors
    /// Where it can't be read, or doesn't hold exactly one object of the kind.
    pub fn read(path: &Path, definition: &Definition) -> Result<Self> {
        let is_stdin = path == Path::new("-");
        let name = if is_stdin { "standard input".to_owned() } else { path.display().to_string() };
        let mut file = Self { path: name, object: Value::Null };
        let text = if is_stdin { io::read_to_string(io::stdin()) } else { fs::read_to_string(path) };
        let text = text.map_err(|error| file.wrong(error))?;
        file.object = object(&text, definition).map_err(|error| file.wrong(error))?;
        Ok(file)
    }

    /// A text of its metadata.
    pub fn metadata(&self, field: &str) -> Option<&str> {
        self.object.get("metadata")?.get(field)?.as_str()
    }

    /// What is wrong with it.
    pub fn wrong(&self, message: impl ToString) -> Error {
        Error::File { path: self.path.clone(), message: message.to_string() }
    }

    /// What is wrong with its spec.
    pub fn invalid(&self, invalid: &[Invalid]) -> Error {
        self.wrong(invalid.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))
    }
}

/// The one object of the kind among the documents of `text`, or what is wrong.
fn object(text: &str, definition: &Definition) -> std::result::Result<Value, Unusable> {
    let documents: Vec<Value> = serde_saphyr::from_multiple(text)?;
    let objects: Vec<Value> = documents.into_iter().flat_map(items).collect();
    let others: Vec<String> = objects.iter().map(described).collect();
    let kind = definition.kind;
    let mut ours = objects.into_iter().filter(|object| object["kind"] == kind);
    let (first, more) = (ours.next(), ours.count());
    let Some(object) = first else {
        return Err(Unusable::Missing { kind, others });
    };
    if more > 0 {
        return Err(Unusable::Several { kind, count: more + 1 });
    }
    let wanted = format!("{}/{}", definition.group, definition.version);
    match object["apiVersion"].as_str() {
        Some(version) if version == wanted => Ok(object),
        Some(version) => Err(Unusable::OtherVersion { kind, version: version.to_owned(), wanted }),
        None => Err(Unusable::NoVersion { kind, wanted }),
    }
}

/// The objects of a document: `kubectl get` writes several as a list.
fn items(document: Value) -> Vec<Value> {
    match document.get("items") {
        Some(Value::Array(items)) if document["kind"] == "List" => items.clone(),
        _ => vec![document],
    }
}

/// Kind and name, as far as there are such.
fn described(object: &Value) -> String {
    let kind = object["kind"].as_str().unwrap_or("something without a kind");
    object["metadata"]["name"].as_str().map_or_else(|| kind.to_owned(), |name| format!("{kind} {name}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    static CACHE: Definition = Definition { group: "example.com", version: "v1", kind: "Cache", ..Definition::EMPTY };

    const ONE: &str = "apiVersion: example.com/v1\nkind: Cache\nmetadata: { name: a }\n";
    const OTHER: &str = "apiVersion: v1\nkind: Service\nmetadata: { name: s }\n";

    #[test]
    fn the_only_object_of_the_kind_is_found() {
        for text in [
            ONE.to_owned(),
            format!("# a comment\n---\n{ONE}---\n"),
            format!("{OTHER}---\n{ONE}"),
            r#"{ "kind": "List", "items": [{ "apiVersion": "example.com/v1", "kind": "Cache", "metadata": { "name": "a" } }] }"#
                .to_owned(),
        ] {
            assert_eq!(object(&text, &CACHE).unwrap()["metadata"]["name"], "a", "{text}");
        }
    }

    #[test]
    fn what_is_wrong_with_a_file_is_said_in_the_words_of_its_reader() {
        let wrong = |text: &str| object(text, &CACHE).unwrap_err().to_string();
        assert_eq!(wrong(""), "there is no Cache in it: it is empty");
        assert_eq!(wrong(OTHER), "there is no Cache in it: it has Service s");
        assert_eq!(
            wrong(&format!("{ONE}---\n{ONE}")),
            "there are 2 objects of kind Cache in it, and a plan is made for one: write each into a file of its own"
        );
        let old = ONE.replace("/v1", "/v0");
        assert_eq!(wrong(&old), "its Cache is of apiVersion example.com/v0: this operator is for example.com/v1");
        assert!(wrong("kind: Cache").ends_with("write `apiVersion: example.com/v1`"));
        assert!(wrong("kind: [").contains("line 1"), "{}", wrong("kind: ["));
    }
}
