//! Java properties: `key=value` lines. Source: `java.util.Properties`, `load`.

use serde_json::Value;

use super::{Unwritable, entries};

pub fn write(value: &Value) -> Result<String, Unwritable> {
    let line = |(key, value): &(&str, String)| format!("{}={}\n", escape(key, true), escape(value, false));
    Ok(entries(value)?.iter().map(line).collect())
}

/// Java reads such files as ISO 8859-1: what isn't ASCII is written by its number.
fn escape(text: &str, key: bool) -> String {
    let mut escaped = String::with_capacity(text.len());
    for (index, c) in text.chars().enumerate() {
        match c {
            '\\' => escaped.push_str("\\\\"),
            '\n' => escaped.push_str("\\n"),
            '\r' => escaped.push_str("\\r"),
            '\t' => escaped.push_str("\\t"),
            '\u{c}' => escaped.push_str("\\f"),
            ' ' if key || index == 0 => escaped.push_str("\\ "),
            '=' | ':' if key => escaped.extend(['\\', c]),
            '#' | '!' if key && index == 0 => escaped.extend(['\\', c]),
            ' '..='~' => escaped.push(c),
            c => c.encode_utf16(&mut [0; 2]).iter().for_each(|unit| escaped.push_str(&format!("\\u{unit:04x}"))),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;
    use std::collections::BTreeMap;

    #[test]
    fn keys_and_values_are_escaped() {
        let value = json!({ "b.c": "x=1", "a key": " lead\nline", "n": 3, "on": true, "none": null, "ü": "😀" });
        let written = "a\\ key=\\ lead\\nline\nb.c=x=1\nn=3\non=true\n\\u00fc=\\ud83d\\ude00\n";
        assert_eq!(write(&value).unwrap(), written);
    }

    /// As Java reads a line.
    fn unescaped(text: &str) -> String {
        let mut units = Vec::new();
        let mut chars = text.chars();
        while let Some(c) = chars.next() {
            let unit = match (c, (c == '\\').then(|| chars.next()).flatten()) {
                ('\\', Some('n')) => '\n',
                ('\\', Some('r')) => '\r',
                ('\\', Some('t')) => '\t',
                ('\\', Some('f')) => '\u{c}',
                ('\\', Some('u')) => {
                    let digits: String = chars.by_ref().take(4).collect();
                    units.push(u16::from_str_radix(&digits, 16).unwrap());
                    continue;
                }
                ('\\', Some(c)) => c,
                (c, _) => c,
            };
            units.extend(unit.encode_utf16(&mut [0; 2]).iter());
        }
        String::from_utf16(&units).unwrap()
    }

    proptest! {
        #[test]
        fn what_is_written_is_what_java_reads(map in prop::collection::btree_map("(?s).{1,6}", "(?s).{0,6}", 0..4)) {
            let written = write(&json!(map)).unwrap();
            let mut read = BTreeMap::new();
            for line in written.lines() {
                let mut escape = false;
                let end = line.find(|c| {
                    let ends = !escape && matches!(c, '=' | ':' | ' ');
                    escape = !escape && c == '\\';
                    ends
                }).unwrap();
                let (key, value) = (&line[..end], &line[end + 1..]);
                prop_assert!(!key.starts_with(['#', '!', ' ']) && !value.starts_with(' '), "{line}");
                read.insert(unescaped(key), unescaped(value));
            }
            prop_assert_eq!(read, map);
        }
    }
}
