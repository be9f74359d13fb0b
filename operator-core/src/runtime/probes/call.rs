//! Checks of externals by functions of the author.

use std::time::Duration;

use serde_json::Value;
use tokio::runtime::Handle;

use super::{
    super::threads::{Overrun, Threads},
    reach::TIMEOUT,
};
use crate::definition::AsyncCheck;

/// Threads for functions at once, and those of a namespace.
pub const AT_ONCE: (usize, usize) = (64, 8);
/// How much longer a function may take to notice that its time is over.
const GRACE: Duration = Duration::from_secs(1);

/// Why a function doesn't say that an external is ready.
#[derive(Debug, thiserror::Error)]
pub enum Unready {
    /// It says so itself.
    #[error("{0}")]
    Said(String),
    #[error("no answer within {} s", TIMEOUT.as_secs())]
    Late,
    #[error("the check itself failed: it panicked")]
    Panicked,
    #[error("the check itself doesn't end within {} s: it blocks its thread", TIMEOUT.as_secs())]
    Blocks,
    #[error("the check can't be run: {0}")]
    NoThread(String),
    #[error("no turn: an earlier check, or those of other clusters of this namespace, haven't ended")]
    NoTurn,
}

/// Calls a function for an external of a cluster: its key. In time, whatever it does.
pub async fn call(
    threads: &Threads,
    (namespace, key): (&str, &str),
    check: AsyncCheck,
    value: Value,
) -> Result<(), Unready> {
    let operator = Handle::current();
    let call = move || operator.block_on(async { tokio::time::timeout(TIMEOUT, check(value)).await });
    match threads.run(namespace, key, TIMEOUT + GRACE, call).await {
        Ok(Ok(result)) => result.map_err(Unready::Said),
        Ok(Err(_)) => Err(Unready::Late),
        Err(Overrun::Panicked) => Err(Unready::Panicked),
        Err(Overrun::Late) => Err(Unready::Blocks),
        Err(Overrun::NoThread(error)) => Err(Unready::NoThread(error)),
        Err(Overrun::NoTurn) => Err(Unready::NoTurn),
    }
}

#[cfg(test)]
mod tests {
    use futures::{FutureExt, future::BoxFuture};
    use serde_json::json;

    use super::*;

    fn check(value: Value) -> BoxFuture<'static, Result<(), String>> {
        async move {
            match value.as_str() {
                Some("there") => Ok(()),
                Some("hangs") => std::future::pending().await,
                Some("sleeps") => loop {
                    std::thread::park();
                },
                Some(text) => Err(format!("{text} is no store")),
                None => panic!("at any value"),
            }
        }
        .boxed()
    }

    #[tokio::test]
    async fn a_function_decides_by_itself_in_time() {
        let threads = Threads::new(AT_ONCE, TIMEOUT);
        let ask = async |value: Value| {
            call(&threads, ("default", "a"), check, value).await.map_err(|unready| unready.to_string())
        };
        assert_eq!(ask(json!("there")).await, Ok(()));
        assert_eq!(ask(json!("this")).await.unwrap_err(), "this is no store");
        assert_eq!(ask(json!(1)).await.unwrap_err(), "the check itself failed: it panicked");
        assert_eq!(ask(json!("hangs")).await.unwrap_err(), "no answer within 5 s");
        assert_eq!(ask(json!("there")).await, Ok(()), "it came to its end, and with it its turn");
    }

    /// On a runtime with one thread, which would stand still.
    #[tokio::test]
    async fn a_function_that_blocks_its_thread_has_one_and_holds_up_only_itself() {
        let threads = Threads::new(AT_ONCE, TIMEOUT);
        let blocked = call(&threads, ("default", "a"), check, json!("sleeps"));
        let other = async {
            call(&threads, ("default", "b"), check, json!("there")).await.unwrap();
        };
        let (blocked, ()) = futures::join!(blocked, other);
        assert_eq!(blocked.unwrap_err().to_string(), "the check itself doesn't end within 5 s: it blocks its thread");
        let again = call(&threads, ("default", "a"), check, json!("there")).await;
        assert!(again.unwrap_err().to_string().starts_with("no turn: an earlier check"));
        call(&threads, ("default", "b"), check, json!("there")).await.unwrap();
    }
}
