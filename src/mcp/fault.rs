//! Refusals in the protocol's own words: JSON-RPC errors, which clients read before the HTTP status.

use bytes::Bytes;
use http::{HeaderValue, Response, StatusCode, header};
use serde::Serialize;

use crate::{error::AuthError, jose::json::Value, refusal::mark_worded};

/// The reason why a message is refused before anybody asks for a permission.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Fault {
    status: StatusCode,
    code: i32,
    /// For the log.
    reason: &'static str,
    message: &'static str,
    /// The request's id, as its JSON.
    id: Option<Box<str>>,
    /// The version that was asked for.
    requested: Option<Box<str>>,
    /// The method that was asked for, for the log.
    method: Option<Box<str>>,
}

impl Fault {
    const fn new(
        status: StatusCode,
        code: i32,
        reason: &'static str,
        message: &'static str,
    ) -> Self {
        Self {
            status,
            code,
            reason,
            message,
            id: None,
            requested: None,
            method: None,
        }
    }

    /// The body is no JSON that every reader reads alike.
    pub(super) const fn unreadable(reason: &'static str, message: &'static str) -> Self {
        Self::new(StatusCode::BAD_REQUEST, -32700, reason, message)
    }

    /// The body is no message of the protocol.
    pub(super) const fn invalid(reason: &'static str, message: &'static str) -> Self {
        Self::new(StatusCode::BAD_REQUEST, -32600, reason, message)
    }

    /// The message lacks what its permission is asked by.
    pub(super) const fn params(reason: &'static str, message: &'static str) -> Self {
        Self::new(StatusCode::BAD_REQUEST, -32602, reason, message)
    }

    /// The headers and the body differ.
    pub(super) const fn mismatch(reason: &'static str, message: &'static str) -> Self {
        Self::new(StatusCode::BAD_REQUEST, -32020, reason, message)
    }

    /// The body is of a type or a coding that is not judged.
    pub(super) const fn media_type(reason: &'static str, message: &'static str) -> Self {
        Self::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, -32600, reason, message)
    }

    /// No rule knows the method. Earlier versions of the protocol read a 404 as the end of the session.
    pub(super) const fn unknown_method(is_modern: bool) -> Self {
        let status = match is_modern {
            true => StatusCode::NOT_FOUND,
            false => StatusCode::FORBIDDEN,
        };
        Self::new(status, -32601, "unknown_method", "Method not found")
    }

    /// A version of the protocol that is not judged.
    pub(super) fn version(requested: &str) -> Self {
        Self {
            requested: Some(requested.chars().take(LONGEST_VERSION).collect()),
            ..Self::new(
                StatusCode::BAD_REQUEST,
                -32022,
                "unsupported_protocol_version",
                "Unsupported protocol version",
            )
        }
    }

    /// Names the request that is refused.
    pub(super) fn of_request(mut self, id: Option<Value<'_>>) -> Self {
        self.id = match id {
            Some(Value::Number(digits)) if digits.len() <= LONGEST_ID => Some(digits.into()),
            Some(Value::Text(text)) if text.raw().len() <= LONGEST_ID => {
                Some(format!("\"{}\"", text.raw()).into())
            }
            _ => None,
        };
        self
    }

    /// Notes the method for the log, which shows the beginning of it.
    pub(super) fn about(mut self, method: &str) -> Self {
        self.method = Some(method.chars().take(LONGEST_METHOD).collect());
        self
    }

    pub(super) fn method(&self) -> Option<&str> {
        self.method.as_deref()
    }

    /// The error as the log and outer layers see it.
    pub(super) fn error(&self) -> AuthError {
        let error = match self.status {
            StatusCode::FORBIDDEN => AuthError::forbidden(self.reason),
            StatusCode::NOT_FOUND => AuthError::not_found(self.reason),
            _ => AuthError::invalid_request(self.reason),
        };
        error.with_message(self.message).at_provider(NAME)
    }

    /// The response. It is worded for good: a problem document would tell a client less.
    pub(super) fn respond(&self, supported: &[&str]) -> Response<Bytes> {
        let id = self.id.as_deref().unwrap_or("null");
        let requested = self.requested.as_deref();
        let error = Error {
            code: self.code,
            message: self.message,
            data: requested.map(|requested| Versions {
                supported,
                requested,
            }),
        };
        let error = serde_json::to_string(&error).unwrap_or_default();
        let body = Bytes::from(format!(r#"{{"jsonrpc":"2.0","id":{id},"error":{error}}}"#));
        let mut response = Response::new(body);
        *response.status_mut() = self.status;
        response.headers_mut().insert(header::CONTENT_TYPE, JSON);
        mark_worded(&mut response, &self.error());
        response
    }
}

#[derive(Serialize)]
struct Error<'a> {
    code: i32,
    message: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<Versions<'a>>,
}

#[derive(Serialize)]
struct Versions<'a> {
    supported: &'a [&'a str],
    requested: &'a str,
}

const JSON: HeaderValue = HeaderValue::from_static("application/json");
/// As the log names the answer.
pub(super) const NAME: &str = "mcp";
const LONGEST_METHOD: usize = 128;
const LONGEST_VERSION: usize = 64;
/// Longer ones are not repeated to whoever sent them.
const LONGEST_ID: usize = 256;
