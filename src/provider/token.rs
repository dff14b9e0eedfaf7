//! What the providers of signed tokens share: from a token and its key to the caller or a refusal.

use std::sync::Arc;

use super::{AuthResult, Grants, Label, Voucher};
use crate::{
    context::{AuthContext, Verified},
    error::AuthError,
    jose::{ClaimRules, Claims, JoseError, Jws, Key},
    log::TARGET,
    memory::{self, Accepted, Entry, Memory},
};

/// Judges tokens by one set of rules, and remembers those that verified.
///
/// `JwtAuth` and `OAuth2Auth` hold one each, never the same one: what is remembered was judged by
/// these rules and no others.
#[derive(Debug)]
pub(crate) struct TokenJudge {
    method: &'static str,
    label: Option<Label>,
    grants: Grants,
    rules: ClaimRules,
    /// The one that the rules require.
    issuer: Option<Arc<str>>,
    memory: Option<Memory>,
}

impl TokenJudge {
    /// A judge that remembers at most so many tokens; with 0, none. The label counts where the rules
    /// require no issuer.
    pub(crate) fn new(
        method: &'static str,
        (label, grants): (Option<Label>, Grants),
        rules: ClaimRules,
        remembered: usize,
    ) -> Self {
        let memory = match remembered {
            0 => None,
            capacity => Memory::new(capacity),
        };
        Self {
            method,
            label,
            grants,
            issuer: rules.issuer().map(Arc::from),
            rules,
            memory,
        }
    }

    /// The verdict on a token that verified a short time ago under the same generation of keys.
    ///
    /// Only its times are judged again.
    pub(crate) fn recall(&self, token: &[u8], generation: u64, now: u64) -> Recalled<'_> {
        let entry = match &self.memory {
            // None that verified is so long, and its length should cost nothing.
            Some(memory) if token.len() <= Jws::MAX_LEN => memory.entry(token, generation, now),
            _ => {
                return Recalled::Vacant(Seat {
                    judge: self,
                    now,
                    place: None,
                });
            }
        };
        match entry {
            Entry::Known(found) => {
                let times = self.rules.check_times(
                    found.not_before,
                    found.issued_at,
                    found.expires_at,
                    now,
                );
                Recalled::Known(times.map(|()| Some(found.context)).map_err(refused))
            }
            Entry::Vacant(place) => Recalled::Vacant(Seat {
                judge: self,
                now,
                place: Some(place),
            }),
        }
    }

    /// The caller that verified claims are about.
    fn judge(
        &self,
        jws: Jws<'_>,
        key: &Key,
        now: u64,
        further: impl FnOnce(&Claims<'_>) -> Result<(), &'static str>,
    ) -> Result<Accepted, AuthError> {
        let json = jws.verify_claims(key).map_err(refused)?;
        let claims = self.rules.check(&json, now);
        let claims = claims.map_err(|error| self.refused(&json, error))?;
        further(&claims).map_err(AuthError::invalid_credential)?;

        let (not_before, issued_at, expires_at) =
            (claims.not_before(), claims.issued_at(), claims.expires_at());
        let user_id = claims.user_id().into();
        let voucher = Voucher {
            issuer: self.rules.issuer(),
            label: self.label.as_ref(),
        };
        let scopes = self.grants.of(claims.scopes());
        let user_id_claim = claims.user_id_found().clone();
        let source = voucher.source(&user_id_claim.name, user_id_claim.is_first);
        let context = AuthContext::verified(Verified {
            user_id,
            method: self.method,
            // The one that was compared: whoever has a key may write any `iss`.
            issuer: self.issuer.clone(),
            scopes,
            expires_at,
            claims: user_id_claim.beside(json),
        })
        .with_label(source);
        Ok(Accepted {
            context: self.grants.limit(context),
            not_before,
            issued_at,
            expires_at,
        })
    }

    /// The refusal of claims whose signature verified.
    fn refused(&self, json: &str, error: JoseError) -> AuthError {
        let refused = match error {
            JoseError::ScopeMissing => AuthError::insufficient_scope(self.rules.required_scopes())
                .with_reason(error.code()),
            other => refused(other),
        };
        match self.rules.mismatch(json, error) {
            Some(mismatch) => refused.with_mismatch(mismatch),
            None => refused,
        }
    }
}

/// What is known of a token before it is parsed.
pub(crate) enum Recalled<'j> {
    Known(AuthResult),
    Vacant(Seat<'j>),
}

/// The place of a token that is not known: judges it, and remembers it if it verifies.
pub(crate) struct Seat<'j> {
    judge: &'j TokenJudge,
    now: u64,
    /// None where nothing is remembered, or nothing so long.
    place: Option<memory::Seat<'j>>,
}

impl Seat<'_> {
    /// The verdict on the token, parsed: signature, claims, and what else `further` asks of the
    /// claims, which gives the reason for the log.
    ///
    /// INVARIANT: it is the token that was looked for, and the key is of the generation that it was
    /// looked for under.
    pub(crate) fn judge(
        self,
        jws: Jws<'_>,
        key: &Key,
        further: impl FnOnce(&Claims<'_>) -> Result<(), &'static str>,
    ) -> AuthResult {
        let accepted = self.judge.judge(jws, key, self.now, further)?;
        let context = accepted.context.clone();
        if let Some(place) = self.place {
            place.remember(accepted);
        }
        Ok(Some(context))
    }
}

/// The refusal of a token: the caller learns at most that it has expired, the log learns why.
pub(crate) fn refused(error: JoseError) -> AuthError {
    // INVARIANT: only claims whose signature verified are ever found to have expired.
    if error.is_expired() {
        AuthError::expired_credential(error.code())
    } else {
        AuthError::invalid_credential(error.code())
    }
}

/// Logs that nothing tells tokens for this service from those for others (see
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

/// How many tokens a provider remembers unless it is told otherwise.
pub(crate) const REMEMBERED_TOKENS: usize = 4096;
