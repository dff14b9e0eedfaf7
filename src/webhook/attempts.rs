//! Wrong signatures count as attempts of the address that sends them [14.1].

use bytes::Bytes;
use http::{HeaderValue, Request, Response};

use super::{
    handshake::{Handshake, VerifyToken},
    verify::{Head, Scheme},
};
use crate::{
    attempts::{Attempt, Attempts, Counting, CredentialDigest},
    error::{AuthError, AuthErrorKind},
};

/// An attempt for a delivery that shows something; `None` where it shows nothing, or its client has no
/// address.
pub(super) fn attempt<B>(
    attempts: &Attempts,
    scheme: &dyn Scheme,
    head: &Head<'_>,
    request: &Request<B>,
) -> Result<Option<Attempt>, AuthError> {
    let (extensions, headers) = (request.extensions(), request.headers());
    let admitted = attempts.admit(extensions, headers, Counting::Wrong, |digest| {
        add_secret(digest, scheme, request)
    });
    match admitted {
        Err(_) if shows_nothing(scheme, head) => Ok(None),
        admitted => admitted,
    }
}

/// Ends an attempt by what was found out about a signature. What was not found wrong does not count.
pub(super) fn settle<T, B>(
    attempt: Option<Attempt>,
    proven: &Result<T, AuthError>,
    scheme: &dyn Scheme,
    request: &Request<B>,
) {
    if let Some(attempt) = attempt {
        settle_as(attempt, proven, |digest| {
            add_secret(digest, scheme, request)
        });
    }
}

/// Answers a handshake; the token that it shows is an attempt.
pub(super) fn shake_hands<B>(
    attempts: &Attempts,
    token: &VerifyToken,
    handshake: Handshake,
    request: &Request<B>,
) -> Result<Response<Bytes>, AuthError> {
    let shown = handshake.token.clone();
    let add_token = |digest: &mut CredentialDigest| {
        digest.add(b"handshake");
        digest.add(shown.as_bytes());
        true
    };
    let (extensions, headers) = (request.extensions(), request.headers());
    let attempt = attempts.admit(extensions, headers, Counting::Wrong, add_token)?;
    let answer = token.answer(handshake);
    if let Some(attempt) = attempt {
        settle_as(attempt, &answer, add_token);
    }
    answer
}

fn settle_as<T>(
    attempt: Attempt,
    proven: &Result<T, AuthError>,
    credential: impl Fn(&mut CredentialDigest) -> bool,
) {
    match proven {
        Ok(_) => attempt.accepted(credential),
        Err(error) if error.kind() == AuthErrorKind::InvalidCredential => attempt.wrong(credential),
        Err(_) => drop(attempt),
    }
}

fn shows_nothing(scheme: &dyn Scheme, head: &Head<'_>) -> bool {
    let shown = scheme.unverified(head).map(drop);
    matches!(shown, Err(error) if error.kind() == AuthErrorKind::MissingCredential)
}

/// Adds the secret itself, where a platform sends it. A signature is of one delivery.
fn add_secret<B>(digest: &mut CredentialDigest, scheme: &dyn Scheme, request: &Request<B>) -> bool {
    let name = scheme.secret_header();
    let secret = name.and_then(|name| request.headers().get(name));
    digest.add(secret.map(HeaderValue::as_bytes).unwrap_or_default());
    secret.is_some()
}
