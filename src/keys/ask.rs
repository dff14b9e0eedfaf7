//! Asks a store, which may hang or panic.

use std::time::Duration;

use tokio::time::timeout;

use super::{KeyStoreError, KeyStoreFuture};
use crate::caught::{Caught, caught};

/// The answer of a store within a time limit.
pub(super) async fn ask<T>(
    limit: Duration,
    question: impl FnOnce() -> KeyStoreFuture<T>,
) -> Result<T, KeyStoreError> {
    let panicked = || KeyStoreError::unavailable("the key store panicked");
    let future = caught(question).ok_or_else(panicked)?;
    match timeout(limit, Caught::new(future)).await {
        Ok(answer) => answer.ok_or_else(panicked)?,
        Err(_) => Err(KeyStoreError::unavailable(
            "the key store did not answer in time",
        )),
    }
}
