//! What is done once.

use std::time::Duration;

use tokio::time::Instant;
use tokio_postgres::types::Type;
use tower_auth::shared::{Begun, Once};

use super::statement::in_words;
use crate::{fault::Fault, pool::Pool, transaction::column};

/// The longest time that is kept, in microseconds: a hundred years.
const LONGEST: u64 = 100 * 366 * 86_400_000_000;

pub(super) async fn begin(
    pool: &Pool,
    once: &Once,
    lease: Duration,
    until: Instant,
) -> Result<Begun, Fault> {
    // What another session writes at the same time is not seen by the second part: then somebody is at it.
    let sql = "WITH begun AS (
            INSERT INTO tower_auth_shared.once AS kept (name, attempt, until)
                VALUES ($1, $2, tower_auth_shared.micros() + $3)
                ON CONFLICT (name) DO UPDATE SET attempt = excluded.attempt, until = excluded.until
                    WHERE kept.until <= tower_auth_shared.micros()
                RETURNING true
        )
        SELECT EXISTS (SELECT FROM begun), EXISTS (
            SELECT FROM tower_auth_shared.once
                WHERE name = $1 AND attempt IS NULL AND until > tower_auth_shared.micros())";
    let attempt = once.attempt().to_be_bytes();
    let rows = in_words(
        pool,
        until,
        sql,
        &[
            (&once.name().as_slice(), Type::BYTEA),
            (&attempt.as_slice(), Type::BYTEA),
            (&micros(lease), Type::INT8),
        ],
    )
    .await?;
    let row = rows.first().ok_or_else(Fault::unreadable)?;
    Ok(match (column(row, 0)?, column(row, 1)?) {
        (true, _) => Begun::New,
        (false, false) => Begun::InProgress,
        (false, true) => Begun::Done,
    })
}

pub(super) async fn renew(
    pool: &Pool,
    once: &Once,
    lease: Duration,
    until: Instant,
) -> Result<bool, Fault> {
    let sql = "UPDATE tower_auth_shared.once SET until = tower_auth_shared.micros() + $3
        WHERE name = $1 AND attempt = $2 AND until > tower_auth_shared.micros() RETURNING true";
    let attempt = once.attempt().to_be_bytes();
    let values = [
        (&once.name().as_slice() as _, Type::BYTEA),
        (&attempt.as_slice() as _, Type::BYTEA),
        (&micros(lease) as _, Type::INT8),
    ];
    let renewed = in_words(pool, until, sql, &values).await?;
    Ok(!renewed.is_empty())
}

pub(super) async fn finish(
    pool: &Pool,
    once: &Once,
    ttl: Duration,
    until: Instant,
) -> Result<(), Fault> {
    let sql = "INSERT INTO tower_auth_shared.once (name, attempt, until)
        VALUES ($1, NULL, tower_auth_shared.micros() + $2)
        ON CONFLICT (name) DO UPDATE SET attempt = NULL, until = excluded.until";
    let values = [
        (&once.name().as_slice() as _, Type::BYTEA),
        (&micros(ttl) as _, Type::INT8),
    ];
    in_words(pool, until, sql, &values).await.map(drop)
}

pub(super) async fn abandon(pool: &Pool, once: &Once, until: Instant) -> Result<(), Fault> {
    let sql = "DELETE FROM tower_auth_shared.once WHERE name = $1 AND attempt = $2";
    let attempt = once.attempt().to_be_bytes();
    let values = [
        (&once.name().as_slice() as _, Type::BYTEA),
        (&attempt.as_slice() as _, Type::BYTEA),
    ];
    in_words(pool, until, sql, &values).await.map(drop)
}

fn micros(time: Duration) -> i64 {
    let micros = u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
    i64::try_from(micros.min(LONGEST)).unwrap_or(i64::MAX)
}
