//! Attempts: credentials that are being judged, and what became of them [14.1].

use super::screened::{ScreenedProvider, Shown};
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
    provider: &ScreenedProvider,
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
    attempts.admit(head.extensions, head.headers, counting, |digest| {
        credential(provider, request, digest)
    })
}

/// Ends an attempt by the answer of the provider. One credential that is neither accepted nor wrong does
/// not count.
pub(super) fn settle(
    attempt: Attempt,
    answer: &AuthResult,
    provider: &ScreenedProvider,
    request: &AuthRequest<'_>,
) {
    let credential = |digest: &mut CredentialDigest| credential(provider, request, digest);
    match answer {
        Ok(Some(_)) => attempt.accepted(credential),
        Err(error) if error.kind() == AuthErrorKind::InvalidCredential => attempt.wrong(credential),
        Ok(None) | Err(_) => drop(attempt),
    }
}

/// Everything that is shown in the places of the provider together: a good key beside a guess is
/// another credential than the key alone.
fn credential(
    provider: &ScreenedProvider,
    request: &AuthRequest<'_>,
    digest: &mut CredentialDigest,
) -> bool {
    let mut is_shown = false;
    for place in provider.places() {
        // With its length, so that what is absent in one place is not what is shown in the next.
        let shown = request.look(place).ok().flatten();
        is_shown |= shown.is_some();
        digest.add(&[u8::from(shown.is_some())]);
        digest.add(shown.as_deref().unwrap_or_default());
    }
    is_shown
}
