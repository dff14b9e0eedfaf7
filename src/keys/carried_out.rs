//! Changes that are decided on a key as it is, and carried out.

use super::{
    KeyAdminError, KeyId, KeyWrite, StoredKey, Written,
    authority::{Authority, LIMIT, Read, WRITE},
};
use crate::polling::{ask, polled};

impl Authority {
    /// Decides a change on a key as it is, and anew where another came between: one of that key, or
    /// of the caller's own.
    pub(super) async fn changed(
        &self,
        id: &KeyId,
        decide: impl Fn(&Read) -> Result<KeyWrite, KeyAdminError>,
    ) -> Result<CarriedOut, KeyAdminError> {
        for _ in 0..TRIES {
            let read = self.read(id, WRITE).await?;
            self.check_revision(&read)?;
            match self.write(decide(&read)?).await {
                Err(KeyAdminError::Conflict(_)) => {}
                written => return written,
            }
        }
        Err(KeyAdminError::Conflict(
            "the key was changed meanwhile: try again",
        ))
    }

    /// Carries a change out. Where the store does not keep the revocations that end the caller, they are
    /// read before it and after it.
    pub(super) async fn write(&self, write: KeyWrite) -> Result<CarriedOut, KeyAdminError> {
        self.backend().settings().changes.audit.admit()?;
        match self.held_elsewhere().cloned() {
            Some(caller) if write.is_of_caller() => self.write_between(caller, write).await,
            _ => self.carry_out(write).await,
        }
    }

    pub(super) async fn carry_out(&self, write: KeyWrite) -> Result<CarriedOut, KeyAdminError> {
        let replica = self.backend().replica();
        let history = replica.history();
        let written = ask(LIMIT, || self.backend().store().write(write)).await?;
        Ok(match written.value {
            Written::Applied(applied) => {
                self.backend().settings().changes.tell(&applied.audit);
                if !replica.changed_here(&applied, history, written.now) {
                    polled(replica).await;
                }
                // The last key of a rotation is the new one.
                let mut puts = applied.puts.into_iter();
                CarriedOut {
                    key: puts.next_back(),
                    replaced: puts.next(),
                    is_repeated: false,
                }
            }
            Written::Repeated(key) => CarriedOut {
                key: Some(*key),
                replaced: None,
                is_repeated: true,
            },
        })
    }
}

/// A change that was carried out.
pub(super) struct CarriedOut {
    /// The key as it is then, if it is there.
    pub(super) key: Option<StoredKey>,
    /// For a rotation, the old key.
    pub(super) replaced: Option<StoredKey>,
    /// Whether an equal change was carried out before, and this one was not.
    pub(super) is_repeated: bool,
}

/// The number of times that a change is decided again after another one came first.
const TRIES: usize = 5;
