//! What is over is removed: buckets that are full, and what was done long enough ago.

use std::{
    error::Error,
    sync::{
        Weak,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use tokio::time::{Instant, sleep, timeout_at};
use tower_auth::shared::SharedStateError;

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

/// The log says no more often that it fails.
const BETWEEN_WORDS: Duration = Duration::from_secs(600);

/// Sweeps as long as the state is there.
pub(super) async fn sweep(pool: Pool, is_full: Weak<AtomicBool>) {
    let mut told: Option<Instant> = None;
    loop {
        let Some(is_full) = is_full.upgrade() else {
            return;
        };
        // Where it fails, another process does it, or the next time.
        match swept(&pool).await {
            Ok(()) => told = None,
            Err(fault) if told.is_none_or(|told| told.elapsed() >= BETWEEN_WORDS) => {
                told = Some(Instant::now());
                say_failed(fault);
            }
            Err(_) => {}
        }
        // Also where nothing could be removed: the table grows all the same.
        if let Ok(kept) = kept(&pool).await {
            let was_full = is_full.swap(kept > MOST, Ordering::Relaxed);
            if kept > MOST && !was_full {
                tracing::error!(
                    target: "tower_auth",
                    "the shared state has more than {MOST} buckets: each process counts alone until there \
                     are fewer",
                );
            }
        }
        drop(is_full);
        sleep(EVERY).await;
    }
}

fn say_failed(fault: Fault) {
    let error = SharedStateError::from(fault);
    let reason = error.source().map(ToString::to_string).unwrap_or_default();
    tracing::warn!(
        target: "tower_auth",
        %reason,
        "what is over cannot be removed from the tables of the shared state: they grow until it can",
    );
}

/// Sweeps once.
async fn swept(pool: &Pool) -> Result<(), Fault> {
    // A row that somebody has is not waited for, and none is locked for long. The rows are chosen once, as an
    // array: a subquery could be asked again for each row, and lock others.
    let full_ones = format!(
        "WITH removed AS (DELETE FROM tower_auth_shared.counts WHERE bucket = ANY (ARRAY(
            SELECT bucket FROM tower_auth_shared.counts
                WHERE at + lack / 1000 <= tower_auth_shared.micros()
                LIMIT {BATCH} FOR UPDATE SKIP LOCKED)) RETURNING 1)
        SELECT count(*) FROM removed"
    );
    let over = format!(
        "WITH removed AS (DELETE FROM tower_auth_shared.once WHERE name = ANY (ARRAY(
            SELECT name FROM tower_auth_shared.once WHERE until <= tower_auth_shared.micros()
                LIMIT {BATCH} FOR UPDATE SKIP LOCKED)) RETURNING 1)
        SELECT count(*) FROM removed"
    );
    for batch in [full_ones, over] {
        while number(pool, &batch).await? >= BATCH {}
    }
    Ok(())
}

/// How many buckets there are, as far as that matters.
async fn kept(pool: &Pool) -> Result<i64, Fault> {
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
