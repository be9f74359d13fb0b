//! CEL rules, as far as a look at their text tells: nothing here evaluates them.

use serde_json::{Value, json};

use super::{
    Finding, Subject,
    path::{Step, follow, in_brackets},
};
use crate::settings::{json::joined, schema::RULES};

/// Fields that rules name are in the schema that they stand in.
pub fn check(subject: &Subject<'_>) -> Vec<Finding> {
    let mut object = subject.object.clone();
    // Source: Kubernetes' page on CustomResourceDefinitions, "Validation rules".
    object["properties"]["metadata"] = json!({
        "type": "object", "properties": { "name": { "type": "string" }, "generateName": { "type": "string" } },
    });
    let mut found = Vec::new();
    walk(&object, "", &mut found);
    found
}

fn walk(schema: &Value, path: &str, found: &mut Vec<Finding>) {
    for rule in schema.get(RULES).and_then(Value::as_array).into_iter().flatten() {
        let Some(rule) = rule.get("rule").and_then(Value::as_str) else { continue };
        let title =
            if path.is_empty() { format!("validation \"{rule}\"") } else { format!("{path}, validation \"{rule}\"") };
        let wrong = match accesses(rule) {
            Ok(paths) => {
                paths.iter().filter_map(|(start, path)| Some(follow(schema, start, path).err()?.to_string())).collect()
            }
            Err(unclosed) => vec![unclosed],
        };
        found.extend(wrong.into_iter().map(|wrong| Finding::new(title.as_str(), wrong)));
    }
    for (name, field) in schema.get("properties").and_then(Value::as_object).into_iter().flatten() {
        walk(field, &joined(path, name), found);
    }
    for below in ["items", "additionalProperties"].iter().filter_map(|keyword| schema.get(keyword)) {
        walk(below, &format!("{path}[]"), found);
    }
}

/// A path, and what it starts at.
type Access<'a> = (&'a str, Vec<Step<'a>>);

/// The paths from `self` and `oldSelf`; the error says what isn't closed.
fn accesses(rule: &str) -> Result<Vec<Access<'_>>, String> {
    let mut found = Vec::new();
    let mut open = Vec::new();
    let mut rest = rule;
    let mut after_dot = false;
    while let Some(first) = rest.chars().next() {
        let word = word(rest);
        let mut length = first.len_utf8();
        if rest.starts_with("//") {
            length = rest.find('\n').unwrap_or(rest.len());
        } else if first == '\'' || first == '"' {
            let is_raw = rule[..rule.len() - rest.len()].ends_with(['r', 'R']);
            length = quoted(rest, is_raw).ok_or_else(|| format!("the string {rest} isn't closed: add {first}"))?;
        } else if !word.is_empty() {
            length = word.len();
            if ["self", "oldSelf"].contains(&word) && !after_dot {
                found.push((word, chain(&rest[length..])));
            }
        } else if let Some((_, closing)) = BRACKETS.iter().find(|(opening, _)| *opening == first) {
            open.push(*closing);
        } else if BRACKETS.iter().any(|(_, closing)| *closing == first) && open.pop() != Some(first) {
            return Err(format!("`{first}` closes nothing: take it out, or open a bracket before it"));
        }
        after_dot = if first.is_whitespace() { after_dot } else { first == '.' };
        rest = &rest[length..];
    }
    open.pop().map_or(Ok(found), |closing| Err(format!("a bracket isn't closed: add `{closing}`")))
}

const BRACKETS: [(char, char); 3] = [('(', ')'), ('[', ']'), ('{', '}')];

/// The letters, digits and `_` that a text begins with.
fn word(text: &str) -> &str {
    let end = text.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(text.len());
    &text[..end]
}

/// Length of the string literal that a text begins with, quotes included. In a raw one, a backslash is a letter.
fn quoted(text: &str, is_raw: bool) -> Option<usize> {
    let quote = ["'''", "\"\"\"", "'", "\""].into_iter().find(|quote| text.starts_with(quote))?;
    let mut at = quote.len();
    loop {
        let rest = &text[at..];
        if rest.starts_with(quote) {
            return Some(at + quote.len());
        }
        let mut letters = rest.chars();
        at += letters.next()?.len_utf8();
        if rest.starts_with('\\') && !is_raw {
            at += letters.next()?.len_utf8();
        }
    }
}

/// The names and items that follow; a call ends them.
fn chain(text: &str) -> Vec<Step<'_>> {
    let mut steps = Vec::new();
    let mut rest = text.trim_start();
    loop {
        if let Some(after) = rest.strip_prefix('.') {
            let after = after.strip_prefix('?').unwrap_or(after).trim_start();
            let name = word(after);
            rest = after[name.len()..].trim_start();
            if name.is_empty() || rest.starts_with('(') {
                return steps;
            }
            steps.push(Step::Name(name.into()));
        } else if let Some((inside, after)) = rest.strip_prefix('[').and_then(|after| after.split_once(']')) {
            steps.push(in_brackets(inside));
            rest = after.trim_start();
            // What is in brackets may have some itself.
            if inside.contains('[') {
                return steps;
            }
        } else {
            return steps;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_rule_names_below_self_is_found() {
        let found = |rule: &str| {
            let shown = |step: &Step<'_>| match step {
                Step::Name(name) => format!(".{name}"),
                Step::Item => "[]".to_owned(),
            };
            let found = accesses(rule).unwrap();
            found
                .iter()
                .map(|(start, path)| (*start).to_owned() + &path.iter().map(shown).collect::<String>())
                .collect::<Vec<_>>()
        };
        assert_eq!(found("has(self.spec.image) && self.spec.image.contains(':')"), ["self.spec.image"; 2]);
        assert_eq!(found("self.a[0].b == oldSelf.c['d.e'] . f"), ["self.a[].b", "oldSelf.c.d.e.f"]);
        assert_eq!(found("self.?spec.?tier.orValue('self.x') == \"it's self.y\""), ["self.spec.tier"]);
        assert_eq!(found("self.all(key, key.self.a && size(self[key].b) > 1)"), ["self", "self[].b"]);
        assert_eq!(found(r"self.matches('a\'self.b') || selfish.c"), ["self"]);
        assert_eq!(found(r"self.matches(r'\') || self.a"), ["self", "self.a"]);
        assert_eq!(found("self.a[self.b[0]].c == 'é'"), ["self.a[]", "self.b[]"]);
    }

    #[test]
    fn what_is_not_closed_is_said() {
        for (rule, said) in [
            ("has(self.a", "add `)`"),
            ("self.a in ['b'", "add `]`"),
            ("self.a)", "`)` closes nothing"),
            ("self.a == 'b", "the string 'b isn't closed"),
        ] {
            let error = accesses(rule).unwrap_err();
            assert!(error.contains(said), "{rule}: {error}");
        }
    }
}
