//! Providers that are written as an `async fn`.

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
/// Every client can have this provider called, as often as it sends a credential, and this trait sets
/// no limit on the number of waiting futures. Where the provider asks a database or another server,
/// limit the look-ups of unknown credentials, so that guesses cannot take every connection from good
/// callers: refuse malformed credentials before the look-up, remember accepted ones for a short time,
/// and answer 503 ([`AuthError::unavailable`]) beyond a number of running look-ups.
/// [`AuthRequest::client_address`] names the client that asks too often.
pub trait AsyncAuthProvider: Send + Sync + 'static {
    /// Checks the credential of the request. [`AuthResult`] lists the possible answers.
    fn authenticate(
        self: Arc<Self>,
        request: AuthRequestBuf,
    ) -> impl Future<Output = AuthResult> + Send;

    /// The places that this provider reads: see [`AuthProvider::credentials`].
    fn credentials(&self) -> &[CredentialSource] {
        &[]
    }

    /// The places of each provider in a chain: see [`AuthProvider::credential_sets`]. An empty list
    /// means that nothing is read.
    fn credential_sets(&self) -> Vec<Vec<CredentialSource>> {
        vec![self.credentials().to_vec()]
    }

    /// The name that the log shows.
    fn name(&self) -> &'static str {
        UNNAMED
    }

    /// Method and source of the principals that this provider vouches for: see
    /// [`AuthProvider::principal_sources`].
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

    /// Adds a check with a state, such as a database, as [`AuthProvider::and_then_with_state`] does.
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

/// The argument of [`AuthLayer`](crate::AuthLayer) and of chains: an [`AuthProvider`] or an
/// [`AsyncAuthProvider`].
///
/// The compiler infers `Form`, which tells the two apart; your code never names it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a provider",
    note = "implement `AuthProvider` (answers at once) or `AsyncAuthProvider` (an `async fn`) for it",
    note = "a closure becomes a provider through `provider_fn`, `async_provider_fn` or `token_provider`",
    note = "several providers are a chain: `CompositeAuth::from_providers(providers)?`"
)]
pub trait IntoAuthProvider<Form> {
    /// Converts this provider into a shared [`AuthProvider`].
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
