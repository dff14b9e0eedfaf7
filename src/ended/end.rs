//! The end of one credential, which all who wait for it share.

use std::{
    fmt, mem,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    task::Waker,
};

/// Something that can end a credential before its time, such as a store of keys.
pub(crate) trait EndSource: Send + Sync {
    /// The end of the credential, which is shared by all who wait for it. It is over already if the
    /// credential is. `None` where nothing ends it before its time.
    fn end(&self) -> Option<Arc<End>>;

    /// Whether the credential has ended, for those who do not wait; `None` where that has to be asked for,
    /// which [`end`](Self::end) does.
    fn has_ended(&self) -> Option<bool>;
}

/// Whether a credential has ended, and those who wait for that.
#[derive(Default)]
pub(crate) struct End {
    pub(super) is_over: AtomicBool,
    waiting: Mutex<Waiting>,
    /// Forgets the credential: nobody waits for it any more.
    pub(super) on_last_drop: Option<OnLastDrop>,
}

pub(crate) type OnLastDrop = Box<dyn Fn() + Send + Sync>;

/// Wakers in places that are used again.
#[derive(Default)]
pub(super) struct Waiting {
    pub(super) places: Vec<Option<Waker>>,
    free: Vec<u32>,
}

impl End {
    #[inline]
    pub(crate) fn is_over(&self) -> bool {
        self.is_over.load(Ordering::Acquire)
    }

    pub(super) fn waiting(&self) -> MutexGuard<'_, Waiting> {
        // No step between two statements leaves it half-changed.
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for End {
    fn drop(&mut self) {
        if let Some(forget) = &self.on_last_drop {
            forget();
        }
    }
}

impl fmt::Debug for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("End")
            .field("is_over", &self.is_over())
            .finish_non_exhaustive()
    }
}

/// A place among those who wait for an end. It is given back when this is dropped.
#[derive(Debug)]
pub(crate) struct Wait {
    end: Arc<End>,
    place: Option<u32>,
}

impl Wait {
    pub(crate) fn new(end: Arc<End>) -> Self {
        Self { end, place: None }
    }

    #[inline]
    pub(crate) fn is_over(&self) -> bool {
        self.end.is_over()
    }

    /// Leaves a waker, in the place of the last one.
    pub(crate) fn leave(&mut self, waker: &Waker) {
        let mut waiting = self.end.waiting();
        let before = match self.place {
            Some(place) => waiting.put(place, waker.clone()),
            None => {
                self.place = waiting.add(waker.clone());
                None
            }
        };
        drop(waiting);
        drop(before);
    }
}

impl Drop for Wait {
    fn drop(&mut self) {
        if let Some(place) = self.place {
            let gone = self.end.waiting().remove(place);
            // A waker is not ours: what its drop does is done without the lock.
            drop(gone);
        }
    }
}

impl Waiting {
    fn add(&mut self, waker: Waker) -> Option<u32> {
        if let Some(place) = self.free.pop() {
            self.put(place, waker);
            return Some(place);
        }
        let place = u32::try_from(self.places.len()).ok()?;
        self.places.push(Some(waker));
        Some(place)
    }

    fn put(&mut self, place: u32, waker: Waker) -> Option<Waker> {
        let place = self.places.get_mut(usize::try_from(place).ok()?)?;
        place.replace(waker)
    }

    fn remove(&mut self, place: u32) -> Option<Waker> {
        let gone = mem::take(self.places.get_mut(usize::try_from(place).ok()?)?);
        self.free.push(place);
        if self.free.len() == self.places.len() {
            // Nobody waits: a crowd that has gone leaves no memory behind.
            *self = Self::default();
        }
        gone
    }
}
