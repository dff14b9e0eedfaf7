//! An attempt that other processes count too, while they have not answered yet.

use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll, ready},
};

use super::{attempt::Attempt, unit::SharedUnit};
use crate::{
    error::AuthError,
    shared::{
        Admission,
        counting::{Asked, Asking},
    },
};

/// Why an attempt is not made yet.
pub(crate) enum Stopped {
    Refused(AuthError),
    Waiting(Box<Waiting>),
}

/// The wait for the count of other processes. Dropped before it answers, the attempt does not count.
pub(crate) struct Waiting {
    attempt: Option<Attempt>,
    asking: Option<Asking>,
}

impl Attempt {
    /// Whether other processes are to be asked about it first.
    #[inline]
    pub(crate) fn is_due(&self) -> bool {
        let everywhere = self.everywhere.as_ref();
        everywhere.is_some_and(|everywhere| everywhere.unit == SharedUnit::Due)
    }

    /// Asks the other processes, where that is due.
    #[inline(never)]
    pub(crate) fn ask(self) -> Result<Self, Stopped> {
        let (Some(shared), Some(everywhere)) = (self.limit.shared(), &self.everywhere) else {
            return Ok(self);
        };
        match shared.admit(&[everywhere.count]) {
            Asked::Answered(answer) => self.told(answer).map_err(Stopped::Refused),
            Asked::Waiting(asking) => Err(Stopped::Waiting(Box::new(Waiting {
                attempt: Some(self),
                asking: Some(asking),
            }))),
        }
    }

    /// Decides by what a shared state says; by the counts of this process where it says nothing.
    fn told(mut self, answer: Option<Admission>) -> Result<Self, AuthError> {
        let at = self.limit.counts.now();
        let unit = match answer {
            None => SharedUnit::Missing,
            Some(Admission::Admitted { remaining, .. }) => SharedUnit::Taken { at, remaining },
            Some(Admission::Refused { retry_after, .. }) => {
                let refusal = self.limit.refusal(retry_after);
                // The unit of this process is not given back: an address that goes on is refused here
                // soon, without a question.
                self.spend();
                return Err(refusal);
            }
        };
        if let Some(everywhere) = &mut self.everywhere {
            everywhere.unit = unit;
        }
        Ok(self)
    }
}

impl Future for Waiting {
    type Output = Result<Attempt, AuthError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        // INVARIANT: a future is not polled after it has answered.
        let asking = self.asking.as_mut().expect(POLLED_AGAIN);
        let answer = ready!(Pin::new(asking).poll(cx));
        let asking = self.asking.take();
        let attempt = self.attempt.take().expect(POLLED_AGAIN);
        if answer.is_none()
            && let (Some(asking), Some(everywhere)) = (asking, &attempt.everywhere)
        {
            // This process counts it alone, so what a late answer has taken goes back.
            asking.give_up(&[everywhere.count]);
        }
        Poll::Ready(attempt.told(answer))
    }
}

impl Drop for Waiting {
    /// The client has gone away while the question was on its way.
    fn drop(&mut self) {
        if let (Some(asking), Some(attempt)) = (self.asking.take(), &self.attempt)
            && let Some(everywhere) = &attempt.everywhere
        {
            asking.give_up(&[everywhere.count]);
        }
    }
}

const POLLED_AGAIN: &str = "polled after it had answered";
