//! `KEY="value"` lines, as a shell reads them.

use serde_json::Value;

use super::{Unwritable, entries};
use crate::definition::names::is_variable;

pub fn write(value: &Value) -> Result<String, Unwritable> {
    entries(value)?.iter().map(|(key, value)| line(key, value)).collect()
}

fn line(key: &str, value: &str) -> Result<String, Unwritable> {
    if !is_variable(key) {
        return Err(Unwritable::EnvName(key.to_owned()));
    }
    if value.contains('\0') {
        return Err(Unwritable::EnvNul(key.to_owned()));
    }
    Ok(format!("{key}=\"{}\"\n", quote(value)))
}

/// Escapes the characters that a shell interprets within double quotes.
fn quote(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len());
    for c in text.chars() {
        if matches!(c, '"' | '\\' | '$' | '`') {
            quoted.push('\\');
        }
        quoted.push(c);
    }
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn values_are_quoted() {
        assert_eq!(
            write(&json!({ "B": "say \"$x\"", "A": true, "C": "`\\`\nend" })).unwrap(),
            "A=\"true\"\nB=\"say \\\"\\$x\\\"\"\nC=\"\\`\\\\\\`\nend\"\n"
        );
    }

    #[test]
    fn what_a_shell_cannot_hold_is_refused() {
        for key in ["", "1A", "a.b", "A B"] {
            let refused = write(&json!({ key: "x" })).unwrap_err().to_string();
            assert!(refused.ends_with("use letters, digits and `_`"), "{refused}");
        }
        assert!(write(&json!({ "A": "\0" })).unwrap_err().to_string().contains("NUL"));
    }
}
