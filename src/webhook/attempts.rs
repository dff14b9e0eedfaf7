//! Wrong signatures count as attempts of the address that sends them [14.1].

use bytes::Bytes;
use http::{HeaderValue, Request, Response};

use super::{
    handshake::{Handshake, VerifyToken},
    verify::{Head, Scheme},
};
use crate::{
    attempts::{Attempt, Attempts, Counting, CredentialDigest, Stopped},
    error::{AuthError, AuthErrorKind},
};

/// An attempt for a handshake or a delivery that shows something; `None` where it shows nothing, or its
/// client has no address.
pub(super) fn attempt<B>(
    attempts: &Attempts,
    scheme: &dyn Scheme,
    token: Option<&VerifyToken>,
    head: &Head<'_>,
    request: &Request<B>,
) -> Result<Option<Attempt>, Stopped> {
    let (extensions, headers) = (request.extensions(), request.headers());
    let admit = |credential: &dyn Fn(&mut CredentialDigest) -> bool| {
        attempts.admit(extensions, headers, Counting::Wrong, credential)
    };
    let attempt = match handshake(token, request) {
        // A malformed one shows no token.
        Some((_, Err(_))) => None,
        Some((_, Ok(shown))) => {
            admit(&|digest| add_token(digest, &shown.token)).map_err(Stopped::Refused)?
        }
        None => {
            let admitted = admit(&|digest| add_secret(digest, scheme, request));
            let is_stopped = match &admitted {
                Ok(attempt) => attempt.as_ref().is_some_and(Attempt::is_due),
                Err(_) => true,
            };
            if is_stopped && shows_nothing(scheme, head) {
                return Ok(None);
            }
            admitted.map_err(Stopped::Refused)?
        }
    };
    match attempt {
        Some(attempt) if attempt.is_due() => attempt.ask().map(Some),
        attempt => Ok(attempt),
    }
}

/// The handshake that a request is, and the token that is expected of it; `None` where the request is
/// none, or none is expected.
pub(super) fn handshake<'a, B>(
    token: Option<&'a VerifyToken>,
    request: &Request<B>,
) -> Option<(&'a VerifyToken, Result<Handshake, AuthError>)> {
    let token = token?;
    Some((token, Handshake::read(request)?))
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
pub(super) fn shake_hands(
    attempt: Option<Attempt>,
    token: &VerifyToken,
    handshake: Handshake,
) -> Result<Response<Bytes>, AuthError> {
    let shown = handshake.token.clone();
    let answer = token.answer(handshake);
    if let Some(attempt) = attempt {
        settle_as(attempt, &answer, |digest| add_token(digest, &shown));
    }
    answer
}

fn add_token(digest: &mut CredentialDigest, token: &str) -> bool {
    digest.add(b"handshake");
    digest.add(token.as_bytes());
    true
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
