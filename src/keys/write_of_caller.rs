//! Changes by a caller whom a revocation may have ended meanwhile [13.1].

use super::{
    Change, KeyId, KeyStoreError, KeyWrite, RevocationEntry, Timestamp, revocable::RevocableCaller,
};

impl KeyWrite {
    /// The change as one of a caller, which is refused once a revocation has ended them.
    pub(crate) fn of_caller(mut self, caller: RevocableCaller) -> Self {
        self.caller = Some(caller);
        self
    }

    pub(super) fn is_of_caller(&self) -> bool {
        self.caller.is_some()
    }

    /// The key that gets more by the change, or is made by it; `None` where the change only ends one.
    pub(super) fn gives_to(&self) -> Option<&KeyId> {
        match &self.change {
            Change::Create(new) => Some(&new.record.id),
            Change::Update {
                record,
                gives_more: true,
                ..
            } => Some(&record.id),
            Change::Rotate { new, .. } => Some(&new.id),
            Change::Update { .. }
            | Change::Revoke { .. }
            | Change::Delete { .. }
            | Change::RevokeTokens(_)
            | Change::RestoreRevocations(_) => None,
        }
    }

    /// The [ids](RevocationEntry::id) of the revocations that would end whoever asks for the change.
    pub fn revocation_ids(&self) -> Vec<[u8; 32]> {
        let caller = self.caller.as_ref();
        caller.map(RevocableCaller::ids).unwrap_or_default()
    }

    /// That none of these revocations, which the store keeps under
    /// [`revocation_ids`](Self::revocation_ids), has ended whoever asks: the process that let them in may
    /// not have read it yet, and what they change would outlive it.
    ///
    /// # Errors
    ///
    /// [`KeyStoreError::Revoked`] where one has, and is not [over](RevocationEntry::is_over).
    pub fn check_revocations(
        &self,
        kept: &[RevocationEntry],
        now: Timestamp,
    ) -> Result<(), KeyStoreError> {
        let Some(caller) = &self.caller else {
            return Ok(());
        };
        let ends = |entry: &RevocationEntry| !entry.is_over(now) && caller.is_ended_by(entry);
        match kept.iter().any(ends) {
            true => Err(KeyStoreError::Revoked),
            false => Ok(()),
        }
    }
}
