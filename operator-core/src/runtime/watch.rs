//! A watch that streams its first list where the server can, and pages it where it can't.

use std::{fmt::Debug, ops::ControlFlow};

use futures::StreamExt;
use kube::{
    Api, Resource,
    core::Status,
    runtime::{
        WatchStreamExt,
        watcher::{self, Event, watcher},
    },
};
use serde::de::DeserializeOwned;

/// Objects of a page, where lists are paged: what is decoded at once.
const PAGE: u32 = 100;

/// What a watch begins with, also where it has to begin anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum First {
    /// A list that is no older than what was written before it: of what is to be, nothing older may be believed.
    Newest,
    /// A list that is streamed from the API server's cache, which may lag: of what is, which the API server judges again at each write.
    Streamed,
}

/// Watches until `failed`, which is told every error, has enough.
pub async fn watch<K>(
    api: Api<K>,
    config: watcher::Config,
    first: First,
    mut ingest: impl FnMut(Event<K>),
    mut failed: impl FnMut(&watcher::Error) -> ControlFlow<()>,
) where
    K: Resource + Clone + DeserializeOwned + Debug + Send + 'static,
{
    let mut streaming = matches!(first, First::Streamed);
    let start = |streaming| {
        let config = config.clone();
        let config = if streaming { config.streaming_lists() } else { config.page_size(PAGE) };
        watcher(api.clone(), config).default_backoff().boxed()
    };
    let mut events = start(streaming);
    while let Some(event) = events.next().await {
        match event {
            Ok(event) => ingest(event),
            Err(error) if streaming && is_refused(&error) => {
                tracing::info!("the API server doesn't stream lists; paging them instead");
                streaming = false;
                events = start(streaming);
            }
            Err(error) => {
                if failed(&error).is_break() {
                    return;
                }
                tracing::warn!(url = api.resource_url(), fields = config.field_selector, %error, "watch");
            }
        }
    }
}

/// What the API server answered, where it did.
fn status(error: &watcher::Error) -> Option<&Status> {
    match error {
        watcher::Error::InitialListFailed(kube::Error::Api(status))
        | watcher::Error::WatchStartFailed(kube::Error::Api(status))
        | watcher::Error::WatchFailed(kube::Error::Api(status))
        | watcher::Error::WatchError(status) => Some(status),
        _ => None,
    }
}

/// The HTTP status of that answer.
pub fn code(error: &watcher::Error) -> Option<u16> {
    status(error).map(|status| status.code)
}

/// What went wrong, in the API server's words where it answered.
pub fn message(error: &watcher::Error) -> String {
    status(error).map_or_else(|| error.to_string(), |status| status.message.clone())
}

/// Source: KEP-3157; a server without the feature calls `sendInitialEvents` invalid or forbidden.
fn is_refused(error: &watcher::Error) -> bool {
    status(error)
        .is_some_and(|status| matches!(status.code, 400 | 403 | 422) && status.message.contains("sendInitialEvents"))
}
