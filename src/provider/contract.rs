//! The contract of a provider.

use std::sync::Arc;

use super::{AndThen, Authentication, PrincipalSource};
use crate::{
    context::{AuthContext, UNNAMED},
    error::AuthError,
    request::{AuthRequest, AuthRequestBuf, CredentialSource},
};

/// Checks a credential.
///
/// A provider that panics costs the request a 503, never the process and never an acceptance.
/// That needs unwinding: under `panic = "abort"` the process ends.
///
/// # Example
///
/// ```
/// use tower_auth::{
///     AuthContext, AuthError, AuthRequest, CredentialSource,
///     provider::{Authentication, AuthProvider},
/// };
///
/// struct Static(CredentialSource);
///
/// impl AuthProvider for Static {
///     fn authenticate(&self, request: &AuthRequest<'_>) -> Authentication {
///         let shown = match request.credential(self.credentials()) {
///             Ok(Some(shown)) => shown,
///             Ok(None) => return Ok(None).into(),
///             Err(error) => return Err(error).into(),
///         };
///         match shown.as_bytes() {
///             b"t0ken" => Ok(Some(AuthContext::new("ada"))).into(),
///             _ => Err(AuthError::invalid_credential("unknown")).into(),
///         }
///     }
///
///     fn credentials(&self) -> &[CredentialSource] {
///         std::slice::from_ref(&self.0)
///     }
/// }
/// ```
pub trait AuthProvider: Send + Sync + 'static {
    /// Answers at once, or with a future that owns its data: it copies what it needs from the request.
    fn authenticate(&self, request: &AuthRequest<'_>) -> Authentication;

    /// The places that this provider reads. The layer refuses doubled credentials there, marks the
    /// headers as sensitive, and names the places in challenges. A place that is named twice is one
    /// place.
    ///
    /// A provider that names none still works, but nothing protects its credential: the credential is
    /// not marked as sensitive, not hidden, and may be sent twice. So a layer warns when it is built.
    /// A provider that reads no credential of the request (the peer's certificate decides, or a chat
    /// message) returns an empty list from [`credential_sets`](Self::credential_sets).
    fn credentials(&self) -> &[CredentialSource] {
        &[]
    }

    /// The places of each provider in a chain: the layer accepts the credentials of two providers side
    /// by side, and refuses credentials of one provider in two places. An empty list means that
    /// nothing is read; a provider with an empty list of places has not named them, and the layer
    /// warns.
    fn credential_sets(&self) -> Vec<Vec<CredentialSource>> {
        vec![self.credentials().to_vec()]
    }

    /// The name that the log shows (`provider`), and the method of the callers it accepts unless
    /// it sets one itself.
    fn name(&self) -> &'static str {
        UNNAMED
    }

    /// Method and source of the principals that this provider vouches for, which are compared with
    /// those of the other providers when a layer is built.
    ///
    /// By default, callers have the provider's name as their method and no source. A provider that
    /// sets a method, an issuer or a source on its callers returns them here; a provider that wraps
    /// others returns theirs.
    ///
    /// # Security
    ///
    /// A source that is left out is not compared; with an empty list, none is.
    fn principal_sources(&self) -> Vec<PrincipalSource> {
        vec![PrincipalSource::of_instance(self.name(), self)]
    }

    /// The providers of a chain in the order in which they are asked; empty for a provider that is no
    /// chain.
    ///
    /// A description of a layer ([`AuthLayer::describe`](crate::AuthLayer::describe)) lists them one by
    /// one, and a program that explains a decision may ask them one by one. A provider that wraps
    /// another returns what stands for each of its members.
    ///
    /// # Example
    ///
    /// ```
    /// use tower_auth::provider::{ApiKeyAuth, AuthProvider, CompositeAuth, provider_fn};
    ///
    /// let keys = ApiKeyAuth::new(["sk-live-9f"])?;
    /// assert!(keys.members().is_empty());
    /// let chain = CompositeAuth::new(keys).or(provider_fn(|_| Ok(None)).with_name("sessions"));
    /// let names: Vec<_> = chain.members().iter().map(|member| member.name()).collect();
    /// assert_eq!(names, ["api_key", "sessions"]);
    /// # Ok::<(), tower_auth::ConfigError>(())
    /// ```
    fn members(&self) -> Vec<Arc<dyn AuthProvider>> {
        Vec::new()
    }

    /// Adds a check that runs after this provider accepted, such as "is the user still active" or "is
    /// the second factor right".
    ///
    /// The check gets the context and the request; it answers with the context, changed or not, or
    /// with the error that refuses.
    ///
    /// # Example
    ///
    /// ```
    /// use tower_auth::{AuthError, provider::{ApiKeyAuth, AuthProvider}};
    ///
    /// let provider = ApiKeyAuth::new(["sk-live-9f"])?.and_then(async |context, request| {
    ///     match request.header("x-totp") {
    ///         Some("123456") => Ok(context),
    ///         _ => Err(AuthError::invalid_credential("second_factor")),
    ///     }
    /// });
    /// # let _ = provider;
    /// # Ok::<(), tower_auth::ConfigError>(())
    /// ```
    fn and_then<F, Fut>(self, check: F) -> AndThen<Self, F>
    where
        Self: Sized,
        F: Fn(AuthContext, AuthRequestBuf) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<AuthContext, AuthError>> + Send + 'static,
    {
        AndThen::new(self, check)
    }

    /// Adds a check with a state, such as a database. Each call gets the state as an `Arc`, and the
    /// check captures nothing. The check answers as one of [`and_then`](Self::and_then) does.
    ///
    /// # Example
    ///
    /// ```
    /// use std::{collections::HashSet, sync::Arc};
    /// use tower_auth::{AuthError, provider::{ApiKeyAuth, AuthProvider}};
    ///
    /// type Suspended = HashSet<&'static str>;
    ///
    /// let suspended = Suspended::from(["eve"]);
    /// let provider = ApiKeyAuth::new(["sk-live-9f"])?.and_then_with_state(
    ///     suspended,
    ///     async |suspended: Arc<Suspended>, context, _request| match suspended.get(context.user_id()) {
    ///         Some(_) => Err(AuthError::forbidden("suspended")),
    ///         None => Ok(context),
    ///     },
    /// );
    /// # let _ = provider;
    /// # Ok::<(), tower_auth::ConfigError>(())
    /// ```
    fn and_then_with_state<S, F, Fut>(
        self,
        state: impl Into<Arc<S>>,
        check: F,
    ) -> AndThen<Self, impl Fn(AuthContext, AuthRequestBuf) -> Fut + Send + Sync + 'static>
    where
        Self: Sized,
        S: ?Sized + Send + Sync + 'static,
        F: Fn(Arc<S>, AuthContext, AuthRequestBuf) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<AuthContext, AuthError>> + Send + 'static,
    {
        let state = state.into();
        AndThen::new(self, move |context, request| {
            check(Arc::clone(&state), context, request)
        })
    }
}

impl<P: AuthProvider + ?Sized> AuthProvider for Arc<P> {
    fn authenticate(&self, request: &AuthRequest<'_>) -> Authentication {
        (**self).authenticate(request)
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

    fn members(&self) -> Vec<Arc<dyn AuthProvider>> {
        (**self).members()
    }
}

impl<P: AuthProvider + ?Sized> AuthProvider for Box<P> {
    fn authenticate(&self, request: &AuthRequest<'_>) -> Authentication {
        (**self).authenticate(request)
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

    fn members(&self) -> Vec<Arc<dyn AuthProvider>> {
        (**self).members()
    }
}
