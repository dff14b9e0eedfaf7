//! A decision, as observers are told of it.

use std::{fmt, time::Duration};

use http::Method;

use super::{about::About, outcome::Outcome};
use crate::{
    context::{AuthContext, Principal},
    error::AuthError,
};

/// A decision about a request, as an observer is told of it.
///
/// It borrows everything: copy what is to be kept. What a caller can write (the user id of a token, the
/// request id) may hold any character unless said otherwise; there is no credential in it.
///
/// # Example
///
/// ```
/// use tower_auth::{AuthLayer, observe::{Decision, Outcome}, provider::ApiKeyAuth};
///
/// fn told(decision: &Decision<'_>) {
///     let route = (decision.method(), decision.path());
///     let caller = (decision.principal(), decision.key(), decision.token_id());
///     let answer = (decision.provider(), decision.code(), decision.reason());
///     let asked = (decision.resource(), decision.action(), decision.others());
///     let ids = (decision.request_id(), decision.trace_id());
///     match decision.outcome() {
///         Outcome::Refused => println!("refused after {:?}: {answer:?}", decision.duration()),
///         outcome => println!("{outcome}: {route:?} {caller:?} {asked:?} {ids:?}"),
///     }
///     if let Some(error) = decision.error() {
///         println!("{}", error.status());
///     }
///     let groups = decision.caller().and_then(|caller| caller.metadata().get("groups"));
///     println!("remembered: {}, groups: {groups:?}", decision.is_remembered());
/// }
///
/// let layer = AuthLayer::new(ApiKeyAuth::new(["sk-live-9f"])?).on_decision(told);
/// # let _ = layer;
/// # Ok::<(), tower_auth::ConfigError>(())
/// ```
#[non_exhaustive]
pub struct Decision<'a> {
    pub(super) about: About<'a>,
    pub(super) told: Told<'a>,
    pub(super) duration: Duration,
}

/// What a gate tells of its decision.
#[derive(Clone, Copy)]
pub(crate) struct Told<'a> {
    pub(crate) outcome: Outcome,
    pub(crate) provider: &'static str,
    pub(crate) caller: Option<&'a AuthContext>,
    pub(crate) error: Option<&'a AuthError>,
    pub(crate) resource: Option<&'a str>,
    pub(crate) action: Option<&'a str>,
    pub(crate) others: usize,
}

impl<'a> Told<'a> {
    pub(crate) fn new(outcome: Outcome) -> Self {
        Self {
            outcome,
            provider: "",
            caller: None,
            error: None,
            resource: None,
            action: None,
            others: 0,
        }
    }

    pub(crate) fn refused(error: &'a AuthError) -> Self {
        Self {
            provider: error.provider(),
            error: Some(error),
            ..Self::new(Outcome::Refused)
        }
    }
}

impl Decision<'_> {
    /// What was decided.
    pub fn outcome(&self) -> Outcome {
        self.told.outcome
    }

    /// The method of the request.
    pub fn method(&self) -> Option<&Method> {
        self.about.method()
    }

    /// The template of the route that axum chose, such as `/agents/{id}`; none outside of a `Router`, and
    /// for a path without a route. The path itself is not told: it may hold ids and secrets.
    pub fn path(&self) -> Option<&str> {
        self.about.path()
    }

    /// The accepted caller, where one is known.
    pub fn caller(&self) -> Option<&AuthContext> {
        self.told.caller.or_else(|| self.about.extension())
    }

    /// The identity of the caller.
    pub fn principal(&self) -> Option<Principal<'_>> {
        self.caller().map(AuthContext::principal)
    }

    /// The name of the caller's API key, or the id of a managed one; also of a key that was refused because it
    /// is no longer valid.
    pub fn key(&self) -> Option<&str> {
        let of = |caller: &'_ AuthContext| caller.method() == "api_key";
        match self.told.error.and_then(AuthError::key_name) {
            Some(name) => Some(name),
            None => self
                .caller()
                .filter(|caller| of(caller))
                .map(|caller| caller.key_name().unwrap_or_else(|| caller.user_id())),
        }
    }

    /// The id of the caller's token: its `jti`.
    pub fn token_id(&self) -> Option<&str> {
        self.caller().and_then(AuthContext::token_id)
    }

    /// The provider or authorizer that answered.
    pub fn provider(&self) -> Option<&'static str> {
        Some(self.told.provider).filter(|name| !name.is_empty())
    }

    /// The error of a refusal.
    pub fn error(&self) -> Option<&AuthError> {
        self.told.error
    }

    /// The code of a refusal, as the caller reads it.
    pub fn code(&self) -> Option<&'static str> {
        self.told.error.map(AuthError::code)
    }

    /// The reason of a refusal, which the caller does not see.
    pub fn reason(&self) -> Option<&str> {
        self.told.error.map(AuthError::reason)
    }

    /// The resource that a permission was asked for.
    pub fn resource(&self) -> Option<&str> {
        self.told.resource
    }

    /// The action that a permission was asked for.
    pub fn action(&self) -> Option<&str> {
        self.told.action
    }

    /// How many more things a refused request asks for that the caller may not use, beside the one that
    /// [`resource`](Self::resource) and [`action`](Self::action) tell: a request of MCP may name many tools.
    pub fn others(&self) -> usize {
        self.told.others
    }

    /// The time since the layer that has the observer got the request.
    pub fn duration(&self) -> Duration {
        self.duration
    }

    /// Whether the caller's token was remembered: it was verified for an earlier request.
    pub fn is_remembered(&self) -> bool {
        self.told.caller.is_some_and(AuthContext::is_remembered)
    }

    /// The id of the request, from the header `x-request-id` unless
    /// [`with_request_id_header`](super::Observers::with_request_id_header) names another: visible ASCII characters,
    /// cut at 64, as in the log. Where no layer of yours replaces that header, a client can write it.
    pub fn request_id(&self) -> Option<&str> {
        self.about.request_id()
    }

    /// The id of the trace that the request is a part of, from a well-formed `traceparent` (W3C Trace Context):
    /// 32 hexadecimal digits. A client can write it.
    pub fn trace_id(&self) -> Option<&str> {
        self.about.trace_id()
    }
}

impl fmt::Debug for Decision<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Decision")
            .field("outcome", &self.outcome())
            .field("method", &self.method())
            .field("path", &self.path())
            .field("principal", &self.principal())
            .field("provider", &self.provider())
            .field("code", &self.code())
            .field("duration", &self.duration)
            .finish_non_exhaustive()
    }
}
