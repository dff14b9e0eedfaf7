//! Asking an authorizer, with its panics caught and its name on its answer.

use std::{
    fmt,
    future::Future,
    pin::Pin,
    task::{Context, Poll, ready},
};

use super::{Authorization, Authorizer};
use crate::{
    AuthContext, AuthError,
    caught::{Caught, caught},
    event,
};

/// What became of the question.
pub(super) enum Asked {
    Answered(Result<(), AuthError>),
    Waiting(Check),
}

/// A pending answer; a panic of it is an answer too.
pub(super) struct Check {
    future: Caught<Result<(), AuthError>>,
    authorizer: &'static str,
}

/// Asks an authorizer: whatever it does, this returns, and only `Ok` allows.
pub(super) fn ask<A: Authorizer + ?Sized>(
    authorizer: &A,
    caller: &AuthContext,
    resource: &str,
    action: &str,
) -> Asked {
    // Nothing of ours is left half-changed by a panic here: the authorizer gets shared references,
    // and what it keeps inside is its own to guard.
    let mut name = "";
    let asked = caught(|| {
        // First, so that the log names the one that panics.
        name = authorizer.name();
        authorizer.authorize(caller, resource, action)
    });
    match asked {
        Some(Authorization::Ready(answer)) => Asked::Answered(named(answer, name)),
        Some(Authorization::Pending(future)) => Asked::Waiting(Check {
            future: Caught::new(future),
            authorizer: name,
        }),
        None => Asked::Answered(named(Err(panicked()), name)),
    }
}

impl Future for Check {
    type Output = Result<(), AuthError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let answer = ready!(Pin::new(&mut self.future).poll(cx));
        let answer = answer.unwrap_or_else(|| Err(panicked()));
        Poll::Ready(named(answer, self.authorizer))
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
        answer: &Result<(), AuthError>,
        caller: Option<&AuthContext>,
        path: impl FnOnce() -> Option<&'a str>,
    ) {
        log(answer, caller, (&self.resource, &self.action), path);
    }
}

pub(super) fn log<'a>(
    answer: &Result<(), AuthError>,
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
    Answered(Option<Result<(), AuthError>>),
    Waiting {
        check: Check,
        caller: AuthContext,
        question: Question,
    },
}

impl CheckFuture {
    pub(super) fn new(asked: Asked, caller: &AuthContext, resource: &str, action: &str) -> Self {
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
    type Output = Result<(), AuthError>;

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

fn named(answer: Result<(), AuthError>, authorizer: &'static str) -> Result<(), AuthError> {
    answer.map_err(|error| error.at_provider(authorizer))
}

fn panicked() -> AuthError {
    AuthError::unavailable("the authorizer panicked").with_reason("authorizer_panicked")
}
