//! The accepted caller.

mod charge;
mod confirms;
mod credential;
mod ended;
#[cfg(feature = "keys")]
mod ended_by_source;
mod meter;
#[cfg(feature = "keys")]
mod new_revoker;
mod resting;
#[cfg(feature = "keys")]
mod revocable;
mod revoker;
#[cfg(feature = "keys")]
mod role_limit;
mod token;
#[cfg(feature = "jwt")]
mod verified;
mod vouched;
#[cfg(feature = "webhook")]
mod without_headers;

pub use self::ended::Ended;
pub(crate) use self::{
    charge::{Charge, Standing},
    meter::Meter,
    resting::RestingContext,
    revoker::Revoker,
};
#[cfg(feature = "keys")]
pub(crate) use self::{
    confirms::{Confirmation, Confirms},
    revoker::Revokes,
};

#[cfg(feature = "jwt")]
pub(crate) use self::verified::{Verified, VerifiedClaims};
use std::{
    sync::{Arc, LazyLock},
    time::SystemTime,
};

use http::{HeaderMap, HeaderName, HeaderValue, Response};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::{
    ClaimError, ClaimPath,
    identity::Identity,
    issued::Issued,
    metadata::{Metadata, read_claim},
};
use crate::{
    clock::{self, Clock},
    ended::NEVER,
    scope::Scopes,
};

/// The accepted caller: identity, method of authentication, scopes and claims.
///
/// The layer puts it into the request's extensions; under axum it is an extractor too. Cloning
/// costs a reference count.
///
/// # Example
///
/// ```
/// use tower_auth::AuthContext;
///
/// let context = AuthContext::new("42").with_scopes(["files:read"]).with_claim("role", "editor");
/// assert_eq!(context.user_id(), "42");
/// assert!(context.scopes().contains("files:read"));
/// assert_eq!(context.claim::<String>("role")?.as_deref(), Some("editor"));
/// # Ok::<(), tower_auth::ClaimError>(())
/// ```
///
/// Accessors for handlers and logs, and a header for the response:
///
/// ```
/// use http::{HeaderName, HeaderValue};
/// use tower_auth::AuthContext;
///
/// let caller = AuthContext::new("42")
///     .with_method("session")
///     .with_claim("team", "blue")
///     .add_response_header(HeaderName::from_static("x-quota"), HeaderValue::from_static("7"));
/// assert_eq!(caller.method(), "session");
/// assert_eq!(caller.metadata()["team"], "blue");
/// assert_eq!(caller.response_headers().unwrap()["x-quota"], "7");
/// assert_eq!(caller.principal().method(), "session");
/// ```
#[derive(Clone)]
pub struct AuthContext {
    inner: Arc<Inner>,
    /// What a handler charges, where limits are around it.
    meter: Option<Arc<Meter>>,
    /// The revocations that the layer holds the caller to.
    revoker: Option<Arc<Revoker>>,
}

#[derive(Clone)]
struct Inner {
    user_id: Box<str>,
    method: &'static str,
    issuer: Option<Arc<str>>,
    /// The source, if it is not the issuer.
    source: Option<Arc<str>>,
    scopes: Scopes,
    /// `NEVER` where it does not expire: 8 bytes less for each of a million keys.
    expires_at: u64,
    ends_by: EndsBy,
    /// Whether it was kept for later requests with the same token.
    remembered: bool,
    /// Whether the charge has to be asked: so that nothing rare is read for most callers.
    owes: bool,
    issued: Issued,
    identity: Identity,
    metadata: Metadata,
    /// In a box, which saves 32 bytes for each of a million keys.
    rare: Option<Box<Rare>>,
}

/// The fields that few callers have.
#[derive(Clone, Default)]
struct Rare {
    /// The roles that its claims may give; any role where it is `None`.
    role_limit: Option<Arc<[Box<str>]>>,
    /// The name of the caller's key, if it is not the user id.
    key_name: Option<Box<str>>,
    /// In a box, as everything large that few of a million keys have.
    response_headers: Option<Box<HeaderMap>>,
    /// The caller's credential, if accepting it may cost something.
    charge: Option<Arc<dyn Charge>>,
    /// The id of the caller's token, if it does not stand in the JSON of its claims.
    token_id: Option<Box<str>>,
    /// The caller whom the provider accepted, if a check put this one in its place.
    first: Option<Box<AuthContext>>,
    /// The end of the credential, if it is not told by the expiry and the system's clock.
    end: Option<Box<OwnEnd>>,
}

/// What tells when the credential ends, if nobody revokes it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum EndsBy {
    Expiry,
    /// The store of the key.
    #[allow(dead_code, reason = "without stores of keys none tells")]
    Source,
    /// [`OwnEnd::at`].
    OwnEnd,
}

/// An end of its own.
#[derive(Clone)]
struct OwnEnd {
    at: u64,
    clock: Clock,
}

impl AuthContext {
    /// Makes a caller with that user id, no scopes, and the method of the provider that accepts it.
    pub fn new(user_id: impl Into<String>) -> Self {
        Self::of(Inner {
            user_id: user_id.into().into(),
            method: UNNAMED,
            issuer: None,
            source: None,
            scopes: Scopes::default(),
            expires_at: NEVER,
            ends_by: EndsBy::Expiry,
            remembered: false,
            owes: false,
            issued: Issued::NOTHING,
            identity: Identity::default(),
            metadata: Metadata::default(),
            rare: None,
        })
    }

    fn of(inner: Inner) -> Self {
        Self {
            inner: Arc::new(inner),
            meter: None,
            revoker: None,
        }
    }

    /// Replaces the method by which the caller was authenticated: a short name, the same for every caller of a
    /// provider (`api_key`, `jwt`, …). Unless set, it is the provider's name, or `custom` where it
    /// has none.
    #[must_use]
    pub fn with_method(mut self, method: &'static str) -> Self {
        self.edit().method = method;
        self
    }

    /// Replaces the issuer or chat platform that vouches for the user id. The issuer then is the
    /// [`source`](Self::source) too.
    ///
    /// # Security
    ///
    /// The issuer is part of the [`principal`](Self::principal): take the name from the configuration,
    /// never from text of a caller.
    #[must_use]
    pub fn with_issuer(mut self, issuer: impl Into<String>) -> Self {
        let inner = self.edit();
        inner.issuer = Some(issuer.into().into());
        inner.source = None;
        self
    }

    /// Replaces the scopes; `*` among them grants everything.
    #[must_use]
    pub fn with_scopes<S: AsRef<str>>(self, scopes: impl IntoIterator<Item = S>) -> Self {
        self.with_scope_set(Scopes::new(scopes))
    }

    pub(crate) fn with_scope_set(mut self, scopes: Scopes) -> Self {
        self.edit().scopes = scopes;
        self
    }

    /// Replaces the time at which the credential expires.
    #[must_use]
    pub fn with_expires_at(mut self, time: SystemTime) -> Self {
        let inner = self.edit();
        inner.expires_at = clock::to_unix(time);
        inner.ends_by = EndsBy::Expiry;
        self
    }

    /// Adds a claim to the metadata, or replaces the claim of that name.
    #[must_use]
    pub fn with_claim(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        let mut map = self.inner.metadata.map().cloned().unwrap_or_default();
        map.insert(name.into(), value.into());
        self.replace_metadata(Metadata::of(map));
        self
    }

    /// Adds a header that the layer puts on the response, such as a refreshed cookie or a quota.
    #[must_use]
    pub fn add_response_header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.edit_rare()
            .response_headers
            .get_or_insert_default()
            .append(name, value);
        self
    }

    /// Replaces the user id, and keeps the first one as the name of the key for the log.
    pub(crate) fn with_key_user_id(mut self, user_id: String) -> Self {
        let name = self.key_name().unwrap_or(self.user_id());
        let name = (name != user_id).then(|| name.into());
        if name.is_some() || self.key_name().is_some() {
            self.edit_rare().key_name = name;
        }
        self.edit().user_id = user_id.into();
        self
    }

    /// The name of the caller's key, if it is not the user id.
    #[inline]
    pub(crate) fn key_name(&self) -> Option<&str> {
        self.inner.rare.as_ref()?.key_name.as_deref()
    }

    /// The user id, unique only together with method and source: compare
    /// [`principal`](Self::principal) instead.
    pub fn user_id(&self) -> &str {
        &self.inner.user_id
    }

    /// The method by which the caller was authenticated.
    #[inline]
    pub fn method(&self) -> &'static str {
        self.inner.method
    }

    /// Whether the caller's token was verified for an earlier request. It is known where anybody observes decisions.
    pub(crate) fn is_remembered(&self) -> bool {
        self.inner.remembered
    }

    /// The issuer or chat platform, if there is one: from the configuration, and checked.
    ///
    /// An `iss` that was not compared with the configuration is not returned: the holder of a key can
    /// write any text there. `claim("iss")` reads it.
    pub fn issuer(&self) -> Option<&str> {
        self.inner.issuer.as_deref()
    }

    /// The scopes that the caller holds.
    pub fn scopes(&self) -> &Scopes {
        &self.inner.scopes
    }

    /// The time at which the credential expires, if it does. A stream that waits for
    /// [`ended`](Self::ended) ends by then, or by the revocation of the credential.
    pub fn expires_at(&self) -> Option<SystemTime> {
        self.expires_at_unix().and_then(clock::from_unix)
    }

    pub(crate) fn expires_at_unix(&self) -> Option<u64> {
        let at = self.inner.expires_at;
        (at != NEVER).then_some(at)
    }

    /// Every further claim; the claims of a token are parsed at the first call.
    pub fn metadata(&self) -> &Map<String, Value> {
        static EMPTY: LazyLock<Map<String, Value>> = LazyLock::new(Map::new);
        self.inner.metadata.map().unwrap_or_else(|| &EMPTY)
    }

    /// One claim of the metadata as a type of your own; `None` where it is absent or null.
    ///
    /// # Errors
    ///
    /// The claim is present and is not a `T`. An object whose only member begins with
    /// `$serde_json::private::` cannot become a `serde_json::Value`, which would read it as another
    /// value; [`metadata`](Self::metadata) holds it unchanged.
    pub fn claim<T: DeserializeOwned>(&self, name: &str) -> Result<Option<T>, ClaimError> {
        read_claim(self.metadata().get(name), name)
    }

    /// One claim inside others, found by a [`ClaimPath`]. `None` where it is absent or null, or where
    /// a value on the path is no object.
    ///
    /// # Errors
    ///
    /// The claim is present and is not a `T`.
    ///
    /// # Example
    ///
    /// ```
    /// use serde_json::json;
    /// use tower_auth::AuthContext;
    ///
    /// let context = AuthContext::new("ada").with_claim("realm_access", json!({"roles": ["editor"]}));
    /// let roles: Vec<String> = context.claim_at("realm_access.roles")?.unwrap_or_default();
    /// assert_eq!(roles, ["editor"]);
    /// # Ok::<(), tower_auth::ClaimError>(())
    /// ```
    pub fn claim_at<T: DeserializeOwned>(
        &self,
        path: impl Into<ClaimPath>,
    ) -> Result<Option<T>, ClaimError> {
        let path = path.into();
        read_claim(path.find(self.metadata()), path.as_str())
    }

    /// The headers that the layer puts on the response.
    #[inline]
    pub fn response_headers(&self) -> Option<&HeaderMap> {
        self.inner.rare.as_ref()?.response_headers.as_deref()
    }

    pub(crate) fn add_headers_to<B>(&self, response: &mut Response<B>) {
        for (name, value) in self.response_headers().into_iter().flatten() {
            response.headers_mut().append(name, value.clone());
        }
    }

    /// INVARIANT: nothing else changes a caller. One that changes with the identity of before would count as
    /// somebody else.
    fn edit(&mut self) -> &mut Inner {
        let inner = Arc::make_mut(&mut self.inner);
        inner.identity = Identity::default();
        inner
    }

    fn edit_rare(&mut self) -> &mut Rare {
        self.edit().rare.get_or_insert_default()
    }
}

/// The method of a caller without a method, and the name of a provider without a name.
pub(crate) const UNNAMED: &str = "custom";
