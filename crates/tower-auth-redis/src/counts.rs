//! Counts of requests: one script, one round trip, the server's time.

use std::{sync::LazyLock, time::Duration};

use redis::{RedisResult, Script, aio::MultiplexedConnection};
use tower_auth::shared::{Admission, Count, MOST_COUNTS};

use crate::{fault::Cause, link::Link};

static SCRIPT: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("lua/counts.lua")));

/// What happens to the buckets.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Change {
    Charge,
    GiveBack,
}

pub(crate) async fn admit(
    link: &Link,
    limit: Duration,
    counts: &[Count],
) -> Result<Admission, Cause> {
    if counts.len() > MOST_COUNTS {
        return Err(Cause::TooMany);
    }
    if counts.is_empty() {
        return Ok(Admission::admitted(&[], &[]));
    }
    let answer = run(link, limit, "admit", counts).await?;
    let (is_taken, full_after) = read(&answer, counts.len()).ok_or(Cause::Protocol)?;
    Ok(match is_taken {
        true => Admission::admitted(counts, &full_after),
        false => Admission::refused(counts, &full_after),
    })
}

pub(crate) async fn change(
    link: &Link,
    limit: Duration,
    change: Change,
    counts: &[Count],
) -> Result<(), Cause> {
    if counts.is_empty() {
        return Ok(());
    }
    let mode = match change {
        Change::Charge => "charge",
        Change::GiveBack => "give_back",
    };
    let answer = run(link, limit, mode, counts).await?;
    read(&answer, counts.len()).map(drop).ok_or(Cause::Protocol)
}

async fn run(
    link: &Link,
    limit: Duration,
    mode: &str,
    counts: &[Count],
) -> Result<Vec<i64>, Cause> {
    let mut call = SCRIPT.prepare_invoke();
    call.arg(mode);
    for count in counts {
        call.key(link.name("count", &format!("{:032x}", count.bucket())));
        for time in [count.cost(), count.capacity()] {
            call.arg(time.as_secs()).arg(time.subsec_nanos());
        }
    }
    let ask = async |mut connection: MultiplexedConnection| -> RedisResult<Vec<i64>> {
        call.invoke_async(&mut connection).await
    };
    link.ask(limit, ask).await
}

/// Whether all were taken, and after which times the buckets are full.
fn read(answer: &[i64], counts: usize) -> Option<(bool, Vec<Duration>)> {
    let (is_taken, times) = answer.split_first()?;
    let (pairs, []) = times.as_chunks::<2>() else {
        return None;
    };
    let times = pairs.iter().map(|[seconds, nanos]| {
        let (seconds, nanos) = (u64::try_from(*seconds).ok()?, u32::try_from(*nanos).ok()?);
        (nanos < 1_000_000_000).then(|| Duration::new(seconds, nanos))
    });
    let times: Vec<_> = times.collect::<Option<_>>()?;
    (times.len() == counts && [0, 1].contains(is_taken)).then_some((*is_taken == 1, times))
}
