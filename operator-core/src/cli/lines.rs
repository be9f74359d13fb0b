//! Differences between two texts, by line.

use similar::{ChangeTag, TextDiff};

/// Unchanged lines that are shown around a change.
const CONTEXT: usize = 3;
/// Stands for unchanged lines that aren't shown.
const LEFT_OUT: &str = "  …";

/// The lines in which `to` differs from `from`, `-` before those that go and `+` before those that come, with some unchanged lines around.
pub fn lines(from: &str, to: &str) -> Vec<String> {
    let diff = TextDiff::from_lines(from, to);
    let mut shown = Vec::new();
    for group in diff.grouped_ops(CONTEXT) {
        let begins = group.first().map_or(0, |op| op.old_range().start);
        if begins > 0 || !shown.is_empty() {
            shown.push(LEFT_OUT.to_owned());
        }
        for change in group.iter().flat_map(|op| diff.iter_changes(op)) {
            let sign = match change.tag() {
                ChangeTag::Equal => ' ',
                ChangeTag::Delete => '-',
                ChangeTag::Insert => '+',
            };
            shown.push(format!("{sign} {}", change.value().trim_end_matches(['\r', '\n'])).trim_end().to_owned());
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_changed_line_is_shown_with_its_surroundings() {
        let text = |middle: &str| {
            let mut lines: Vec<String> = (1..=20).map(|number| format!("key.{number}=1")).collect();
            lines[9] = middle.to_owned();
            lines.join("\n")
        };
        let expected =
            ["  …", "  key.7=1", "  key.8=1", "  key.9=1", "- old", "+ new", "  key.11=1", "  key.12=1", "  key.13=1"];
        assert_eq!(lines(&text("old"), &text("new")), expected);
    }

    #[test]
    fn a_new_text_consists_of_new_lines() {
        assert_eq!(lines("", "a=1\n\nb=2\n"), ["+ a=1", "+", "+ b=2"]);
        assert_eq!(lines("a=1\n", ""), ["- a=1"]);
    }
}
