//! The comfortable form of a provider that has to wait.

use std::{future::Future, sync::Arc};

use super::{AndThen, AuthProvider, AuthResult, Authentication, PrincipalSource};
use crate::{
    context::{AuthContext, UNNAMED},
    error::AuthError,
    request::{AuthRequest, AuthRequestBuf, CredentialSource},
};

/// A provider written as one `async fn`.
///
/// It gets an owned request, so its future borrows nothing. A chain or a layer takes it without a
/// wrapper.
///
/// # Example
///
/// ```
/// use std::sync::Arc;
/// use http::HeaderName;
/// use tower_auth::{
///     AuthContext, AuthError, AuthLayer, AuthRequestBuf, AuthResult, CredentialSource,
///     provider::AsyncAuthProvider,
/// };
///
/// struct Sessions([CredentialSource; 1]);
///
/// impl AsyncAuthProvider for Sessions {
///     async fn authenticate(self: Arc<Self>, request: AuthRequestBuf) -> AuthResult {
///         let Some(token) = request.credential(&self.0)? else { return Ok(None) };
///         match token.as_bytes() {
///             b"7f" => Ok(Some(AuthContext::new("ada"))),
///             _ => Err(AuthError::invalid_credential("unknown_session")),
///         }
///     }
///
///     fn credentials(&self) -> &[CredentialSource] {
///         &self.0
///     }
/// }
///
/// let header = CredentialSource::header(HeaderName::from_static("x-session"));
/// let layer = AuthLayer::new(Sessions([header]));
/// # let _ = layer;
/// ```
///
/// # Security
///
/// It is asked about every credential that a stranger shows, as often as it is shown, and nothing here
/// bounds how many of its futures wait at once. Where it asks a database or another server, give
/// guesses a bound of their own, so that they cannot take every connection from good callers: refuse
/// what cannot be a credential before asking, remember good answers for a short time, and answer 503
/// ([`AuthError::unavailable`]) beyond a number of running questions. [`AuthRequest::client_address`]
/// tells which client asks too often.
pub trait AsyncAuthProvider: Send + Sync + 'static {
    /// Answers whether the request shows a credential of this provider, and whose.
    fn authenticate(
        self: Arc<Self>,
        request: AuthRequestBuf,
    ) -> impl Future<Output = AuthResult> + Send;

    /// The places this provider reads, as [`AuthProvider::credentials`] names them.
    fn credentials(&self) -> &[CredentialSource] {
        &[]
    }

    /// The places by provider, as [`AuthProvider::credential_sets`] tells them: an empty list says
    /// that nothing is read.
    fn credential_sets(&self) -> Vec<Vec<CredentialSource>> {
        vec![self.credentials().to_vec()]
    }

    /// The name that the log shows.
    fn name(&self) -> &'static str {
        UNNAMED
    }

    /// Method and source of the principals that this provider vouches for, as
    /// [`AuthProvider::principal_sources`] tells them.
    fn principal_sources(&self) -> Vec<PrincipalSource> {
        vec![PrincipalSource::of_instance(self.name(), self)]
    }

    /// Adds a check that runs after this provider accepted, as [`AuthProvider::and_then`] does.
    fn and_then<F, Fut>(self, check: F) -> AndThen<Awaited<Self>, F>
    where
        Self: Sized,
        F: Fn(AuthContext, AuthRequestBuf) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<AuthContext, AuthError>> + Send + 'static,
    {
        AndThen::new(Awaited::new(self), check)
    }

    /// Adds a check that needs something of its own, as [`AuthProvider::and_then_with_state`] does.
    fn and_then_with_state<S, F, Fut>(
        self,
        state: impl Into<Arc<S>>,
        check: F,
    ) -> AndThen<Awaited<Self>, impl Fn(AuthContext, AuthRequestBuf) -> Fut + Send + Sync + 'static>
    where
        Self: Sized,
        S: ?Sized + Send + Sync + 'static,
        F: Fn(Arc<S>, AuthContext, AuthRequestBuf) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<AuthContext, AuthError>> + Send + 'static,
    {
        AuthProvider::and_then_with_state(Awaited::new(self), state, check)
    }
}

impl<A: AsyncAuthProvider> AsyncAuthProvider for Arc<A> {
    fn authenticate(
        self: Arc<Self>,
        request: AuthRequestBuf,
    ) -> impl Future<Output = AuthResult> + Send {
        A::authenticate(Arc::clone(&self), request)
    }

    fn credentials(&self) -> &[CredentialSource] {
        (**self).credentials()
    }

    fn credential_sets(&self) -> Vec<Vec<CredentialSource>> {
        (**self).credential_sets()
    }

    fn name(&self) -> &'static str {
        (**self).name()
    }

    fn principal_sources(&self) -> Vec<PrincipalSource> {
        (**self).principal_sources()
    }
}

/// An [`AsyncAuthProvider`] as an [`AuthProvider`].
///
/// # Example
///
/// ```
/// use std::sync::Arc;
/// use tower_auth::{AuthContext, AuthRequestBuf, AuthResult};
/// use tower_auth::provider::{AsyncAuthProvider, AuthProvider, Awaited, CompositeAuth};
///
/// struct Sessions;
///
/// impl AsyncAuthProvider for Sessions {
///     async fn authenticate(self: Arc<Self>, _: AuthRequestBuf) -> AuthResult {
///         Ok(Some(AuthContext::new("ada")))
///     }
/// }
///
/// let members: Vec<Arc<dyn AuthProvider>> = vec![Arc::new(Awaited::new(Sessions))];
/// let chain = CompositeAuth::from_providers(members)?;
/// # let _ = chain;
/// # Ok::<(), tower_auth::ConfigError>(())
/// ```
#[derive(Debug)]
pub struct Awaited<A>(Arc<A>);

impl<A> Awaited<A> {
    /// Wraps an asynchronous provider.
    pub fn new(provider: A) -> Self {
        Self(Arc::new(provider))
    }
}

impl<A> Clone for Awaited<A> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<A: AsyncAuthProvider> AuthProvider for Awaited<A> {
    fn authenticate(&self, request: &AuthRequest<'_>) -> Authentication {
        let provider = Arc::clone(&self.0);
        let request = request.to_buf();
        Authentication::pending(async move { provider.authenticate(request).await })
    }

    fn credentials(&self) -> &[CredentialSource] {
        self.0.credentials()
    }

    fn credential_sets(&self) -> Vec<Vec<CredentialSource>> {
        self.0.credential_sets()
    }

    fn name(&self) -> &'static str {
        self.0.name()
    }

    fn principal_sources(&self) -> Vec<PrincipalSource> {
        self.0.principal_sources()
    }
}

/// A provider of either form, as [`AuthLayer`](crate::AuthLayer) and the chains take it.
///
/// `Form` tells the two forms apart for the compiler; nobody names it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a provider",
    note = "implement `AuthProvider` (answers at once) or `AsyncAuthProvider` (an `async fn`) for it",
    note = "a closure becomes a provider through `provider_fn`, `async_provider_fn` or `token_provider`",
    note = "several providers are a chain: `CompositeAuth::from_providers(providers)?`"
)]
pub trait IntoAuthProvider<Form> {
    /// The provider.
    fn into_provider(self) -> Arc<dyn AuthProvider>;
}

/// The form of a provider that answers at once.
#[derive(Debug)]
pub struct AtOnce(());

/// The form of a provider that has to wait.
#[derive(Debug)]
pub struct Later(());

impl<P: AuthProvider> IntoAuthProvider<AtOnce> for P {
    fn into_provider(self) -> Arc<dyn AuthProvider> {
        Arc::new(self)
    }
}

impl<A: AsyncAuthProvider> IntoAuthProvider<Later> for A {
    fn into_provider(self) -> Arc<dyn AuthProvider> {
        Arc::new(Awaited::new(self))
    }
}
