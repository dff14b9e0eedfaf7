//! What is read from the tables.

use std::time::Instant;

use rusqlite::{OptionalExtension, Params, Row, ToSql, Transaction, params, params_from_iter};
use tower_auth::keys::{
    AuditQuery, AuditRecord, Epoch, KeyChange, KeyChanges, KeyDigest, KeyId, KeyLookup, KeyQuery,
    KeyRecord, Page, Revision, StoredKey, Timestamp,
};

use crate::{
    database::{Call, in_time},
    fault::Fault,
    schema::may_write,
};

/// A key with what its account has left, in the order that [`key`] reads.
const KEYS: &str =
    "SELECT keys.record, keys.digest, keys.revision, keys.last_used, credits.remaining
    FROM keys LEFT JOIN credits ON credits.account = keys.account";

pub(crate) fn changes(
    transaction: &Transaction<'_>,
    after: Revision,
    limit: usize,
    until: Instant,
) -> Result<KeyChanges, Fault> {
    let (epoch, latest) = state(transaction)?;
    let mut changes = Vec::new();
    // What a replica asks four times a second ends here, unless something changed.
    if after < latest {
        let sql = format!("{KEYS} WHERE keys.revision > ?1 ORDER BY keys.revision LIMIT ?2");
        let bounds = params![column(after.as_u64()), one_more(limit)];
        rows(transaction, &sql, bounds, until, |row| {
            changes.push(KeyChange::Put(Box::new(key(row)?)));
            Ok(())
        })?;
        let sql = "SELECT digest, revision FROM deleted WHERE revision > ?1
            ORDER BY revision LIMIT ?2";
        rows(transaction, sql, bounds, until, |row| {
            changes.push(KeyChange::Deleted {
                digest: KeyDigest::new(row.get(0)?),
                revision: Revision::new(number(row.get(1)?)?),
            });
            Ok(())
        })?;
        changes.sort_by_key(KeyChange::revision);
    }
    let is_complete = changes.len() <= limit;
    changes.truncate(limit);
    Ok(KeyChanges {
        epoch,
        latest,
        changes,
        is_complete,
    })
}

/// The epoch, and the last revision.
pub(crate) fn state(transaction: &Transaction<'_>) -> Result<(Epoch, Revision), Fault> {
    let mut statement = transaction.prepare_cached("SELECT epoch, revision FROM store")?;
    let (epoch, revision) =
        statement.query_row([], |row| Ok((row.get(0)?, row.get::<_, i64>(1)?)))?;
    let epoch = Epoch::new(u128::from_be_bytes(epoch));
    Ok((epoch, Revision::new(number(revision)?)))
}

pub(crate) fn find(
    transaction: &Transaction<'_>,
    lookup: &KeyLookup,
) -> Result<Option<StoredKey>, Fault> {
    match lookup {
        KeyLookup::Id(id) => by_id(transaction, id),
        KeyLookup::Digest(digest) => {
            let sql = format!("{KEYS} WHERE keys.digest = ?1");
            one(transaction, &sql, params![digest.as_bytes().as_slice()])
        }
        // A way to look up that this crate does not know yet.
        _ => Err(Fault::unreadable()),
    }
}

pub(crate) fn by_id(transaction: &Transaction<'_>, id: &KeyId) -> Result<Option<StoredKey>, Fault> {
    let sql = format!("{KEYS} WHERE keys.id = ?1");
    one(transaction, &sql, params![id.as_str()])
}

/// The key that the change of this text made, while that key is there.
pub(crate) fn by_idempotency(
    transaction: &Transaction<'_>,
    text: &str,
) -> Result<Option<StoredKey>, Fault> {
    let sql = format!("{KEYS} WHERE keys.idempotency = ?1");
    one(transaction, &sql, params![text])
}

/// Whether a live key grants a scope.
pub(crate) fn is_granted(
    transaction: &Transaction<'_>,
    scope: &str,
    call: Call,
) -> Result<bool, Fault> {
    // The index makes the question about the first administrator's key cheap, however many keys there
    // are. No other scope is asked about in practice.
    let sql = match scope {
        "keys:write" => concat!(
            "SELECT record FROM keys INDEXED BY keys_that_may_write WHERE ",
            may_write!()
        ),
        _ => "SELECT record FROM keys",
    };
    let mut statement = transaction.prepare_cached(sql)?;
    let mut found = statement.query([])?;
    while let Some(row) = found.next()? {
        in_time(call.until)?;
        let record = serde_json::from_str::<KeyRecord>(document(row)?)?;
        if record.is_live(call.now) && record.grants(scope) {
            return Ok(true);
        }
    }
    Ok(false)
}

pub(crate) fn list(
    transaction: &Transaction<'_>,
    query: &KeyQuery,
    until: Instant,
) -> Result<Page<StoredKey>, Fault> {
    let after = query.after.as_ref().map(KeyId::as_str);
    let owner = query.owner.as_ref().map(|owner| owner.to_text());
    let tenant = query.tenant.as_ref().map(Option::as_deref);
    let mut filter = Filter::default();
    filter.add("keys.id >", &after);
    filter.add("keys.owner =", &owner);
    filter.add("keys.tenant IS", &tenant);
    let limit = one_more(query.limit);
    let sql = filter.sql(KEYS, "ORDER BY keys.id", &limit);
    let mut items = Vec::new();
    rows(
        transaction,
        &sql,
        params_from_iter(filter.values),
        until,
        |row| {
            items.push(key(row)?);
            Ok(())
        },
    )?;
    Ok(page(items, query.limit))
}

pub(crate) fn audit(
    transaction: &Transaction<'_>,
    query: &AuditQuery,
    until: Instant,
) -> Result<Page<AuditRecord>, Fault> {
    let of_key = query.key.as_ref().map(KeyId::as_str);
    let before = query.before.map(|revision| column(revision.as_u64()));
    let mut filter = Filter::default();
    filter.add("key =", &of_key);
    filter.add("revision <", &before);
    let limit = one_more(query.limit);
    let sql = filter.sql("SELECT record FROM audit", "ORDER BY revision DESC", &limit);
    let mut items = Vec::new();
    rows(
        transaction,
        &sql,
        params_from_iter(filter.values),
        until,
        |row| {
            items.push(serde_json::from_str(document(row)?)?);
            Ok(())
        },
    )?;
    Ok(page(items, query.limit))
}

/// Conditions that hold together. The text of each stands in this file; values are bound.
#[derive(Default)]
struct Filter<'a> {
    conditions: Vec<String>,
    values: Vec<&'a dyn ToSql>,
}

impl<'a> Filter<'a> {
    fn add<T: ToSql>(&mut self, compared: &str, value: &'a Option<T>) {
        if let Some(value) = value {
            self.values.push(value);
            self.conditions
                .push(format!("{compared} ?{}", self.values.len()));
        }
    }

    fn sql(&mut self, select: &str, order: &str, limit: &'a i64) -> String {
        self.values.push(limit);
        let conditions = match self.conditions.is_empty() {
            true => String::new(),
            false => format!("WHERE {}", self.conditions.join(" AND ")),
        };
        format!("{select} {conditions} {order} LIMIT ?{}", self.values.len())
    }
}

fn one(
    transaction: &Transaction<'_>,
    sql: &str,
    values: impl Params,
) -> Result<Option<StoredKey>, Fault> {
    let mut statement = transaction.prepare_cached(sql)?;
    let found = statement.query_row(values, |row| Ok(key(row))).optional()?;
    found.transpose()
}

fn rows(
    transaction: &Transaction<'_>,
    sql: &str,
    values: impl Params,
    until: Instant,
    mut each: impl FnMut(&Row<'_>) -> Result<(), Fault>,
) -> Result<(), Fault> {
    let mut statement = transaction.prepare_cached(sql)?;
    let mut found = statement.query(values)?;
    while let Some(row) = found.next()? {
        in_time(until)?;
        each(row)?;
    }
    Ok(())
}

/// A row of [`KEYS`].
fn key(row: &Row<'_>) -> Result<StoredKey, Fault> {
    let record = serde_json::from_str::<KeyRecord>(document(row)?)?;
    let digest = KeyDigest::new(row.get(1)?);
    let revision = Revision::new(number(row.get(2)?)?);
    let last_used_at = row.get::<_, Option<i64>>(3)?.map(number).transpose()?;
    let credits = row.get::<_, Option<i64>>(4)?.map(number).transpose()?;
    let credits = record.is_metered().then(|| credits.unwrap_or(0));
    Ok(StoredKey::new(record, digest, revision)
        .with_last_used_at(last_used_at.map(Timestamp::from_unix_millis))
        .with_credits(credits))
}

/// The first column, which holds JSON.
fn document<'a>(row: &'a Row<'_>) -> Result<&'a str, Fault> {
    row.get_ref(0)?.as_str().map_err(|_| Fault::unreadable())
}

/// A number for a column, which has a sign: what does not fit is the greatest.
pub(crate) fn column(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// A number of a column that is never negative.
pub(crate) fn number(column: i64) -> Result<u64, Fault> {
    u64::try_from(column).map_err(|_| Fault::unreadable())
}

/// One more than are asked for tells whether there are more.
pub(crate) fn one_more(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX).saturating_add(1)
}

fn page<T>(mut items: Vec<T>, limit: usize) -> Page<T> {
    let has_more = items.len() > limit;
    items.truncate(limit);
    Page { items, has_more }
}
