//! A plan as text.

use std::fmt::Write;

use serde_json::Value;

use super::{
    super::{diff::Difference, lines::lines},
    change::Change,
    preview::Preview,
};
use crate::{
    model::{
        Kind,
        kind::{CONFIG_MAP, POD},
    },
    plan::{Gate, STUCK, Verb},
    status::sentence,
};

/// Longest line of a field and its two values, in characters; longer ones are shown as lines of text.
const LONGEST: usize = 140;

/// The plan as text: a block for each write, then what waits, then how much there is to do.
pub fn text(preview: &Preview) -> String {
    let mut text = String::new();
    let mut was_long = false;
    for change in &preview.changes {
        let block = block(change);
        let is_long = block.lines().count() > 1;
        // Writes of one line stand together.
        if !text.is_empty() && (is_long || was_long) {
            text.push('\n');
        }
        text.push_str(&block);
        was_long = is_long;
    }
    let remarks: String = preview.plan.gates.iter().map(waiting).chain(preview.unknown.iter().map(unknown)).collect();
    for part in [remarks, summary(preview)] {
        if !text.is_empty() && !part.is_empty() {
            text.push('\n');
        }
        text.push_str(&part);
    }
    text
}

/// A write and what it changes.
fn block(change: &Change) -> String {
    let sign = match change.verb {
        Verb::Create | Verb::Inspect => '+',
        Verb::Apply | Verb::Grow => '~',
        Verb::Release | Verb::Replace | Verb::Try => '!',
        Verb::Delete => '-',
    };
    let mut text = format!("{sign} {} {}{}\n", change.kind.kind, change.name, note(change));
    if let Some(message) = &change.refused {
        text.push_str("    refused: ");
        text.push_str(indented(message.lines(), 6).trim_start());
    }
    change.differences.iter().for_each(|difference| text.push_str(&field(&change.kind, difference)));
    text
}

/// What the fields don't say.
fn note(change: &Change) -> String {
    let mut notes = Vec::new();
    if matches!(change.verb, Verb::Release | Verb::Replace) {
        let pods = if change.kind.is_workload() { "; its pods go on running" } else { "" };
        notes.push(format!("deleted and created again{pods}"));
    }
    notes.extend(change.follows.as_ref().map(|before| format!("after {before}")));
    if change.kind == &POD {
        notes.push(format!("{STUCK}; made again on the newest"));
    }
    if change.rolls_pods {
        notes.push("replaces its pods".to_owned());
    }
    if matches!(change.verb, Verb::Apply) && change.differences.is_empty() && change.refused.is_none() {
        notes.push("no field changes".to_owned());
    }
    if notes.is_empty() { String::new() } else { format!("  ({})", notes.join("; ")) }
}

/// A field that changes: on one line, or where that is too long, line by line.
fn field(kind: &Kind, difference: &Difference) -> String {
    let Difference { path, from, to } = difference;
    let short = |value: &Option<Value>| value.as_ref().map_or_else(|| "nothing".to_owned(), Value::to_string);
    let line = format!("    {path}: {} -> {}\n", short(from), short(to));
    let text = |value: &Option<Value>| value.as_ref().and_then(Value::as_str).map(str::to_owned).unwrap_or_default();
    // Files are shown as such also where they have only one line.
    let is_file = *kind == &CONFIG_MAP && path.starts_with("data") && from.is_none() && !text(to).is_empty();
    let is_long = line.chars().count() > LONGEST || text(from).contains('\n') || text(to).contains('\n');
    if !is_file && !is_long {
        return line;
    }
    format!("    {path}:\n{}", indented(lines(&long(from), &long(to)).iter().map(String::as_str), 6))
}

/// A value as text of several lines.
fn long(value: &Option<Value>) -> String {
    match value {
        None => String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(value) => serde_saphyr::to_string(value).unwrap_or_else(|_| value.to_string()),
    }
}

fn indented<'a>(lines: impl Iterator<Item = &'a str>, by: usize) -> String {
    lines.fold(String::new(), |mut text, line| {
        // Writing to a string doesn't fail.
        let _ = writeln!(text, "{:by$}{line}", "");
        text
    })
}

fn waiting(gate: &Gate) -> String {
    let node = sentence::node(gate).map(|node| format!("{node}: ")).unwrap_or_default();
    format!("? {node}{}\n", sentence::message(gate))
}

fn unknown(message: &String) -> String {
    format!("? {message}\n")
}

fn summary(preview: &Preview) -> String {
    let plan = &preview.plan;
    if plan.actions.is_empty() {
        return match plan.returning {
            true => "nothing to do until what is being deleted is gone; then it is created again\n".to_owned(),
            false => "nothing to do\n".to_owned(),
        };
    }
    let count = |verbs: &[Verb]| verbs.iter().map(|verb| plan.count(*verb)).sum::<usize>();
    let counts = [
        ("create", count(&[Verb::Create, Verb::Inspect])),
        ("change", count(&[Verb::Apply, Verb::Grow])),
        ("replace", count(&[Verb::Release, Verb::Replace, Verb::Try])),
        ("delete", count(&[Verb::Delete])),
    ];
    let counts: Vec<String> = counts.iter().map(|(what, count)| format!("{count} to {what}")).collect();
    format!("{}\n", counts.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::kind::DEPLOYMENT;
    use serde_json::json;

    fn shown(kind: Kind, verb: Verb, path: &str, from: Option<Value>, to: Option<Value>) -> String {
        block(&Change {
            verb,
            kind,
            name: "a".to_owned(),
            follows: None,
            rolls_pods: path.starts_with("spec.template."),
            differences: vec![Difference { path: path.to_owned(), from, to }],
            refused: None,
        })
    }

    #[test]
    fn a_short_value_is_shown_on_the_line_of_its_field() {
        let image =
            shown(Kind::Row(&DEPLOYMENT), Verb::Apply, "spec.template.image", Some(json!("a:1")), Some(json!("a:2")));
        assert_eq!(image, "~ Deployment a  (replaces its pods)\n    spec.template.image: \"a:1\" -> \"a:2\"\n");
        let replicas = shown(Kind::Row(&DEPLOYMENT), Verb::Apply, "spec.replicas", None, Some(json!(2)));
        assert_eq!(replicas, "~ Deployment a\n    spec.replicas: nothing -> 2\n");
    }

    #[test]
    fn a_file_is_shown_line_by_line() {
        let new = |text: &str| shown(Kind::Row(&CONFIG_MAP), Verb::Create, "data[a.conf]", None, Some(json!(text)));
        assert_eq!(new("x=1\n"), "+ ConfigMap a\n    data[a.conf]:\n      + x=1\n");
        assert_eq!(new(""), "+ ConfigMap a\n    data[a.conf]: nothing -> \"\"\n");
        let (from, to) = (Some(json!("x=1\ny=2\n")), Some(json!("x=1\ny=3\n")));
        let changed = shown(Kind::Row(&CONFIG_MAP), Verb::Apply, "data[a.conf]", from, to);
        assert_eq!(changed, "~ ConfigMap a\n    data[a.conf]:\n        x=1\n      - y=2\n      + y=3\n");
    }

    #[test]
    fn what_the_api_server_refuses_is_said_beside_the_write() {
        let change = Change {
            verb: Verb::Create,
            kind: Kind::Row(&CONFIG_MAP),
            name: "a".to_owned(),
            follows: None,
            rolls_pods: false,
            differences: Vec::new(),
            refused: Some("exceeded quota:\nfew".to_owned()),
        };
        assert_eq!(block(&change), "+ ConfigMap a\n    refused: exceeded quota:\n      few\n");
    }
}
