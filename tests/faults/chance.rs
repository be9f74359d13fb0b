//! Decisions by a seed. What is decided depends on the seed, on what is asked and on how often that was asked before, and on nothing else: not
//! on what other requests come in between. So a seed repeats its faults, though no two runs of a control plane take the same time.

use std::time::Duration;

/// A number for the `nth` time that `question` is asked.
pub fn number(seed: u64, question: &str, nth: u64) -> u64 {
    let bytes = question.bytes().chain(nth.to_le_bytes()).chain(seed.to_le_bytes());
    // FNV-1a, then the finalizer of splitmix64: neighbouring questions have nothing in common.
    let hash = bytes
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3));
    let mixed = (hash ^ (hash >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

/// One of several.
pub fn one_of<T: Copy>(seed: u64, question: &str, nth: u64, choices: &[T]) -> T {
    let at = number(seed, question, nth) % choices.len() as u64;
    choices[usize::try_from(at).unwrap_or_default()]
}

/// A time between two others, in milliseconds; short ones are more frequent.
pub fn time(seed: u64, question: &str, nth: u64, (least, most): (u64, u64)) -> Duration {
    let part = (number(seed, question, nth) % 1000) as f64 / 1000.0;
    let range = most.saturating_sub(least) as f64;
    Duration::from_millis(least + (range * part * part) as u64)
}
