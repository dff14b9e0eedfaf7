//! What is written into the tables.

use std::time::Instant;

use rusqlite::{Transaction, params};
use tower_auth::keys::{
    Applied, Epoch, KeyId, KeyStoreError, KeyUse, KeyWrite, StoredKey, Written,
};

use crate::{
    database::{Call, in_time},
    fault::Fault,
    read::{self, column},
    revocations,
};

/// Carries a change out, as [`KeyWrite`] says it step by step.
pub(crate) fn change(
    transaction: &Transaction<'_>,
    write: KeyWrite,
    call: Call,
) -> Result<Written, Fault> {
    let own = match write.authority() {
        Some(id) => read::by_id(transaction, id)?,
        None => None,
    };
    write.check_authority(own.as_ref(), call.now)?;
    let revoked = revocations::under(transaction, &write.revocation_ids())?;
    write.check_revocations(&revoked, call.now)?;
    let idempotency = write.idempotency().map(String::from);
    if let Some(text) = &idempotency
        && let Some(made) = read::by_idempotency(transaction, text)?
    {
        return Ok(Written::Repeated(Box::new(made)));
    }
    if let Some((id, digest)) = write.creates()
        && is_taken(transaction, id, digest.as_bytes())?
    {
        return Err(KeyStoreError::Taken.into());
    }
    if let Some(scope) = write.unless_granted()
        && read::is_granted(transaction, scope, call)?
    {
        return Err(KeyStoreError::Held.into());
    }
    let target = match write.target() {
        Some(id) => read::by_id(transaction, id)?,
        None => None,
    };
    let (_, latest) = read::state(transaction)?;
    let mut applied = write.apply(target, call.now, latest)?;
    revocations::keep(transaction, &mut applied.revocations, call)?;
    keep(transaction, &applied, idempotency.as_deref())?;
    for key in &mut applied.puts {
        let kept = read::by_id(transaction, key.record().id())?;
        *key = kept.ok_or_else(Fault::unreadable)?;
    }
    Ok(Written::Applied(applied))
}

/// Writes all that a change comes to.
pub(crate) fn keep(
    transaction: &Transaction<'_>,
    applied: &Applied,
    idempotency: Option<&str>,
) -> Result<(), Fault> {
    if let Some(deleted) = &applied.deleted {
        let mut statement = transaction.prepare_cached("DELETE FROM keys WHERE id = ?1")?;
        statement.execute(params![deleted.id.as_str()])?;
        let sql = "INSERT INTO deleted (revision, digest) VALUES (?1, ?2)";
        transaction.prepare_cached(sql)?.execute(params![
            column(deleted.revision.as_u64()),
            deleted.digest.as_bytes().as_slice(),
        ])?;
    }
    for (place, key) in applied.puts.iter().enumerate() {
        put(transaction, key, idempotency.filter(|_| place == 0))?;
    }
    if let Some(balance) = &applied.credits {
        let sql = "INSERT INTO credits (account, remaining) VALUES (?1, ?2)
            ON CONFLICT (account) DO UPDATE SET remaining = excluded.remaining";
        transaction
            .prepare_cached(sql)?
            .execute(params![balance.account.as_str(), column(balance.credits)])?;
    }
    for record in &applied.audit {
        let sql = "INSERT INTO audit (revision, key, record) VALUES (?1, ?2, ?3)";
        transaction.prepare_cached(sql)?.execute(params![
            column(record.revision().as_u64()),
            record.key().as_str(),
            serde_json::to_string(record)?,
        ])?;
    }
    let sql = "UPDATE store SET revision = ?1";
    let mut statement = transaction.prepare_cached(sql)?;
    statement.execute(params![column(applied.latest.as_u64())])?;
    Ok(())
}

/// Inserts a key, or replaces it: when it was used, and what made it, stay.
fn put(
    transaction: &Transaction<'_>,
    key: &StoredKey,
    idempotency: Option<&str>,
) -> Result<(), Fault> {
    let record = key.record();
    let sql = "INSERT INTO keys (id, digest, revision, account, owner, tenant, idempotency, record)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
        ON CONFLICT (id) DO UPDATE SET digest = excluded.digest, revision = excluded.revision,
            account = excluded.account, owner = excluded.owner, tenant = excluded.tenant,
            record = excluded.record";
    transaction.prepare_cached(sql)?.execute(params![
        record.id().as_str(),
        key.digest().as_bytes().as_slice(),
        column(key.revision().as_u64()),
        record.account().as_str(),
        record.owner().map(|owner| owner.to_text()),
        record.tenant(),
        idempotency,
        serde_json::to_string(record)?,
    ])?;
    Ok(())
}

fn is_taken(transaction: &Transaction<'_>, id: &KeyId, digest: &[u8; 32]) -> Result<bool, Fault> {
    let sql = "SELECT EXISTS (SELECT 1 FROM keys WHERE id = ?1)
        OR EXISTS (SELECT 1 FROM keys WHERE digest = ?2)";
    let mut statement = transaction.prepare_cached(sql)?;
    Ok(statement.query_row(params![id.as_str(), digest.as_slice()], |row| row.get(0))?)
}

/// Notes when keys were used, where that is later than what is known.
pub(crate) fn touch(
    transaction: &Transaction<'_>,
    uses: &[KeyUse],
    until: Instant,
) -> Result<(), Fault> {
    let sql = "UPDATE keys SET last_used = ?2
        WHERE id = ?1 AND (last_used IS NULL OR last_used < ?2)";
    let mut statement = transaction.prepare_cached(sql)?;
    for KeyUse { key, at } in uses {
        in_time(until)?;
        statement.execute(params![key.as_str(), column(at.as_unix_millis())])?;
    }
    Ok(())
}

pub(crate) fn renew_epoch(transaction: &Transaction<'_>) -> Result<Epoch, Fault> {
    let epoch = Epoch::generate()?;
    transaction.execute(
        "UPDATE store SET epoch = ?1",
        params![epoch.as_u128().to_be_bytes().as_slice()],
    )?;
    Ok(epoch)
}
