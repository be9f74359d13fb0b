//! Strings in constants, where neither `==` nor `format!` can be.

/// A message of several parts.
pub struct Message {
    text: [u8; Self::LONGEST],
    length: usize,
}

impl Message {
    /// In bytes; a part beyond it is left out.
    const LONGEST: usize = 1024;

    pub const fn new(text: &str) -> Self {
        Self { text: [0; Self::LONGEST], length: 0 }.and(text)
    }

    #[must_use]
    pub const fn and(mut self, text: &str) -> Self {
        let bytes = text.as_bytes();
        if self.length + bytes.len() > Self::LONGEST {
            return self;
        }
        let mut index = 0;
        while index < bytes.len() {
            self.text[self.length] = bytes[index];
            self.length += 1;
            index += 1;
        }
        self
    }

    #[track_caller]
    pub const fn report(&self) -> ! {
        panic!("{}", text(self.text.split_at(self.length).0))
    }
}

/// Whole strings, and strings cut at ASCII characters, stay UTF-8.
pub const fn text(bytes: &[u8]) -> &str {
    match core::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(_) => "",
    }
}

pub const fn same(one: &str, other: &str) -> bool {
    one.len() == other.len() && starts_with(one.as_bytes(), other.as_bytes())
}

pub const fn starts_with(text: &[u8], start: &[u8]) -> bool {
    if text.len() < start.len() {
        return false;
    }
    let mut index = 0;
    while index < start.len() {
        if text[index] != start[index] {
            return false;
        }
        index += 1;
    }
    true
}

/// The parts before and after the first `separator`.
pub const fn split(text: &[u8], separator: u8) -> Option<(&[u8], &[u8])> {
    let mut index = 0;
    while index < text.len() {
        if text[index] == separator {
            return Some((text.split_at(index).0, text.split_at(index + 1).1));
        }
        index += 1;
    }
    None
}

pub const fn contains(texts: &[&str], text: &str) -> bool {
    let mut index = 0;
    while index < texts.len() {
        if same(texts[index], text) {
            return true;
        }
        index += 1;
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_are_compared_and_cut() {
        assert!(same("", "") && same("a", "a") && !same("a", "ab") && !same("ab", "a") && !same("a", "b"));
        assert!(starts_with(b"abc", b"ab") && starts_with(b"a", b"") && !starts_with(b"a", b"ab"));
        assert_eq!(split(b"a.b.c", b'.'), Some((b"a".as_slice(), b"b.c".as_slice())));
        assert_eq!(split(b".", b'.'), Some((b"".as_slice(), b"".as_slice())));
        assert_eq!(split(b"abc", b'.'), None);
        assert!(contains(&["a", "b"], "b") && !contains(&["a", "b"], "c"));
    }

    #[test]
    #[should_panic(expected = "`a` and `b`")]
    fn a_message_has_parts() {
        Message::new("`").and("a").and("` and `").and("b").and("`").and(&"x".repeat(2000)).report();
    }
}
