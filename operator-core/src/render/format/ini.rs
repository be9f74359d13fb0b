//! `key = value` lines; a map is a `[section]`. There is no standard: what readers disagree on is refused.

use serde_json::Value;

use super::{Unwritable, by_name, map, scalar};

pub fn write(value: &Value) -> Result<String, Unwritable> {
    let top = map(value)?;
    // What stands under a section belongs to it, so single values come first.
    let mut text = lines("", top.iter().filter(|(_, value)| !value.is_object()))?;
    for (name, section) in by_name(top) {
        let Some(section) = section.as_object() else { continue };
        if name.is_empty() || name.trim() != name || name.contains(['[', ']']) || name.contains(char::is_control) {
            return Err(Unwritable::IniSection(name.clone()));
        }
        if !text.is_empty() {
            text.push('\n');
        }
        text.push_str(&format!("[{name}]\n"));
        text.push_str(&lines(&format!("{name}."), section)?);
    }
    Ok(text)
}

fn lines<'a>(section: &str, entries: impl IntoIterator<Item = (&'a String, &'a Value)>) -> Result<String, Unwritable> {
    let entries = by_name(entries).into_iter().filter(|(_, value)| !value.is_null());
    entries.map(|(key, value)| line(section, key, value)).collect()
}

fn line(section: &str, key: &str, value: &Value) -> Result<String, Unwritable> {
    let path = format!("{section}{key}");
    if value.is_object() {
        return Err(Unwritable::IniMap(path));
    }
    let value = scalar(&path, value)?;
    if key.is_empty()
        || key.trim() != key
        || key.starts_with(['[', '#', ';'])
        || key.contains(['=', ':'])
        || key.contains(char::is_control)
    {
        return Err(Unwritable::IniKey(path));
    }
    if value.contains(|c: char| c.is_control() && c != '\t') {
        return Err(Unwritable::IniControl(path));
    }
    if value.trim() != value {
        return Err(Unwritable::IniSpace(path));
    }
    Ok(format!("{key} = {value}").trim_end().to_owned() + "\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn maps_are_sections_after_single_values() {
        let value = json!({ "z": 1, "b": { "y": true, "x": "a = b; c" }, "a": {}, "m": "", "none": null });
        assert_eq!(write(&value).unwrap(), "m =\nz = 1\n\n[a]\n\n[b]\nx = a = b; c\ny = true\n");
    }

    #[test]
    fn what_ini_cannot_hold_is_refused() {
        for (value, why) in [
            (json!({ "a": { "b": { "c": 1 } } }), "`a.b` is a map within a section"),
            (json!({ "a": [1] }), "`a` must be a string, a number or a boolean"),
            (json!({ "a": "x\ny" }), "the value of `a` has a line break"),
            (json!({ "a": " x" }), "the value of `a` begins or ends with a space"),
            (json!({ "a=b": 1 }), "`a=b` can't be a key in ini"),
            (json!({ "s": { "#a": 1 } }), "`s.#a` can't be a key in ini"),
            (json!({ "a]": {} }), "`a]` can't be the name of a section"),
            (json!([]), "must be a map"),
        ] {
            let refused = write(&value).unwrap_err().to_string();
            assert!(refused.starts_with(why), "{refused}");
        }
    }
}
