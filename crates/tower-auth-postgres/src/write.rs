//! What is written into the tables.

use tokio::time::Instant;
use tokio_postgres::types::{ToSql, Type};
use tower_auth::keys::{
    Applied, AsOf, Epoch, KeyId, KeyStoreError, KeyUse, KeyWrite, Spend, StoredKey, Written,
};

use crate::{
    fault::{Cause, Fault},
    pool::Pool,
    read, revocations,
    transaction::{Mode, State, Statement, Transaction, column, number, once, signed},
    version::KNOWN,
};

/// Carries a change out, as [`KeyWrite`] says it step by step.
pub(crate) async fn change(
    pool: &Pool,
    write: KeyWrite,
    until: Instant,
) -> Result<AsOf<Written>, Fault> {
    let (transaction, state) = Transaction::begin(pool, until).await?;
    match in_transaction(&transaction, write, state).await {
        Ok(value) => {
            transaction.commit().await?;
            let now = state.now;
            Ok(AsOf { now, value })
        }
        Err(answer @ Fault::Answer(_)) => {
            transaction.roll_back().await;
            Err(answer)
        }
        // The connection is closed, which undoes the change.
        Err(fault) => Err(fault),
    }
}

async fn in_transaction(
    transaction: &Transaction,
    write: KeyWrite,
    state: State,
) -> Result<Written, Fault> {
    let own = match write.authority() {
        Some(id) => read::by_id(transaction, id).await?,
        None => None,
    };
    write.check_authority(own.as_ref(), state.now)?;
    let revoked = revocations::under(transaction, &write.revocation_ids()).await?;
    write.check_revocations(&revoked, state.now)?;
    let idempotency = write.idempotency().map(String::from);
    if let Some(text) = &idempotency
        && let Some(made) = read::by_idempotency(transaction, text).await?
    {
        return Ok(Written::Repeated(Box::new(made)));
    }
    if let Some((id, digest)) = write.creates()
        && is_taken(transaction, id, digest.as_bytes()).await?
    {
        return Err(KeyStoreError::Taken.into());
    }
    if let Some(scope) = write.unless_granted()
        && read::is_granted(transaction, scope, state.now).await?
    {
        return Err(KeyStoreError::Held.into());
    }
    let target = match write.target() {
        Some(id) => read::by_id(transaction, id).await?,
        None => None,
    };
    let mut applied = write.apply(target, state.now, state.latest)?;
    revocations::keep(transaction, &mut applied.revocations, state.now).await?;
    keep(transaction, &applied, idempotency.as_deref()).await?;
    for key in &mut applied.puts {
        let kept = read::by_id(transaction, key.record().id()).await?;
        *key = kept.ok_or_else(Fault::unreadable)?;
    }
    Ok(Written::Applied(applied))
}

/// Writes all that a change comes to.
async fn keep(
    transaction: &Transaction,
    applied: &Applied,
    idempotency: Option<&str>,
) -> Result<(), Fault> {
    if let Some(deleted) = &applied.deleted {
        let values: &[(&(dyn ToSql + Sync), Type)] = &[
            (&deleted.id.as_str(), Type::TEXT),
            (&signed(deleted.revision.as_u64()), Type::INT8),
            (&deleted.digest.as_bytes().as_slice(), Type::BYTEA),
        ];
        let sql = "WITH gone AS (DELETE FROM tower_auth.keys WHERE id = $1)
            INSERT INTO tower_auth.deleted (revision, digest) VALUES ($2, $3)";
        transaction.rows(sql, values).await?;
    }
    for (place, key) in applied.puts.iter().enumerate() {
        put(transaction, key, idempotency.filter(|_| place == 0)).await?;
    }
    if let Some(balance) = &applied.credits {
        let values: &[(&(dyn ToSql + Sync), Type)] = &[
            (&balance.account.as_str(), Type::TEXT),
            (&signed(balance.credits), Type::INT8),
        ];
        let sql = "INSERT INTO tower_auth.credits (account, remaining) VALUES ($1, $2)
            ON CONFLICT (account) DO UPDATE SET remaining = excluded.remaining";
        transaction.rows(sql, values).await?;
    }
    for record in &applied.audit {
        let values: &[(&(dyn ToSql + Sync), Type)] = &[
            (&signed(record.revision().as_u64()), Type::INT8),
            (&record.key().as_str(), Type::TEXT),
            (&serde_json::to_string(record)?, Type::TEXT),
        ];
        let sql = "INSERT INTO tower_auth.audit (revision, key, record) VALUES ($1, $2, $3)";
        transaction.rows(sql, values).await?;
    }
    // The hint goes out with the commit, or not at all.
    let latest = signed(applied.latest.as_u64());
    let sql = "WITH moved AS (UPDATE tower_auth.store SET revision = $1 RETURNING 1)
        SELECT pg_notify('tower_auth_keys', '') FROM moved";
    transaction.rows(sql, &[(&latest, Type::INT8)]).await?;
    Ok(())
}

/// Inserts a key, or replaces it: when it was used, and what made it, stay.
async fn put(
    transaction: &Transaction,
    key: &StoredKey,
    idempotency: Option<&str>,
) -> Result<(), Fault> {
    let (record, digest) = (key.record(), key.digest());
    let sql = "INSERT INTO tower_auth.keys
            (id, digest, revision, account, owner, tenant, idempotency, record)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
        ON CONFLICT (id) DO UPDATE SET digest = excluded.digest, revision = excluded.revision,
            account = excluded.account, owner = excluded.owner, tenant = excluded.tenant,
            record = excluded.record";
    let values: &[(&(dyn ToSql + Sync), Type)] = &[
        (&record.id().as_str(), Type::TEXT),
        (&digest.as_bytes().as_slice(), Type::BYTEA),
        (&signed(key.revision().as_u64()), Type::INT8),
        (&record.account().as_str(), Type::TEXT),
        (&record.owner().map(|owner| owner.to_text()), Type::TEXT),
        (&record.tenant(), Type::TEXT),
        (&idempotency, Type::TEXT),
        (&serde_json::to_string(record)?, Type::TEXT),
    ];
    transaction.rows(sql, values).await?;
    Ok(())
}

async fn is_taken(transaction: &Transaction, id: &KeyId, digest: &[u8; 32]) -> Result<bool, Fault> {
    let sql = "SELECT EXISTS (SELECT FROM tower_auth.keys WHERE id = $1)
        OR EXISTS (SELECT FROM tower_auth.keys WHERE digest = $2)";
    let id = read::text(id.as_str());
    let values: &[(&(dyn ToSql + Sync), Type)] =
        &[(&id, Type::TEXT), (&digest.as_slice(), Type::BYTEA)];
    let rows = transaction.rows(sql, values).await?;
    column(rows.first().ok_or_else(Fault::unreadable)?, 0)
}

/// Takes one credit, where there is one.
///
/// One statement: of two that meet, the second waits for the first one's row and then sees what is left.
pub(crate) async fn spend(
    pool: &Pool,
    account: &KeyId,
    until: Instant,
) -> Result<AsOf<Spend>, Fault> {
    let sql = "WITH spent AS (
            UPDATE tower_auth.credits SET remaining = remaining - 1
            WHERE account = $1 AND remaining > 0 AND (SELECT version FROM tower_auth.store) = $2
            RETURNING remaining
        )
        SELECT (SELECT remaining FROM spent),
            EXISTS (SELECT FROM tower_auth.credits WHERE account = $1)";
    let account = read::text(account.as_str());
    let values: &[(&(dyn ToSql + Sync), Type)] = &[(&account, Type::TEXT), (&KNOWN, Type::INT4)];
    let AsOf {
        now,
        value: (_, rows),
    } = once(pool, Mode::Write, until, Statement { sql, values }).await?;
    let row = rows.first().ok_or_else(Fault::unreadable)?;
    let value = match (column::<Option<i64>>(row, 0)?, column(row, 1)?) {
        (Some(left), _) => Spend::Spent {
            left: number(left)?,
        },
        (None, true) => Spend::Exhausted,
        (None, false) => Spend::NoAccount,
    };
    Ok(AsOf { now, value })
}

/// Notes when keys were used, where that is later than what is known.
///
/// The rows are locked in one order: two processes that note the same keys do not wait for each other in
/// a circle.
pub(crate) async fn touch(pool: &Pool, uses: &[KeyUse], until: Instant) -> Result<(), Fault> {
    let sql = "UPDATE tower_auth.keys SET last_used = due.used_at FROM (
            SELECT keys.id, used.used_at FROM tower_auth.keys JOIN (
                SELECT key, max(used_at) AS used_at
                FROM unnest($1, $2) AS uses (key, used_at) GROUP BY key
            ) AS used ON used.key = keys.id
            WHERE keys.last_used IS NULL OR keys.last_used < used.used_at
            ORDER BY keys.id FOR NO KEY UPDATE OF keys
        ) AS due
        WHERE keys.id = due.id AND (keys.last_used IS NULL OR keys.last_used < due.used_at)
            AND (SELECT version FROM tower_auth.store) = $3";
    let keys: Vec<_> = uses
        .iter()
        .map(|one| read::text(one.key.as_str()))
        .collect();
    let times: Vec<_> = uses
        .iter()
        .map(|one| signed(one.at.as_unix_millis()))
        .collect();
    let values: &[(&(dyn ToSql + Sync), Type)] = &[
        (&keys, Type::TEXT_ARRAY),
        (&times, Type::INT8_ARRAY),
        (&KNOWN, Type::INT4),
    ];
    let touched = once(pool, Mode::Write, until, Statement { sql, values }).await;
    touched.map(drop)
}

pub(crate) async fn renew_epoch(pool: &Pool, until: Instant) -> Result<Epoch, Fault> {
    let epoch = Epoch::generate()?;
    let sql = "WITH renewed AS (
            UPDATE tower_auth.store SET epoch = $1 WHERE version = $2 RETURNING 1
        )
        SELECT pg_notify('tower_auth_keys', '') FROM renewed";
    let bytes = epoch.as_u128().to_be_bytes();
    let values: &[(&(dyn ToSql + Sync), Type)] =
        &[(&bytes.as_slice(), Type::BYTEA), (&KNOWN, Type::INT4)];
    let renewed = once(pool, Mode::Write, until, Statement { sql, values }).await?;
    match renewed.value.1.len() {
        1 => Ok(epoch),
        _ => Err(Cause::Unreadable.into()),
    }
}
