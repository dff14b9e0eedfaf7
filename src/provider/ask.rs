//! Asking a provider, with its panics caught and its name on its answer.

use super::{AuthProvider, AuthResult};
use crate::{
    answer::{self, Asked, Named},
    context::UNNAMED,
    error::AuthError,
    request::AuthRequest,
};

/// Asks a provider: whatever it does, this returns, and only an answer accepts.
pub(crate) fn ask(provider: &dyn AuthProvider, request: &AuthRequest<'_>) -> Asked<AuthResult> {
    answer::ask(|| provider.name(), || provider.authenticate(request))
}

impl Named for AuthResult {
    fn panicked() -> Self {
        Err(AuthError::unavailable("the provider panicked").with_reason("provider_panicked"))
    }

    /// Puts the provider's name on a refusal, for the log, and on a caller for whom no method was
    /// named, so that two providers of one's own never vouch for the same principal.
    fn named(self, provider: &'static str) -> Self {
        match self {
            Ok(Some(caller)) if caller.method() == UNNAMED && !matches!(provider, "" | UNNAMED) => {
                Ok(Some(caller.with_method(provider)))
            }
            Ok(answer) => Ok(answer),
            Err(error) => Err(error.at_provider(provider)),
        }
    }
}
