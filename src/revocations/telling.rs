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
        let turn = self.turn();
        if self.watchers.were_told(turn) {
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
        // The task may end in between: the next one tells them all.
        self.watchers.note_told(turn);
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

#[cfg(test)]
mod tests {
    use std::{
        future::Future as _,
        pin::pin,
        sync::{
            Arc,
            atomic::{AtomicUsize, Ordering},
        },
        task::{Context, Wake},
    };

    use arc_swap::ArcSwap;

    use super::*;
    use crate::{
        keys::{RevocationEntry, RevokedDigest, RevokedSubject, Timestamp},
        revocations::{MemoryRevocationStore, settings::Settings},
    };

    #[derive(Default)]
    struct Woken(AtomicUsize);

    impl Wake for Woken {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    #[test]
    fn those_whom_a_task_did_not_reach_before_it_ended_are_told_by_the_next_one() {
        let store = MemoryRevocationStore::new().expect("there are random bytes");
        let settings = Arc::new(ArcSwap::from_pointee(Settings::default()));
        let replica = Replica::new(Arc::new(store), None, &settings);
        let ada = AuthContext::new("ada").with_method("sessions");
        let who = RevokedDigest::of_principal(&ada.principal());
        let woken: [Arc<Woken>; 2] = Default::default();
        for number in 0..=AT_ONCE {
            let waker = Arc::clone(&woken[number / AT_ONCE]).into();
            let caller = RestingContext::from(ada.clone());
            replica.watchers.put(Watcher { caller, waker }, None);
        }
        let until = Timestamp::from_unix_millis(u64::MAX);
        let subject = RevokedSubject::Principal {
            who,
            tenant: None,
            before: until,
        };
        replica.take([RevocationEntry { subject, until }]);
        let mut context = Context::from_waker(Waker::noop());
        {
            let first = pin!(replica.tell_watchers());
            assert!(first.poll(&mut context).is_pending());
        }
        let count = |which: &Woken| which.0.load(Ordering::Relaxed);
        assert_eq!(woken.each_ref().map(|one| count(one)), [AT_ONCE, 0]);
        let mut next = pin!(replica.tell_watchers());
        while next.as_mut().poll(&mut context).is_pending() {}
        assert_eq!(count(&woken[1]), 1);
    }
}
