//! A closure that checks one token, as a provider.

use std::{fmt, future::Future, sync::Arc};

use super::{
    AuthProvider, AuthResult, Authentication, PrincipalSource,
    function::{Description, describe},
};
use crate::{
    error::{AuthError, ConfigError},
    request::{AuthRequest, CredentialSource},
    secret::Secret,
};

/// Makes a provider of a closure that looks a token up: a session, a key in a database.
///
/// The place of the token is named once, and the closure gets the token from there. So the layer
/// always knows the place: it marks it as sensitive, refuses a second token and asks for the token in
/// challenges. A request without the token is not this provider's. The closure captures nothing: each
/// call gets `state` as an `Arc`. Give a value or an `Arc` of one, and write the type of the argument.
///
/// The closure answers `Ok(Some(caller))`, or `Ok(None)` for an unknown token, which is a 401
/// `invalid_credential` here, since the request has a token. An `Err` means a refusal; answer
/// [`AuthError::unavailable`] where the token could not be checked. A token that is not UTF-8 is
/// refused without a call.
///
/// # Security
///
/// Every client can send any token, as often as it likes: the section on security of
/// [`AsyncAuthProvider`](super::AsyncAuthProvider) holds here too. Look a token up by its digest
/// (SHA-256), so that a copy of the database holds no token.
///
/// # Example
///
/// ```
/// use std::{collections::HashMap, sync::Arc};
/// use http::HeaderName;
/// use tower_auth::{
///     AuthContext, AuthError, AuthLayer, CredentialSource, Secret, provider::token_provider,
/// };
///
/// struct Db(HashMap<&'static str, &'static str>);
///
/// impl Db {
///     async fn user_of(&self, token: &Secret) -> Result<Option<&str>, std::io::Error> {
///         Ok(self.0.get(token.expose()).copied())
///     }
/// }
///
/// let session = CredentialSource::header(HeaderName::from_static("x-session"));
/// let db = Db(HashMap::from([("7f", "ada")]));
/// let sessions = token_provider(session, db, async |db: Arc<Db>, token| {
///     let user = db.user_of(&token).await.map_err(AuthError::unavailable)?;
///     Ok(user.map(AuthContext::new))
/// })
/// .with_name("sessions");
/// let layer = AuthLayer::new(sessions);
/// # let _ = layer;
/// ```
pub fn token_provider<S, F, Fut>(
    source: CredentialSource,
    state: impl Into<Arc<S>>,
    function: F,
) -> TokenProvider<impl Fn(Secret) -> Fut + Send + Sync + 'static>
where
    S: ?Sized + Send + Sync + 'static,
    F: Fn(Arc<S>, Secret) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = AuthResult> + Send + 'static,
{
    let state = state.into();
    TokenProvider {
        function: Arc::new(move |token| function(Arc::clone(&state), token)),
        description: Description {
            sources: Some(Arc::new([source])),
            ..Description::default()
        },
    }
}

/// The provider that [`token_provider`] makes.
pub struct TokenProvider<F> {
    function: Arc<F>,
    description: Description,
}

impl<F, Fut> AuthProvider for TokenProvider<F>
where
    F: Fn(Secret) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = AuthResult> + Send + 'static,
{
    fn authenticate(&self, request: &AuthRequest<'_>) -> Authentication {
        let token = match request.credential(self.credentials()) {
            Ok(Some(shown)) => shown.as_str().map(Secret::from),
            Ok(None) => return Ok(None).into(),
            Err(error) => return Err(error).into(),
        };
        let Some(token) = token else {
            return Err(AuthError::invalid_credential("token_is_not_utf8")).into();
        };
        let answer = (self.function)(token);
        let description = self.description.clone();
        Authentication::pending(async move {
            match description.labelled(answer.await)? {
                Some(caller) => Ok(Some(caller)),
                None => Err(AuthError::invalid_credential("token_unknown")),
            }
        })
    }

    fn credentials(&self) -> &[CredentialSource] {
        self.description.credentials()
    }

    fn name(&self) -> &'static str {
        self.description.name
    }

    fn principal_sources(&self) -> Vec<PrincipalSource> {
        self.description.principal_sources(&self.function)
    }
}

describe!(TokenProvider);
