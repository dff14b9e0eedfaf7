//! Real servers for the tests of this repository: each on a free port of the loopback address, in a folder
//! of its own, ended with the process that started it.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "it runs in tests: what fails here fails them"
)]

mod authority;
mod guarded;
mod pooler;
mod postgres;
mod redis;
mod skip;

pub use self::{
    authority::Authority,
    guarded::{Guarded, folder, give, run},
    pooler::Pooler,
    postgres::{Database, ESCAPED_PASSWORD, PASSWORD, Postgres, connect},
    redis::{REDIS_ENGINES, Redis, RedisEngine},
    skip::{free_port, skip, skip_until},
};

use std::time::Duration;

/// Long enough for a busy machine; reached only when something hangs.
pub const PATIENCE: Duration = Duration::from_secs(60);
