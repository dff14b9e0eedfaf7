//! Asks a store, which may hang or panic.

use std::{error::Error, time::Duration};

use tokio::time::timeout;

use crate::{
    answer::BoxFuture,
    caught::{Caught, caught},
};

/// The answer of a store within a time limit.
pub(crate) async fn ask<T, E: StoreError>(
    limit: Duration,
    question: impl FnOnce() -> BoxFuture<Result<T, E>>,
) -> Result<T, E> {
    let panicked = || E::unavailable(format!("{} panicked", E::STORE));
    let future = caught(question).ok_or_else(panicked)?;
    match timeout(limit, Caught::new(future)).await {
        Ok(answer) => answer.ok_or_else(panicked)?,
        Err(_) => Err(E::unavailable(format!(
            "{} did not answer in time",
            E::STORE
        ))),
    }
}

/// Why a store did not answer.
pub(crate) trait StoreError: Error + Clone + Send + Sync + 'static {
    /// The store's name within a sentence.
    const STORE: &'static str;

    fn unavailable(reason: impl Into<Box<dyn Error + Send + Sync>>) -> Self;
}
