//! A shared state that answers as a test wants it, and counts what it is asked.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use tower_auth::{
    answer::Answer,
    shared::{
        Admission, Begun, Count, MemorySharedState, Once, SharedCounts, SharedState,
        SharedStateError,
    },
    testing::ManualClock,
};

#[derive(Clone, Copy, Debug)]
pub enum Manner {
    AtOnce,
    /// It counts, and the answer comes so much later.
    After(Duration),
    Hangs,
    Fails,
    Panics,
    PanicsLater,
}

/// As a server nearby answers.
pub const SOON: Manner = Manner::After(Duration::from_millis(1));
/// Every way of being away.
pub const AWAY: [Manner; 5] = [
    Manner::After(Duration::from_millis(100)),
    Manner::Hangs,
    Manner::Fails,
    Manner::Panics,
    Manner::PanicsLater,
];

pub struct Double {
    counts: MemorySharedState,
    manner: Mutex<Manner>,
    asked: AtomicUsize,
    charged: AtomicUsize,
    given_back: AtomicUsize,
}

impl Double {
    pub fn new(clock: &ManualClock, manner: Manner) -> Arc<Self> {
        Arc::new(Self {
            counts: MemorySharedState::new().with_clock(clock.clock()),
            manner: Mutex::new(manner),
            asked: AtomicUsize::new(0),
            charged: AtomicUsize::new(0),
            given_back: AtomicUsize::new(0),
        })
    }

    /// The state as one more process has it.
    pub fn shared(self: &Arc<Self>) -> SharedCounts {
        SharedCounts::new(self.clone())
    }

    pub fn set(&self, manner: Manner) {
        *self.manner.lock().unwrap() = manner;
    }

    /// The questions so far.
    pub fn asked(&self) -> usize {
        self.asked.load(Ordering::Relaxed)
    }

    /// The calls that charged units after the fact.
    pub fn charged(&self) -> usize {
        self.charged.load(Ordering::Relaxed)
    }

    /// The calls that gave units back.
    pub fn given_back(&self) -> usize {
        self.given_back.load(Ordering::Relaxed)
    }

    fn answer<T: Send + 'static>(
        &self,
        work: impl FnOnce(&MemorySharedState) -> Answer<Result<T, SharedStateError>>,
    ) -> Answer<Result<T, SharedStateError>> {
        let manner = *self.manner.lock().unwrap();
        match manner {
            Manner::AtOnce => work(&self.counts),
            Manner::After(pause) => {
                let answer = work(&self.counts);
                Answer::pending(async move {
                    tokio::time::sleep(pause).await;
                    answer.await
                })
            }
            Manner::Hangs => Answer::pending(std::future::pending()),
            Manner::Fails => Answer::pending(async { Err(SharedStateError::new("refused")) }),
            Manner::Panics => panic!("a fault of the state's own"),
            Manner::PanicsLater => Answer::pending(async { panic!("a fault of the state's own") }),
        }
    }
}

impl SharedState for Double {
    fn admit(&self, counts: &[Count]) -> Answer<Result<Admission, SharedStateError>> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        self.answer(|state| state.admit(counts))
    }

    fn charge(&self, counts: &[Count]) -> Answer<Result<(), SharedStateError>> {
        self.charged.fetch_add(1, Ordering::Relaxed);
        self.answer(|state| state.charge(counts))
    }

    fn give_back(&self, counts: &[Count]) -> Answer<Result<(), SharedStateError>> {
        self.given_back.fetch_add(1, Ordering::Relaxed);
        self.answer(|state| state.give_back(counts))
    }

    fn begin(&self, once: &Once, lease: Duration) -> Answer<Result<Begun, SharedStateError>> {
        self.answer(|state| state.begin(once, lease))
    }

    fn renew(&self, once: &Once, lease: Duration) -> Answer<Result<bool, SharedStateError>> {
        self.answer(|state| state.renew(once, lease))
    }

    fn finish(&self, once: &Once, ttl: Duration) -> Answer<Result<(), SharedStateError>> {
        self.answer(|state| state.finish(once, ttl))
    }

    fn abandon(&self, once: &Once) -> Answer<Result<(), SharedStateError>> {
        self.answer(|state| state.abandon(once))
    }
}

/// Time for what goes on in the background.
pub async fn pass() {
    tokio::time::sleep(Duration::from_millis(50)).await;
}
