//! The provider of one issuer's tokens.

use std::{
    fmt,
    sync::{Arc, OnceLock},
    time::Duration,
};

use super::{
    check::TokenChecker,
    settings::{self, METHOD, OAuth2Settings},
};
use crate::{
    clock::Clock,
    context::AuthContext,
    error::{AuthError, ConfigError},
    issuer::KeySetLocation,
    jose::{Algorithm, ClaimRules, HeaderRules},
    provider::{
        AuthProvider, AuthResult, Authentication, Grants, PrincipalSource,
        claim_settings::claim_settings, token::warn_of_lone_audience_claim,
    },
    request::{AuthRequest, CredentialSource},
};

/// Accepts access tokens (JWT) of one issuer, with the keys that it publishes.
///
/// A token must be signed with a key of the issuer, name the issuer in `iss` and the audience in
/// `aud`, and have an `exp` that has not passed. The user id is the token's `sub` (or else `user_id`
/// or `id`, and [others can be chosen](Self::with_user_id_claims)), the method `oauth2`, issuer and
/// source are the configured issuer, and the scopes come from the claim `scope`; every other claim is
/// metadata.
///
/// # Where the keys are
///
/// In the place that [`with_jwks_uri`](Self::with_jwks_uri) names. Otherwise the issuer is asked:
/// `<issuer>/.well-known/openid-configuration` (OpenID Connect Discovery), then
/// `/.well-known/oauth-authorization-server` (RFC 8414), and if there is neither,
/// `<issuer>/.well-known/jwks.json`. Only a 404 moves on to the next. The document must name the
/// issuer exactly as it is written here, a slash at the end included.
///
/// A document may have 256 KiB. A document that comes compressed with gzip, though it is not asked for,
/// is read, and the bound counts after inflating; any other content coding is refused.
///
/// # When they are fetched
///
/// Building does no I/O and starts nothing. The first request, or [`warm_up`](Self::warm_up),
/// starts one small task (it needs a Tokio runtime), which ends when the last clone is dropped. The
/// keys are fetched again every hour, or as often as the issuer's `Cache-Control: max-age` says,
/// before their time is up: a request whose key is known never waits. A token that names an unknown
/// key causes a fetch, at most one in 30 seconds whatever callers send.
///
/// # Unknown and withdrawn keys
///
/// - A key that the issuer published in the last 24 hours and publishes no longer was withdrawn: its
///   tokens are 401, and their holders must log in again. (Such a token still causes that one fetch,
///   since the nodes of an issuer may lag behind each other.)
/// - A token of a key that was never seen waits for that fetch. If the set lacks the key too, the
///   answer is 401. If another such token caused a fetch less than 30 seconds ago, it is 503 with code
///   `unknown_key` and the seconds left as `Retry-After`: it may be a rotation. The log has a line at
///   level info about such tokens, at most one a minute.
/// - Waiting is for tokens that could be accepted: with the wrong issuer or audience, or past its
///   `exp`, a token is 401 at once. Nothing about it was verified then, so it is `invalid_credential`
///   and not `expired_credential`.
/// - At most 1,024 requests wait for keys at a time, 256 of one [`ClientAddress`](crate::ClientAddress)
///   (behind a proxy, see there); the next one is answered with 503.
///
/// Each change of a setting makes a provider without fetched keys: set everything before the first
/// request.
///
/// # In an outage
///
/// Where keys cannot be fetched, or the issuer's answer has no usable key, the earlier keys stay in use
/// for 24 hours. The fetch is tried again after 30 seconds, then less and less often, at least every
/// five minutes. Where there are no keys at all it is tried again after a second, and at least every 30
/// seconds. A token that cannot be judged is answered with 503 and `Retry-After`, never with 401.
///
/// The log (target `tower_auth`) has one line for each set of new keys, for each key of it that is
/// not used, and for each fetch that failed.
///
/// # Example
///
/// ```
/// use tower_auth::{AuthLayer, provider::OAuth2Auth};
///
/// let tokens = OAuth2Auth::new("https://example.eu.auth0.com/", "my-agent")?;
/// let layer = AuthLayer::new(tokens.clone());
/// // Before serving, if the first request should not wait:
/// # async {
/// tokens.warm_up().await?;
/// # Ok::<(), tower_auth::AuthError>(())
/// # };
/// # let _ = layer;
/// # Ok::<(), tower_auth::ConfigError>(())
/// ```
///
/// Its settings:
///
/// ```
/// use std::time::Duration;
/// use tower_auth::provider::OAuth2Auth;
///
/// let tokens = OAuth2Auth::new("https://issuer.example", "my-agent")?
///     .add_audience("my-agent-eu")?
///     .strict_at_jwt()
///     .with_leeway(Duration::from_secs(60))?
///     .with_remembered_tokens(10_000)
///     .with_cache_ttl(Duration::from_secs(600))?
///     .with_stale_ttl(Duration::from_secs(3600))?
///     .with_cool_down(Duration::from_secs(30))?
///     .with_wait_limit(Duration::from_secs(2));
/// # let _ = tokens;
/// # Ok::<(), tower_auth::ConfigError>(())
/// ```
#[derive(Clone)]
pub struct OAuth2Auth(Arc<Shared>);

/// What the clones of a provider share.
struct Shared {
    settings: OAuth2Settings,
    /// Made at first use, so that settings can still change.
    checker: OnceLock<Arc<TokenChecker>>,
}

impl OAuth2Auth {
    /// Accepts tokens of that issuer for that audience.
    ///
    /// # Errors
    ///
    /// The issuer is no https URL (plain http is accepted on loopback, and elsewhere by
    /// [`insecure_allow_http`](Self::insecure_allow_http)), or the audience is blank.
    pub fn new(
        issuer: impl Into<String>,
        audience: impl Into<String>,
    ) -> Result<Self, ConfigError> {
        let issuer = issuer.into();
        let location = KeySetLocation::of_issuer(&issuer)?;
        OAuth2Settings::new(issuer, audience.into(), location).map(Self::with)
    }

    /// Accepts tokens of an issuer whose name is not an https URL, with the keys at `jwks_uri`.
    ///
    /// # Errors
    ///
    /// Issuer or audience are blank, or the address is no https URL.
    ///
    /// # Example
    ///
    /// ```
    /// use tower_auth::provider::OAuth2Auth;
    ///
    /// let tokens = OAuth2Auth::from_jwks_uri(
    ///     "accounts.example.com",
    ///     "my-agent",
    ///     "https://www.example.com/oauth2/v3/certs",
    /// )?;
    /// # let _ = tokens;
    /// # Ok::<(), tower_auth::ConfigError>(())
    /// ```
    pub fn from_jwks_uri(
        issuer: impl Into<String>,
        audience: impl Into<String>,
        jwks_uri: &str,
    ) -> Result<Self, ConfigError> {
        let location = KeySetLocation::fixed(jwks_uri, None)?;
        OAuth2Settings::new(issuer.into(), audience.into(), location).map(Self::with)
    }

    /// Sets the address of the key set, so that the issuer is not asked for it.
    ///
    /// # Errors
    ///
    /// The address is no https URL (plain http is accepted on loopback).
    pub fn with_jwks_uri(self, jwks_uri: &str) -> Result<Self, ConfigError> {
        let location = KeySetLocation::fixed(jwks_uri, self.0.settings.insecure.as_ref())?;
        Ok(self.edit(|settings| settings.location = location))
    }

    /// Accepts one more audience.
    ///
    /// # Errors
    ///
    /// The audience is blank.
    pub fn add_audience(self, audience: impl Into<String>) -> Result<Self, ConfigError> {
        let audience = settings::audience(audience.into())?;
        Ok(self.edit(|settings| settings.audiences.push(audience)))
    }

    /// Replaces the signature algorithms that are accepted: RS256 and ES256 unless set.
    ///
    /// # Errors
    ///
    /// There is none, or one of them is an HMAC algorithm: a published key cannot be a secret.
    pub fn with_algorithms(
        self,
        algorithms: impl IntoIterator<Item = Algorithm>,
    ) -> Result<Self, ConfigError> {
        let algorithms = settings::algorithms(algorithms)?;
        Ok(self.edit(|settings| settings.algorithms = algorithms))
    }

    /// Replaces how far the clocks may differ: 30 seconds unless set.
    ///
    /// # Errors
    ///
    /// It is more than 300 seconds.
    pub fn with_leeway(self, leeway: Duration) -> Result<Self, ConfigError> {
        let rules = self.0.settings.rules.clone().with_leeway(leeway)?;
        Ok(self.edit(|settings| settings.rules = rules))
    }

    /// Accepts only access tokens of RFC 9068: `typ` is `at+jwt`, and `sub`, `client_id`, `iat` and
    /// `jti` are present.
    ///
    /// Without this, an ID token of the same issuer for the same audience passes as well.
    #[must_use]
    pub fn strict_at_jwt(self) -> Self {
        self.edit(|settings| settings.strict_at_jwt = true)
    }

    /// Replaces the clock that every time is read from.
    #[must_use]
    pub fn with_clock(self, clock: Clock) -> Self {
        self.edit(|settings| settings.clock = clock)
    }

    /// Replaces every place that is read: `Authorization: Bearer` unless set.
    #[must_use]
    pub fn with_credentials(self, sources: impl IntoIterator<Item = CredentialSource>) -> Self {
        let sources = sources.into_iter().collect();
        self.edit(|settings| settings.sources = sources)
    }

    /// Replaces the number of verified tokens that are remembered, for up to five minutes: 4096 unless
    /// set; 0 turns it off.
    ///
    /// A remembered token's times are checked again at every request, and it is forgotten when the
    /// keys change.
    #[must_use]
    pub fn with_remembered_tokens(self, capacity: usize) -> Self {
        self.edit(|settings| settings.remembered_tokens = capacity)
    }

    /// Sets how long keys are used before they are fetched again, whatever the issuer says.
    ///
    /// Unless set, it is the `max-age` that the issuer sends, within a minute and a day, or else one
    /// hour. It is also how long a key that the issuer withdrew may still be accepted.
    ///
    /// # Errors
    ///
    /// It is less than a minute or more than a day.
    pub fn with_cache_ttl(self, ttl: Duration) -> Result<Self, ConfigError> {
        let ttl = settings::cache_ttl(ttl)?;
        Ok(self.edit(|settings| settings.refresh.cache_ttl = Some(ttl)))
    }

    /// Replaces how long keys are used when they cannot be fetched again: 24 hours unless set.
    ///
    /// # Errors
    ///
    /// It is less than a minute.
    pub fn with_stale_ttl(self, ttl: Duration) -> Result<Self, ConfigError> {
        let ttl = settings::stale_ttl(ttl)?;
        Ok(self.edit(|settings| settings.refresh.stale_ttl = ttl))
    }

    /// Replaces how often unknown key ids may cause a fetch: once in 30 seconds unless set.
    ///
    /// # Errors
    ///
    /// It is less than a second: callers could then use this service to flood the issuer.
    pub fn with_cool_down(self, cool_down: Duration) -> Result<Self, ConfigError> {
        let cool_down = settings::cool_down(cool_down)?;
        Ok(self.edit(|settings| settings.refresh.cool_down = cool_down))
    }

    /// Replaces how long a request waits for keys before it is answered with 503: 5 seconds unless
    /// set. The fetch goes on.
    #[must_use]
    pub fn with_wait_limit(self, limit: Duration) -> Self {
        self.edit(|settings| settings.refresh.wait_limit = limit)
    }

    /// Fetches the keys unless they are there, so that the first request need not wait.
    ///
    /// # Errors
    ///
    /// 503, with the cause as its source. The provider serves nevertheless, and tries again.
    pub async fn warm_up(&self) -> Result<(), AuthError> {
        self.checker().warm_up().await
    }

    /// Checks a token that did not come in a request, such as one from a message queue.
    ///
    /// # Errors
    ///
    /// 401 where the token is wrong, 503 where it could not be checked.
    pub async fn verify(&self, token: &str) -> Result<AuthContext, AuthError> {
        accepted(self.checker().verify(token.as_bytes()).await)
    }

    /// The issuer whose tokens are accepted.
    pub fn issuer(&self) -> &str {
        &self.0.settings.issuer
    }

    fn with_rules(self, change: impl FnOnce(ClaimRules) -> ClaimRules) -> Self {
        self.edit(|settings| settings.rules = change(std::mem::take(&mut settings.rules)))
    }

    fn with_header_rules(self, change: impl FnOnce(HeaderRules) -> HeaderRules) -> Self {
        self.edit(|settings| {
            settings.header_rules = change(std::mem::take(&mut settings.header_rules));
        })
    }

    fn with_grants(self, change: impl FnOnce(&mut Grants)) -> Self {
        self.edit(|settings| change(&mut settings.grants))
    }

    pub(super) fn with(settings: OAuth2Settings) -> Self {
        Self(Arc::new(Shared {
            settings,
            checker: OnceLock::new(),
        }))
    }

    pub(super) fn settings(&self) -> &OAuth2Settings {
        &self.0.settings
    }

    /// Changes a setting. Clones that were made before keep theirs, and the keys they fetched.
    pub(super) fn edit(self, change: impl FnOnce(&mut OAuth2Settings)) -> Self {
        let mut settings = match Arc::try_unwrap(self.0) {
            Ok(shared) => shared.settings,
            Err(shared) => shared.settings.clone(),
        };
        change(&mut settings);
        Self::with(settings)
    }

    pub(super) fn checker(&self) -> &Arc<TokenChecker> {
        let make = || Arc::new(TokenChecker::new(&self.0.settings));
        self.0.checker.get_or_init(make)
    }
}

claim_settings!(OAuth2Auth);

impl AuthProvider for OAuth2Auth {
    fn authenticate(&self, request: &AuthRequest<'_>) -> Authentication {
        let client = || request.client_address();
        match request.credential(&self.0.settings.sources) {
            Ok(Some(shown)) => self.checker().answer(shown.as_bytes(), client),
            Ok(None) => Ok(None).into(),
            Err(error) => Err(error).into(),
        }
    }

    fn credentials(&self) -> &[CredentialSource] {
        &self.0.settings.sources
    }

    /// Also logs what is unsafe in the settings: a layer calls this when it is built, after every
    /// setter.
    fn credential_sets(&self) -> Vec<Vec<CredentialSource>> {
        warn_of_lone_audience_claim(&self.0.settings.rules, METHOD);
        vec![self.0.settings.sources.to_vec()]
    }

    fn name(&self) -> &'static str {
        METHOD
    }

    fn principal_sources(&self) -> Vec<PrincipalSource> {
        let settings = &self.0.settings;
        PrincipalSource::of_issuer(METHOD, &settings.issuer)
            .of_claims(settings.rules.user_id_claims())
    }
}

impl fmt::Debug for OAuth2Auth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OAuth2Auth")
            .field("issuer", &self.0.settings.issuer)
            .field("audiences", &self.0.settings.audiences)
            .field("algorithms", &self.0.settings.algorithms)
            .field("sources", &self.0.settings.sources)
            .finish_non_exhaustive()
    }
}

/// A token that was judged is accepted or refused; it is never "not mine".
fn accepted(answer: AuthResult) -> Result<AuthContext, AuthError> {
    answer?.ok_or_else(|| AuthError::invalid_credential("jwt_not_accepted"))
}
