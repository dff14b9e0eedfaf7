//! The required claims of a token.

mod insecure;
mod mismatch;

use std::time::Duration;

use super::{
    ClaimValue, Claims, JoseError,
    claims::{ClaimNames, holds},
    requirement::Requirement,
    user_id::UserIdClaims,
};
use crate::{
    context::ClaimPath,
    error::{ConfigError, ConfigErrorKind},
};

/// The rules for a token's claims: times, audience, issuer, further required claims.
///
/// Without further settings, `exp` is required, a token that names an audience is refused (no setting
/// says that it is meant for this service), and the clocks may differ by 30 seconds.
///
/// # Example
///
/// ```
/// use tower_auth::jose::{ClaimRules, JoseError};
///
/// let rules = ClaimRules::new()
///     .with_audience("my-agent")
///     .with_issuer("https://issuer.example");
/// let json = r#"{"iss":"https://issuer.example","aud":"my-agent","sub":"ada","exp":1800000000}"#;
/// assert!(rules.check(json, 1_799_999_999).is_ok());
/// assert_eq!(rules.check(json, 1_800_000_030).unwrap_err(), JoseError::Expired);
/// ```
///
/// Its settings:
///
/// ```
/// use std::time::Duration;
/// use tower_auth::jose::ClaimRules;
///
/// let rules = ClaimRules::new()
///     .with_audiences(["my-agent", "my-agent-eu"])
///     .with_audience_claim("client_id")
///     .with_scope_claim("scp")
///     .with_user_id_claim("oid")
///     .with_user_id_claims(["oid", "sub"])
///     .require_claim("token_use", "access")
///     .require_scope("agents:invoke")
///     .with_leeway(Duration::from_secs(60))?
///     .insecure_unverified_email()
///     .insecure_ignore_confirmation()
///     .insecure_allow_missing_exp();
/// assert_eq!(rules.leeway(), Duration::from_secs(60));
/// # Ok::<(), tower_auth::ConfigError>(())
/// ```
#[derive(Clone, Debug)]
pub struct ClaimRules {
    audiences: Vec<Box<str>>,
    issuer: Option<Box<str>>,
    leeway: u64,
    needs_exp: bool,
    names: ClaimNames,
    required: Vec<Requirement>,
    required_scopes: Vec<Box<str>>,
    ignores_confirmation: bool,
}

impl ClaimRules {
    /// The rules without an audience or an issuer.
    pub fn new() -> Self {
        Self {
            audiences: Vec::new(),
            issuer: None,
            leeway: DEFAULT_LEEWAY,
            needs_exp: true,
            names: ClaimNames {
                scope: "scope".into(),
                user_id: UserIdClaims::default(),
                audience: None,
            },
            required: Vec::new(),
            required_scopes: Vec::new(),
            ignores_confirmation: false,
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
    pub fn with_audiences<S: Into<String>>(
        mut self,
        audiences: impl IntoIterator<Item = S>,
    ) -> Self {
        self.audiences = audiences
            .into_iter()
            .map(|audience| audience.into().into_boxed_str())
            .collect();
        self
    }

    /// Accepts one more audience, in addition to the audiences that were set before.
    ///
    /// # Example
    ///
    /// ```
    /// use tower_auth::jose::ClaimRules;
    ///
    /// let rules = ClaimRules::new().with_audience("my-agent").add_audience("old-name");
    /// let json = r#"{"aud":"old-name","sub":"ada","exp":1800000000}"#;
    /// assert!(rules.check(json, 1_799_999_999).is_ok());
    /// ```
    #[must_use]
    pub fn add_audience(mut self, audience: impl Into<String>) -> Self {
        self.audiences.push(audience.into().into_boxed_str());
        self
    }

    /// Names the claim that stands for `aud`, for an issuer whose access tokens have none: Amazon
    /// Cognito writes `client_id`.
    ///
    /// Wherever `aud` is required, this claim must then hold the audience as `aud` would: a string or
    /// an array of strings, at the top level. If a token also has `aud`, both must hold the same
    /// audience.
    ///
    /// # Security
    ///
    /// A client id names the client that got the token and not the service that the token is for: one
    /// client may hold tokens for several services. Also require [`token_use`](Self::require_claim) to
    /// be `access`, or a [scope](Self::require_scope) of this service.
    #[must_use]
    pub fn with_audience_claim(mut self, name: impl Into<String>) -> Self {
        self.names.audience = Some(name.into().into_boxed_str());
        self
    }

    /// Requires `iss` to be this issuer, compared byte for byte.
    #[must_use]
    pub fn with_issuer(mut self, issuer: impl Into<String>) -> Self {
        self.issuer = Some(issuer.into().into_boxed_str());
        self
    }

    /// Replaces how far the clocks may differ; 30 seconds unless set.
    ///
    /// # Errors
    ///
    /// It is more than 300 seconds: a token would be accepted too long after its `exp`.
    pub fn with_leeway(mut self, leeway: Duration) -> Result<Self, ConfigError> {
        if leeway > MAX_LEEWAY {
            return Err(ConfigError::new(
                ConfigErrorKind::Malformed,
                "the leeway is more than 300 seconds: set a smaller one, and the clocks right",
            ));
        }
        self.leeway = leeway.as_secs();
        Ok(self)
    }

    /// Replaces the claim that holds the scopes; `scope` unless set.
    ///
    /// Whatever its name (`scp`, `scopes`, `permissions`), it may be a string with spaces between
    /// the scopes or an array of strings.
    #[must_use]
    pub fn with_scope_claim(mut self, claim: impl Into<ClaimPath>) -> Self {
        self.names.scope = claim.into();
        self
    }

    /// Replaces the claims that name the user by one: `oid`, `azp`, `client_id`, `account.id`.
    ///
    /// See [`with_user_id_claims`](Self::with_user_id_claims).
    #[must_use]
    pub fn with_user_id_claim(self, claim: impl Into<ClaimPath>) -> Self {
        self.with_user_id_claims([claim])
    }

    /// Replaces the claims that name the user; unless set, or with none, `sub`, `user_id` and `id`.
    ///
    /// The first claim that is present decides; if it cannot be used, no other claim replaces it. A
    /// claim in this list may be a non-empty string or an integer without fraction and exponent. The
    /// name of any claim but the first becomes part of the
    /// [`principal`](crate::AuthContext::principal), so equal ids in two claims are two users.
    ///
    /// An `email`, at the top or inside another claim, counts only where `email_verified` beside it
    /// is `true`.
    ///
    /// # Security
    ///
    /// Name only claims whose value the issuer never gives to a second user, and none that users may
    /// change themselves (`preferred_username`, `upn`, `name`): see OpenID Connect Core §5.7.
    #[must_use]
    pub fn with_user_id_claims<P: Into<ClaimPath>>(
        mut self,
        claims: impl IntoIterator<Item = P>,
    ) -> Self {
        self.names.user_id = self.names.user_id.with(claims);
        self
    }

    /// Requires a claim to be there and to be equal to a value, in addition to the claims that were
    /// required before.
    ///
    /// An array that holds the value is not equal to it.
    #[must_use]
    pub fn require_claim(
        mut self,
        claim: impl Into<ClaimPath>,
        value: impl Into<ClaimValue>,
    ) -> Self {
        self.required.push(Requirement {
            claim: claim.into(),
            value: value.into(),
        });
        self
    }

    /// Requires a scope of every token, in addition to those that were required before.
    #[must_use]
    pub fn require_scope(mut self, scope: impl Into<String>) -> Self {
        self.required_scopes.push(scope.into().into_boxed_str());
        self
    }

    /// The issuer that is required.
    pub fn issuer(&self) -> Option<&str> {
        self.issuer.as_deref()
    }

    /// The claims that may name the user, in the order in which they are looked for.
    pub(crate) fn user_id_claims(&self) -> impl Iterator<Item = &str> {
        self.names.user_id.names(&["sub", "user_id", "id"])
    }

    /// The scopes that every token must have, space-separated.
    pub(crate) fn required_scopes(&self) -> String {
        self.required_scopes.join(" ")
    }

    /// Whether a token must say that it is for this service.
    pub(crate) fn has_audience(&self) -> bool {
        !self.audiences.is_empty()
    }

    /// Whether a claim stands for `aud`, and no other rule ensures that the token is for this service.
    pub(crate) fn has_lone_audience_claim(&self) -> bool {
        let is_access = |required: &Requirement| {
            required.claim.as_str() == "token_use" && required.value == ClaimValue::from("access")
        };
        self.names.audience.is_some()
            && self.required_scopes.is_empty()
            && !self.required.iter().any(is_access)
    }

    /// How far the clocks may differ.
    pub fn leeway(&self) -> Duration {
        Duration::from_secs(self.leeway)
    }

    /// Reads the claims of a token whose signature verified, and judges them at a time.
    ///
    /// `now` is in Unix seconds. `exp` is the last of the times that is judged: the error is
    /// [`JoseError::Expired`] only if the token has no other fault. Required scopes are checked after
    /// everything else.
    ///
    /// # Errors
    ///
    /// A [`JoseError`] that names the first claim with a fault.
    pub fn check<'a>(&self, json: &'a str, now: u64) -> Result<Claims<'a>, JoseError> {
        let claims = Claims::parse(json, &self.names)?;
        self.check_issuer(&claims)?;
        self.check_audience(&claims)?;
        if claims.is_sender_constrained() && !self.ignores_confirmation {
            return Err(JoseError::SenderConstrained);
        }
        for required in &self.required {
            required.check(json)?;
        }
        self.check_times(
            claims.not_before(),
            claims.issued_at(),
            claims.expires_at(),
            now,
        )?;
        self.check_scopes(&claims)?;
        Ok(claims)
    }

    /// Checks the times of claims that were accepted earlier.
    pub(crate) fn check_times(
        &self,
        not_before: Option<u64>,
        issued_at: Option<u64>,
        expires_at: Option<u64>,
        now: u64,
    ) -> Result<(), JoseError> {
        let latest = now.saturating_add(self.leeway);
        if not_before.is_some_and(|time| time > latest) {
            return Err(JoseError::NotYetValid);
        }
        if issued_at.is_some_and(|time| time > latest) {
            return Err(JoseError::IssuedInFuture);
        }
        match expires_at {
            None if self.needs_exp => Err(JoseError::ExpMissing),
            // RFC 7519 §4.1.4: a token is refused at `exp` itself, not only after it.
            Some(time) if time.saturating_add(self.leeway) <= now => Err(JoseError::Expired),
            _ => Ok(()),
        }
    }

    fn check_issuer(&self, claims: &Claims<'_>) -> Result<(), JoseError> {
        match (self.issuer(), claims.issuer()) {
            (None, _) => Ok(()),
            (Some(_), None) => Err(JoseError::IssMissing),
            (Some(wanted), Some(named)) if wanted == named => Ok(()),
            _ => Err(JoseError::IssMismatch),
        }
    }

    fn check_audience(&self, claims: &Claims<'_>) -> Result<(), JoseError> {
        let [audience, stand_in] = claims.audience_claims();
        if self.audiences.is_empty() {
            return match (audience, stand_in) {
                (None, None) => Ok(()),
                _ => Err(JoseError::AudUnexpected),
            };
        }
        let (needed, further) = match self.names.audience {
            None => (audience, None),
            Some(_) => (stand_in, audience),
        };
        let needed = needed.ok_or(JoseError::AudMissing)?;
        // Both claims must hold one audience in common: each could otherwise name another one.
        let fits = |wanted: &str| {
            holds(needed, wanted) && further.is_none_or(|further| holds(further, wanted))
        };
        if self.audiences.iter().any(|wanted| fits(wanted)) {
            Ok(())
        } else {
            Err(JoseError::AudMismatch)
        }
    }

    fn check_scopes(&self, claims: &Claims<'_>) -> Result<(), JoseError> {
        if self.required_scopes.is_empty() {
            return Ok(());
        }
        let scopes = claims.scopes();
        let has_all = self
            .required_scopes
            .iter()
            .all(|scope| scopes.contains(scope));
        has_all.then_some(()).ok_or(JoseError::ScopeMissing)
    }
}

impl Default for ClaimRules {
    fn default() -> Self {
        Self::new()
    }
}

const DEFAULT_LEEWAY: u64 = 30;
const MAX_LEEWAY: Duration = Duration::from_secs(300);

#[cfg(test)]
mod tests;
