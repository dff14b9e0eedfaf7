//! A check that runs after a provider accepted.

use std::{fmt, future::Future, sync::Arc};

use super::{Asked, AuthProvider, AuthResult, Authentication, ask};
use crate::{AuthContext, AuthError, AuthRequest, AuthRequestBuf, CredentialSource};

/// A provider with a further check: made by [`AuthProvider::and_then`].
pub struct AndThen<P, F> {
    provider: P,
    check: Arc<F>,
}

impl<P, F> AndThen<P, F> {
    pub(super) fn new(provider: P, check: F) -> Self {
        Self {
            provider,
            check: Arc::new(check),
        }
    }
}

impl<P, F, Fut> AuthProvider for AndThen<P, F>
where
    P: AuthProvider,
    F: Fn(AuthContext, AuthRequestBuf) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<AuthContext, AuthError>> + Send + 'static,
{
    fn authenticate(&self, request: &AuthRequest<'_>) -> Authentication {
        match ask(&self.provider, request) {
            Asked::Answered(Ok(Some(context))) => {
                let check = (self.check)(context, request.to_buf());
                Authentication::pending(async move { check.await.map(Some) })
            }
            Asked::Answered(refused) => refused.into(),
            Asked::Waiting(first) => {
                let check = Arc::clone(&self.check);
                let request = request.to_buf();
                Authentication::pending(async move {
                    let answer: AuthResult = first.await;
                    match answer? {
                        Some(context) => check(context, request).await.map(Some),
                        None => Ok(None),
                    }
                })
            }
        }
    }

    fn credentials(&self) -> &[CredentialSource] {
        self.provider.credentials()
    }

    fn credential_sets(&self) -> Vec<Vec<CredentialSource>> {
        self.provider.credential_sets()
    }

    fn name(&self) -> &'static str {
        self.provider.name()
    }
}

impl<P: Clone, F> Clone for AndThen<P, F> {
    fn clone(&self) -> Self {
        Self {
            provider: self.provider.clone(),
            check: Arc::clone(&self.check),
        }
    }
}

impl<P: fmt::Debug, F> fmt::Debug for AndThen<P, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AndThen")
            .field("provider", &self.provider)
            .finish_non_exhaustive()
    }
}
