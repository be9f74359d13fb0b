//! Texts of others, as far as they are shown.

/// `text`, or where it is longer than so many bytes, its beginning.
pub fn cut(mut text: String, longest: usize) -> String {
    if text.len() > longest {
        let end = (0..=longest).rev().find(|end| text.is_char_boundary(*end)).unwrap_or_default();
        text.truncate(end);
        text.push('…');
    }
    text
}
