//! An error as a response.

use std::sync::LazyLock;

use bytes::Bytes;
use http::{HeaderMap, Response};

use super::{
    challenge::{Challenges, Realm},
    headers::write_headers,
    problem::problem,
};
use crate::error::{AuthError, AuthErrorKind};

/// Words refusals: with a provider's challenges, in a layer's realm.
#[derive(Clone, Debug)]
pub(crate) struct Wording {
    challenges: Challenges,
    realm: Realm,
    usual: [Rendered; 3],
}

/// A response to an error, without its status.
#[derive(Clone, Debug)]
struct Rendered {
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
            usual: usual.map(|error| Rendered::to(&error, &challenges, &realm)),
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
            None => Rendered::to(error, &self.challenges, &self.realm),
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

impl Rendered {
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
