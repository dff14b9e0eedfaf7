//! Providers check a credential: the contract, and the providers that come with the crate.
//!
//! A provider of your own is a struct with one method. One that can answer at once implements
//! [`AuthProvider`]; one that has to wait (a database, another service) implements
//! [`AsyncAuthProvider`]. [`provider_fn`] and [`async_provider_fn`] make one of a closure,
//! [`async_provider_fn_with_state`] one of a closure that needs a database, and [`token_provider`] one
//! of a closure that looks a token up.
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

pub(crate) mod allowlist;
mod and_then;
mod api_key;
mod ask;
mod asynchronous;
#[cfg(feature = "jwt")]
mod at_jwt;
pub(crate) mod authentication;
#[cfg(feature = "jwt")]
mod claim_settings;
mod composite;
mod contract;
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
mod token_provider;
#[cfg(feature = "oauth2")]
mod userinfo;

pub(crate) use self::ask::ask;
pub(crate) use self::authentication::AuthResult;
#[cfg(feature = "jwt")]
pub use self::jwt::JwtAuth;
pub(crate) use self::principal_source::{PrincipalSources, SourceLabel};
pub use self::{
    allowlist::AllowlistAuth,
    and_then::AndThen,
    api_key::{ApiKeyAuth, ApiKeyHandle, ApiKeyRecord, IntoApiKeys},
    asynchronous::{AsyncAuthProvider, Awaited, IntoAuthProvider},
    authentication::Authentication,
    composite::CompositeAuth,
    contract::AuthProvider,
    function::{
        AsyncProviderFn, ProviderFn, async_provider_fn, async_provider_fn_with_state, provider_fn,
    },
    principal_source::PrincipalSource,
    token_provider::{TokenProvider, token_provider},
};
#[cfg(feature = "jwt")]
pub(crate) use self::{grants::Grants, principal_source::TokenAuthority};
#[cfg(feature = "oauth2")]
pub use self::{
    introspection::IntrospectionAuth,
    oauth2::{OAuth2Auth, OAuth2Issuers},
    userinfo::UserinfoAuth,
};
