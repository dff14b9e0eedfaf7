//! Which claims a token must have.

use std::{borrow::Cow, time::Duration};

use super::{Claims, JoseError};
use crate::{ConfigError, ConfigErrorKind};

/// What is required of a token's claims: times, audience, issuer.
///
/// Without further settings, `exp` is required, a token that names an audience is refused (it was
/// meant for somebody, and nobody said it is us), and the clocks may differ by 30 seconds.
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
#[derive(Clone, Debug)]
pub struct ClaimRules {
    audiences: Vec<Box<str>>,
    issuer: Option<Box<str>>,
    leeway: u64,
    needs_exp: bool,
    scope_claim: Cow<'static, str>,
}

impl ClaimRules {
    /// The rules without an audience or an issuer.
    pub fn new() -> Self {
        Self {
            audiences: Vec::new(),
            issuer: None,
            leeway: DEFAULT_LEEWAY,
            needs_exp: true,
            scope_claim: Cow::Borrowed("scope"),
        }
    }

    /// Requires `aud` to be this, or to hold it.
    #[must_use]
    pub fn with_audience(self, audience: impl Into<String>) -> Self {
        self.with_audiences([audience])
    }

    /// Requires `aud` to be or to hold one of these. With an empty list, it must be absent.
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

    /// Requires `iss` to be this, compared byte for byte.
    #[must_use]
    pub fn with_issuer(mut self, issuer: impl Into<String>) -> Self {
        self.issuer = Some(issuer.into().into_boxed_str());
        self
    }

    /// Replaces how far the clocks may differ; 30 seconds unless set.
    ///
    /// # Errors
    ///
    /// Where it is more than 300 seconds: a token would outlive its `exp` by too much.
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
    /// `scope` must be a string, with spaces between the scopes; a claim of another name (`scp`,
    /// `scopes`, `permissions`) may be such a string or an array of strings.
    #[must_use]
    pub fn with_scope_claim(mut self, name: impl Into<Cow<'static, str>>) -> Self {
        self.scope_claim = name.into();
        self
    }

    /// Accepts tokens without `exp`.
    ///
    /// # Security
    ///
    /// Such a token is good until the key changes, wherever it leaks to.
    #[must_use]
    pub fn insecure_allow_missing_exp(mut self) -> Self {
        self.needs_exp = false;
        self
    }

    /// The issuer that is required.
    pub fn issuer(&self) -> Option<&str> {
        self.issuer.as_deref()
    }

    /// The claims that may name the user, in the order in which they are looked for.
    pub(crate) fn user_id_claims(&self) -> impl Iterator<Item = &str> {
        ["sub", "user_id", "id"].into_iter()
    }

    /// How far the clocks may differ.
    pub fn leeway(&self) -> Duration {
        Duration::from_secs(self.leeway)
    }

    /// Reads the claims of a token whose signature verified, and judges them at a time.
    ///
    /// `now` is in Unix seconds. The times are judged last, and `exp` at the very end: a token is
    /// called expired only if nothing else is wrong with it.
    ///
    /// # Errors
    ///
    /// A [`JoseError`] that names the first claim that is wrong.
    pub fn check<'a>(&self, json: &'a str, now: u64) -> Result<Claims<'a>, JoseError> {
        let claims = Claims::parse(json, &self.scope_claim)?;
        self.check_issuer(&claims)?;
        self.check_audience(&claims)?;
        self.check_times(
            claims.not_before(),
            claims.issued_at(),
            claims.expires_at(),
            now,
        )?;
        Ok(claims)
    }

    /// Judges times alone: those of claims that were accepted earlier, at a later time.
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
            // RFC 7519 §4.1.4: refused on `exp` itself, not only after it.
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
        match (self.audiences.is_empty(), claims.names_audience()) {
            (true, false) => Ok(()),
            (true, true) => Err(JoseError::AudUnexpected),
            (false, false) => Err(JoseError::AudMissing),
            (false, true) if self.audiences.iter().any(|wanted| claims.is_for(wanted)) => Ok(()),
            (false, true) => Err(JoseError::AudMismatch),
        }
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
