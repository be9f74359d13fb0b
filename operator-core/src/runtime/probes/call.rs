//! Checks of externals by functions of the author. They may panic, block their thread, or never end.

use std::{panic::AssertUnwindSafe, time::Duration};

use futures::FutureExt;
use serde_json::Value;
use tokio::{runtime::Handle, sync::oneshot};

use super::{
    reach::TIMEOUT,
    turns::{Turn, Turns},
};
use crate::definition::AsyncCheck;

/// Threads for functions at once, and those of a namespace.
const AT_ONCE: (usize, usize) = (64, 8);
/// How much longer a function may take to notice that its time is over.
const GRACE: Duration = Duration::from_secs(1);

/// Calls functions, each on a thread of its own. One that never ends has its thread for ever; it is the last one of its cluster.
pub struct Calls {
    of_namespaces: Turns,
    of_functions: Turns,
}

impl Calls {
    /// Calls nothing yet.
    pub fn new() -> Self {
        Self { of_namespaces: Turns::new(AT_ONCE.0, AT_ONCE.1), of_functions: Turns::new(AT_ONCE.0, 1) }
    }

    /// Calls a function for an external of a cluster: its key. In time, whatever it does.
    pub async fn call(&self, namespace: &str, key: &str, check: AsyncCheck, value: Value) -> Result<(), String> {
        // First that of the namespace: who waits for it is in no other namespace's way.
        let turns = async { Some((self.of_namespaces.take(namespace).await?, self.of_functions.take(key).await?)) };
        let Ok(Some(turns)) = tokio::time::timeout(TIMEOUT, turns).await else {
            return Err(
                "no turn: an earlier check, or those of other clusters of this namespace, haven't ended".to_owned()
            );
        };
        let (answer, answered) = oneshot::channel();
        let (operator, late) = (Handle::current(), || Err(format!("no answer within {} s", TIMEOUT.as_secs())));
        // Not on one of Tokio's: those are waited for when the operator ends.
        let thread = std::thread::Builder::new().name("external-check".to_owned()).spawn(move || {
            let _turns: (Turn, Turn) = turns;
            let check = AssertUnwindSafe(async { tokio::time::timeout(TIMEOUT, check(value)).await });
            // Nobody listens any more where it took too long.
            let _ = answer.send(operator.block_on(check.catch_unwind()));
        });
        if let Err(error) = thread {
            return Err(format!("the check can't be run: {error}"));
        }
        match tokio::time::timeout(TIMEOUT + GRACE, answered).await {
            Ok(Ok(Ok(Ok(result)))) => result,
            Ok(Ok(Ok(Err(_)))) => late(),
            Ok(Ok(Err(_)) | Err(_)) => Err("the check itself failed: it panicked".to_owned()),
            Err(_) => Err(format!("the check itself doesn't end within {} s: it blocks its thread", TIMEOUT.as_secs())),
        }
    }
}

#[cfg(test)]
mod tests {
    use futures::future::BoxFuture;
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
        let calls = Calls::new();
        let call = |value: Value| calls.call("default", "a", check, value);
        assert_eq!(call(json!("there")).await, Ok(()));
        assert_eq!(call(json!("this")).await.unwrap_err(), "this is no store");
        assert_eq!(call(json!(1)).await.unwrap_err(), "the check itself failed: it panicked");
        assert_eq!(call(json!("hangs")).await.unwrap_err(), "no answer within 5 s");
        assert_eq!(call(json!("there")).await, Ok(()), "it came to its end, and with it its turn");
    }

    /// On a runtime with one thread, which would stand still.
    #[tokio::test]
    async fn a_function_that_blocks_its_thread_has_one_and_holds_up_only_itself() {
        let calls = Calls::new();
        let blocked = calls.call("default", "a", check, json!("sleeps"));
        let other = async {
            assert_eq!(calls.call("default", "b", check, json!("there")).await, Ok(()));
        };
        let (blocked, ()) = futures::join!(blocked, other);
        assert_eq!(blocked.unwrap_err(), "the check itself doesn't end within 5 s: it blocks its thread");
        let again = calls.call("default", "a", check, json!("there")).await;
        assert!(again.unwrap_err().starts_with("no turn: an earlier check"));
        assert_eq!(calls.call("default", "b", check, json!("there")).await, Ok(()));
    }
}
