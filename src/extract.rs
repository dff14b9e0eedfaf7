//! The caller as an extractor of axum, and errors as axum responses.

use std::convert::Infallible;

use axum::{
    body::Body,
    extract::{FromRequestParts, OptionalFromRequestParts},
    response::{IntoResponse, Response},
};
use http::request::Parts;

use crate::{access, context::AuthContext, error::AuthError, event, refusal::Wording};

impl<S: Sync> FromRequestParts<S> for AuthContext {
    type Rejection = AuthError;

    /// The accepted caller.
    ///
    /// # Errors
    ///
    /// There is no accepted caller, which is a fault of the set-up: the caller gets a 401, the log says
    /// why.
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, AuthError> {
        parts.extensions.get::<Self>().cloned().ok_or_else(|| {
            let advice = format_args!(
                "a handler asks for an AuthContext and there is none: either no AuthLayer is \
                 around this route (a route added after .layer() is not covered), or the path is \
                 public or optional (then take Option<AuthContext>)"
            );
            let error = AuthError::missing_credential().with_reason("no_context");
            event::misplaced(&error, access::about_parts(parts), &advice);
            error
        })
    }
}

impl<S: Sync> OptionalFromRequestParts<S> for AuthContext {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Option<Self>, Infallible> {
        Ok(parts.extensions.get::<Self>().cloned())
    }
}

impl IntoResponse for AuthError {
    /// The refusal that the layer would send; an `AuthLayer` around the route words it anew, with
    /// its realm and its replacement.
    ///
    /// Nobody sees the request here, so a handler that speaks gRPC answers with a status of its own.
    fn into_response(self) -> Response {
        Wording::plain().respond(&self).map(Body::from)
    }
}
