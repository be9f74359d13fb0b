//! Secrets.

use crate::text::{after, same, split};

/// A field marked `#[secret(…)]`: it holds a `SecretRef`, or an `Option` of one.
#[derive(Clone, Copy, Debug)]
pub struct SecretField {
    /// JSON name of the field, in the spec or in the node.
    pub field: &'static str,
    /// Names of the node types that read it, where it is a field of the spec; empty: all do.
    pub readers: &'static [&'static str],
    /// Default key in the Secret.
    pub key: &'static str,
    /// Environment variable that carries it.
    pub env: Option<&'static str>,
    /// File that carries it: an absolute path.
    pub file: Option<&'static str>,
    /// Folder that has a file of each of its keys, whatever they are: an absolute path. Such a field has no `env`, `file` or `generate`.
    pub folder: Option<&'static str>,
    /// Where the custom resource names no Secret, the operator creates one with this number of random letters and digits.
    pub generate: Option<u32>,
}

impl SecretField {
    /// Where it is in the container, other than in a variable.
    pub const fn path(&self) -> Option<SecretPath<'static>> {
        match (self.folder, self.file) {
            (Some(folder), _) => Some(SecretPath::Folder(folder)),
            (None, Some(file)) => Some(SecretPath::File(file)),
            (None, None) => None,
        }
    }
}

/// Where a secret is in a container: an absolute path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SecretPath<'a> {
    /// The file of one key.
    File(&'a str),
    /// The folder that has a file of each key.
    Folder(&'a str),
}

impl<'a> SecretPath<'a> {
    /// The path.
    pub const fn as_str(self) -> &'a str {
        match self {
            Self::File(path) | Self::Folder(path) => path,
        }
    }

    /// What it is called: `file` or `folder`.
    pub const fn what(self) -> &'static str {
        match self {
            Self::File(_) => "file",
            Self::Folder(_) => "folder",
        }
    }

    /// Whether two secrets are in each other's way. The files of a folder have the names of keys that nobody knows.
    pub const fn meets(self, other: Self) -> bool {
        if same(self.as_str(), other.as_str()) {
            return true;
        }
        match (self, other) {
            (Self::Folder(folder), Self::File(file)) | (Self::File(file), Self::Folder(folder)) => {
                matches!(below(file, folder), Some(name) if split(name, b'/').1.is_none())
            }
            _ => false,
        }
    }

    /// Whether it and a configuration file are in each other's way.
    pub const fn meets_file(self, mount: &str, file: &str) -> bool {
        let is_it = matches!(below(self.as_str(), mount), Some(name) if same(name, file));
        is_it || matches!(self, Self::Folder(folder) if same(folder, mount))
    }
}

/// The rest of a path below a folder.
const fn below<'a>(path: &'a str, folder: &str) -> Option<&'a str> {
    match after(path, folder) {
        Some(rest) => after(rest, "/"),
        None => None,
    }
}

#[cfg(test)]
mod tests {
    use super::SecretPath::{File, Folder};

    #[test]
    fn secrets_meet_where_one_path_is_of_both_or_a_file_is_in_the_folder_of_another() {
        for (one, other, meets) in [
            (File("/a/b"), File("/a/b"), true),
            (File("/a/b"), File("/a/c"), false),
            (Folder("/a"), File("/a/b"), true),
            (Folder("/a"), File("/a/b/c"), false),
            (Folder("/a"), File("/ab/c"), false),
            (Folder("/a"), File("/a"), true),
            (Folder("/a"), Folder("/a"), true),
            (Folder("/a"), Folder("/a/b"), false),
        ] {
            assert_eq!((one.meets(other), other.meets(one)), (meets, meets), "{one:?} {other:?}");
        }
    }

    #[test]
    fn a_configuration_file_meets_a_secret_at_its_path_or_around_it() {
        for (secret, mount, file, meets) in [
            (File("/a/b"), "/a", "b", true),
            (File("/a/b"), "/a", "c", false),
            (File("/a/b"), "/a/b", "c", false),
            (Folder("/a/b"), "/a/b", "c", true),
            (Folder("/a/b"), "/a", "b", true),
            (Folder("/a/b"), "/a", "c", false),
        ] {
            assert_eq!(secret.meets_file(mount, file), meets, "{secret:?} {mount}/{file}");
        }
    }
}
