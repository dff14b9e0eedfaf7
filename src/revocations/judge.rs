//! Whether a caller's credential has ended.

use std::sync::Arc;

use super::replica::Replica;
use crate::{
    answer::Answer,
    context::AuthContext,
    error::AuthError,
    keys::{is_before, leeway_of, tenant_of, tokens_of, who_of},
    polling::{Polled, Trust, refreshed, start},
};

impl Replica {
    pub(super) fn judge(self: &Arc<Self>, caller: &AuthContext) -> Answer<Result<(), AuthError>> {
        let trust = match self.look_up(caller, || self.trust()) {
            Ok(trust) => trust,
            Err(ended) => return Answer::Ready(Err(ended)),
        };
        match trust {
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

    /// Looks a caller up, and then how far that can be trusted.
    ///
    /// A process may be stopped between the two, and a poll be answered: its answer makes nothing newer
    /// that was looked up before it, so then it is looked up again.
    fn look_up(
        &self,
        caller: &AuthContext,
        trust: impl Fn() -> Trust<()>,
    ) -> Result<Trust<()>, AuthError> {
        loop {
            let turn = self.turn();
            if let Some(ended) = self.ended_by_now(caller) {
                return Err(ended);
            }
            let trust = trust();
            if self.turn() == turn {
                return Ok(trust);
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
        let settings = self.settings();
        let longest = settings.max_lifetime.as_secs();
        let issued_at = caller.issued_at_millis().map(|millis| millis / 1_000);
        let is_too_long = match (issued_at, caller.expires_at_unix()) {
            (Some(issued_at), Some(expires_at)) => expires_at.saturating_sub(issued_at) > longest,
            (Some(issued_at), None) => self.clock().now().saturating_sub(issued_at) > longest,
            // How long it lives is not known: in the last day of a longer life it would pass for a
            // short one, and its revocation may be forgotten by then.
            (None, _) if caller.leaves_issue_out() && !settings.allows_missing_iat => {
                return Some("token_iat_missing");
            }
            (None, Some(expires_at)) => {
                let latest = longest.saturating_add(settings.leeway.as_secs());
                expires_at.saturating_sub(self.clock().now()) > latest
            }
            (None, None) => false,
        };
        is_too_long.then_some("token_lives_too_long")
    }

    fn is_revoked(&self, caller: &AuthContext) -> Option<&'static str> {
        if self.table.has_token(|| tokens_of(caller)) {
            return Some("token_revoked");
        }
        let (who, tenant) = (|| who_of(caller), || tenant_of(caller).ok());
        let before = self.table.before(who, tenant)?;
        let leeway = leeway_of(caller, self.key_store, self.settings().leeway);
        is_before(caller.issued_at_millis(), before, leeway).then_some("caller_revoked")
    }
}

pub(super) fn could_not_ask() -> AuthError {
    AuthError::unavailable("the revocations cannot be read").with_reason("revocations_unavailable")
}

#[cfg(test)]
mod tests {
    use arc_swap::ArcSwap;

    use super::*;
    use crate::{
        keys::{RevocationEntry, RevokedDigest, RevokedSubject, Timestamp},
        revocations::{MemoryRevocationStore, settings::Settings},
    };

    #[test]
    fn what_a_poll_brings_between_the_look_up_and_the_trust_is_looked_up_too() {
        let store = MemoryRevocationStore::new().expect("there are random bytes");
        let settings = Arc::new(ArcSwap::from_pointee(Settings::default()));
        let replica = Replica::new(Arc::new(store), None, &settings);
        let ada = AuthContext::new("ada").with_method("sessions");
        let until = Timestamp::from_unix_millis(u64::MAX);
        let entry = RevocationEntry {
            subject: RevokedSubject::Principal {
                who: RevokedDigest::of_principal(&ada.principal()),
                tenant: None,
                before: until,
            },
            until,
        };
        let bob = AuthContext::new("bob").with_method("sessions");
        let poll = || {
            replica.take([entry]);
            Trust::Fresh(())
        };
        assert!(replica.look_up(&ada, poll).is_err());
        assert!(matches!(replica.look_up(&bob, poll), Ok(Trust::Fresh(()))));
    }
}
