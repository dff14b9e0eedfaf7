//! Who checks a credential: the contract, and the providers that come with the crate.
//!
//! A provider of your own is a struct with one method. One that can answer at once implements
//! [`AuthProvider`]; one that has to wait (a database, another service) implements
//! [`AsyncAuthProvider`]. [`provider_fn`] and [`async_provider_fn`] make one of a closure.
//!
//! # Example
//!
//! ```
//! use std::{collections::HashMap, sync::Arc};
//! use tower_auth::{
//!     AuthContext, AuthLayer, AuthRequestBuf, AuthResult,
//!     provider::{ApiKeyAuth, AsyncAuthProvider, CompositeAuth},
//! };
//!
//! struct Sessions(HashMap<String, String>);
//!
//! impl AsyncAuthProvider for Sessions {
//!     async fn authenticate(self: Arc<Self>, request: AuthRequestBuf) -> AuthResult {
//!         let Some(token) = request.header("x-session") else { return Ok(None) };
//!         Ok(self.0.get(token).map(AuthContext::new))
//!     }
//! }
//!
//! let sessions = Sessions(HashMap::from([("7f".into(), "ada".into())]));
//! let layer = AuthLayer::new(CompositeAuth::new(ApiKeyAuth::new(["sk-live-9f"])?).or(sessions));
//! # let _ = layer;
//! # Ok::<(), tower_auth::ConfigError>(())
//! ```

mod allowlist;
mod and_then;
mod api_key;
mod ask;
mod asynchronous;
pub(crate) mod authentication;
#[cfg(feature = "jwt")]
mod claim_settings;
mod composite;
mod function;
#[cfg(feature = "jwt")]
mod grants;
#[cfg(feature = "oauth2")]
mod introspection;
#[cfg(feature = "jwt")]
mod jwt;
#[cfg(feature = "oauth2")]
mod oauth2;
#[cfg(feature = "oauth2")]
mod opaque;
mod principal_source;
#[cfg(feature = "jwt")]
mod token;
#[cfg(feature = "oauth2")]
mod userinfo;

use std::sync::Arc;

#[cfg(feature = "config")]
pub(crate) use self::api_key::SHORT as SHORT_API_KEY;
pub(crate) use self::ask::ask;
use self::authentication::AuthResult;
#[cfg(feature = "jwt")]
pub use self::jwt::JwtAuth;
pub(crate) use self::principal_source::{Label, PrincipalSources};
pub use self::{
    allowlist::AllowlistAuth,
    and_then::AndThen,
    api_key::{ApiKeyAuth, ApiKeyHandle, ApiKeyRecord},
    asynchronous::{AsyncAuthProvider, AsyncProvider, IntoAuthProvider},
    authentication::Authentication,
    composite::CompositeAuth,
    function::{AsyncProviderFn, ProviderFn, async_provider_fn, provider_fn},
    principal_source::PrincipalSource,
};
#[cfg(feature = "jwt")]
pub(crate) use self::{grants::Grants, principal_source::Voucher};
#[cfg(feature = "oauth2")]
pub use self::{
    introspection::IntrospectionAuth,
    oauth2::{OAuth2Auth, OAuth2Issuers},
    userinfo::UserinfoAuth,
};
use crate::{
    AuthContext, AuthError, AuthRequest, AuthRequestBuf, CredentialSource, context::UNNAMED,
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
    /// Answers at once, or with an owned future that takes what it needs out of the request.
    fn authenticate(&self, request: &AuthRequest<'_>) -> Authentication;

    /// The places this provider reads: for the refusal of doubles, for redaction, for challenges.
    ///
    /// A provider that names none still works; its credential is then marked sensitive by nobody.
    fn credentials(&self) -> &[CredentialSource] {
        &[]
    }

    /// The places by provider, where this one is made of several: the layer lets two providers'
    /// credentials stand side by side, and refuses one provider's in two places.
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
    /// Unless written anew, callers have the provider's name as their method and no source. A
    /// provider that sets a method, an issuer or a source on its callers tells them here; one that
    /// wraps others gives theirs.
    ///
    /// # Security
    ///
    /// What is left out here is not compared: with an empty list, nothing is.
    fn principal_sources(&self) -> Vec<PrincipalSource> {
        vec![PrincipalSource::of_instance(self.name(), self)]
    }

    /// Adds a check that runs after this provider accepted: is the user still active, is the
    /// second factor right.
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
}
