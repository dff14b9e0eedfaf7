//! Whether a caller's credential has ended.

use std::sync::Arc;

use super::replica::Replica;
use crate::{
    answer::Answer,
    context::AuthContext,
    error::AuthError,
    keys::{RevokedDigest, Timestamp},
    polling::{Polled, Trust, refreshed, start},
};

impl Replica {
    pub(super) fn judge(self: &Arc<Self>, caller: &AuthContext) -> Answer<Result<(), AuthError>> {
        if let Some(ended) = self.ended_by_now(caller) {
            return Answer::Ready(Err(ended));
        }
        match self.trust() {
            Trust::Fresh(()) => Answer::Ready(Ok(())),
            Trust::Known(()) => {
                start(self);
                Answer::Ready(Ok(()))
            }
            Trust::Lost => {
                start(self);
                Answer::Ready(Err(could_not_ask()))
            }
            Trust::Ask => {
                let (replica, caller) = (Arc::clone(self), caller.clone());
                Answer::pending(async move {
                    match refreshed(&replica).await {
                        Trust::Fresh(()) | Trust::Known(()) => {
                            replica.ended_by_now(&caller).map_or(Ok(()), Err)
                        }
                        Trust::Ask | Trust::Lost => Err(could_not_ask()),
                    }
                })
            }
        }
    }

    /// Why the caller's credential has ended, by what this process knows: a few look-ups in memory.
    pub(super) fn ended_by_now(&self, caller: &AuthContext) -> Option<AuthError> {
        let mut next = Some(caller);
        while let Some(caller) = next {
            if let Some(reason) = self
                .lives_too_long(caller)
                .or_else(|| self.is_revoked(caller))
            {
                return Some(AuthError::invalid_credential(reason));
            }
            next = caller.first();
        }
        None
    }

    /// A token that lives longer than tokens may would outlive its revocation.
    fn lives_too_long(&self, caller: &AuthContext) -> Option<&'static str> {
        if !caller.is_token() {
            return None;
        }
        let settings = &self.settings;
        let longest = settings.max_lifetime.as_secs();
        let issued_at = caller.issued_at_millis().map(|millis| millis / 1_000);
        let is_too_long = match (issued_at, caller.expires_at_unix()) {
            (Some(issued_at), Some(expires_at)) => expires_at.saturating_sub(issued_at) > longest,
            (Some(issued_at), None) => self.clock().now().saturating_sub(issued_at) > longest,
            (None, _) if settings.needs_issued_at => return Some("token_iat_missing"),
            (None, Some(expires_at)) => {
                let latest = longest.saturating_add(settings.leeway.as_secs());
                expires_at.saturating_sub(self.clock().now()) > latest
            }
            (None, None) => false,
        };
        is_too_long.then_some("token_lives_too_long")
    }

    fn is_revoked(&self, caller: &AuthContext) -> Option<&'static str> {
        let token = || {
            let (issuer, id) = (caller.token_issuer(), caller.token_id()?);
            Some([
                RevokedDigest::of_token(issuer, id),
                RevokedDigest::of_token_by(caller.method(), issuer, id),
            ])
        };
        if self.table.has_token(token) {
            return Some("token_revoked");
        }
        let who = || {
            [
                RevokedDigest::of_principal(&caller.principal()),
                RevokedDigest::of_user(caller.token_issuer(), caller.user_id()),
            ]
        };
        let tenant = || {
            let tenant = caller.claim::<String>("tenant").ok()?;
            Some(RevokedDigest::of_tenant(tenant.as_deref()))
        };
        let before = self.table.before(who, tenant)?;
        self.is_before(caller, before).then_some("caller_revoked")
    }

    /// Whether what a caller showed was issued before an instant.
    fn is_before(&self, caller: &AuthContext, instant: Timestamp) -> bool {
        let Some(issued_at) = caller.issued_at_millis() else {
            return true;
        };
        match caller.is_token() {
            // The second in which it was issued may have begun before, and the issuer's clock be ahead.
            true => {
                issued_at
                    <= instant
                        .saturating_add(self.settings.leeway)
                        .as_unix_millis()
            }
            // The time of a key and the instant are of one clock.
            false => issued_at <= instant.as_unix_millis(),
        }
    }
}

pub(super) fn could_not_ask() -> AuthError {
    AuthError::unavailable("the revocations cannot be read").with_reason("revocations_unavailable")
}
