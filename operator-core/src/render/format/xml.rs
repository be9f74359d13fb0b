//! Hadoop's XML: a `<property>` for each name. Source: Hadoop's `Configuration`; XML 1.0, 2.2 for what can be written.

use serde_json::Value;

use super::{Unwritable, entries};

pub fn write(value: &Value) -> Result<String, Unwritable> {
    let mut text = "<?xml version=\"1.0\"?>\n<configuration>\n".to_owned();
    for (name, value) in entries(value)? {
        let (name, value) = (escape(name, name)?, escape(name, &value)?);
        text.push_str(&format!("  <property>\n    <name>{name}</name>\n    <value>{value}</value>\n  </property>\n"));
    }
    text.push_str("</configuration>\n");
    Ok(text)
}

fn escape(name: &str, text: &str) -> Result<String, Unwritable> {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            // A parser takes it for a line break.
            '\r' => escaped.push_str("&#13;"),
            '\t' | '\n' => escaped.push(c),
            '\u{0}'..' ' | '\u{fffe}' | '\u{ffff}' => return Err(Unwritable::XmlCharacter(name.to_owned(), c)),
            c => escaped.push(c),
        }
    }
    Ok(escaped)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn names_and_values_are_escaped() {
        let written = write(&json!({ "dfs.b": "<a & b>\r", "dfs.a": 3, "none": null })).unwrap();
        assert_eq!(
            written,
            "<?xml version=\"1.0\"?>\n<configuration>\n  \
             <property>\n    <name>dfs.a</name>\n    <value>3</value>\n  </property>\n  \
             <property>\n    <name>dfs.b</name>\n    <value>&lt;a &amp; b&gt;&#13;</value>\n  </property>\n\
             </configuration>\n"
        );
    }

    #[test]
    fn control_characters_are_refused() {
        assert!(write(&json!({ "a": "\u{1}" })).unwrap_err().to_string().starts_with("`a` has the character U+0001"));
        assert!(write(&json!({ "\u{b}": "" })).unwrap_err().to_string().contains("U+000B"));
    }
}
