//! Waiting until something is so, or saying what was seen instead.

use std::{
    fmt::{self, Display},
    time::{Duration, Instant},
};

pub type Result<T> = std::result::Result<T, Failure>;

/// A sentence that says what went wrong.
#[derive(Debug)]
pub struct Failure(String);

impl Failure {
    pub fn new(sentence: impl Into<String>) -> Self {
        Self(sentence.into())
    }

    /// For `map_err`: what was being done.
    pub fn during<E: Display>(what: impl Display) -> impl FnOnce(E) -> Self {
        move |error| Self(format!("{what}: {error}"))
    }
}

impl Display for Failure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// What a look shows.
pub enum Seen<T> {
    /// What was waited for.
    Yes(T),
    /// Something else, in words.
    Not(String),
}

/// How often one looks, and how long.
#[derive(Clone, Copy)]
pub struct Patience {
    pub every: Duration,
    pub at_most: Duration,
}

impl Patience {
    /// For what the operator does at once: often enough to measure it.
    pub const CLOSE: Self = Self { every: Duration::from_millis(3), at_most: Duration::from_secs(30) };

    /// For pods that come and go.
    pub fn pods(at_most: Duration) -> Self {
        Self { every: Duration::from_millis(100), at_most }
    }
}

/// Looks until `what` is seen. Returns it, and the time it took.
///
/// A look that fails counts as "not yet": a connection may break.
pub async fn until<T>(
    what: &str,
    patience: Patience,
    mut look: impl AsyncFnMut() -> Result<Seen<T>>,
) -> Result<(T, Duration)> {
    let started = Instant::now();
    loop {
        let last = match tokio::time::timeout(patience.at_most, look()).await {
            Ok(Ok(Seen::Yes(value))) => return Ok((value, started.elapsed())),
            Ok(Ok(Seen::Not(seen))) => seen,
            Ok(Err(failure)) => failure.to_string(),
            Err(_) => "no answer".to_owned(),
        };
        if started.elapsed() > patience.at_most {
            let seconds = patience.at_most.as_secs();
            return Err(Failure(format!("expected within {seconds} s: {what}\n       seen: {last}")));
        }
        tokio::time::sleep(patience.every).await;
    }
}
