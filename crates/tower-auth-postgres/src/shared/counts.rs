//! Counts of requests: one function, one round trip, the server's time.

use std::time::Duration;

use tokio::time::Instant;
use tokio_postgres::types::Type;
use tower_auth::shared::{Admission, Count, MOST_COUNTS};

use super::statement::in_words;
use crate::{
    fault::{Cause, Fault},
    pool::Pool,
    transaction::column,
};

pub(super) async fn admit(
    pool: &Pool,
    counts: &[Count],
    until: Instant,
) -> Result<Admission, Fault> {
    if counts.len() > MOST_COUNTS {
        return Err(Cause::TooManyCounts.into());
    }
    if counts.is_empty() {
        return Ok(Admission::admitted(&[], &[]));
    }
    let (is_taken, full_after) = take(pool, "admit", counts, until).await?;
    Ok(match is_taken {
        true => Admission::admitted(counts, &full_after),
        false => Admission::refused(counts, &full_after),
    })
}

/// `charge`, or `give_back`.
pub(super) async fn change(
    pool: &Pool,
    mode: &str,
    counts: &[Count],
    until: Instant,
) -> Result<(), Fault> {
    match counts.is_empty() {
        true => Ok(()),
        false => take(pool, mode, counts, until).await.map(drop),
    }
}

/// Whether all were taken, and after which times the buckets are full.
async fn take(
    pool: &Pool,
    mode: &str,
    counts: &[Count],
    until: Instant,
) -> Result<(bool, Vec<Duration>), Fault> {
    // A number of nanoseconds has more bits than any number of the server's with a fixed size.
    let texts = |time: fn(&Count) -> Duration| -> Vec<String> {
        let texts = counts
            .iter()
            .map(|count| time(count).as_nanos().to_string());
        texts.collect()
    };
    let buckets: Vec<_> = counts
        .iter()
        .map(|count| count.bucket().to_be_bytes().to_vec())
        .collect();
    let sql = "SELECT is_taken, lacks::text[]
        FROM tower_auth_shared.take($1, $2, $3::text[]::numeric[], $4::text[]::numeric[])";
    let rows = in_words(
        pool,
        until,
        sql,
        &[
            (&mode, Type::TEXT),
            (&buckets, Type::BYTEA_ARRAY),
            (&texts(Count::cost), Type::TEXT_ARRAY),
            (&texts(Count::capacity), Type::TEXT_ARRAY),
        ],
    )
    .await?;
    let row = rows.first().ok_or_else(Fault::unreadable)?;
    let lacks: Vec<&str> = column(row, 1)?;
    let times = lacks
        .iter()
        .map(|lack| lack.parse().map(Duration::from_nanos));
    let times: Vec<_> = times
        .collect::<Result<_, _>>()
        .map_err(|_| Fault::unreadable())?;
    match times.len() == counts.len() {
        true => Ok((column(row, 0)?, times)),
        false => Err(Fault::unreadable()),
    }
}
