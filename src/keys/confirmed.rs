//! Changes by callers whose revocations another store keeps than the keys [13.1].
//!
//! No transaction holds both. A revocation that is committed before the change is found by the reading
//! before it. One that is committed meanwhile is found by the reading after it, and the key that the change
//! gave something to is revoked; what that key did in between stays, as it does for a key that was made before
//! the revocation. After that the keys of a principal are looked for when it is revoked, and found.

use std::time::Duration;

use tokio::time::sleep;

use super::{
    Change, KeyActor, KeyAdminError, KeyId, KeyStoreError, KeyWrite, authority::Authority,
    carried_out::CarriedOut, error::REVOKED,
};
use crate::{
    context::AuthContext,
    error::{AuthError, AuthErrorKind},
    log::{Causes, Clean, TARGET},
};

impl Authority {
    /// Carries a change out between two readings of the revocations.
    pub(super) async fn write_between(
        &self,
        caller: AuthContext,
        write: KeyWrite,
    ) -> Result<CarriedOut, KeyAdminError> {
        confirm(&caller).await?;
        let Some(id) = write.gives_to().cloned() else {
            return self.carry_out(write).await;
        };
        // A task of its own: whoever asked may go away, and what was given must be taken back all the same.
        let authority = self.clone();
        let work = tokio::spawn(async move {
            let by = write.by.clone();
            let carried_out = authority.carry_out(write).await;
            let may_be_done = match &carried_out {
                Ok(carried_out) => !carried_out.is_repeated,
                Err(error) => matches!(error, KeyAdminError::Unavailable(_)),
            };
            if may_be_done && let Err(error) = confirm_at_last(&caller).await {
                authority.take_back(id, by).await;
                return Err(error);
            }
            carried_out
        });
        work.await.unwrap_or_else(|error| {
            let error = KeyStoreError::unavailable(error);
            Err(KeyAdminError::Unavailable(error))
        })
    }

    /// Revokes the key that a change made or gave more to. The key as it was before does not come back:
    /// nobody knows who holds it.
    async fn take_back(&self, id: KeyId, by: KeyActor) {
        let change = Change::Revoke {
            id: id.clone(),
            reason: REASON.into(),
        };
        match self.carry_out(KeyWrite::new(by, change)).await {
            Ok(_) | Err(KeyAdminError::NotFound) => {}
            Err(error) => tracing::error!(
                target: TARGET,
                key = %Clean(id.as_str()),
                reason = %Causes(Some(&error)),
                "a key could not be revoked whose administrator may have been revoked while they made or \
                 changed it: revoke it by hand",
            ),
        }
    }
}

/// That a caller counts still, by a reading that begins now.
pub(crate) async fn confirm(caller: &AuthContext) -> Result<(), KeyAdminError> {
    let Some(revoker) = caller.revoker() else {
        return Ok(());
    };
    let confirmed = revoker.list().confirm(caller).await;
    confirmed.map_err(|error: AuthError| match error.kind() {
        AuthErrorKind::InvalidCredential => KeyAdminError::Forbidden(REVOKED),
        _ => KeyAdminError::Unavailable(KeyStoreError::unavailable(error)),
    })
}

/// Like [`confirm`], for a change that is done: a list that cannot be read for a moment, as while another
/// server takes over, is no reason to revoke a key.
async fn confirm_at_last(caller: &AuthContext) -> Result<(), KeyAdminError> {
    for _ in 0..TRIES {
        match confirm(caller).await {
            Err(KeyAdminError::Unavailable(_)) => sleep(BETWEEN_TRIES).await,
            confirmed => return confirmed,
        }
    }
    confirm(caller).await
}

/// With [`BETWEEN_TRIES`], and half a second for each: 5 to 10 seconds.
const TRIES: u32 = 10;
const BETWEEN_TRIES: Duration = Duration::from_millis(500);
const REASON: &str = "whoever made or changed it was revoked meanwhile, or nobody could tell";
