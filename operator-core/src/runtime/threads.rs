//! Functions of the author, each on a thread of its own: they may panic, block their thread, or never end.

use std::{panic::AssertUnwindSafe, time::Duration};

use tokio::{sync::oneshot, time::timeout};

use super::turns::{Turn, Turns};

/// Calls functions. One that never ends has its thread for ever; it is the last one of its key.
pub struct Threads {
    of_namespaces: Turns,
    of_keys: Turns,
    /// How long to wait for a turn.
    patience: Duration,
}

/// Why a function has no result.
#[derive(Debug, PartialEq, Eq)]
pub enum Overrun {
    /// Others haven't ended: an earlier one of its key, or those of its namespace.
    NoTurn,
    /// It doesn't end.
    Late,
    /// It panicked; the log says where.
    Panicked,
    /// There can't be another thread.
    NoThread(String),
}

impl Threads {
    /// So many at once, and so many of a namespace; who has no turn after so long gets none.
    pub fn new((all, namespace): (usize, usize), patience: Duration) -> Self {
        Self { of_namespaces: Turns::new(all, namespace), of_keys: Turns::new(all, 1), patience }
    }

    /// Calls a function once it is its turn. It may take so long.
    pub async fn run<T: Send + 'static>(
        &self,
        namespace: &str,
        key: &str,
        within: Duration,
        function: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Overrun> {
        // First that of the namespace: who waits for it is in no other namespace's way.
        let turns = async { Some((self.of_namespaces.take(namespace).await?, self.of_keys.take(key).await?)) };
        let Ok(Some(turns)) = timeout(self.patience, turns).await else { return Err(Overrun::NoTurn) };
        let (answer, answered) = oneshot::channel();
        // Not on one of Tokio's: those are waited for when the operator ends.
        let thread = std::thread::Builder::new().name("author".to_owned()).spawn(move || {
            let _turns: (Turn, Turn) = turns;
            // Nobody listens any more where it took too long.
            let _ = answer.send(here(function));
        });
        thread.map_err(|error| Overrun::NoThread(error.to_string()))?;
        timeout(within, answered).await.map_or(Err(Overrun::Late), |answer| answer.unwrap_or(Err(Overrun::Panicked)))
    }
}

/// Calls a function on this thread.
pub fn here<T>(function: impl FnOnce() -> T) -> Result<T, Overrun> {
    std::panic::catch_unwind(AssertUnwindSafe(function)).map_err(|_| Overrun::Panicked)
}
