//! What a request waits for before it is decided.

use std::{
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use super::{
    held::{CallerCount, Held},
    screened::ScreenedProvider,
};
use crate::{
    answer::Check,
    attempts::{self, Attempt},
    context::AuthContext,
    error::AuthError,
    observe::Outcome,
    provider::authentication::AuthResult,
    requests::{self, Admitted},
};

/// A decision that is made once something is there.
pub(super) struct PendingDecision {
    pub(super) wait: Wait,
    pub(super) question: Question,
}

/// The provider that is asked, and whether the path lets callers without a credential in.
pub(super) struct Question {
    pub(super) provider: Arc<ScreenedProvider>,
    pub(super) optional: bool,
}

impl Question {
    pub(super) fn new(provider: &Arc<ScreenedProvider>, optional: bool) -> Self {
        let provider = Arc::clone(provider);
        Self { provider, optional }
    }

    pub(super) fn waits_for(self, wait: Wait) -> PendingDecision {
        PendingDecision {
            wait,
            question: self,
        }
    }
}

pub(super) enum Wait {
    /// Other processes count the attempts of the address.
    Attempt(Box<attempts::Waiting>),
    /// The provider; its answer ends the attempt.
    Answer(Check<AuthResult>, Option<Attempt>),
    /// Whether the caller whom the provider accepted was revoked; that ends the attempt.
    Revocation(Check<AuthResult>, Option<Attempt>),
    /// Other processes count the requests of the caller, or of nobody who is known.
    Count(Box<requests::Waiting>, Requester),
    /// The payment of a caller whom the limits let in.
    Payment(Check<AuthResult>, Held, AuthContext),
}

/// Whose request is counted.
pub(super) enum Requester {
    /// Nobody is asked.
    Nobody(Outcome),
    /// Somebody without a credential, where the path lets them in.
    Anonymous,
    Caller(Box<CallerCount>),
}

/// What has come of a wait.
pub(super) enum Waited {
    Attempt(Result<Attempt, AuthError>),
    Answer(AuthResult, Option<Attempt>),
    Judged(AuthResult, Option<Attempt>),
    Count(Result<Admitted, AuthError>, Requester),
    Payment(AuthResult, Held, AuthContext),
}

impl Wait {
    /// Polled after it has answered, it panics.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Waited> {
        Poll::Ready(match self {
            Self::Attempt(attempt) => Waited::Attempt(ready!(Pin::new(attempt).poll(cx))),
            Self::Answer(check, attempt) => {
                let answer = ready!(Pin::new(check).poll(cx));
                Waited::Answer(answer, attempt.take())
            }
            Self::Revocation(check, attempt) => {
                let judged = ready!(Pin::new(check).poll(cx));
                Waited::Judged(judged, attempt.take())
            }
            Self::Count(count, requester) => {
                let counted = ready!(Pin::new(count).poll(cx));
                Waited::Count(counted, std::mem::replace(requester, Requester::Anonymous))
            }
            Self::Payment(check, held, payer) => {
                let paid = ready!(Pin::new(check).poll(cx));
                Waited::Payment(paid, std::mem::take(held), payer.clone())
            }
        })
    }
}
