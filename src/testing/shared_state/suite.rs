//! The claims, one after the other.

use std::{future::Future, sync::Arc, time::Duration};

use super::{counts, kit::Kit, once};
use crate::shared::SharedState;

/// Holds a shared state against all that [`SharedState`] promises.
///
/// `fresh` opens a new, empty state and answers with two handles on it, as two processes would have
/// them, and with what makes time pass: it waits, or moves the state's clock, by at least as long as it
/// is told.
///
/// # Panics
///
/// A claim does not hold: the message names it.
///
/// # Example
///
/// ```
/// use std::sync::Arc;
/// use tower_auth::{shared::{MemorySharedState, SharedState}, testing::{self, ManualClock}};
///
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// testing::shared_state(async || {
///     let clock = ManualClock::now();
///     let state = Arc::new(MemorySharedState::new().with_clock(clock.clock()));
///     let handles = [Arc::clone(&state) as Arc<dyn SharedState>, state];
///     (handles, async move |by| clock.advance(by))
/// }).await;
/// # });
/// ```
pub async fn shared_state<F, Fut, P>(fresh: F)
where
    F: Fn() -> Fut,
    Fut: Future<Output = ([Arc<dyn SharedState>; 2], P)>,
    P: AsyncFn(Duration),
{
    let opened = async || {
        let ([one, other], pass) = fresh().await;
        (Kit { one, other }, pass)
    };
    counts::all(&opened).await;
    once::all(&opened).await;
}
