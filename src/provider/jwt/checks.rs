//! Checking a token with the keys and rules of a provider.

use std::sync::{Arc, OnceLock};

use crate::{
    clock::Clock,
    jose::{ClaimRules, HeaderRules, JoseError, Jws, KeySet},
    provider::{
        AuthResult, Grants, SourceLabel, at_jwt,
        token::{Recalled, TokenVerifier, VerifierSettings, refused},
    },
};

/// The settings, and the tokens that verified under them.
pub(super) struct TokenChecks {
    pub(super) keys: KeySet,
    pub(super) header_rules: HeaderRules,
    pub(super) rules: ClaimRules,
    pub(super) label: Option<SourceLabel>,
    pub(super) grants: Grants,
    pub(super) strict_at_jwt: bool,
    /// Shared by every copy, since they hold the same keys.
    pub(super) identity: Arc<()>,
    pub(super) remembered_tokens: usize,
    /// Made at the first token, when every setting is known.
    pub(super) verifier: OnceLock<TokenVerifier>,
}

impl TokenChecks {
    /// The answer for a token at the time of a clock.
    #[inline]
    pub(super) fn answer(&self, token: &[u8], clock: &Clock) -> AuthResult {
        // A look-up hashes the whole token, so a token beyond the maximum length is refused before it.
        if token.len() > Jws::MAX_LEN {
            return Err(refused(JoseError::TooLong));
        }
        let verifier = self.verifier.get_or_init(|| {
            TokenVerifier::new(VerifierSettings {
                method: NAME,
                label: self.label.clone(),
                grants: self.grants.clone(),
                rules: self.rules.clone(),
                clock: clock.clone(),
                remembered_tokens: self.remembered_tokens,
            })
        });
        let unverified = match verifier.recall(token, GENERATION, clock.now()) {
            Recalled::Known(answer) => return answer,
            Recalled::Unknown(unverified) => unverified,
        };
        let jws = self.header_rules.parse_bytes(token).map_err(refused)?;
        if self.strict_at_jwt {
            at_jwt::check_type(&jws).map_err(refused)?;
        }
        let key = self.keys.key_for(&jws).map_err(refused)?;
        unverified.verify(jws, key, |claims| match self.strict_at_jwt {
            true => at_jwt::check_claims(claims),
            false => Ok(()),
        })
    }
}

impl Clone for TokenChecks {
    /// The copy remembers no tokens: its settings are about to change.
    fn clone(&self) -> Self {
        Self {
            keys: self.keys.clone(),
            header_rules: self.header_rules.clone(),
            rules: self.rules.clone(),
            label: self.label.clone(),
            grants: self.grants.clone(),
            strict_at_jwt: self.strict_at_jwt,
            identity: Arc::clone(&self.identity),
            remembered_tokens: self.remembered_tokens,
            verifier: OnceLock::new(),
        }
    }
}

/// The method of the callers, and the provider's name in the log.
pub(super) const NAME: &str = "jwt";
/// The keys of a `JwtAuth` never change.
const GENERATION: u64 = 0;
