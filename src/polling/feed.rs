//! Reading the feed of a store: its pages and its limits.

use std::time::Duration;

use super::{ask::ask, contract::Polled, state::Answered};
use crate::answer::BoxFuture;

/// Asks for a page, for the task of a turn. Answers the page, and the moment before it was asked for.
pub(crate) async fn page<R: Polled, T>(
    replica: &R,
    turn: u64,
    question: impl FnOnce() -> BoxFuture<Result<T, R::Error>>,
) -> Result<Answered<T>, R::Error> {
    let polling = replica.polling();
    let begun = polling.clock().tick();
    polling.is_alive(turn);
    let page = ask(STEP_LIMIT, question).await;
    polling.is_alive(turn);
    let answer = page?;
    Ok(Answered { begun, answer })
}

/// The time limit of the store for one step.
pub(crate) const STEP_LIMIT: Duration = Duration::from_secs(2);
/// The number of changes in one page.
pub(crate) const PAGE: usize = 1_000;
/// The number of changes after which others have their turn: requests, and changes by this process.
pub(crate) const AT_ONCE: usize = 100;
