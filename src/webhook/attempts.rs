//! Wrong signatures count as attempts of the address that sends them [14.1].

use bytes::Bytes;
use http::{HeaderValue, Request, Response};

use super::{
    handshake::{Handshake, VerifyToken},
    verify::{Head, Scheme},
};
use crate::{
    attempts::{Attempt, Attempts, Counting, Stopped},
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
    let attempt = match handshake(token, request) {
        // A malformed one shows no token.
        Some((_, Err(_))) => None,
        Some((_, Ok(shown))) => {
            let mut credential = attempts.digest("handshake");
            credential.add(Some(shown.token.as_bytes()));
            attempts
                .admit(extensions, headers, Counting::Wrong, credential)
                .map_err(Stopped::Refused)?
        }
        None => {
            // The secret itself, where a platform sends it. A signature is of one delivery.
            let secret = scheme.secret_header().and_then(|name| headers.get(name));
            let mut credential = attempts.digest("secret");
            credential.add(secret.map(HeaderValue::as_bytes));
            let admitted = attempts.admit(extensions, headers, Counting::Wrong, credential);
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
pub(super) fn settle<T>(attempt: Option<Attempt>, proven: &Result<T, AuthError>) {
    let Some(attempt) = attempt else { return };
    match proven {
        Ok(_) => attempt.accepted(),
        Err(error) if error.kind() == AuthErrorKind::InvalidCredential => attempt.wrong(),
        Err(_) => drop(attempt),
    }
}

/// Answers a handshake; the token that it shows is an attempt.
pub(super) fn shake_hands(
    attempt: Option<Attempt>,
    token: &VerifyToken,
    handshake: Handshake,
) -> Result<Response<Bytes>, AuthError> {
    let answer = token.answer(handshake);
    settle(attempt, &answer);
    answer
}

fn shows_nothing(scheme: &dyn Scheme, head: &Head<'_>) -> bool {
    let shown = scheme.unverified(head).map(drop);
    matches!(shown, Err(error) if error.kind() == AuthErrorKind::MissingCredential)
}
