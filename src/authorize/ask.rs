//! Asking an authorizer, with its panics caught and its name on its answer.

use std::{
    fmt,
    future::Future,
    pin::Pin,
    task::{Context, Poll},
};

use super::Authorizer;
use crate::{
    answer::{self, Asked, Check, Named},
    context::AuthContext,
    error::AuthError,
    event,
};

/// Asks an authorizer: whatever it does, this returns, and only `Ok` allows.
pub(super) fn ask<A: Authorizer + ?Sized>(
    authorizer: &A,
    caller: &AuthContext,
    resource: &str,
    action: &str,
) -> Asked<Decision> {
    answer::ask(
        || authorizer.name(),
        || authorizer.authorize(caller, resource, action),
    )
}

/// Allowed, denied, or not known.
pub(super) type Decision = Result<(), AuthError>;

impl Named for Decision {
    fn panicked() -> Self {
        Err(AuthError::unavailable("the authorizer panicked").with_reason("authorizer_panicked"))
    }

    fn named(self, authorizer: &'static str) -> Self {
        self.map_err(|error| error.at_provider(authorizer))
    }
}

/// What was asked of an authorizer that has not answered yet.
pub(super) struct Question {
    pub(super) resource: Box<str>,
    pub(super) action: Box<str>,
}

impl Question {
    /// Logs the answer.
    pub(super) fn log<'a>(
        &self,
        answer: &Decision,
        caller: Option<&AuthContext>,
        path: impl FnOnce() -> Option<&'a str>,
    ) {
        log(answer, caller, (&self.resource, &self.action), path);
    }
}

pub(super) fn log<'a>(
    answer: &Decision,
    caller: Option<&AuthContext>,
    (resource, action): (&str, &str),
    path: impl FnOnce() -> Option<&'a str>,
) {
    let asked = event::Asked {
        user_id: caller.map(AuthContext::user_id),
        resource: Some(resource),
        action: Some(action),
    };
    event::authorized(answer, asked, path);
}

/// The future of [`Authorizer::check`].
#[must_use = "a check that nobody awaits allows nothing"]
pub struct CheckFuture(State);

enum State {
    Answered(Option<Decision>),
    Waiting {
        check: Check<Decision>,
        caller: AuthContext,
        question: Question,
    },
}

impl CheckFuture {
    pub(super) fn new(
        asked: Asked<Decision>,
        caller: &AuthContext,
        resource: &str,
        action: &str,
    ) -> Self {
        Self(match asked {
            Asked::Answered(answer) => {
                log(&answer, Some(caller), (resource, action), || None);
                State::Answered(Some(answer))
            }
            Asked::Waiting(check) => State::Waiting {
                check,
                caller: caller.clone(),
                question: Question {
                    resource: resource.into(),
                    action: action.into(),
                },
            },
        })
    }
}

impl Future for CheckFuture {
    type Output = Decision;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match &mut self.0 {
            State::Answered(answer) => Poll::Ready(
                answer
                    .take()
                    .unwrap_or_else(|| Err(AuthError::forbidden("polled_again"))),
            ),
            State::Waiting {
                check,
                caller,
                question,
            } => {
                let answer = Pin::new(check).poll(cx);
                if let Poll::Ready(answer) = &answer {
                    question.log(answer, Some(caller), || None);
                }
                answer
            }
        }
    }
}

impl fmt::Debug for CheckFuture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CheckFuture(…)")
    }
}
