//! The kinds of refusals, with their statuses and messages.

use http::StatusCode;

/// The kind of a refusal: it decides the status of the response, and what the caller can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum AuthErrorKind {
    /// A required credential is missing: 401 and a challenge without `error` (RFC 6750 §3.1).
    MissingCredential,
    /// The request itself is malformed (a credential twice, or too long): 400 `invalid_request`.
    InvalidRequest,
    /// The credential is wrong, malformed or expired: 401 `invalid_token`.
    InvalidCredential,
    /// The caller is known and lacks a scope: 403 `insufficient_scope`.
    InsufficientScope,
    /// The caller is known and has no permission: 403.
    Forbidden,
    /// The caller is known, and must not learn whether the object exists: 404.
    NotFound,
    /// Another copy of this request is in progress: 409.
    Conflict,
    /// The body is longer than the limit: 413.
    PayloadTooLarge,
    /// Too many requests: 429 with `Retry-After`.
    Throttled,
    /// The credential names a key that its issuer may have added a moment ago: 503 with `Retry-After`,
    /// until the issuer may be asked again.
    UnknownKey,
    /// The credential, or the permission, could not be checked: 503 with `Retry-After`, never 401
    /// or 403.
    Unavailable,
}

impl AuthErrorKind {
    pub(super) fn status(self) -> StatusCode {
        match self {
            Self::InvalidRequest => StatusCode::BAD_REQUEST,
            Self::MissingCredential | Self::InvalidCredential => StatusCode::UNAUTHORIZED,
            Self::InsufficientScope | Self::Forbidden => StatusCode::FORBIDDEN,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::Conflict => StatusCode::CONFLICT,
            Self::PayloadTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Throttled => StatusCode::TOO_MANY_REQUESTS,
            Self::UnknownKey | Self::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    pub(super) fn message(self) -> &'static str {
        match self {
            Self::MissingCredential => "a credential is required",
            Self::InvalidRequest => "the request shows a credential in a way that is not accepted",
            Self::InvalidCredential => "the credential is not valid",
            Self::InsufficientScope => "the credential lacks a scope that this needs",
            Self::Forbidden => "the caller may not do this",
            Self::NotFound => "there is nothing here",
            Self::Conflict => "the same request is handled only once",
            Self::PayloadTooLarge => "the body is too long",
            Self::Throttled => "too many requests",
            Self::UnknownKey => "the credential is of a key that is not known here yet",
            Self::Unavailable => "the request cannot be checked at the moment",
        }
    }
}
