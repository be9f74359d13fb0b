//! Attributes of the CustomResourceDefinition. Source of the rules: the API server's validation of those.

use super::{names, unique};
use crate::{
    attrs::Text,
    errors::{Errors, suggestion},
    model::{Crd, Deprecated, PrintColumn, Scale, Validation},
};

/// The rules; `fields` are the JSON names of the spec's fields, none where not all are known.
pub fn crd(crd: &Crd, fields: Option<&[String]>, errors: &Errors) {
    for name in &crd.short_names {
        names::letter_first("a short name", name, errors);
    }
    for name in &crd.categories {
        names::letter_first("a category", name, errors);
    }
    unique(&crd.short_names, errors, |name| format!("the short name `{name}` is given twice: keep one of them"));
    unique(&crd.categories, errors, |name| format!("the category `{name}` is given twice: keep one of them"));
    columns(&crd.print_columns, fields, errors);
    crd.validations.iter().for_each(|validation| rule(validation, errors));
    if let Some(given) = &crd.scale {
        scale(given, fields, errors);
    }
    selectable(&crd.selectable, fields, errors);
    metadata(crd, errors);
    if let Some(Deprecated(Some(warning))) = &crd.deprecated {
        deprecation(warning, errors);
    }
}

fn columns(columns: &[PrintColumn], fields: Option<&[String]>, errors: &Errors) {
    for column in columns {
        if column.name.trim().is_empty() {
            errors.at(&column.name.span(), "a column needs a heading, such as \"Image\"");
        }
        path(&column.json_path, fields, errors);
    }
    unique(columns.iter().map(|column| &column.name), errors, |name| {
        format!("another column is called `{name}` already: give this one another heading")
    });
}

fn rule(validation: &Validation, errors: &Errors) {
    for (text, advice) in [
        (
            &validation.rule,
            "`rule` is empty: write a CEL expression over `self`, the whole object, such as \"has(self.spec.image)\"",
        ),
        (&validation.message, "`message` is empty: say what to write where the rule doesn't hold"),
    ] {
        if text.trim().is_empty() {
            errors.at(&text.span(), advice);
        }
    }
}

fn scale(scale: &Scale, fields: Option<&[String]>, errors: &Errors) {
    let Scale { spec_replicas_path, status_replicas_path, label_selector_path } = scale;
    for (path, below) in [
        (Some(spec_replicas_path), &[".spec."] as &[_]),
        (Some(status_replicas_path), &[".status."]),
        (label_selector_path.as_ref(), &[".status.", ".spec."]),
    ] {
        if let Some(path) = path {
            simple_path(path, below, fields, errors);
        }
    }
}

fn selectable(paths: &[Text], fields: Option<&[String]>, errors: &Errors) {
    const MOST: usize = 8;
    for path in paths {
        simple_path(path, &[".spec.", ".status."], fields, errors);
    }
    unique(paths, errors, |path| format!("`{path}` is selectable already: leave this one out"));
    if let Some(surplus) = paths.get(MOST) {
        errors.at(&surplus.span(), format!("at most {MOST} fields are selectable: leave out those that matter least"));
    }
}

/// A path of field names below one of these.
fn simple_path(text: &Text, below: &[&str], fields: Option<&[String]>, errors: &Errors) {
    let names = below.iter().find_map(|start| text.strip_prefix(start));
    if text.contains(['[', ']', '*', '$']) {
        errors.at(&text.span(), "this path is made of names alone: an item of a list or map by its key can't be in it");
    } else if !names.is_some_and(|names| names.split('.').all(|name| !name.is_empty())) {
        let starts: Vec<_> = below.iter().map(|start| format!("`{start}`")).collect();
        let with_dot = format!(".{}", text.trim_start_matches('.'));
        let advice = if below.iter().any(|start| with_dot.starts_with(start)) && !with_dot.contains("..") {
            format!("write \"{}\"", with_dot.trim_end_matches('.'))
        } else {
            "write the path from there".to_owned()
        };
        errors.at(&text.span(), format!("`{}` isn't below {}: {advice}", text.as_str(), starts.join(" or ")));
    } else {
        path(text, fields, errors);
    }
}

/// A path in the object. A path to a field that the spec doesn't have would give an empty column without an error.
fn path(path: &Text, fields: Option<&[String]>, errors: &Errors) {
    if !path.starts_with('.') {
        let below = path.trim_start_matches(['$', '{', '.']).trim_end_matches('}');
        return errors.at(&path.span(), format!("the path starts at the object: write \".{below}\""));
    }
    let Some(fields) = fields else { return };
    let below = path.strip_prefix(".spec.").and_then(|below| below.split(['.', '[']).next());
    if let Some(name) = below.filter(|name| !name.is_empty() && !fields.iter().any(|field| field == name)) {
        let known: Vec<_> = fields.iter().map(String::as_str).collect();
        errors.at(&path.span(), format!("the spec has no field `{name}`; {}", suggestion(name, &known)));
    }
}

fn metadata(crd: &Crd, errors: &Errors) {
    for (what, couples) in [("annotation", &crd.annotations), ("label", &crd.labels)] {
        for (key, _) in couples {
            names::qualified(what, key, errors);
        }
        unique(couples.iter().map(|(key, _)| key), errors, |key| {
            format!("the {what} `{key}` is given twice: keep one of them")
        });
    }
    for (_, value) in &crd.labels {
        names::label_value(value, errors);
    }
}

fn deprecation(warning: &Text, errors: &Errors) {
    const LONGEST: usize = 256;
    if warning.trim().is_empty() {
        errors.at(&warning.span(), "`deprecated` is empty: say what to use instead, or write it without a value");
    } else if warning.len() > LONGEST || warning.chars().any(char::is_control) {
        errors.at(&warning.span(), format!("the warning is one line of at most {LONGEST} bytes: make it shorter"));
    }
}

#[cfg(test)]
mod tests {
    use proc_macro2::Span;

    use super::*;

    fn text(text: &str) -> Text {
        Text::new(text.to_owned(), Span::call_site())
    }

    fn accepts(given: &Crd) -> bool {
        let errors = Errors::default();
        crd(given, Some(&["tier".to_owned()]), &errors);
        errors.finish().is_none()
    }

    #[test]
    fn a_path_is_made_of_names_below_the_spec_or_the_status() {
        let selectable = |path| accepts(&Crd { selectable: vec![text(path)], ..Crd::default() });
        for path in [".spec.tier", ".spec.tier.x", ".status.ready"] {
            assert!(selectable(path), "{path}");
        }
        for path in ["", ".spec", ".spec.", ".spec.tier.", "spec.tier", ".spec.teir", ".spec.tier[0]", ".metadata.name"]
        {
            assert!(!selectable(path), "{path}");
        }
    }

    #[test]
    fn at_most_eight_fields_are_selectable() {
        let selectable = |count| (0..count).map(|number| text(&format!(".status.a{number}"))).collect();
        assert!(accepts(&Crd { selectable: selectable(8), ..Crd::default() }));
        assert!(!accepts(&Crd { selectable: selectable(9), ..Crd::default() }));
    }

    #[test]
    fn a_warning_is_one_short_line() {
        let deprecated =
            |warning| accepts(&Crd { deprecated: Some(Deprecated(Some(text(warning)))), ..Crd::default() });
        assert!(deprecated("use v2"));
        assert!(!deprecated("") && !deprecated("use\nv2") && !deprecated(&"x".repeat(257)));
    }
}
