//! Providers check a credential: the contract, and the providers that come with the crate.
//!
//! A provider of your own that looks one token up is a closure: [`token_provider`]. One that reads
//! something else is a closure too ([`provider_fn`], [`async_provider_fn`], or with a database
//! [`async_provider_fn_with_state`]), or a struct with one method: [`AuthProvider`] answers at once,
//! [`AsyncAuthProvider`] may wait.
//!
//! # Example
//!
//! ```
//! use std::{collections::HashMap, sync::Arc};
//! use http::HeaderName;
//! use tower_auth::{
//!     AuthContext, AuthLayer, CredentialSource,
//!     provider::{ApiKeyAuth, CompositeAuth, token_provider},
//! };
//!
//! type Sessions = HashMap<&'static str, &'static str>;
//!
//! let header = CredentialSource::header(HeaderName::from_static("x-session"));
//! let sessions = Sessions::from([("7f", "ada")]);
//! let sessions = token_provider(header, sessions, async |sessions: Arc<Sessions>, token| {
//!     Ok(sessions.get(token.expose()).map(|user| AuthContext::new(*user)))
//! });
//! let keys = ApiKeyAuth::new(["sk-live-9f03a51d8c70"])?;
//! let layer = AuthLayer::new(CompositeAuth::new(keys).or(sessions));
//! # let _ = layer;
//! # Ok::<(), tower_auth::ConfigError>(())
//! ```
//!
//! # Name the places
//!
//! A provider names where it looks for its credential: `credentials()` of a struct, `with_credentials`
//! of a closure; [`token_provider`] is given the place. The layer marks these places as sensitive for the
//! log, hides them on demand, tells them to layers outside
//! ([`AuthLayer::credential_headers`](crate::AuthLayer::credential_headers)), and refuses a place that
//! is filled twice. Where a provider names none, nothing of this happens, and building the layer logs a
//! warning.

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
