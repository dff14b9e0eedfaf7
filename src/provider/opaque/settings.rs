//! The settings of every provider of opaque tokens.

use std::{fmt, time::Duration};

use super::cache::ActiveToken;
use crate::{
    clock::Clock,
    error::{AuthError, ConfigError, ConfigErrorKind},
    issuer::fetch::Transport,
    jose::{ClaimRules, JoseError},
    provider::authentication::AuthResult,
};

#[derive(Clone)]
pub(in crate::provider) struct OpaqueSettings {
    /// Only the leeway is used: the endpoint has checked the rest.
    pub(in crate::provider) times: ClaimRules,
    pub(in crate::provider) cache_ttl: Duration,
    pub(in crate::provider) remembered_tokens: usize,
    pub(in crate::provider) concurrency: usize,
    pub(in crate::provider) time_limit: Duration,
    pub(in crate::provider) ignores_jwts: bool,
    pub(in crate::provider) transport: Transport,
    pub(in crate::provider) clock: Clock,
}

impl OpaqueSettings {
    /// The answer for a token that the endpoint called active, now or a short time ago.
    pub(super) fn judge_times(&self, token: ActiveToken) -> AuthResult {
        let (start, issued, end) = (token.not_before, token.issued_at, token.expires_at);
        let refused = AuthError::invalid_credential;
        match self.times.check_times(start, issued, end, self.clock.now()) {
            Ok(()) => Ok(Some(token.context)),
            // The caller may learn that the token was good once: the endpoint says so.
            Err(JoseError::Expired) => Err(AuthError::expired_credential("token_expired")),
            Err(JoseError::NotYetValid) => Err(refused("token_not_yet_valid")),
            Err(_) => Err(refused("token_issued_in_future")),
        }
    }

    /// The answer of the endpoint, with a caller whose credential ends by the clock of this provider.
    pub(super) fn timed(&self, mut token: ActiveToken) -> ActiveToken {
        token.context = token.context.timed_by(&self.clock);
        token
    }

    pub(in crate::provider) fn set_cache_ttl(&mut self, ttl: Duration) -> Result<(), ConfigError> {
        if ttl > LONGEST_CACHE_TTL {
            return Err(ConfigError::new(
                ConfigErrorKind::Malformed,
                "an answer is kept for 300 seconds at most: a revoked token would work for too long",
            ));
        }
        self.cache_ttl = ttl;
        Ok(())
    }
}

impl Default for OpaqueSettings {
    fn default() -> Self {
        Self {
            times: ClaimRules::new().insecure_allow_missing_exp(),
            cache_ttl: Duration::from_secs(30),
            remembered_tokens: 10_000,
            concurrency: 32,
            time_limit: Duration::from_secs(5),
            ignores_jwts: false,
            transport: Transport::default(),
            clock: Clock::system(),
        }
    }
}

impl fmt::Debug for OpaqueSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OpaqueSettings")
            .field("leeway", &self.times.leeway())
            .field("cache_ttl", &self.cache_ttl)
            .field("remembered_tokens", &self.remembered_tokens)
            .field("concurrency", &self.concurrency)
            .field("time_limit", &self.time_limit)
            .field("ignores_jwts", &self.ignores_jwts)
            .finish_non_exhaustive()
    }
}

const LONGEST_CACHE_TTL: Duration = Duration::from_secs(300);
