//! The version of the tables.

use tower_auth::keys::KeyStoreError;

use crate::fault::{Cause, Fault};

/// Fails unless the database has exactly the schema that this program knows: a newer program may have
/// changed it while this one was serving.
pub(crate) fn require(found: i32) -> Result<(), Fault> {
    match found {
        KNOWN => Ok(()),
        found if found > KNOWN => Err(KeyStoreError::NewerSchema {
            found: u32::try_from(found).unwrap_or(u32::MAX),
            known: u32::try_from(KNOWN).unwrap_or_default(),
        }
        .into()),
        found if found > 0 => Err(Cause::Older.into()),
        _ => Err(Fault::unreadable()),
    }
}

/// The newest schema that this program knows: how many steps there are.
pub(crate) const KNOWN: i32 = 2;
