//! The grammar of references `${…}` in texts.

use crate::text::{split, text};

/// What references begin with, before a `.`. Others belong to applications, which have such a syntax of their own.
pub const ROOTS: [&str; 5] = ["cluster", "node", "pod", "service", "external"];

/// A `${` in a text, and what is around it.
#[derive(Clone, Copy, Debug)]
pub struct Reference<'a> {
    /// The text before it.
    pub before: &'a str,
    /// Whether it is written `$${`, and so shall stay as it is.
    pub escaped: bool,
    /// The text between `${` and `}`; where nothing closes it, all the rest.
    pub inside: &'a str,
    /// The text after `}`; none where nothing closes it.
    pub after: Option<&'a str>,
    /// The text after `${`.
    pub rest: &'a str,
}

impl<'a> Reference<'a> {
    /// The first one of a text.
    pub const fn first_of(whole: &'a str) -> Option<Self> {
        let mut bytes = whole.as_bytes();
        while let [_, others @ ..] = bytes {
            if let [b'$', b'{', rest @ ..] = bytes {
                let before = whole.split_at(whole.len() - bytes.len()).0;
                let rest = text(rest);
                let (inside, after) = split(rest, b'}');
                return Some(Self { before, escaped: matches!(before.as_bytes(), [.., b'$']), inside, after, rest });
            }
            bytes = others;
        }
        None
    }

    /// The name before the first `.`; empty where there is none.
    pub fn root(self) -> &'a str {
        self.inside.split_once('.').map_or("", |(root, _)| root)
    }

    /// Whether it is a reference, and not a syntax of an application.
    pub fn is_ours(self) -> bool {
        ROOTS.contains(&self.root())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_is_found_closed_or_not() {
        let found = |text| Reference::first_of(text).map(|it| (it.before, it.escaped, it.inside, it.after, it.rest));
        assert_eq!(found("é ${node.name}!"), Some(("é ", false, "node.name", Some("!"), "node.name}!")));
        assert_eq!(found("$${a ${b"), Some(("$", true, "a ${b", None, "a ${b")));
        assert_eq!(found("${}"), Some(("", false, "", Some(""), "}")));
        assert_eq!([found(""), found("$ { } $"), found("$")], [None; 3]);
    }

    #[test]
    fn others_references_are_not_ours() {
        let ours = |text| Reference::first_of(text).is_some_and(Reference::is_ours);
        assert!(ours("${cluster.name}") && ours("${external.") && ours("$${node.x.y}"));
        assert!(!ours("${user.home}") && !ours("${cluster}") && !ours("${Node.name}"));
    }
}
