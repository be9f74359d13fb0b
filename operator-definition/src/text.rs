//! Texts in constants, where neither `==` nor `format!` can be.

/// Fails where something is wrong, with a sentence about it; see [`report`].
#[track_caller]
pub const fn report_if(is_wrong: bool, sentence: &str, parts: &[&str]) {
    if is_wrong {
        report(sentence, parts);
    }
}

/// Fails with a sentence in which each `{}` stands for the next part.
#[track_caller]
pub const fn report(sentence: &str, parts: &[&str]) -> ! {
    /// In bytes; a part is left out where the sentence had no room with it.
    const LONGEST: usize = 1024;
    let (mut message, mut length) = ([0; LONGEST], 0);
    let (mut sentence, mut parts) = (sentence.as_bytes(), parts);
    while let [byte, after @ ..] = sentence {
        let mut added: &[u8] = &[*byte];
        sentence = after;
        if let ([b'}', after @ ..], [part, others @ ..]) = (after, parts)
            && *byte == b'{'
        {
            (added, sentence, parts) = (part.as_bytes(), after, others);
        }
        if length + added.len() + sentence.len() <= LONGEST {
            message.split_at_mut(length).1.split_at_mut(added.len()).0.copy_from_slice(added);
            length += added.len();
        }
    }
    panic!("{}", text(message.split_at(length).0))
}

/// Whole texts, and texts cut at ASCII characters, stay UTF-8.
pub const fn text(bytes: &[u8]) -> &str {
    match core::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(_) => "",
    }
}

/// Whether they are equal.
pub const fn same(one: &str, other: &str) -> bool {
    one.len() == other.len() && after(one, other).is_some()
}

/// Whether there is a text, equal to the other.
pub const fn is(one: Option<&str>, other: &str) -> bool {
    matches!(one, Some(one) if same(one, other))
}

pub const fn contains(texts: &[&str], text: &str) -> bool {
    any!(texts, |one| same(one, text))
}

/// The rest of a text that starts so.
pub const fn after<'a>(text: &'a str, start: &str) -> Option<&'a str> {
    let (mut rest, mut start) = (text.as_bytes(), start.as_bytes());
    while let ([one, others @ ..], [other, starts @ ..]) = (rest, start) {
        if *one != *other {
            return None;
        }
        (rest, start) = (others, starts);
    }
    if start.is_empty() { Some(self::text(rest)) } else { None }
}

/// The parts before and after the first separator, an ASCII character; where there is none, the first part is the text.
pub const fn split(text: &str, separator: u8) -> (&str, Option<&str>) {
    let mut rest = text.as_bytes();
    while let [first, others @ ..] = rest {
        if *first == separator {
            return (text.split_at(text.len() - rest.len()).0, Some(self::text(others)));
        }
        rest = others;
    }
    (text, None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_compared_and_cut() {
        assert!(same("", "") && same("a", "a") && !same("a", "ab") && !same("ab", "a") && !same("a", "b"));
        assert!(is(Some("a"), "a") && !is(Some("a"), "b") && !is(None, ""));
        assert_eq!([after("abc", "ab"), after("é", ""), after("a", "ab")], [Some("c"), Some("é"), None]);
        assert_eq!(split("a.b.c", b'.'), ("a", Some("b.c")));
        assert_eq!(split(".", b'.'), ("", Some("")));
        assert_eq!(split("é…", b'.'), ("é…", None));
        assert!(contains(&["a", "b"], "b") && !contains(&["a", "b"], "c"));
    }

    #[test]
    #[should_panic(expected = "`${é.}` and `{b}`: … {}")]
    fn a_message_has_parts() {
        report("`${{}.{}}` and `{b}`: … {}", &["é", &"x".repeat(1024)]);
    }
}
