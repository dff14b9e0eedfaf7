//! Asking a provider, with its panics caught and its name on its answer.

use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll, ready},
};

use super::{AuthProvider, AuthResult, Authentication};
use crate::{
    AuthError, AuthRequest,
    caught::{Caught, caught},
    context::UNNAMED,
};

/// What became of the question.
pub(crate) enum Asked {
    Answered(AuthResult),
    Waiting(Check),
}

/// A pending answer; a panic of it is an answer too.
pub(crate) struct Check {
    future: Caught<AuthResult>,
    provider: &'static str,
}

/// Asks a provider: whatever it does, this returns, and only an answer accepts.
pub(crate) fn ask(provider: &dyn AuthProvider, request: &AuthRequest<'_>) -> Asked {
    // Nothing of ours is left half-changed by a panic here: the provider gets shared references,
    // and what it keeps inside is its own to guard.
    let mut name = "";
    let asked = caught(|| {
        // First, so that the log names the one that panics.
        name = provider.name();
        provider.authenticate(request)
    });
    match asked {
        Some(Authentication::Ready(answer)) => Asked::Answered(named(answer, name)),
        Some(Authentication::Pending(future)) => Asked::Waiting(Check {
            future: Caught::new(future),
            provider: name,
        }),
        None => Asked::Answered(named(Err(panicked()), name)),
    }
}

impl Future for Check {
    type Output = AuthResult;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<AuthResult> {
        let answer = ready!(Pin::new(&mut self.future).poll(cx));
        let answer = answer.unwrap_or_else(|| Err(panicked()));
        Poll::Ready(named(answer, self.provider))
    }
}

/// Puts the provider's name on its answer: on a refusal for the log, and on a caller for whom no
/// method was named, so that two providers of one's own never vouch for the same principal.
fn named(answer: AuthResult, provider: &'static str) -> AuthResult {
    match answer {
        Ok(Some(caller)) if caller.method() == UNNAMED && !matches!(provider, "" | UNNAMED) => {
            Ok(Some(caller.with_method(provider)))
        }
        Ok(answer) => Ok(answer),
        Err(error) => Err(error.at_provider(provider)),
    }
}

fn panicked() -> AuthError {
    AuthError::unavailable("the provider panicked").with_reason("provider_panicked")
}
