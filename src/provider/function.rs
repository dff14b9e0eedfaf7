//! Closures as providers.

use std::{fmt, future::Future, sync::Arc};

use super::{AuthProvider, AuthResult, Authentication, PrincipalSource, SourceLabel};
use crate::{
    context::UNNAMED,
    error::ConfigError,
    request::{AuthRequest, AuthRequestBuf, CredentialSource},
};

/// Makes a provider of a closure that answers at once.
///
/// # Example
///
/// ```
/// use http::HeaderName;
/// use tower_auth::{AuthContext, AuthLayer, AuthRequest, CredentialSource, provider::provider_fn};
///
/// let internal = provider_fn(|request: &AuthRequest<'_>| {
///     Ok(request.header("x-internal").map(AuthContext::new))
/// })
/// .with_credentials([CredentialSource::header(HeaderName::from_static("x-internal"))])
/// .with_name("internal");
/// let layer = AuthLayer::new(internal);
/// # let _ = layer;
/// ```
pub fn provider_fn<F>(function: F) -> ProviderFn<F>
where
    F: Fn(&AuthRequest<'_>) -> AuthResult + Send + Sync + 'static,
{
    ProviderFn {
        function: Arc::new(function),
        description: Description::default(),
    }
}

/// Makes a provider of a closure that returns a future.
///
/// # Example
///
/// ```
/// use http::HeaderName;
/// use tower_auth::{
///     AuthContext, AuthLayer, AuthRequestBuf, CredentialSource, provider::async_provider_fn,
/// };
///
/// let sessions = async_provider_fn(async |request: AuthRequestBuf| {
///     Ok(request.header("x-session").map(AuthContext::new))
/// })
/// .with_credentials([CredentialSource::header(HeaderName::from_static("x-session"))]);
/// let layer = AuthLayer::new(sessions);
/// # let _ = layer;
/// ```
///
/// For a closure with a state, such as a database, use [`async_provider_fn_with_state`]; for a closure
/// that looks up one credential, use [`token_provider`](super::token_provider).
pub fn async_provider_fn<F, Fut>(function: F) -> AsyncProviderFn<F>
where
    F: Fn(AuthRequestBuf) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = AuthResult> + Send + 'static,
{
    AsyncProviderFn {
        function: Arc::new(function),
        description: Description::default(),
    }
}

/// Makes a provider of a closure that gets a state and returns a future.
///
/// The closure captures nothing: each call gets the state as an `Arc`, since the future outlives the
/// call. Write the type of the argument, `state: Arc<…>`, and give a value of that type, or an `Arc`
/// that others share.
///
/// # Example
///
/// ```
/// use std::{collections::HashMap, sync::Arc};
/// use http::HeaderName;
/// use tower_auth::{
///     AuthContext, AuthLayer, AuthRequestBuf, CredentialSource,
///     provider::async_provider_fn_with_state,
/// };
///
/// type Sessions = HashMap<&'static str, &'static str>;
///
/// let db: Arc<Sessions> = Arc::new(HashMap::from([("7f", "ada")]));
/// let sessions = async_provider_fn_with_state(db, async |db: Arc<Sessions>, request: AuthRequestBuf| {
///     let user = request.header("x-session").and_then(|token| db.get(token));
///     Ok(user.map(|user| AuthContext::new(*user)))
/// })
/// .with_credentials([CredentialSource::header(HeaderName::from_static("x-session"))]);
/// let layer = AuthLayer::new(sessions);
/// # let _ = layer;
/// ```
pub fn async_provider_fn_with_state<S, F, Fut>(
    state: impl Into<Arc<S>>,
    function: F,
) -> AsyncProviderFn<impl Fn(AuthRequestBuf) -> Fut + Send + Sync + 'static>
where
    S: ?Sized + Send + Sync + 'static,
    F: Fn(Arc<S>, AuthRequestBuf) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = AuthResult> + Send + 'static,
{
    let state = state.into();
    async_provider_fn(move |request| function(Arc::clone(&state), request))
}

/// The provider that [`provider_fn`] makes.
pub struct ProviderFn<F> {
    function: Arc<F>,
    description: Description,
}

/// The provider that [`async_provider_fn`] and [`async_provider_fn_with_state`] make.
pub struct AsyncProviderFn<F> {
    function: Arc<F>,
    description: Description,
}

/// Name, places and label of a closure.
#[derive(Clone)]
pub(super) struct Description {
    pub(super) name: &'static str,
    /// `None` where the places were not set.
    pub(super) sources: Option<Arc<[CredentialSource]>>,
    pub(super) label: Option<SourceLabel>,
}

impl Default for Description {
    fn default() -> Self {
        Self {
            name: UNNAMED,
            sources: None,
            label: None,
        }
    }
}

impl Description {
    /// Puts the label on a caller for whom the closure set neither issuer nor source.
    pub(super) fn labelled(&self, answer: AuthResult) -> AuthResult {
        match (answer, &self.label) {
            (Ok(Some(caller)), Some(label)) if caller.source().is_none() => {
                Ok(Some(caller.with_label(Some(label.text()))))
            }
            (answer, _) => answer,
        }
    }

    pub(super) fn set_source(&mut self, label: impl Into<String>) -> Result<(), ConfigError> {
        self.label = Some(SourceLabel::own(label)?);
        Ok(())
    }

    pub(super) fn set_shared_source(
        &mut self,
        label: impl Into<String>,
    ) -> Result<(), ConfigError> {
        self.label = Some(SourceLabel::shared(label)?);
        Ok(())
    }

    pub(super) fn credentials(&self) -> &[CredentialSource] {
        self.sources.as_deref().unwrap_or_default()
    }

    /// Places that were set to an empty list mean that nothing is read.
    pub(super) fn credential_sets(&self) -> Vec<Vec<CredentialSource>> {
        match &self.sources {
            Some(none) if none.is_empty() => Vec::new(),
            _ => vec![self.credentials().to_vec()],
        }
    }

    pub(super) fn principal_sources<F>(&self, function: &Arc<F>) -> Vec<PrincipalSource> {
        vec![PrincipalSource::of_labelled(
            self.name,
            self.label.as_ref(),
            &**function,
        )]
    }
}

impl<F> AuthProvider for ProviderFn<F>
where
    F: Fn(&AuthRequest<'_>) -> AuthResult + Send + Sync + 'static,
{
    fn authenticate(&self, request: &AuthRequest<'_>) -> Authentication {
        self.description.labelled((self.function)(request)).into()
    }

    fn credentials(&self) -> &[CredentialSource] {
        self.description.credentials()
    }

    fn credential_sets(&self) -> Vec<Vec<CredentialSource>> {
        self.description.credential_sets()
    }

    fn name(&self) -> &'static str {
        self.description.name
    }

    fn principal_sources(&self) -> Vec<PrincipalSource> {
        self.description.principal_sources(&self.function)
    }
}

impl<F, Fut> AuthProvider for AsyncProviderFn<F>
where
    F: Fn(AuthRequestBuf) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = AuthResult> + Send + 'static,
{
    fn authenticate(&self, request: &AuthRequest<'_>) -> Authentication {
        let answer = (self.function)(request.to_buf());
        let description = self.description.clone();
        Authentication::pending(async move { description.labelled(answer.await) })
    }

    fn credentials(&self) -> &[CredentialSource] {
        self.description.credentials()
    }

    fn credential_sets(&self) -> Vec<Vec<CredentialSource>> {
        self.description.credential_sets()
    }

    fn name(&self) -> &'static str {
        self.description.name
    }

    fn principal_sources(&self) -> Vec<PrincipalSource> {
        self.description.principal_sources(&self.function)
    }
}

macro_rules! describe {
    ($type:ident) => {
        impl<F> $type<F> {
            /// Replaces the places the closure reads; an empty list says that it reads none. Unless
            /// set, the layer warns when it is built: see
            /// [`AuthProvider::credentials`](super::AuthProvider::credentials).
            #[must_use]
            pub fn with_credentials(
                mut self,
                sources: impl IntoIterator<Item = CredentialSource>,
            ) -> Self {
                self.description.sources = Some(sources.into_iter().collect());
                self
            }

            /// Replaces the name that the log shows, `custom` unless set. It is the method of
            /// callers for whom the closure sets none.
            #[must_use]
            pub fn with_name(mut self, name: &'static str) -> Self {
                self.description.name = name;
                self
            }

            /// Sets the source of callers for whom the closure sets neither issuer nor source: a
            /// label that tells them from those of another provider of this name.
            ///
            /// # Errors
            ///
            /// The label is blank, holds a `#`, or begins or ends with white space.
            pub fn with_source(mut self, label: impl Into<String>) -> Result<Self, ConfigError> {
                self.description.set_source(label)?;
                Ok(self)
            }

            /// Sets the source of callers for whom the closure sets neither issuer nor source, and
            /// says that every provider of this name that shares the label speaks of the same
            /// users.
            ///
            /// # Errors
            ///
            /// The label is blank, holds a `#`, or begins or ends with white space.
            pub fn with_shared_source(
                mut self,
                label: impl Into<String>,
            ) -> Result<Self, ConfigError> {
                self.description.set_shared_source(label)?;
                Ok(self)
            }
        }

        impl<F> Clone for $type<F> {
            fn clone(&self) -> Self {
                Self {
                    function: Arc::clone(&self.function),
                    description: self.description.clone(),
                }
            }
        }

        impl<F> fmt::Debug for $type<F> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_struct(stringify!($type))
                    .field("name", &self.description.name)
                    .field("sources", &self.description.credentials())
                    .finish_non_exhaustive()
            }
        }
    };
}

pub(super) use describe;

describe!(ProviderFn);
describe!(AsyncProviderFn);
