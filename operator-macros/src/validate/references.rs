//! References `${…}` in the texts of attributes: what the text alone shows, and for a cluster's own fields what they can
//! name. The rest is operator-definition's `checks::references`.

use operator_definition::reference::{ROOTS, Reference};

use crate::{
    errors::{Errors, suggestion},
    model::{Operator, Template},
};

/// What ours was meant to be, where it is one slip away: `clustr`, `Service`. Farther ones are someone else's, as `server`.
fn slip(root: &str) -> Option<&'static str> {
    let root = root.to_lowercase();
    // Of three letters, too much is one letter away: `prod`, `mod`.
    ROOTS.into_iter().find(|ours| root == *ours || (ours.len() > 3 && strsim::osa_distance(&root, ours) <= 1))
}

/// The members of each root that has fixed ones.
const MEMBERS: [(&str, &[&str]); 3] = [
    ("cluster", &["name", "namespace"]),
    ("node", &["name", "type", "key", "replicas"]),
    ("pod", &["name", "ordinal", "host", "ip"]),
];

/// The rules that need nothing but the text.
pub fn references(template: &Template, errors: &Errors) {
    for text in template.texts() {
        for reference in found(text) {
            if let Err(message) = judge(reference) {
                errors.at(&text.span(), message);
            }
        }
    }
}

/// The rules of a field that places a node type: the cluster's other fields are known.
pub fn references_within(template: &Template, operator: &Operator, errors: &Errors) {
    let shared = operator.shared.iter().map(|shared| shared.field.as_str());
    let fields: Vec<_> = operator.node_types.iter().map(|node_type| node_type.field.as_str()).chain(shared).collect();
    let names: Vec<_> = operator.externals.iter().map(|external| external.name.as_str()).collect();
    for text in template.texts() {
        for reference in found(text).filter(|reference| judge(*reference).is_ok()) {
            let (member, known, what) = match (reference.root(), member(reference)) {
                ("service", Some(member)) => (member, &fields, "field that places a node type"),
                ("external", Some(member)) => (member, &names, "external"),
                _ => continue,
            };
            if !known.contains(&member) {
                let advice = if known.is_empty() {
                    "declare it with #[external(…)]".to_owned()
                } else {
                    suggestion(member, known)
                };
                errors.at(
                    &text.span(),
                    format!("`${{{}}}`: the cluster has no {what} `{member}`; {advice}", reference.inside),
                );
            }
        }
    }
}

/// Whether it is a reference, or was meant to be one.
fn is_ours(reference: Reference<'_>) -> bool {
    reference.is_ours() || (reference.after.is_some() && slip(reference.root()).is_some())
}

/// The first name below the root.
fn member(reference: Reference<'_>) -> Option<&str> {
    reference.inside.split('.').nth(1)
}

/// How many names are below the root; none where one is empty.
fn depth(reference: Reference<'_>) -> Option<usize> {
    let mut names = reference.inside.split('.').skip(1);
    names.clone().all(|name| !name.is_empty()).then(|| names.by_ref().count())
}

/// Every reference of ours that isn't escaped.
fn found(text: &str) -> impl Iterator<Item = Reference<'_>> {
    let mut rest = text;
    std::iter::from_fn(move || {
        while let Some(found) = Reference::first_of(rest) {
            let taken = !found.escaped && is_ours(found);
            // What isn't ours may have some of ours within it.
            rest = if taken { found.after.unwrap_or_default() } else { found.rest };
            if taken {
                return Some(found);
            }
        }
        None
    })
}

/// What is wrong with it, and what to write instead.
fn judge(reference: Reference<'_>) -> Result<(), String> {
    let inside = reference.inside;
    let (root, depth) = (reference.root(), depth(reference));
    let wrong = |rule: String| Err(format!("`${{{inside}}}`: {rule}"));
    if reference.after.is_none() {
        return Err(format!("`${{{inside}`: close it with `}}`; a `${{` that shall stay as it is is written `$${{`"));
    }
    if let Some(meant) = slip(root).filter(|meant| *meant != root) {
        let advice = format!("did you mean `{meant}`? What shall stay as it is is written `$${{{inside}}}`");
        return wrong(format!("nothing is called `{root}`; {advice}"));
    }
    if let Some((root, members)) = MEMBERS.into_iter().find(|(known, _)| *known == root) {
        let member = inside.split_once('.').map_or("", |(_, member)| member);
        return if members.contains(&member) {
            Ok(())
        } else {
            wrong(format!("`{root}` has no `{member}`; {}", suggestion(member, members)))
        };
    }
    match (root, depth) {
        ("service", Some(1 | 2)) | ("external", Some(1)) => Ok(()),
        ("service", Some(_)) => wrong(
            "what nodes a field holds is only known in the custom resource: name a field of one node, as in \
             `${service.<field>.<port>}`"
                .to_owned(),
        ),
        ("service", None) => wrong("write `${service.<field>}` or `${service.<field>.<port>}`".to_owned()),
        ("external", _) => wrong("write `${external.<name>}`".to_owned()),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(inside: &str) -> Result<(), String> {
        judge(Reference::first_of(&format!("${{{inside}}}")).unwrap())
    }

    #[test]
    fn what_begins_as_a_reference_is_closed() {
        let judged = |text| found(text).try_for_each(judge);
        assert!(judged("${cluster.name").unwrap_err().contains("close it with `}`"));
        assert_eq!(judged("${user.home and ${"), Ok(()));
    }

    #[test]
    fn references_are_found_and_escaped_ones_are_not() {
        let inside = |text| found(text).map(|reference| reference.inside.to_owned()).collect::<Vec<_>>();
        assert_eq!(inside("a ${cluster.name}-${node.type}$"), ["cluster.name", "node.type"]);
        assert_eq!(inside("$${cluster.name} ${user.home:-${node.name}} ${HOME}"), ["node.name"]);
        assert_eq!(inside("$${a${cluster.name} $${cluster.name ${a"), ["cluster.name"]);
        assert_eq!(inside("$ { } $ ${} ${cluster}"), Vec::<String>::new());
    }

    #[test]
    fn a_slip_of_the_pen_is_no_text_of_someone_else() {
        for (root, meant) in
            [("clustr", "cluster"), ("Node", "node"), ("services", "service"), ("extrenal", "external")]
        {
            let message = judged(&format!("{root}.name")).unwrap_err();
            assert!(message.contains(&format!("did you mean `{meant}`? What shall stay")), "{message}");
            assert_eq!(found(&format!("${{{root}.name}}")).count(), 1);
            assert_eq!(found(&format!("$${{{root}.name}} ${{{root}}} ${{{root}.")).count(), 0);
        }
        for other in ["server.port", "internal.host", "user.home", "sys.name", "mode.x.y"] {
            let text = format!("${{{other}}}");
            assert_eq!(found(&text).count(), usize::from(other.starts_with("mode")), "{other}");
        }
    }

    #[test]
    fn only_known_members_are_taken() {
        for right in [
            "cluster.name",
            "cluster.namespace",
            "node.name",
            "node.type",
            "node.replicas",
            "service.brokers",
            "service.brokers.http",
            "external.zookeeper",
        ] {
            assert_eq!(judged(right), Ok(()), "{right}");
        }
        for (wrong, advice) in [
            ("cluster.nam", "did you mean `name`?"),
            ("cluster.", "there are `name` and `namespace`"),
            ("node.name.x", "did you mean `name`?"),
            ("service.", "write `${service.<field>}`"),
            ("service..http", "write `${service.<field>}`"),
            ("service.historicals.hot.http", "only known in the custom resource"),
            ("external.", "write `${external.<name>}`"),
            ("external.a.b", "write `${external.<name>}`"),
        ] {
            let message = judged(wrong).unwrap_err();
            assert!(message.contains(advice), "{message}");
        }
    }
}
