//! Attempts: credentials that are being judged, and what became of them [14.1].

use super::screened::Shown;
use crate::{
    attempts::{Attempt, Attempts, Counting, CredentialDigest},
    error::{AuthError, AuthErrorKind},
    provider::authentication::AuthResult,
    request::AuthRequest,
};

/// An attempt for what a request shows; `None` where it shows nothing, where nobody will judge it, or
/// where its client has no address.
pub(super) fn attempt(
    attempts: &Attempts,
    credential: CredentialDigest,
    shown: Shown,
    request: &AuthRequest<'_>,
) -> Result<Option<Attempt>, AuthError> {
    let Some(head) = request.head() else {
        return Ok(None);
    };
    let counting = match shown {
        Shown::Nothing => return Ok(None),
        Shown::One => Counting::Wrong,
        // The answer is about one of them: beside a good token, or one that nobody can check now, a
        // guess for another provider would count for nobody.
        Shown::Several => Counting::Unknown,
    };
    attempts.admit(head.extensions, head.headers, counting, credential)
}

/// Ends an attempt by the answer of the provider. One credential that is neither accepted nor wrong does
/// not count.
pub(super) fn settle(attempt: Attempt, answer: &AuthResult) {
    match answer {
        Ok(Some(_)) => attempt.accepted(),
        Err(error) if error.kind() == AuthErrorKind::InvalidCredential => attempt.wrong(),
        Ok(None) | Err(_) => drop(attempt),
    }
}
