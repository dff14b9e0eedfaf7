//! Asking a provider, with its panics caught and its name on its answer.

use std::{
    future::Future,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::Pin,
    task::{Context, Poll},
};

use super::{AuthProvider, AuthResult, Authentication, BoxFuture};
use crate::{AuthError, AuthRequest};

/// What became of the question.
pub(crate) enum Asked {
    Answered(AuthResult),
    Waiting(Check),
}

/// A pending answer; a panic of it is an answer too.
pub(crate) struct Check {
    future: BoxFuture,
    provider: &'static str,
}

/// Asks a provider: whatever it does, this returns, and only an answer accepts.
pub(crate) fn ask(provider: &dyn AuthProvider, request: &AuthRequest<'_>) -> Asked {
    // Nothing of ours is left half-changed by a panic here: the provider gets shared references,
    // and what it keeps inside is its own to guard.
    let asked = catch_unwind(AssertUnwindSafe(|| {
        (provider.authenticate(request), provider.name())
    }));
    match asked {
        Ok((Authentication::Ready(answer), name)) => Asked::Answered(named(answer, name)),
        Ok((Authentication::Pending(future), provider)) => {
            Asked::Waiting(Check { future, provider })
        }
        Err(_) => Asked::Answered(Err(panicked())),
    }
}

impl Future for Check {
    type Output = AuthResult;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<AuthResult> {
        let this = &mut *self;
        match catch_unwind(AssertUnwindSafe(|| this.future.as_mut().poll(cx))) {
            Ok(Poll::Pending) => Poll::Pending,
            Ok(Poll::Ready(answer)) => Poll::Ready(named(answer, this.provider)),
            Err(_) => Poll::Ready(Err(panicked().at_provider(this.provider))),
        }
    }
}

fn named(answer: AuthResult, provider: &'static str) -> AuthResult {
    answer.map_err(|error| error.at_provider(provider))
}

fn panicked() -> AuthError {
    AuthError::unavailable("the provider panicked").with_reason("provider_panicked")
}
