//! Revocations of tokens, in the tables.

use std::time::Instant;

use rusqlite::{OptionalExtension, Transaction, params};
use tower_auth::keys::{
    Revision, RevocationChanges, RevocationEntry, RevocationPut, StoredRevocation, Timestamp,
};

use crate::{
    database::{Call, in_time},
    fault::Fault,
    read::{self, column, number, one_more},
};

pub(crate) fn changes(
    transaction: &Transaction<'_>,
    after: Revision,
    limit: usize,
    until: Instant,
) -> Result<RevocationChanges, Fault> {
    let (epoch, latest) = read::state(transaction)?;
    let mut changes = Vec::new();
    // What a process asks four times a second ends here, unless something changed.
    if after < latest {
        let sql = "SELECT entry, revision FROM revocations WHERE revision > ?1
            ORDER BY revision LIMIT ?2";
        let mut statement = transaction.prepare_cached(sql)?;
        let mut found = statement.query(params![column(after.as_u64()), one_more(limit)])?;
        while let Some(row) = found.next()? {
            in_time(until)?;
            changes.push(StoredRevocation {
                entry: entry(&row.get::<_, String>(0)?)?,
                revision: Revision::new(number(row.get(1)?)?),
            });
        }
    }
    let is_complete = changes.len() <= limit;
    changes.truncate(limit);
    Ok(RevocationChanges {
        epoch,
        latest,
        changes,
        is_complete,
    })
}

/// Those under some ids, as far as they are there.
pub(crate) fn under(
    transaction: &Transaction<'_>,
    ids: &[[u8; 32]],
) -> Result<Vec<RevocationEntry>, Fault> {
    let found = ids.iter().map(|id| kept(transaction, id));
    let found: Vec<_> = found.collect::<Result<_, Fault>>()?;
    Ok(found.into_iter().flatten().collect())
}

/// Keeps revocations, each settled with the one that is kept under its id.
pub(crate) fn keep(
    transaction: &Transaction<'_>,
    puts: &mut [RevocationPut],
    call: Call,
) -> Result<(), Fault> {
    if puts.is_empty() {
        return Ok(());
    }
    forget(transaction, call.now)?;
    for put in puts {
        in_time(call.until)?;
        let id = put.entry.id();
        let kept = kept(transaction, &id)?;
        let count = match (kept, put.max_kept) {
            (None, Some(_)) => count(transaction)?,
            // Nothing is refused.
            _ => 0,
        };
        put.entry = put.settle(kept, count)?;
        let sql = "INSERT INTO revocations (id, revision, ends, entry) VALUES (?1, ?2, ?3, ?4)
            ON CONFLICT (id) DO UPDATE SET revision = excluded.revision, ends = excluded.ends,
                entry = excluded.entry";
        transaction.prepare_cached(sql)?.execute(params![
            id.as_slice(),
            column(put.revision.as_u64()),
            column(put.entry.kept_until().as_unix_millis()),
            serde_json::to_string(&put.entry)?,
        ])?;
    }
    Ok(())
}

/// Deletes those that are over.
fn forget(transaction: &Transaction<'_>, now: Timestamp) -> Result<(), Fault> {
    let sql = "DELETE FROM revocations WHERE ends <= ?1";
    let mut statement = transaction.prepare_cached(sql)?;
    statement.execute(params![column(now.as_unix_millis())])?;
    Ok(())
}

fn kept(transaction: &Transaction<'_>, id: &[u8; 32]) -> Result<Option<RevocationEntry>, Fault> {
    let sql = "SELECT entry FROM revocations WHERE id = ?1";
    let mut statement = transaction.prepare_cached(sql)?;
    let found: Option<String> = statement
        .query_row(params![id.as_slice()], |row| row.get(0))
        .optional()?;
    found.map(|text| entry(&text)).transpose()
}

fn count(transaction: &Transaction<'_>) -> Result<usize, Fault> {
    let sql = "SELECT count(*) FROM revocations";
    let count: i64 = transaction
        .prepare_cached(sql)?
        .query_row([], |row| row.get(0))?;
    Ok(usize::try_from(count).unwrap_or(usize::MAX))
}

fn entry(text: &str) -> Result<RevocationEntry, Fault> {
    Ok(serde_json::from_str(text)?)
}
