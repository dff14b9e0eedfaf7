//! Telling callers with an open stream that they were revoked [13.2].

use std::task::Waker;

use tokio::task::yield_now;

use super::{Revocations, replica::Replica, watchers::Watcher};
use crate::{
    caught::caught,
    context::{AuthContext, RestingContext, Revokes},
    polling::{Polled, Trust},
};

impl Replica {
    /// Wakes the callers who have ended since they were told last. There may be many, so others have
    /// their turn in between.
    pub(super) async fn tell_watchers(&self) {
        if self.watchers.were_told(self.turn()) {
            return;
        }
        let mut from = 0;
        while let Some(some) = self.watchers.some(from, AT_ONCE) {
            for Watcher { caller, waker } in some {
                if self.has_ended(&caller.to_context()) {
                    // It may panic.
                    caught(|| waker.wake());
                }
            }
            from += AT_ONCE;
            yield_now().await;
        }
    }

    fn has_ended(&self, caller: &AuthContext) -> bool {
        self.ended_by_now(caller).is_some() || self.trust() == Trust::Lost
    }
}

impl Revokes for Revocations {
    fn turn(&self) -> u32 {
        self.replica().turn()
    }

    fn has_ended(&self, caller: &AuthContext) -> bool {
        self.replica().has_ended(caller)
    }

    fn leave(&self, caller: &RestingContext, waker: &Waker, place: Option<u32>) -> Option<u32> {
        let watcher = Watcher {
            caller: caller.clone(),
            waker: waker.clone(),
        };
        self.replica().watchers.put(watcher, place)
    }

    fn give_back(&self, place: u32) {
        self.replica().watchers.remove(place);
    }
}

/// The number of callers after which others have their turn.
const AT_ONCE: usize = 200;
