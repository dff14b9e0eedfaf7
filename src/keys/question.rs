//! The question of a request whose key needs a longer look.

use std::sync::Arc;

use super::{KeyDigest, Timestamp, held::Known, lookups::Found, replica::Replica};
use crate::{error::AuthError, polling::Trust, provider::AuthResult};

/// The credential of a request.
pub(super) struct Question {
    pub(super) digest: KeyDigest,
    /// Whether it has another form than this store's keys: it may be imported, or for another
    /// provider.
    pub(super) is_foreign: bool,
}

impl Question {
    /// The answer from what this process knows; `None` where it may not know the key.
    pub(super) fn answer(&self, replica: &Replica, trust: Trust<Timestamp>) -> Option<AuthResult> {
        let (now, is_fresh) = match trust {
            Trust::Fresh(now) => (now, true),
            Trust::Known(now) => (now, false),
            Trust::Ask | Trust::Lost => return Some(Err(could_not_ask())),
        };
        let table = replica.table();
        let judge = |known: &Known| self.is_of(known.is_imported()).then(|| known.judge(now));
        if let Some(judged) = table.with(&self.digest, judge) {
            return Some(judged.transpose());
        }
        let may_be_left_out = match self.is_foreign {
            true => table.leaves_out_imported(),
            false => table.leaves_out(),
        };
        match (may_be_left_out, is_fresh) {
            (true, true) => None,
            (true, false) => Some(Err(could_not_ask())),
            (false, _) if self.is_foreign => Some(Ok(None)),
            (false, true) => Some(self.unknown()),
            (false, false) => Some(Err(could_not_ask())),
        }
    }

    /// The answer from the store.
    pub(super) async fn find(self, replica: Arc<Replica>) -> AuthResult {
        match replica.find(self.digest).await {
            Found::Known(known) if self.is_of(known.is_imported) => known.answer.map(Some),
            Found::Known(_) => Ok(None),
            Found::NotAsked(error) => Err(error),
            Found::Unknown => self.unknown(),
        }
    }

    /// Whether a known key is the one that was shown: one of another form, if it was imported. What was made
    /// here in another form has another prefix.
    fn is_of(&self, is_imported: bool) -> bool {
        is_imported || !self.is_foreign
    }

    fn unknown(&self) -> AuthResult {
        match self.is_foreign {
            true => Ok(None),
            false => Err(AuthError::invalid_credential("api_key_unknown")),
        }
    }
}

fn could_not_ask() -> AuthError {
    AuthError::unavailable("the key store cannot be asked").with_reason("key_store_unavailable")
}
