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
/// use tower_auth::{AuthContext, AuthLayer, AuthRequestBuf, provider::async_provider_fn};
///
/// let sessions = async_provider_fn(async |request: AuthRequestBuf| {
///     Ok(request.header("x-session").map(AuthContext::new))
/// });
/// let layer = AuthLayer::new(sessions);
/// # let _ = layer;
/// ```
///
/// A closure that holds something, such as the handle of a database, clones it for each request: its
/// future outlives the call.
///
/// ```
/// use std::{collections::HashMap, sync::Arc};
/// use tower_auth::{AuthContext, AuthRequestBuf, provider::async_provider_fn};
///
/// let db = Arc::new(HashMap::from([("7f", "ada")]));
/// let sessions = async_provider_fn(move |request: AuthRequestBuf| {
///     let db = Arc::clone(&db);
///     async move {
///         let user = request.header("x-session").and_then(|token| db.get(token));
///         Ok(user.map(|user| AuthContext::new(*user)))
///     }
/// });
/// # let _ = sessions;
/// ```
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

/// The provider that [`provider_fn`] makes.
pub struct ProviderFn<F> {
    function: Arc<F>,
    description: Description,
}

/// The provider that [`async_provider_fn`] makes.
pub struct AsyncProviderFn<F> {
    function: Arc<F>,
    description: Description,
}

/// Name, places and label of a closure.
#[derive(Clone)]
struct Description {
    name: &'static str,
    /// Nothing where nobody has said what the closure reads.
    sources: Option<Arc<[CredentialSource]>>,
    label: Option<SourceLabel>,
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
    fn labelled(&self, answer: AuthResult) -> AuthResult {
        match (answer, &self.label) {
            (Ok(Some(caller)), Some(label)) if caller.source().is_none() => {
                Ok(Some(caller.with_label(Some(label.text()))))
            }
            (answer, _) => answer,
        }
    }

    fn credentials(&self) -> &[CredentialSource] {
        self.sources.as_deref().unwrap_or_default()
    }

    /// An empty list of places that was given says that nothing is read.
    fn credential_sets(&self) -> Vec<Vec<CredentialSource>> {
        match &self.sources {
            Some(none) if none.is_empty() => Vec::new(),
            _ => vec![self.credentials().to_vec()],
        }
    }

    fn principal_sources<F>(&self, function: &Arc<F>) -> Vec<PrincipalSource> {
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
                self.description.label = Some(SourceLabel::own(label)?);
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
                self.description.label = Some(SourceLabel::shared(label)?);
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

describe!(ProviderFn);
describe!(AsyncProviderFn);
