//! The decision of an authorization layer about a request.

use http::{Extensions, Method, Request, Uri};

use super::{
    Authorizer,
    ask::{Decision, PendingQuery, Query, log},
    contract::ask,
};
use crate::{
    access::{self, Route},
    answer::{Asked, Check},
    context::AuthContext,
    error::AuthError,
    event,
    observe::About,
};

/// The check of a layer. It logs a decision that is made at once.
pub(super) trait Judge: Send + Sync + 'static {
    fn judge(&self, request: Head<'_>) -> Judged;
}

pub(super) enum Judged {
    Answered(Decision),
    Waiting(Check<Decision>, PendingQuery),
}

/// The part of a request that an authorization layer reads.
#[derive(Clone, Copy)]
pub(super) struct Head<'a> {
    method: &'a Method,
    uri: &'a Uri,
    extensions: &'a Extensions,
    about: About<'a>,
}

impl<'a> Head<'a> {
    pub(super) fn of<B>(request: &'a Request<B>) -> Self {
        Self {
            method: request.method(),
            uri: request.uri(),
            extensions: request.extensions(),
            about: access::about(request),
        }
    }

    pub(super) fn route(self) -> Route<'a> {
        Route::of(self.uri, self.extensions)
    }

    #[allow(dead_code, reason = "without axum there are no policies")]
    pub(super) fn method(self) -> &'a Method {
        self.method
    }

    /// The request, as the decision about it is told of.
    pub(super) fn about(self) -> About<'a> {
        self.about
    }

    /// The accepted caller. Without a caller, `layer` runs outside of the `AuthLayer`, which is an
    /// error.
    pub(super) fn caller(self, layer: &'static str) -> Result<&'a AuthContext, AuthError> {
        self.extensions
            .get()
            .ok_or_else(|| event::without_caller(layer, self.about))
    }

    /// Logs an answer that was pending.
    pub(super) fn log(self, answer: &Decision, query: &PendingQuery) {
        query.log(answer, self.extensions.get(), self.about);
    }
}

/// Asks an authorizer for a layer.
pub(super) fn ask_for_layer(
    authorizer: &dyn Authorizer,
    caller: &AuthContext,
    query: Query<'_>,
    request: Head<'_>,
) -> Judged {
    match ask(authorizer, caller, query) {
        Asked::Answered(answer) => {
            log(&answer, Some(caller), query, request.about());
            Judged::Answered(answer)
        }
        Asked::Waiting(check) => Judged::Waiting(check, query.to_pending()),
    }
}
