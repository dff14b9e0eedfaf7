//! Entries as the server keeps them.

use tower_auth::keys::{Revision, RevocationEntry, StoredRevocation};

use super::script::number;
use crate::fault::Cause;

/// The id of an entry, as a field.
pub(super) fn id(entry: &RevocationEntry) -> String {
    let id = entry.id();
    let [high, low] = [id.first_chunk(), id.last_chunk()]
        .map(|half| u128::from_be_bytes(half.copied().unwrap_or_default()));
    format!("{high:032x}{low:032x}")
}

/// Reads `REVISION KEPT_UNTIL JSON`.
pub(super) fn read(text: &str) -> Result<StoredRevocation, Cause> {
    let mut parts = text.splitn(3, ' ');
    let (Some(revision), Some(_), Some(json)) = (parts.next(), parts.next(), parts.next()) else {
        return Err(Cause::Unreadable);
    };
    Ok(StoredRevocation {
        entry: serde_json::from_str(json).map_err(|_| Cause::Unreadable)?,
        revision: Revision::new(number(revision)?),
    })
}

/// The entry that was found, if any.
pub(super) fn found(text: &str) -> Result<Option<RevocationEntry>, Cause> {
    match text {
        "" => Ok(None),
        text => Ok(Some(read(text)?.entry)),
    }
}

/// An entry to put in the place of what was found, as four arguments.
pub(super) fn put(entry: &RevocationEntry, found: &str) -> Result<[String; 4], Cause> {
    let json = serde_json::to_string(entry).map_err(|_| Cause::Unreadable)?;
    let kept_until = entry.kept_until().as_unix_millis().min(LATEST);
    Ok([id(entry), found.to_owned(), kept_until.to_string(), json])
}

/// The server's numbers have 53 bits: the year 287396.
const LATEST: u64 = (1 << 53) - 1;
