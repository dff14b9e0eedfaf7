//! Revocations of tokens, in the tables.

use tokio::time::Instant;
use tokio_postgres::types::{ToSql, Type};
use tower_auth::keys::{
    AsOf, Revision, RevocationChanges, RevocationEntry, RevocationPut, StoredRevocation, Timestamp,
};

use crate::{
    fault::Fault,
    pool::Pool,
    read::one_more,
    transaction::{Mode, Statement, Transaction, column, number, once, signed},
};

pub(crate) async fn changes(
    pool: &Pool,
    after: Revision,
    limit: usize,
    until: Instant,
) -> Result<AsOf<RevocationChanges>, Fault> {
    let statement = Statement {
        sql: "SELECT entry, revision FROM tower_auth.revocations WHERE revision > $1
            ORDER BY revision LIMIT $2",
        values: &[
            (&signed(after.as_u64()), Type::INT8),
            (&one_more(limit), Type::INT8),
        ],
    };
    let AsOf {
        now,
        value: (state, rows),
    } = once(pool, Mode::Read, until, statement).await?;
    let changes = rows.iter().take(limit).map(|row| {
        Ok(StoredRevocation {
            entry: entry(column(row, 0)?)?,
            revision: Revision::new(number(column(row, 1)?)?),
        })
    });
    Ok(AsOf {
        now,
        value: RevocationChanges {
            epoch: state.epoch,
            latest: state.latest,
            changes: changes.collect::<Result<_, Fault>>()?,
            is_complete: rows.len() <= limit,
        },
    })
}

/// Those under some ids, as far as they are there.
pub(crate) async fn under(
    transaction: &Transaction,
    ids: &[[u8; 32]],
) -> Result<Vec<RevocationEntry>, Fault> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let ids: Vec<&[u8]> = ids.iter().map(<[u8; 32]>::as_slice).collect();
    let sql = "SELECT entry FROM tower_auth.revocations WHERE id = ANY ($1)";
    let rows = transaction.rows(sql, &[(&ids, Type::BYTEA_ARRAY)]).await?;
    rows.iter().map(|row| entry(column(row, 0)?)).collect()
}

/// Keeps revocations, each settled with the one that is kept under its id.
pub(crate) async fn keep(
    transaction: &Transaction,
    puts: &mut [RevocationPut],
    now: Timestamp,
) -> Result<(), Fault> {
    if puts.is_empty() {
        return Ok(());
    }
    let sql = "DELETE FROM tower_auth.revocations WHERE ends <= $1";
    let now = signed(now.as_unix_millis());
    transaction.rows(sql, &[(&now, Type::INT8)]).await?;
    for put in puts {
        let id = put.entry.id();
        let kept = kept(transaction, &id).await?;
        let count = match (kept, put.max_kept) {
            (None, Some(_)) => count(transaction).await?,
            // Nothing is refused.
            _ => 0,
        };
        put.entry = put.settle(kept, count)?;
        let values: &[(&(dyn ToSql + Sync), Type)] = &[
            (&id.as_slice(), Type::BYTEA),
            (&signed(put.revision.as_u64()), Type::INT8),
            (&signed(put.entry.kept_until().as_unix_millis()), Type::INT8),
            (&serde_json::to_string(&put.entry)?, Type::TEXT),
        ];
        let sql = "INSERT INTO tower_auth.revocations (id, revision, ends, entry)
            VALUES ($1, $2, $3, $4)
            ON CONFLICT (id) DO UPDATE SET revision = excluded.revision, ends = excluded.ends,
                entry = excluded.entry";
        transaction.rows(sql, values).await?;
    }
    Ok(())
}

async fn kept(transaction: &Transaction, id: &[u8; 32]) -> Result<Option<RevocationEntry>, Fault> {
    let sql = "SELECT entry FROM tower_auth.revocations WHERE id = $1";
    let rows = transaction
        .rows(sql, &[(&id.as_slice(), Type::BYTEA)])
        .await?;
    rows.first().map(|row| entry(column(row, 0)?)).transpose()
}

async fn count(transaction: &Transaction) -> Result<usize, Fault> {
    let sql = "SELECT count(*) FROM tower_auth.revocations";
    let rows = transaction.rows(sql, &[]).await?;
    let count: i64 = column(rows.first().ok_or_else(Fault::unreadable)?, 0)?;
    Ok(usize::try_from(count).unwrap_or(usize::MAX))
}

fn entry(text: &str) -> Result<RevocationEntry, Fault> {
    Ok(serde_json::from_str(text)?)
}
