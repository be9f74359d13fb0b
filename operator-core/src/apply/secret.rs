//! The content of Secrets that are made: random, put in at the last moment, and kept from then on.

/// Letters and digits, 62 of them.
const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/// So many random letters and digits, each as likely as any other.
pub fn random(length: u32) -> Result<Vec<u8>, getrandom::Error> {
    let length = usize::try_from(length).unwrap_or_default();
    let mut text = Vec::with_capacity(length);
    let mut bytes = [0; 64];
    while text.len() < length {
        getrandom::fill(&mut bytes)?;
        // Of 256 values the last eight are left out: the others are four times each letter.
        let letters = bytes.iter().filter_map(|byte| {
            let fair = usize::from(*byte) < ALPHABET.len() * 4;
            ALPHABET.get(usize::from(*byte) % ALPHABET.len()).filter(|_| fair)
        });
        text.extend(letters.take(length - text.len()));
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn random_texts_are_of_the_wanted_length_and_differ() {
        let texts: Vec<Vec<u8>> = [0, 1, 32, 1000].into_iter().map(|length| random(length).unwrap()).collect();
        assert_eq!(texts.iter().map(Vec::len).collect::<Vec<_>>(), [0, 1, 32, 1000]);
        assert!(texts.iter().flatten().all(u8::is_ascii_alphanumeric));
        assert_ne!(random(32).unwrap(), random(32).unwrap());
        let mut letters = texts[3].clone();
        letters.sort_unstable();
        letters.dedup();
        assert!(letters.len() > 50, "{} of 62 letters in 1000", letters.len());
    }
}
