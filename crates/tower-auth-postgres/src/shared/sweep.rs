//! What is over is removed: buckets that are full, and what was done long enough ago.

use std::{
    sync::{
        Weak,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use tokio::time::{Instant, sleep, timeout_at};

use super::statement::in_words;
use crate::{
    fault::{Cause, Fault},
    pool::Pool,
    transaction::column,
};

/// How often each process sweeps, from when it opens the state.
const EVERY: Duration = Duration::from_secs(60);
/// The most rows that are removed at once.
const BATCH: i64 = 1_000;
/// How long one step may take.
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

/// Sweeps once; how many buckets there are then, as far as that matters.
async fn swept(pool: &Pool) -> Result<i64, Fault> {
    // A row that somebody has is not waited for, and none is locked for long.
    let full_ones = format!(
        "WITH removed AS (DELETE FROM tower_auth_shared.counts WHERE bucket IN (
            SELECT bucket FROM tower_auth_shared.counts
                WHERE at + lack / 1000 <= tower_auth_shared.micros()
                LIMIT {BATCH} FOR UPDATE SKIP LOCKED) RETURNING 1)
        SELECT count(*) FROM removed"
    );
    let over = format!(
        "WITH removed AS (DELETE FROM tower_auth_shared.once WHERE name IN (
            SELECT name FROM tower_auth_shared.once WHERE until <= tower_auth_shared.micros()
                LIMIT {BATCH} FOR UPDATE SKIP LOCKED) RETURNING 1)
        SELECT count(*) FROM removed"
    );
    for batch in [full_ones, over] {
        while number(pool, &batch).await? >= BATCH {}
    }
    let most = MOST + 1;
    let kept =
        format!("SELECT count(*) FROM (SELECT FROM tower_auth_shared.counts LIMIT {most}) AS kept");
    number(pool, &kept).await
}

async fn number(pool: &Pool, sql: &str) -> Result<i64, Fault> {
    let until = Instant::now() + LIMIT;
    let rows = timeout_at(until, in_words(pool, until, sql, &[])).await;
    let rows = rows.map_err(|_| Cause::TooLate)??;
    column(rows.first().ok_or_else(Fault::unreadable)?, 0)
}
