//! What is done once.

use std::{sync::LazyLock, time::Duration};

use redis::{ExistenceCheck, Script, SetExpiry, SetOptions, Value, cmd};
use tower_auth::shared::{Begun, Once};

use crate::{fault::Cause, link::Link};

/// What stands under a name that is done; under another, the attempt.
const DONE: &str = "done";

/// A server without memory forgets an attempt all the same.
static ABANDON: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        "#!lua flags=allow-oom
        if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end
        return 1",
    )
});

/// What is done and another attempt are left as they are.
static RENEW: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        "#!lua flags=allow-oom
        if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
        redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
        return 1",
    )
});

/// The longest time that is kept. The server refuses what its clock cannot tell.
const LONGEST: u64 = 100 * 366 * 86_400_000;

pub(crate) async fn begin(
    link: &Link,
    limit: Duration,
    once: &Once,
    lease: Duration,
) -> Result<Begun, Cause> {
    let mut set = cmd("SET");
    set.arg(name(link, once)).arg(attempt(once)).arg(
        SetOptions::default()
            .conditional_set(ExistenceCheck::NX)
            .get(true)
            .with_expiration(SetExpiry::PX(millis(lease))),
    );
    let ask = async |mut connection| set.query_async(&mut connection).await;
    match link.ask(limit, ask).await? {
        Value::Nil => Ok(Begun::New),
        Value::BulkString(kept) if kept == DONE.as_bytes() => Ok(Begun::Done),
        Value::BulkString(kept) if is_attempt(&kept) => Ok(Begun::InProgress),
        _ => Err(Cause::Unreadable),
    }
}

pub(crate) async fn renew(
    link: &Link,
    limit: Duration,
    once: &Once,
    lease: Duration,
) -> Result<bool, Cause> {
    let mut call = RENEW.key(name(link, once));
    call.arg(attempt(once)).arg(millis(lease));
    let ask = async |mut connection| call.invoke_async(&mut connection).await;
    match link.ask(limit, ask).await? {
        Value::Int(1) => Ok(true),
        Value::Int(0) => Ok(false),
        _ => Err(Cause::Protocol),
    }
}

pub(crate) async fn finish(
    link: &Link,
    limit: Duration,
    once: &Once,
    ttl: Duration,
) -> Result<(), Cause> {
    let mut set = cmd("SET");
    set.arg(name(link, once)).arg(DONE);
    set.arg(SetOptions::default().with_expiration(SetExpiry::PX(millis(ttl))));
    let ask = async |mut connection| set.query_async(&mut connection).await;
    match link.ask(limit, ask).await? {
        Value::Okay => Ok(()),
        _ => Err(Cause::Protocol),
    }
}

pub(crate) async fn abandon(link: &Link, limit: Duration, once: &Once) -> Result<(), Cause> {
    let mut call = ABANDON.key(name(link, once));
    call.arg(attempt(once));
    let ask = async |mut connection| call.invoke_async(&mut connection).await;
    match link.ask(limit, ask).await? {
        Value::Int(1) => Ok(()),
        _ => Err(Cause::Protocol),
    }
}

fn name(link: &Link, once: &Once) -> String {
    let [high, low] = [once.name().first_chunk(), once.name().last_chunk()]
        .map(|half| u128::from_be_bytes(half.copied().unwrap_or_default()));
    link.name("once", &format!("{high:032x}{low:032x}"))
}

fn attempt(once: &Once) -> String {
    format!("{:032x}", once.attempt())
}

fn is_attempt(kept: &[u8]) -> bool {
    kept.len() == 32 && kept.iter().all(u8::is_ascii_hexdigit)
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis())
        .unwrap_or(u64::MAX)
        .clamp(1, LONGEST)
}
