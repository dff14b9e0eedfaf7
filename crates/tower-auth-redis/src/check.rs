//! Whether a server can keep what must be remembered.

use std::collections::HashMap;

use redis::{aio::MultiplexedConnection, cmd};

use crate::fault::{Cause, Policy};

/// The oldest version whose scripts and `SET` are as they are used here.
const OLDEST: u32 = 7;

/// Fails where a server is too old, only follows another one, or forgets where its memory is short.
///
/// Everything that is kept here has an end, so all policies but one may forget it before.
///
/// Answers with the number of the server's run, which another server has not, nor this one after a restart.
pub(crate) async fn check(connection: &mut MultiplexedConnection) -> Result<Option<u128>, Cause> {
    let sections = ["server", "memory", "replication"];
    let info: Result<String, _> = cmd("INFO").arg(&sections).query_async(connection).await;
    let info = match info.map_err(Cause::from) {
        Ok(info) => info,
        // The user may not ask.
        Err(Cause::Server(_)) => String::new(),
        Err(cause) => return Err(cause),
    };
    let value = |name: &str| {
        let mut pairs = info.lines().filter_map(|line| line.split_once(':'));
        pairs
            .find(|(known, _)| *known == name)
            .map(|(_, value)| value.trim())
    };
    if let Some(version) = value("redis_version") {
        let major = version.split('.').next().and_then(|text| text.parse().ok());
        if major.is_none_or(|major: u32| major < OLDEST) {
            return Err(Cause::TooOld);
        }
    }
    if value("role").is_some_and(|role| role != "master") {
        return Err(Cause::Replica);
    }
    let run = value("run_id").and_then(|id| id.get(..32));
    let run = run.and_then(|id| u128::from_str_radix(id, 16).ok());
    let policy = match value("maxmemory_policy") {
        Some(policy) => policy.to_owned(),
        None => configured(connection).await?,
    };
    match &*policy {
        "noeviction" => Ok(run),
        other => Err(Cause::Evicts(Policy::new(other))),
    }
}

async fn configured(connection: &mut MultiplexedConnection) -> Result<String, Cause> {
    let mut command = cmd("CONFIG");
    command.arg("GET").arg("maxmemory-policy");
    let config: Result<HashMap<String, String>, _> = command.query_async(connection).await;
    match config.map_err(Cause::from) {
        Ok(mut config) => config.remove("maxmemory-policy").ok_or(Cause::PolicyHidden),
        Err(Cause::Server(_)) => Err(Cause::PolicyHidden),
        Err(cause) => Err(cause),
    }
}
