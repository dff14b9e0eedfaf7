//! What is read from the tables.

use std::borrow::Cow;

use tokio::time::Instant;
use tokio_postgres::{
    Row,
    types::{ToSql, Type},
};
use tower_auth::keys::{
    AsOf, AuditQuery, AuditRecord, KeyChange, KeyChanges, KeyDigest, KeyId, KeyLookup, KeyQuery,
    KeyRecord, Page, Revision, StoredKey, Timestamp,
};

use crate::{
    fault::Fault,
    pool::Pool,
    transaction::{Mode, Statement, Transaction, column, number, once, signed},
};

/// A key with what its account has left, in the order that [`key`] reads.
macro_rules! keys {
    ($rest:literal) => {
        concat!(
            "SELECT keys.record, keys.digest, keys.revision, keys.last_used, credits.remaining
            FROM tower_auth.keys
            LEFT JOIN tower_auth.credits ON credits.account = keys.account ",
            $rest
        )
    };
}

/// Where nothing is new, what a replica asks four times a second is one look at each index.
const CHANGES: &str = concat!(
    "SELECT * FROM (
        (",
    keys!("WHERE keys.revision > $1 ORDER BY keys.revision LIMIT $2"),
    ")
        UNION ALL
        (SELECT NULL, digest, revision, NULL, NULL FROM tower_auth.deleted
            WHERE revision > $1 ORDER BY revision LIMIT $2)
    ) AS changes ORDER BY revision LIMIT $2"
);

pub(crate) async fn changes(
    pool: &Pool,
    after: Revision,
    limit: usize,
    until: Instant,
) -> Result<AsOf<KeyChanges>, Fault> {
    let statement = Statement {
        sql: CHANGES,
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
        if column::<Option<&str>>(row, 0)?.is_some() {
            return Ok(KeyChange::Put(Box::new(key(row)?)));
        }
        Ok(KeyChange::Deleted {
            digest: digest(row)?,
            revision: Revision::new(number(column(row, 2)?)?),
        })
    });
    Ok(AsOf {
        now,
        value: KeyChanges {
            epoch: state.epoch,
            latest: state.latest,
            changes: changes.collect::<Result<_, Fault>>()?,
            is_complete: rows.len() <= limit,
        },
    })
}

const BY_ID: &str = keys!("WHERE keys.id = $1");
const BY_DIGEST: &str = keys!("WHERE keys.digest = $1");
const BY_IDEMPOTENCY: &str = keys!("WHERE keys.idempotency = $1");

pub(crate) async fn find(
    pool: &Pool,
    lookup: &KeyLookup,
    until: Instant,
) -> Result<AsOf<Option<StoredKey>>, Fault> {
    let rows = match lookup {
        KeyLookup::Id(id) => {
            let id = text(id.as_str());
            one(pool, BY_ID, (&id, Type::TEXT), until).await
        }
        KeyLookup::Digest(digest) => {
            let digest = digest.as_bytes().as_slice();
            one(pool, BY_DIGEST, (&digest, Type::BYTEA), until).await
        }
        // A way to look up that this crate does not know yet.
        _ => return Err(Fault::unreadable()),
    };
    let AsOf { now, value } = rows?;
    let value = value.first().map(key).transpose()?;
    Ok(AsOf { now, value })
}

async fn one(
    pool: &Pool,
    sql: &str,
    value: (&(dyn ToSql + Sync), Type),
    until: Instant,
) -> Result<AsOf<Vec<Row>>, Fault> {
    let values = &[value];
    let read = once(pool, Mode::Read, until, Statement { sql, values }).await?;
    Ok(read.map(|(_, rows)| rows))
}

/// The values of an unnamed statement are known when it is planned: a condition that holds for every row
/// costs nothing.
const LIST: &str = keys!(
    "WHERE ($1 IS NULL OR keys.id > $1)
        AND ($2 IS NULL OR keys.owner = $2)
        AND (NOT $3 OR keys.tenant = $4 OR ($4 IS NULL AND keys.tenant IS NULL))
    ORDER BY keys.id LIMIT $5"
);

pub(crate) async fn list(
    pool: &Pool,
    query: &KeyQuery,
    until: Instant,
) -> Result<AsOf<Page<StoredKey>>, Fault> {
    let after = query.after.as_ref().map(|after| text(after.as_str()));
    let owner = query.owner.as_ref().map(|owner| owner.to_text());
    let owner = owner.as_deref().map(text);
    let is_of_tenant = query.tenant.is_some();
    let tenant = query.tenant.as_ref().and_then(Option::as_deref);
    let tenant = tenant.map(text);
    let statement = Statement {
        sql: LIST,
        values: &[
            (&after, Type::TEXT),
            (&owner, Type::TEXT),
            (&is_of_tenant, Type::BOOL),
            (&tenant, Type::TEXT),
            (&one_more(query.limit), Type::INT8),
        ],
    };
    let AsOf {
        now,
        value: (_, rows),
    } = once(pool, Mode::Read, until, statement).await?;
    let value = page(&rows, query.limit, key)?;
    Ok(AsOf { now, value })
}

const AUDIT: &str = "SELECT record FROM tower_auth.audit
    WHERE ($1 IS NULL OR key = $1) AND ($2 IS NULL OR revision < $2)
    ORDER BY revision DESC LIMIT $3";

pub(crate) async fn audit(
    pool: &Pool,
    query: &AuditQuery,
    until: Instant,
) -> Result<AsOf<Page<AuditRecord>>, Fault> {
    let of_key = query.key.as_ref().map(|key| text(key.as_str()));
    let before = query.before.map(|revision| signed(revision.as_u64()));
    let statement = Statement {
        sql: AUDIT,
        values: &[
            (&of_key, Type::TEXT),
            (&before, Type::INT8),
            (&one_more(query.limit), Type::INT8),
        ],
    };
    let AsOf {
        now,
        value: (_, rows),
    } = once(pool, Mode::Read, until, statement).await?;
    let record = |row: &Row| Ok(serde_json::from_str(column(row, 0)?)?);
    let value = page(&rows, query.limit, record)?;
    Ok(AsOf { now, value })
}

pub(crate) async fn by_id(
    transaction: &Transaction,
    id: &KeyId,
) -> Result<Option<StoredKey>, Fault> {
    let id = text(id.as_str());
    let rows = transaction.rows(BY_ID, &[(&id, Type::TEXT)]).await?;
    rows.first().map(key).transpose()
}

/// The key that the change of this text made, while that key is there.
pub(crate) async fn by_idempotency(
    transaction: &Transaction,
    text: &str,
) -> Result<Option<StoredKey>, Fault> {
    let made_by = self::text(text);
    let values = &[(&made_by as &(dyn ToSql + Sync), Type::TEXT)];
    let rows = transaction.rows(BY_IDEMPOTENCY, values).await?;
    rows.first().map(key).transpose()
}

/// How many records are looked at in one go.
const RECORDS: i64 = 1_000;

/// Whether a live key grants a scope.
pub(crate) async fn is_granted(
    transaction: &Transaction,
    scope: &str,
    now: Timestamp,
) -> Result<bool, Fault> {
    let sql = "SELECT id, record FROM tower_auth.keys WHERE id > $1 ORDER BY id LIMIT $2";
    let mut after = String::new();
    loop {
        let values: &[(&(dyn ToSql + Sync), Type)] =
            &[(&after, Type::TEXT), (&RECORDS, Type::INT8)];
        let rows = transaction.rows(sql, values).await?;
        for row in &rows {
            let record = serde_json::from_str::<KeyRecord>(column(row, 1)?)?;
            if record.is_live(now) && record.grants(scope) {
                return Ok(true);
            }
        }
        match rows.last() {
            Some(last) => after = column(last, 0)?,
            None => return Ok(false),
        }
    }
}

/// A row of [`keys`].
fn key(row: &Row) -> Result<StoredKey, Fault> {
    let record = serde_json::from_str::<KeyRecord>(column(row, 0)?)?;
    let revision = Revision::new(number(column(row, 2)?)?);
    let last_used_at = column::<Option<i64>>(row, 3)?.map(number).transpose()?;
    let credits = column::<Option<i64>>(row, 4)?.map(number).transpose()?;
    let credits = record.is_metered().then(|| credits.unwrap_or(0));
    Ok(StoredKey::new(record, digest(row)?, revision)
        .with_last_used_at(last_used_at.map(Timestamp::from_unix_millis))
        .with_credits(credits))
}

fn digest(row: &Row) -> Result<KeyDigest, Fault> {
    let digest = column::<&[u8]>(row, 1)?.try_into();
    digest.map(KeyDigest::new).map_err(|_| Fault::unreadable())
}

/// A text that is looked up. The database holds no NUL, and the texts that it holds have no control
/// characters: with another one it is found as little, and stands at the same place of a list.
pub(crate) fn text(text: &str) -> Cow<'_, str> {
    match text.contains('\0') {
        true => text.replace('\0', "\u{1}").into(),
        false => text.into(),
    }
}

/// One more than are asked for tells whether there are more.
pub(crate) fn one_more(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX).saturating_add(1)
}

fn page<T>(
    rows: &[Row],
    limit: usize,
    item: impl Fn(&Row) -> Result<T, Fault>,
) -> Result<Page<T>, Fault> {
    Ok(Page {
        items: rows
            .iter()
            .take(limit)
            .map(item)
            .collect::<Result<_, _>>()?,
        has_more: rows.len() > limit,
    })
}
