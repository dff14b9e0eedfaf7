//! A check that runs after a provider accepted.

use std::{fmt, future::Future, sync::Arc};

use super::{AuthProvider, AuthResult, Authentication, PrincipalSource, ask};
use crate::{
    answer::Asked,
    context::AuthContext,
    error::AuthError,
    request::{AuthRequest, AuthRequestBuf, CredentialSource},
};

/// A provider with a further check: made by [`AuthProvider::and_then`].
pub struct AndThen<P, F> {
    provider: P,
    check: Arc<F>,
    /// The places that the check reads.
    check_sources: Arc<[CredentialSource]>,
    /// The places of the provider, then the places of the check.
    all_sources: Arc<[CredentialSource]>,
}

impl<P, F> AndThen<P, F> {
    pub(super) fn new(provider: P, check: F) -> Self {
        Self {
            provider,
            check: Arc::new(check),
            check_sources: Arc::new([]),
            all_sources: Arc::new([]),
        }
    }
}

impl<P: AuthProvider, F> AndThen<P, F> {
    /// Adds the places that the check reads to the places of the provider: the layer then refuses a
    /// doubled credential there, and marks and hides it too.
    ///
    /// # Example
    ///
    /// ```
    /// use http::HeaderName;
    /// use tower_auth::{AuthError, CredentialSource, provider::{ApiKeyAuth, AuthProvider}};
    ///
    /// let provider = ApiKeyAuth::new(["sk-live-9f"])?
    ///     .and_then(async |context, request| match request.header("x-totp") {
    ///         Some("123456") => Ok(context),
    ///         _ => Err(AuthError::invalid_credential("second_factor")),
    ///     })
    ///     .with_credentials([CredentialSource::header(HeaderName::from_static("x-totp"))]);
    /// assert_eq!(provider.credentials().len(), 3);
    /// # Ok::<(), tower_auth::ConfigError>(())
    /// ```
    #[must_use]
    pub fn with_credentials(mut self, sources: impl IntoIterator<Item = CredentialSource>) -> Self {
        self.check_sources = sources.into_iter().collect();
        let first = self.provider.credentials().iter();
        self.all_sources = first.chain(&*self.check_sources).cloned().collect();
        self
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
                let first = context.clone();
                let check = (self.check)(context, request.to_buf());
                Authentication::pending(async move {
                    check
                        .await
                        .map(|context| Some(context.standing_for(&first)))
                })
            }
            Asked::Answered(refused) => refused.into(),
            Asked::Waiting(first) => {
                let check = Arc::clone(&self.check);
                let request = request.to_buf();
                Authentication::pending(async move {
                    let answer: AuthResult = first.await;
                    match answer? {
                        Some(context) => {
                            let first = context.clone();
                            let checked = check(context, request).await;
                            checked.map(|context| Some(context.standing_for(&first)))
                        }
                        None => Ok(None),
                    }
                })
            }
        }
    }

    fn credentials(&self) -> &[CredentialSource] {
        if self.check_sources.is_empty() {
            return self.provider.credentials();
        }
        &self.all_sources
    }

    fn credential_sets(&self) -> Vec<Vec<CredentialSource>> {
        let mut sets = self.provider.credential_sets();
        let of_check = self.check_sources.iter();
        sets.extend(of_check.map(|source| vec![source.as_second_factor()]));
        sets
    }

    fn name(&self) -> &'static str {
        self.provider.name()
    }

    fn principal_sources(&self) -> Vec<PrincipalSource> {
        self.provider.principal_sources()
    }

    /// Each member with the check behind it.
    fn members(&self) -> Vec<Arc<dyn AuthProvider>> {
        let members = self.provider.members().into_iter();
        let checked = members.map(|member| -> Arc<dyn AuthProvider> {
            let checked = AndThen {
                provider: member,
                check: Arc::clone(&self.check),
                check_sources: Arc::clone(&self.check_sources),
                all_sources: Arc::clone(&self.all_sources),
            };
            let sources = self.check_sources.iter().cloned();
            Arc::new(checked.with_credentials(sources))
        });
        checked.collect()
    }
}

impl<P: Clone, F> Clone for AndThen<P, F> {
    fn clone(&self) -> Self {
        Self {
            provider: self.provider.clone(),
            check: Arc::clone(&self.check),
            check_sources: Arc::clone(&self.check_sources),
            all_sources: Arc::clone(&self.all_sources),
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
