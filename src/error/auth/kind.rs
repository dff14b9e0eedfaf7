//! The kinds of refusals, with their statuses and messages.

use http::StatusCode;

/// The kind of a refusal: what the caller can do about it, and with it the status of the response.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum AuthErrorKind {
    /// Nothing was shown where something is required: 401 and a challenge without `error`
    /// (RFC 6750 §3.1).
    MissingCredential,
    /// The request itself is at fault (a credential twice, or too long): 400 `invalid_request`.
    InvalidRequest,
    /// A credential was shown and is wrong, malformed or expired: 401 `invalid_token`.
    InvalidCredential,
    /// The caller is known and lacks a scope: 403 `insufficient_scope`.
    InsufficientScope,
    /// The caller is known and may not do this: 403.
    Forbidden,
    /// The caller is known and may not know whether this exists: 404.
    NotFound,
    /// Another copy of this request is being handled at the moment: 409.
    Conflict,
    /// The body is longer than is read here: 413.
    PayloadTooLarge,
    /// Too many requests: 429 with `Retry-After`.
    Throttled,
    /// The credential names a key that its issuer may have added a moment ago: 503 with
    /// `Retry-After`. The issuer can be asked, and is not asked again so soon.
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
