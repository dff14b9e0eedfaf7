//! Two scripts with their modes, and what they answer.

use std::{sync::LazyLock, time::Duration};

use redis::{RedisResult, Script, aio::MultiplexedConnection};
use tower_auth::keys::Timestamp;

use crate::{
    fault::Cause,
    link::{Link, Run},
};

static READ: LazyLock<Script> = LazyLock::new(|| {
    Script::new(concat!(
        "#!lua flags=no-writes\n",
        include_str!("../lua/revocations.lua"),
        include_str!("../lua/revocations_read.lua")
    ))
});

static WRITE: LazyLock<Script> = LazyLock::new(|| {
    Script::new(concat!(
        "#!lua\n",
        include_str!("../lua/revocations.lua"),
        include_str!("../lua/revocations_write.lua")
    ))
});

/// What a mode of the script answers.
pub(super) enum Answer {
    /// The store has no history.
    Lost,
    /// Somebody else wrote in between.
    Again,
    /// What was asked for, after the first word.
    Told(Vec<String>, Run),
}

/// Runs a script in the mode of the first argument; `word` is the first one of an answer that is neither of the others.
pub(super) async fn run(
    link: &Link,
    limit: Duration,
    word: &str,
    arguments: &[&str],
) -> Result<Answer, Cause> {
    let script = match arguments {
        ["changes", ..] => &READ,
        _ => &WRITE,
    };
    let mut call = script.prepare_invoke();
    for kind in ["state", "entries", "feed", "ends"] {
        call.key(name(link, kind));
    }
    for argument in arguments {
        call.arg(*argument);
    }
    let ask = async |mut connection: MultiplexedConnection| -> RedisResult<Vec<String>> {
        call.invoke_async(&mut connection).await
    };
    let (run, mut answer) = link.ask_run(limit, ask).await?;
    let first = match answer.is_empty() {
        true => return Err(Cause::Protocol),
        false => answer.remove(0),
    };
    match &*first {
        "lost" => Ok(Answer::Lost),
        "again" => Ok(Answer::Again),
        first if first == word => Ok(Answer::Told(answer, run)),
        _ => Err(Cause::Protocol),
    }
}

/// The names of what is kept; that of the state is the channel of the hints too.
pub(super) fn name(link: &Link, kind: &str) -> String {
    link.name("revoked", kind)
}

pub(super) fn number(text: &str) -> Result<u64, Cause> {
    text.parse().map_err(|_| Cause::Unreadable)
}

pub(super) fn time(text: &str) -> Result<Timestamp, Cause> {
    Ok(Timestamp::from_unix_millis(number(text)?))
}
