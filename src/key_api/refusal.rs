//! Refusals.

use std::borrow::Cow;

use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use serde::Serialize;

use super::answer;
use crate::{
    error::AuthError,
    keys::KeyAdminError,
    refusal::{PROBLEM_JSON, Problem},
};

/// One fault of a body: its place as a JSON pointer, and what to write there.
#[derive(Debug, Serialize)]
pub(super) struct BodyFault {
    pub(super) pointer: String,
    pub(super) detail: String,
}

/// The reason why a request is refused: a problem body whatever it is.
#[derive(Debug)]
pub(super) enum Refusal {
    /// What the caller may do. An `AuthLayer` around words it in its realm.
    Auth(AuthError),
    /// The form of the request.
    Form {
        status: StatusCode,
        code: &'static str,
        detail: Cow<'static, str>,
        errors: Vec<BodyFault>,
    },
}

impl Refusal {
    fn form(status: StatusCode, code: &'static str, detail: impl Into<Cow<'static, str>>) -> Self {
        Self::Form {
            status,
            code,
            detail: detail.into(),
            errors: Vec::new(),
        }
    }

    pub(super) fn malformed(detail: impl Into<Cow<'static, str>>) -> Self {
        Self::form(StatusCode::BAD_REQUEST, "invalid_request", detail)
    }

    /// A body of the wrong form, in one place or several.
    pub(super) fn faults(faults: Vec<BodyFault>) -> Self {
        let detail = match &*faults {
            [one] => Cow::Owned(one.detail.clone()),
            _ => Cow::Borrowed("the body is at fault in several places: see errors"),
        };
        Self::Form {
            status: StatusCode::BAD_REQUEST,
            code: "invalid_request",
            detail,
            errors: faults,
        }
    }

    pub(super) fn not_found() -> Self {
        Self::Auth(KeyAdminError::NotFound.into())
    }

    pub(super) fn no_such_path() -> Self {
        Self::form(
            StatusCode::NOT_FOUND,
            "not_found",
            "the API for keys has no such path: see its OpenAPI document",
        )
    }

    pub(super) fn wrong_method() -> Self {
        Self::form(
            StatusCode::METHOD_NOT_ALLOWED,
            "method_not_allowed",
            "the path does not take this method: Allow names those it takes",
        )
    }

    pub(super) fn wrong_content_type() -> Self {
        Self::form(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "unsupported_media_type",
            "the request needs a JSON object and Content-Type: application/json, {} at least, \
             without Content-Encoding",
        )
    }

    pub(super) fn too_large() -> Self {
        Self::Auth(
            AuthError::payload_too_large("key_request_too_long")
                .with_message("the body is longer than 64 KiB"),
        )
    }

    pub(super) fn too_slow() -> Self {
        Self::form(
            StatusCode::REQUEST_TIMEOUT,
            "request_timeout",
            "the body did not come within 10 seconds: send the request again",
        )
    }

    fn stale() -> Self {
        Self::form(
            StatusCode::PRECONDITION_FAILED,
            "precondition_failed",
            "the key is not as If-Match names it: read it again, then decide again",
        )
    }
}

/// A problem document with the faults of a body (RFC 9457 §3.2).
#[derive(Serialize)]
struct WithErrors<'a> {
    #[serde(flatten)]
    problem: Problem<'a>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<BodyFault>,
}

impl From<AuthError> for Refusal {
    fn from(error: AuthError) -> Self {
        Self::Auth(error)
    }
}

impl From<KeyAdminError> for Refusal {
    fn from(error: KeyAdminError) -> Self {
        match error {
            // Its texts name members and bounds, and nothing that was sent.
            KeyAdminError::Invalid(why) => Self::malformed(why),
            KeyAdminError::Stale => Self::stale(),
            other => Self::Auth(other.into()),
        }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        match self {
            Self::Auth(error) => error.into_response(),
            Self::Form {
                status,
                code,
                detail,
                errors,
            } => {
                let problem = WithErrors {
                    problem: Problem::new(status, code, &detail),
                    errors,
                };
                let mut response = answer::json(&problem);
                *response.status_mut() = status;
                let headers = response.headers_mut();
                headers.insert(header::CONTENT_TYPE, PROBLEM_JSON);
                if status == StatusCode::UNSUPPORTED_MEDIA_TYPE {
                    // RFC 9110 §12.5.1: what would have been taken.
                    let json = HeaderValue::from_static("application/json");
                    headers.insert(header::ACCEPT, json);
                }
                response
            }
        }
    }
}
