//! States, and what an operator reads.

use std::{
    error::Error,
    time::{Duration, Instant},
};

use tower_auth::shared::{Admission, Count, SharedState, SharedStateError};
use tower_auth_redis::RedisSharedState;
pub(crate) use tower_auth_servers::PATIENCE;

pub(crate) async fn state(url: &str) -> RedisSharedState {
    match RedisSharedState::open(url).await {
        Ok(state) => state.with_wait_limit(PATIENCE),
        Err(error) => panic!("{}", reason(&error)),
    }
}

/// What an operator reads of an error.
pub(crate) fn reason(error: &SharedStateError) -> String {
    error.source().unwrap().to_string()
}

/// What an operator reads where a server cannot be used.
pub(crate) async fn refusal(url: &str) -> String {
    reason(&RedisSharedState::open(url).await.unwrap_err())
}

pub(crate) fn count(subject: &str, quota: &str) -> Count {
    Count::new("test", subject, quota.parse().unwrap())
}

/// How many units are left, or the reason why nobody knows. A refusal is no unit.
pub(crate) async fn admit(state: &RedisSharedState, count: Count) -> Result<Option<u32>, String> {
    match state.admit(&[count]).await {
        Ok(Admission::Admitted { remaining, .. }) => Ok(Some(remaining)),
        Ok(Admission::Refused { .. }) => Ok(None),
        Err(error) => Err(reason(&error)),
    }
}

/// Asks until it is answered; how long that took.
pub(crate) async fn until_it_answers(state: &RedisSharedState) -> Duration {
    let before = Instant::now();
    loop {
        match admit(state, count("until", "1000000 per second")).await {
            Ok(_) => return before.elapsed(),
            Err(error) => assert!(before.elapsed() < PATIENCE, "{error}"),
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}
