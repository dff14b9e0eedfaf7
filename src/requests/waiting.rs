//! A request that other processes count too, while they have not answered yet.

use std::{
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use super::{
    admitted::Admitted,
    counted::{Counted, Takes},
};
use crate::{
    error::AuthError,
    shared::{Admission, counting::Asking},
};

/// Why a request is not within its limits yet.
pub(crate) enum Stopped {
    Refused(AuthError),
    /// This process has counted it. Dropped, it stays counted: its client has gone away.
    Waiting(Box<Waiting>),
}

/// The wait for the count of other processes.
pub(crate) struct Waiting {
    pub(super) counted: Arc<Counted>,
    pub(super) takes: Takes,
    /// What this process says.
    pub(super) admitted: Option<Admitted>,
    pub(super) asking: Asking,
}

impl Future for Waiting {
    type Output = Result<Admitted, AuthError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let answer = ready!(Pin::new(&mut self.asking).poll(cx));
        // INVARIANT: a future is not polled after it has answered.
        let admitted = self.admitted.take().expect("polled after it had answered");
        Poll::Ready(settle(&self.counted, &self.takes, admitted, answer))
    }
}

/// Decides by what a shared state says; by the counts of this process where it says nothing.
pub(super) fn settle(
    counted: &Counted,
    takes: &Takes,
    admitted: Admitted,
    answer: Option<Admission>,
) -> Result<Admitted, AuthError> {
    match answer {
        None => Ok(admitted),
        Some(Admission::Admitted {
            tightest,
            remaining,
        }) => {
            let limit = takes.limit(tightest);
            let told = limit.map(|number| (number, remaining));
            Ok(Admitted {
                tightest: told.or(admitted.tightest),
                ..admitted
            })
        }
        Some(Admission::Refused {
            longest,
            retry_after,
        }) => {
            counted.give_back_save(takes, longest);
            Err(counted.refusal(takes, longest, retry_after))
        }
    }
}
