//! Verifying signed tokens: what `JwtAuth` and `OAuth2Auth` share.

use std::sync::Arc;

use super::{AuthResult, Grants, SourceLabel, TokenAuthority};
use crate::{
    clock::Clock,
    context::{AuthContext, IssuedAt, TokenId, Verified},
    error::AuthError,
    jose::{ClaimRules, Claims, JoseError, Jws, Key},
    log::TARGET,
    memory::{AcceptedToken, Entry, TokenMemory, VacantEntry},
    metrics, observe,
};

/// Verifies tokens by one set of rules, and remembers those that verified.
///
/// Each `JwtAuth` and each `OAuth2Auth` has its own verifier, so every remembered token was judged by
/// the rules of its provider.
#[derive(Debug)]
pub(crate) struct TokenVerifier {
    settings: VerifierSettings,
    /// The issuer that the rules require.
    issuer: Option<Arc<str>>,
    memory: Option<TokenMemory>,
}

/// The settings of a [`TokenVerifier`].
#[derive(Debug)]
pub(crate) struct VerifierSettings {
    /// The method of the callers.
    pub(crate) method: &'static str,
    /// The source of the callers where the rules require no issuer.
    pub(crate) label: Option<SourceLabel>,
    pub(crate) grants: Grants,
    pub(crate) rules: ClaimRules,
    pub(crate) clock: Clock,
    /// How many tokens are remembered at most; 0 turns it off.
    pub(crate) remembered_tokens: usize,
}

impl TokenVerifier {
    pub(crate) fn new(settings: VerifierSettings) -> Self {
        let memory = match settings.remembered_tokens {
            0 => None,
            capacity => TokenMemory::new(capacity),
        };
        Self {
            issuer: settings.rules.issuer().map(Arc::from),
            settings,
            memory,
        }
    }

    /// The answer for a token that verified a short time ago with the same generation of keys.
    ///
    /// Only its times are judged again.
    pub(crate) fn recall(&self, token: &[u8], generation: u64, now: u64) -> Recalled<'_> {
        let entry = match &self.memory {
            // A longer token never verified, so it is not hashed.
            Some(memory) if token.len() <= Jws::MAX_LEN => memory.entry(token, generation, now),
            _ => {
                return Recalled::Unknown(UnverifiedToken {
                    verifier: self,
                    now,
                    entry: None,
                });
            }
        };
        match entry {
            Entry::Known(found) => {
                let times = self.settings.rules.check_times(
                    found.not_before,
                    found.issued_at,
                    found.expires_at,
                    now,
                );
                if times.is_ok() {
                    metrics::remembered(found.context.method());
                }
                Recalled::Known(times.map(|()| Some(found.context)).map_err(refused))
            }
            Entry::Vacant(entry) => Recalled::Unknown(UnverifiedToken {
                verifier: self,
                now,
                entry: Some(entry),
            }),
        }
    }

    /// Verifies a token and gives its caller and times.
    fn verify(
        &self,
        jws: Jws<'_>,
        key: &Key,
        now: u64,
        further: impl FnOnce(&Claims<'_>) -> Result<(), &'static str>,
    ) -> Result<AcceptedToken, AuthError> {
        let json = jws.verify_claims(key).map_err(refused)?;
        let rules = &self.settings.rules;
        let claims = rules.check(&json, now);
        let claims = claims.map_err(|error| self.refused(&json, error))?;
        further(&claims).map_err(AuthError::invalid_credential)?;

        let (not_before, issued_at, expires_at) =
            (claims.not_before(), claims.issued_at(), claims.expires_at());
        let user_id = claims.user_id().into();
        let token_id = TokenId::of(&json, claims.token_id());
        let authority = TokenAuthority {
            issuer: rules.issuer(),
            label: self.settings.label.as_ref(),
        };
        let scopes = self.settings.grants.of(claims.scopes());
        let user_id_claim = claims.user_id_found().clone();
        let source = authority.source(&user_id_claim.name, user_id_claim.is_first);
        let context = AuthContext::verified(Verified {
            user_id,
            method: self.settings.method,
            // The configured issuer, since the holder of a key can write any `iss`.
            issuer: self.issuer.clone(),
            scopes,
            expires_at,
            issued_at: Some(issued_at.map_or(IssuedAt::LeftOut, IssuedAt::Second)),
            token_id,
            claims: user_id_claim.beside(json),
        })
        .with_label(source)
        .timed_by(&self.settings.clock);
        Ok(AcceptedToken {
            context: self.settings.grants.limit(context),
            not_before,
            issued_at,
            expires_at,
        })
    }

    /// The refusal of claims whose signature verified.
    fn refused(&self, json: &str, error: JoseError) -> AuthError {
        let refused = match error {
            JoseError::ScopeMissing => {
                AuthError::insufficient_scope(self.settings.rules.required_scopes())
                    .with_reason(error.code())
            }
            other => refused(other),
        };
        match self.settings.rules.mismatch(json, error) {
            Some(mismatch) => refused.with_mismatch(mismatch),
            None => refused,
        }
    }
}

/// The state of a token before it is parsed.
pub(crate) enum Recalled<'v> {
    Known(AuthResult),
    Unknown(UnverifiedToken<'v>),
}

/// A token that is not remembered. If it verifies, it is remembered.
pub(crate) struct UnverifiedToken<'v> {
    verifier: &'v TokenVerifier,
    now: u64,
    /// `None` where nothing is remembered, or where the token is too long.
    entry: Option<VacantEntry<'v>>,
}

impl UnverifiedToken<'_> {
    /// The answer for the parsed token: its signature, its claims, and what `further` asks of the
    /// claims. An error of `further` is the reason for the log.
    ///
    /// INVARIANT: `jws` is the token that was looked up, and the key is of the generation with which
    /// it was looked up.
    pub(crate) fn verify(
        self,
        jws: Jws<'_>,
        key: &Key,
        further: impl FnOnce(&Claims<'_>) -> Result<(), &'static str>,
    ) -> AuthResult {
        let mut accepted = self.verifier.verify(jws, key, self.now, further)?;
        let context = accepted.context.clone();
        if let Some(entry) = self.entry {
            if observe::is_any() {
                accepted.context = accepted.context.remembered();
            }
            entry.fill(accepted);
        }
        Ok(Some(context))
    }
}

/// The refusal of a token. The caller learns at most that it has expired; the log learns why.
pub(crate) fn refused(error: JoseError) -> AuthError {
    // INVARIANT: only claims whose signature verified are ever found to have expired.
    if error.is_expired() {
        AuthError::expired_credential(error.code())
    } else {
        AuthError::invalid_credential(error.code())
    }
}

/// Logs a warning where nothing tells tokens for this service from tokens for others (see
/// [`ClaimRules::with_audience_claim`]).
pub(crate) fn warn_of_lone_audience_claim(rules: &ClaimRules, provider: &'static str) {
    if rules.has_lone_audience_claim() {
        tracing::warn!(
            target: TARGET,
            provider,
            "an audience claim says who got the token, not whom it is for: write \
             require_claim(\"token_use\", \"access\"), or require_scope(..) with a scope of this \
             service"
        );
    }
}

/// How many tokens a provider remembers unless a setting says otherwise.
pub(crate) const DEFAULT_REMEMBERED_TOKENS: usize = 4096;
