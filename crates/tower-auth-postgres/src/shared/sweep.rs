//! What is over is removed: buckets that are full, and what was done long enough ago.

use std::{
    sync::{
        Weak,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use tokio::time::{Instant, sleep, timeout_at};
use tokio_postgres::types::Type;

use super::statement::in_words;
use crate::{fault::Fault, pool::Pool, transaction::column};

/// How often each process sweeps, from when it opens the state.
const EVERY: Duration = Duration::from_secs(60);
/// How long it may take.
const LIMIT: Duration = Duration::from_secs(20);
/// The most buckets: with more, nobody counts until there are fewer.
const MOST: i64 = 1_000_000;

/// Sweeps as long as the state is there.
pub(super) async fn sweep(pool: Pool, is_full: Weak<AtomicBool>) {
    loop {
        let Some(is_full) = is_full.upgrade() else {
            return;
        };
        // Where it fails, another process does it, or the next time.
        if let Ok(kept) = swept(&pool).await {
            is_full.store(kept > MOST, Ordering::Relaxed);
        }
        drop(is_full);
        sleep(EVERY).await;
    }
}

/// Sweeps once; how many buckets there are then.
async fn swept(pool: &Pool) -> Result<i64, Fault> {
    let until = Instant::now() + LIMIT;
    // A row that somebody has is not waited for.
    let sql = "WITH now AS (SELECT tower_auth_shared.micros() AS micros),
        full_ones AS (
            SELECT bucket FROM tower_auth_shared.counts, now WHERE at + lack / 1000 <= now.micros
                FOR UPDATE OF counts SKIP LOCKED),
        removed AS (
            DELETE FROM tower_auth_shared.counts WHERE bucket IN (SELECT bucket FROM full_ones)
                RETURNING 1),
        over AS (
            SELECT name FROM tower_auth_shared.once, now WHERE until <= now.micros
                FOR UPDATE OF once SKIP LOCKED),
        forgotten AS (
            DELETE FROM tower_auth_shared.once WHERE name IN (SELECT name FROM over) RETURNING 1)
        SELECT (SELECT count(*) FROM tower_auth_shared.counts) - (SELECT count(*) FROM removed),
            (SELECT count(*) FROM forgotten)";
    let none: [(&(dyn tokio_postgres::types::ToSql + Sync), Type); 0] = [];
    let rows = timeout_at(until, in_words(pool, until, sql, &none)).await;
    let rows = rows.map_err(|_| crate::fault::Cause::TooLate)??;
    column(rows.first().ok_or_else(Fault::unreadable)?, 0)
}
