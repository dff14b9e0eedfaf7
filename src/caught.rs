//! Running code that is not ours, and whose panics must not take a request down with it.

use std::{
    future::Future,
    mem,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::Pin,
    task::{Context, Poll},
};

/// Runs something; nothing where it panics.
///
/// Whoever calls this sees to it that a panic leaves nothing half-changed.
pub(crate) fn caught<T>(work: impl FnOnce() -> T) -> Option<T> {
    match catch_unwind(AssertUnwindSafe(work)) {
        Ok(done) => Some(done),
        Err(payload) => {
            // It is not ours either, and may panic in its turn.
            if let Err(again) = catch_unwind(AssertUnwindSafe(|| drop(payload))) {
                mem::forget(again);
            }
            None
        }
    }
}

/// A future that answers nothing where it panics: when it is polled, and when it is dropped, which
/// is at once after its answer.
pub(crate) struct Caught<T>(Option<Pin<Box<dyn Future<Output = T> + Send>>>);

impl<T> Caught<T> {
    pub(crate) fn new(future: Pin<Box<dyn Future<Output = T> + Send>>) -> Self {
        Self(Some(future))
    }
}

impl<T> Future for Caught<T> {
    type Output = Option<T>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<T>> {
        let Some(mut future) = self.0.take() else {
            return Poll::Ready(None);
        };
        match caught(|| future.as_mut().poll(cx)) {
            Some(Poll::Pending) => {
                self.0 = Some(future);
                Poll::Pending
            }
            Some(Poll::Ready(answer)) => {
                let dropped = caught(|| drop(future));
                Poll::Ready(dropped.map(|()| answer))
            }
            None => {
                caught(|| drop(future));
                Poll::Ready(None)
            }
        }
    }
}

impl<T> Drop for Caught<T> {
    /// Whoever waited has gone away.
    fn drop(&mut self) {
        if let Some(future) = self.0.take() {
            caught(|| drop(future));
        }
    }
}
