//! Asks an authorizer: its decision with its name, and a line in the log.

use std::{
    fmt,
    future::Future,
    pin::Pin,
    task::{Context, Poll},
};

use crate::{
    answer::{Asked, Check, Named},
    context::AuthContext,
    error::AuthError,
    event,
    observe::About,
};

/// The question to an authorizer about a caller.
#[derive(Clone, Copy)]
pub(super) struct Query<'a> {
    pub(super) resource: &'a str,
    pub(super) action: &'a str,
}

/// Allowed, denied, or not decided.
pub(super) type Decision = Result<(), AuthError>;

impl Named for Decision {
    fn panicked() -> Self {
        Err(AuthError::unavailable("the authorizer panicked").with_reason("authorizer_panicked"))
    }

    fn named(self, authorizer: &'static str) -> Self {
        self.map_err(|error| error.at_provider(authorizer))
    }
}

/// A [`Query`] that outlives its request, for an answer that is pending.
pub(super) struct PendingQuery {
    resource: Box<str>,
    action: Box<str>,
}

impl Query<'_> {
    pub(super) fn to_pending(self) -> PendingQuery {
        PendingQuery {
            resource: self.resource.into(),
            action: self.action.into(),
        }
    }
}

impl PendingQuery {
    pub(super) fn query(&self) -> Query<'_> {
        Query {
            resource: &self.resource,
            action: &self.action,
        }
    }

    /// Logs the answer.
    pub(super) fn log(&self, answer: &Decision, caller: Option<&AuthContext>, about: About<'_>) {
        log(answer, caller, self.query(), about);
    }
}

pub(super) fn log(
    answer: &Decision,
    caller: Option<&AuthContext>,
    query: Query<'_>,
    about: About<'_>,
) {
    let asked = event::Permission {
        user_id: caller.map(AuthContext::user_id),
        resource: Some(query.resource),
        action: Some(query.action),
        ..event::Permission::default()
    };
    event::authorized(answer, asked, about);
}

/// The future of [`Authorizer::check`](crate::authorize::Authorizer::check).
#[must_use = "a check that nobody awaits allows nothing"]
pub struct CheckFuture(State);

enum State {
    Answered(Option<Decision>),
    Waiting {
        check: Check<Decision>,
        caller: AuthContext,
        query: PendingQuery,
    },
}

impl CheckFuture {
    pub(super) fn new(asked: Asked<Decision>, caller: &AuthContext, query: Query<'_>) -> Self {
        Self(match asked {
            Asked::Answered(answer) => {
                log(&answer, Some(caller), query, About::NOTHING);
                State::Answered(Some(answer))
            }
            Asked::Waiting(check) => State::Waiting {
                check,
                caller: caller.clone(),
                query: query.to_pending(),
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
                query,
            } => {
                let answer = Pin::new(check).poll(cx);
                if let Poll::Ready(answer) = &answer {
                    query.log(answer, Some(caller), About::NOTHING);
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
