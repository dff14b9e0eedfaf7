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
};

/// The check of a layer. It logs a decision that is made at once.
pub(super) trait Judge: Send + Sync + 'static {
    fn judge(&self, method: &Method, request: Head<'_>) -> Judged;
}

pub(super) enum Judged {
    Answered(Decision),
    Waiting(Check<Decision>, PendingQuery),
}

/// The part of a request that an authorization layer reads.
#[derive(Clone, Copy)]
pub(super) struct Head<'a> {
    uri: &'a Uri,
    extensions: &'a Extensions,
}

impl<'a> Head<'a> {
    pub(super) fn of<B>(request: &'a Request<B>) -> Self {
        Self {
            uri: request.uri(),
            extensions: request.extensions(),
        }
    }

    pub(super) fn route(self) -> Route<'a> {
        Route::of(self.uri, self.extensions)
    }

    pub(super) fn template(self) -> Option<&'a str> {
        access::template(self.extensions)
    }

    /// The accepted caller. Without a caller, `layer` runs outside of the `AuthLayer`, which is an
    /// error.
    pub(super) fn caller(self, layer: &'static str) -> Result<&'a AuthContext, AuthError> {
        self.extensions
            .get()
            .ok_or_else(|| event::without_caller(layer, self.template()))
    }

    /// Logs an answer that was pending.
    pub(super) fn log(self, answer: &Decision, query: &PendingQuery) {
        query.log(answer, self.extensions.get(), || self.template());
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
            log(&answer, Some(caller), query, || request.template());
            Judged::Answered(answer)
        }
        Asked::Waiting(check) => Judged::Waiting(check, query.to_pending()),
    }
}
