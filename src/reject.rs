//! An error as a response.

use std::sync::LazyLock;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Response, header};
use serde::Serialize;

use crate::{
    challenge::{Challenges, Realm},
    error::{AuthError, AuthErrorKind},
};

/// How refusals are worded: with a provider's challenges, in a layer's realm.
#[derive(Clone, Debug)]
pub(crate) struct Wording {
    challenges: Challenges,
    realm: Realm,
    usual: [Answer; 3],
}

/// What an error is answered with, but for its status.
#[derive(Clone, Debug)]
struct Answer {
    kind: AuthErrorKind,
    code: &'static str,
    message: &'static str,
    headers: HeaderMap,
    body: Bytes,
}

impl Wording {
    pub(crate) fn new(challenges: Challenges, realm: Realm) -> Self {
        // What nearly every refusal comes to is worded once.
        let usual = [
            AuthError::missing_credential(),
            AuthError::invalid_credential(""),
            AuthError::expired_credential(""),
        ];
        Self {
            usual: usual.map(|error| Answer::to(&error, &challenges, &realm)),
            challenges,
            realm,
        }
    }

    /// The wording where no `AuthLayer` is around: one that is words the refusal anew.
    pub(crate) fn plain() -> &'static Self {
        static PLAIN: LazyLock<Wording> =
            LazyLock::new(|| Wording::new(Challenges::default(), Realm::default()));
        &PLAIN
    }

    /// The wording with its challenges in another realm.
    pub(crate) fn in_realm(&self, realm: Realm) -> Self {
        Self::new(self.challenges.clone(), realm)
    }

    /// The answer for an error: status, challenges, `Retry-After`, and a problem body (RFC 9457).
    ///
    /// The error itself rides in the response's extensions, so that an outer layer knows what was
    /// refused.
    pub(crate) fn respond(&self, error: &AuthError) -> Response<Bytes> {
        let answer = match self.usual.iter().find(|answer| answer.is_to(error)) {
            Some(usual) => usual.clone(),
            None => Answer::to(error, &self.challenges, &self.realm),
        };
        let mut response = Response::new(answer.body);
        *response.status_mut() = error.status();
        *response.headers_mut() = answer.headers;
        response
            .extensions_mut()
            .insert(error.clone().with_worded(false));
        response
    }
}

impl Answer {
    fn to(error: &AuthError, challenges: &Challenges, realm: &Realm) -> Self {
        let mut headers = HeaderMap::new();
        write_headers(&mut headers, error, challenges, realm);
        Self {
            kind: error.kind(),
            code: error.code(),
            message: error.message(),
            headers,
            body: problem(error),
        }
    }

    /// Whether this answers that error: everything is compared that the answer shows of one.
    fn is_to(&self, error: &AuthError) -> bool {
        (self.kind, self.code, self.message) == (error.kind(), error.code(), error.message())
            && error.scopes().is_none()
    }
}

/// Notes in a response that a layer has worded this refusal: an outer layer leaves it as it is.
pub(crate) fn mark_worded<B>(response: &mut Response<B>, error: &AuthError) {
    let extensions = response.extensions_mut();
    match extensions.get_mut::<AuthError>() {
        Some(noted) if noted.is_worded() => {}
        Some(noted) => *noted = noted.clone().with_worded(true),
        // A response of a closure's own has lost it.
        None => {
            extensions.insert(error.clone().with_worded(true));
        }
    }
}

/// The error of a refusal that no layer has worded yet.
///
/// A refusal that has another error's status by now is none of ours any more: whoever changed it
/// (to hide that something exists, say) must not be overruled.
pub(crate) fn unworded<B>(response: &Response<B>) -> Option<&AuthError> {
    let status = response.status();
    let was_changed = |error: &AuthError| {
        (status.is_client_error() || status.is_server_error()) && status != error.status()
    };
    response
        .extensions()
        .get::<AuthError>()
        .filter(|error| !error.is_worded() && !was_changed(error))
}

/// Carries over what layers in between added to a refusal (CORS, a request id), save what describes
/// the body that is replaced.
pub(crate) fn keep_headers(headers: &mut HeaderMap, added: &HeaderMap) {
    for name in added.keys() {
        if !headers.contains_key(name) && !DESCRIBES_BODY.contains(name) {
            for value in added.get_all(name) {
                headers.append(name, value.clone());
            }
        }
    }
}

fn write_headers(
    headers: &mut HeaderMap,
    error: &AuthError,
    challenges: &Challenges,
    realm: &Realm,
) {
    headers.insert(header::CONTENT_TYPE, PROBLEM_JSON);
    for challenge in challenges.values(realm, error) {
        headers.append(header::WWW_AUTHENTICATE, challenge);
    }
    if let Some(after) = error.retry_after() {
        let seconds = after
            .as_secs()
            .saturating_add(u64::from(after.subsec_nanos() > 0));
        headers.insert(header::RETRY_AFTER, seconds.into());
    }
}

fn problem(error: &AuthError) -> Bytes {
    let status = error.status();
    let problem = Problem {
        r#type: "about:blank",
        title: status.canonical_reason().unwrap_or_default(),
        status: status.as_u16(),
        code: error.code(),
        detail: error.message(),
    };
    serde_json::to_vec(&problem).map_or_else(|_| Bytes::new(), Bytes::from)
}

/// RFC 9457 §3.1, with a stable `code` of ours.
#[derive(Serialize)]
struct Problem {
    r#type: &'static str,
    title: &'static str,
    status: u16,
    code: &'static str,
    detail: &'static str,
}

const DESCRIBES_BODY: &[HeaderName] = &[
    header::CONTENT_LENGTH,
    header::CONTENT_ENCODING,
    header::TRANSFER_ENCODING,
    header::WWW_AUTHENTICATE,
    header::RETRY_AFTER,
];
const PROBLEM_JSON: HeaderValue = HeaderValue::from_static("application/problem+json");
