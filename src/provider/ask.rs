//! Asking a provider, with its panics caught and its name on its answer.

use super::{AuthProvider, AuthResult};
use crate::{
    answer::{self, Asked, Named},
    context::UNNAMED,
    error::AuthError,
    request::AuthRequest,
};

/// Asks a provider. A panic of the provider becomes a 503, so only an answer accepts.
pub(crate) fn ask(provider: &dyn AuthProvider, request: &AuthRequest<'_>) -> Asked<AuthResult> {
    answer::ask(|| provider.name(), || provider.authenticate(request))
}

impl Named for AuthResult {
    fn panicked() -> Self {
        Err(AuthError::unavailable("the provider panicked").with_reason("provider_panicked"))
    }

    /// Writes the provider's name into a refusal, for the log, and into a caller without a method, so
    /// that two custom providers never vouch for one principal.
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
