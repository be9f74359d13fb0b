//! Turns of what may take long: a bounded number at once, and of these a share for each key.

use std::{
    collections::HashMap,
    sync::{Arc, Weak},
};

use parking_lot::Mutex;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// A waiting caller delays only callers with the same key.
pub struct Turns {
    all: Arc<Semaphore>,
    share: usize,
    shares: Mutex<HashMap<Box<str>, Weak<Semaphore>>>,
}

/// It is over when this is dropped.
pub struct Turn {
    _of_share: OwnedSemaphorePermit,
    _of_all: OwnedSemaphorePermit,
}

impl Turns {
    /// So many at once, and so many of a key.
    pub fn new(all: usize, share: usize) -> Self {
        Self { all: Arc::new(Semaphore::new(all)), share, shares: Mutex::default() }
    }

    /// Waits for a turn; none is given only where there are no more at all.
    pub async fn take(&self, key: &str) -> Option<Turn> {
        let of_share = self.share(key).acquire_owned().await.ok()?;
        // Those that wait here, in the order in which they came, are no more than the share of each key.
        let of_all = self.all.clone().acquire_owned().await.ok()?;
        Some(Turn { _of_share: of_share, _of_all: of_all })
    }

    fn share(&self, key: &str) -> Arc<Semaphore> {
        let mut shares = self.shares.lock();
        if let Some(share) = shares.get(key).and_then(Weak::upgrade) {
            return share;
        }
        shares.retain(|_, share| share.strong_count() > 0);
        let share = Arc::new(Semaphore::new(self.share));
        shares.insert(key.into(), Arc::downgrade(&share));
        share
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt;

    use super::*;

    fn take(turns: &Turns, key: &str) -> Option<Turn> {
        turns.take(key).now_or_never().flatten()
    }

    #[test]
    fn who_has_had_its_share_waits_and_others_dont() {
        let turns = Turns::new(3, 2);
        let (first, second) = (take(&turns, "a").unwrap(), take(&turns, "a").unwrap());
        assert!(take(&turns, "a").is_none(), "two are its share");
        let other = take(&turns, "b").unwrap();
        assert!(take(&turns, "c").is_none(), "three are all");
        drop(other);
        let other = take(&turns, "c").unwrap();
        drop(first);
        assert!(take(&turns, "a").is_some());
        drop((second, other));
        assert!(take(&turns, "d").is_some());
        assert_eq!(turns.shares.lock().len(), 1, "who has no turn isn't kept");
    }
}
