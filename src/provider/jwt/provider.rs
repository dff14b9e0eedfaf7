//! The provider of tokens that are checked with keys in the configuration.

use std::{
    fmt,
    sync::{Arc, OnceLock},
    time::Duration,
};

use super::checks::{NAME, TokenChecks};
use crate::{
    clock::Clock,
    context::AuthContext,
    error::{AuthError, ConfigError},
    jose::{Algorithm, ClaimRules, HeaderRules, Key, KeySet},
    provider::{
        AuthProvider, AuthResult, Authentication, Grants, PrincipalSource, SourceLabel,
        TokenAuthority,
        claim_settings::claim_settings,
        token::{DEFAULT_REMEMBERED_TOKENS, warn_of_lone_audience_claim},
    },
    request::{AuthRequest, CredentialSource},
};

/// Accepts JSON Web Tokens signed with a configured key, sent as `Authorization: Bearer <token>`.
///
/// A token must expire. A token that names an audience is refused until
/// [`with_audience`](Self::with_audience) names the audience of this service: the token may be for
/// another service that shares the key. [`jose`](crate::jose) describes how strictly the token is
/// parsed.
///
/// A token that verified is remembered for at most five minutes, so that the next request with it
/// costs a hash and a look-up; its times are compared again each time.
///
/// The context's user id is the first of the claims `sub`, `user_id` and `id`
/// ([others can be chosen](Self::with_user_id_claims)), its method `jwt`, its issuer and source the
/// configured one ([`with_issuer`](Self::with_issuer)). Without one there is no issuer, whatever
/// `iss` says, and the source is the label ([`with_source`](Self::with_source)) if there is one.
/// Every other claim is metadata. The caller reads
/// `expired_credential` where nothing but the time is wrong, else `invalid_credential`; the log
/// has the reason ([`JoseError::code`](crate::jose::JoseError::code)).
///
/// # Example
///
/// ```
/// use tower_auth::{AuthLayer, provider::JwtAuth};
///
/// let secret = "an example secret of 32 bytes …"; // `openssl rand -hex 32`
/// let tokens = JwtAuth::hs256(secret)?
///     .with_audience("my-agent")
///     .with_issuer("https://issuer.example");
/// let layer = AuthLayer::new(tokens);
/// # let _ = layer;
/// # Ok::<(), tower_auth::ConfigError>(())
/// ```
///
/// Several keys, found by `kid`, during a rotation:
///
/// ```
/// use tower_auth::{jose::{Algorithm, Key, KeySet}, provider::JwtAuth};
///
/// # let (old, new) = ("an example secret of 32 bytes 1 …", "an example secret of 32 bytes 2 …");
/// let tokens = JwtAuth::new(KeySet::new([
///     Key::hmac(Algorithm::HS256, old)?.with_id("2026-10"),
///     Key::hmac(Algorithm::HS256, new)?.with_id("2026-11"),
/// ])?);
/// # let _ = tokens;
/// # Ok::<(), tower_auth::ConfigError>(())
/// ```
///
/// Its settings:
///
/// ```
/// use std::time::Duration;
/// use tower_auth::provider::JwtAuth;
///
/// # let secret = "an example secret of 32 bytes …";
/// let tokens = JwtAuth::hs256(secret)?
///     .with_audiences(["my-agent", "my-agent-eu"])
///     .with_leeway(Duration::from_secs(60))?
///     .with_remembered_tokens(10_000)
///     .insecure_allow_missing_exp();
/// # let _ = tokens;
/// # Ok::<(), tower_auth::ConfigError>(())
/// ```
#[derive(Clone)]
pub struct JwtAuth {
    checks: Arc<TokenChecks>,
    sources: Arc<[CredentialSource]>,
    clock: Clock,
}

impl JwtAuth {
    /// Accepts HS256 tokens. A party that has the secret can check tokens and make them.
    ///
    /// # Errors
    ///
    /// As [`Key::hmac`]: the secret has fewer than 32 bytes, or is a key file.
    pub fn hs256(secret: impl AsRef<[u8]>) -> Result<Self, ConfigError> {
        Key::hmac(Algorithm::HS256, secret).map(Self::new)
    }

    /// Accepts tokens signed with this [`Key`], or with one key of a [`KeySet`].
    pub fn new(keys: impl Into<KeySet>) -> Self {
        Self {
            checks: Arc::new(TokenChecks {
                keys: keys.into(),
                header_rules: HeaderRules::new(),
                rules: ClaimRules::new(),
                label: None,
                grants: Grants::default(),
                strict_at_jwt: false,
                identity: Arc::new(()),
                remembered_tokens: DEFAULT_REMEMBERED_TOKENS,
                verifier: OnceLock::new(),
            }),
            sources: Arc::new([CredentialSource::bearer()]),
            clock: Clock::system(),
        }
    }

    /// Requires `aud` to be this audience, or a list that holds it.
    #[must_use]
    pub fn with_audience(self, audience: impl Into<String>) -> Self {
        self.with_audiences([audience])
    }

    /// Requires `aud` to be one of these audiences, or a list that holds one. With an empty list,
    /// `aud` must be absent.
    #[must_use]
    pub fn with_audiences<S: Into<String>>(self, audiences: impl IntoIterator<Item = S>) -> Self {
        self.with_rules(|rules| rules.with_audiences(audiences))
    }

    /// Accepts one more audience, in addition to the audiences that were set before.
    ///
    /// # Example
    ///
    /// ```
    /// use tower_auth::provider::JwtAuth;
    ///
    /// # let secret = "an example secret of 32 bytes …";
    /// let tokens = JwtAuth::hs256(secret)?.with_audience("my-agent").add_audience("old-name");
    /// # let _ = tokens;
    /// # Ok::<(), tower_auth::ConfigError>(())
    /// ```
    #[must_use]
    pub fn add_audience(self, audience: impl Into<String>) -> Self {
        self.with_rules(|rules| rules.add_audience(audience))
    }

    /// Requires `iss` to be this issuer, compared byte for byte.
    #[must_use]
    pub fn with_issuer(self, issuer: impl Into<String>) -> Self {
        self.with_rules(|rules| rules.with_issuer(issuer))
    }

    /// Sets the source of the callers: a label for the holder of the key. It counts only where no
    /// issuer is configured ([`with_issuer`](Self::with_issuer)). A layer with two `JwtAuth` without
    /// an issuer needs a label for each.
    ///
    /// # Errors
    ///
    /// The label is blank, holds a `#`, or begins or ends with white space.
    ///
    /// # Example
    ///
    /// ```
    /// use tower_auth::{AuthLayer, provider::{CompositeAuth, JwtAuth}};
    ///
    /// # let (ours, theirs) = ("an example secret of 32 bytes 1 …", "an example secret of 32 bytes 2 …");
    /// let staff = JwtAuth::hs256(ours)?.with_source("staff")?;
    /// let partners = JwtAuth::hs256(theirs)?.with_source("partners")?;
    /// let layer = AuthLayer::new(CompositeAuth::new(staff).or(partners));
    /// # let _ = layer;
    /// # Ok::<(), tower_auth::ConfigError>(())
    /// ```
    pub fn with_source(mut self, label: impl Into<String>) -> Result<Self, ConfigError> {
        self.edit().label = Some(SourceLabel::own(label)?);
        Ok(self)
    }

    /// Sets the source of the callers where no issuer is configured, and says that every `JwtAuth`
    /// that shares this label speaks of the same users.
    ///
    /// # Errors
    ///
    /// The label is blank, holds a `#`, or begins or ends with white space.
    pub fn with_shared_source(mut self, label: impl Into<String>) -> Result<Self, ConfigError> {
        self.edit().label = Some(SourceLabel::shared(label)?);
        Ok(self)
    }

    /// Replaces how far the clocks may differ; 30 seconds unless set.
    ///
    /// # Errors
    ///
    /// It is more than 300 seconds.
    pub fn with_leeway(self, leeway: Duration) -> Result<Self, ConfigError> {
        let rules = self.checks.rules.clone().with_leeway(leeway)?;
        Ok(self.with_rules(|_| rules))
    }

    /// Accepts tokens without `exp`.
    ///
    /// # Security
    ///
    /// A leaked token without `exp` is accepted until the key changes.
    #[must_use]
    pub fn insecure_allow_missing_exp(self) -> Self {
        self.with_rules(ClaimRules::insecure_allow_missing_exp)
    }

    /// Accepts only access tokens of RFC 9068: `typ` is `at+jwt`, and `sub`, `client_id`, `iat` and
    /// `jti` are present.
    #[must_use]
    pub fn strict_at_jwt(mut self) -> Self {
        self.edit().strict_at_jwt = true;
        self
    }

    /// Replaces the number of verified tokens that are remembered, 4096 unless set; 0 turns it off.
    #[must_use]
    pub fn with_remembered_tokens(mut self, count: usize) -> Self {
        self.edit().remembered_tokens = count;
        self
    }

    /// Replaces every place that is read, `Authorization: Bearer` unless set.
    ///
    /// # Example
    ///
    /// ```
    /// use tower_auth::{CredentialSource, provider::JwtAuth};
    ///
    /// # let secret = "an example secret of 32 bytes …";
    /// let tokens = JwtAuth::hs256(secret)?.with_credentials([
    ///     CredentialSource::bearer(),
    ///     CredentialSource::cookie("token"),
    ///     CredentialSource::websocket_protocol(),
    /// ]);
    /// # let _ = tokens;
    /// # Ok::<(), tower_auth::ConfigError>(())
    /// ```
    #[must_use]
    pub fn with_credentials(mut self, sources: impl IntoIterator<Item = CredentialSource>) -> Self {
        self.sources = sources.into_iter().collect();
        self
    }

    /// Replaces the clock that times are compared with.
    #[must_use]
    pub fn with_clock(mut self, clock: Clock) -> Self {
        self.edit();
        self.clock = clock;
        self
    }

    /// Checks a token that did not come in a request, such as one from a message queue.
    ///
    /// # Errors
    ///
    /// 401 `expired_credential` or `invalid_credential`, with the reason for the log.
    ///
    /// # Example
    ///
    /// ```
    /// use tower_auth::provider::JwtAuth;
    ///
    /// let tokens = JwtAuth::hs256("an example secret of 32 bytes …")?;
    /// let error = tokens.verify("not.a-token").unwrap_err();
    /// assert_eq!(error.code(), "invalid_credential");
    /// assert_eq!(error.reason(), "jwt_not_three_parts");
    /// # Ok::<(), tower_auth::ConfigError>(())
    /// ```
    pub fn verify(&self, token: &str) -> Result<AuthContext, AuthError> {
        let accepted = self.checks.answer(token.as_bytes(), &self.clock)?;
        accepted.ok_or_else(|| AuthError::invalid_credential("jwt_not_accepted"))
    }

    fn with_rules(mut self, change: impl FnOnce(ClaimRules) -> ClaimRules) -> Self {
        let checks = self.edit();
        checks.rules = change(std::mem::take(&mut checks.rules));
        self
    }

    fn with_header_rules(mut self, change: impl FnOnce(HeaderRules) -> HeaderRules) -> Self {
        let checks = self.edit();
        checks.header_rules = change(std::mem::take(&mut checks.header_rules));
        self
    }

    fn with_grants(mut self, change: impl FnOnce(&mut Grants)) -> Self {
        change(&mut self.edit().grants);
        self
    }

    /// INVARIANT: a change of the settings forgets what was accepted under the old ones. A copy with
    /// another audience must never find a token that this one remembers.
    fn edit(&mut self) -> &mut TokenChecks {
        let checks = Arc::make_mut(&mut self.checks);
        checks.verifier = OnceLock::new();
        checks
    }

    fn judge(&self, request: &AuthRequest<'_>) -> AuthResult {
        let Some(shown) = request.credential(&self.sources)? else {
            return Ok(None);
        };
        self.checks.answer(shown.as_bytes(), &self.clock)
    }
}

claim_settings!(JwtAuth);

impl AuthProvider for JwtAuth {
    fn authenticate(&self, request: &AuthRequest<'_>) -> Authentication {
        self.judge(request).into()
    }

    fn credentials(&self) -> &[CredentialSource] {
        &self.sources
    }

    /// Logs what is unsafe in the settings too: a layer asks this when it is built, and every setting
    /// is known then.
    fn credential_sets(&self) -> Vec<Vec<CredentialSource>> {
        warn_of_lone_audience_claim(&self.checks.rules, NAME);
        vec![self.sources.to_vec()]
    }

    fn name(&self) -> &'static str {
        NAME
    }

    fn principal_sources(&self) -> Vec<PrincipalSource> {
        let checks = &self.checks;
        let authority = TokenAuthority {
            issuer: checks.rules.issuer(),
            label: checks.label.as_ref(),
        };
        let claims = checks.rules.user_id_claims();
        let sources = authority.principal_sources(NAME, claims, &*checks.identity);
        let takes_any_audience = !checks.rules.has_audience();
        sources
            .into_iter()
            .map(|source| source.taking_any_audience(takes_any_audience))
            .collect()
    }
}

impl fmt::Debug for JwtAuth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JwtAuth")
            .field("keys", &self.checks.keys)
            .field("rules", &self.checks.rules)
            .field("sources", &self.sources)
            .finish_non_exhaustive()
    }
}
