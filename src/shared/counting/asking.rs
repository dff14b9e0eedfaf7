//! Asking a shared state, which may hang or panic.

use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use tokio::{runtime::Handle, time::Sleep};

use super::report::Failure;
use crate::{
    answer::Answer,
    caught::{Caught, caught},
    shared::SharedStateError,
};

/// The answer of a state within a time limit.
pub(super) struct Limited<T> {
    future: Caught<Result<T, SharedStateError>>,
    limit: Pin<Box<Sleep>>,
}

/// An answer that was there at once, or the wait for it.
pub(super) enum Question<T> {
    Answered(Result<T, Failure>),
    Waiting(Limited<T>),
}

/// Asks. What is waited for never takes longer than the limit.
pub(super) fn ask<T>(
    limit: Duration,
    question: impl FnOnce() -> Answer<Result<T, SharedStateError>>,
) -> Question<T> {
    match caught(question) {
        Some(Answer::Ready(answer)) => Question::Answered(answer.map_err(Failure::Failed)),
        Some(Answer::Pending(future)) => match timer(limit) {
            Some(limit) => Question::Waiting(Limited {
                future: Caught::new(future),
                limit,
            }),
            None => {
                drop(Caught::new(future));
                Question::Answered(Err(Failure::NoTimer))
            }
        },
        None => Question::Answered(Err(Failure::Panicked)),
    }
}

/// A timer; nothing where the runtime is not tokio, or has no timers.
pub(super) fn timer(limit: Duration) -> Option<Pin<Box<Sleep>>> {
    Handle::try_current().ok()?;
    // Tokio panics where the runtime has no timers.
    caught(|| Box::pin(tokio::time::sleep(limit)))
}

impl<T> Limited<T> {
    /// The wait for the same answer, from now on within that limit.
    pub(super) fn within(self, limit: Duration) -> Option<Self> {
        let future = self.future;
        timer(limit).map(|limit| Self { future, limit })
    }
}

impl<T> Question<T> {
    pub(super) async fn answer(self) -> Result<T, Failure> {
        match self {
            Self::Answered(answer) => answer,
            Self::Waiting(limited) => limited.await,
        }
    }
}

impl<T> Future for Limited<T> {
    type Output = Result<T, Failure>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        // An answer that is there counts, however late this is polled.
        if let Poll::Ready(answer) = Pin::new(&mut self.future).poll(cx) {
            return Poll::Ready(match answer {
                Some(answer) => answer.map_err(Failure::Failed),
                None => Err(Failure::Panicked),
            });
        }
        ready!(self.limit.as_mut().poll(cx));
        Poll::Ready(Err(Failure::Late))
    }
}
