//! What is kept current by polls.

use std::future::Future;

use super::{
    ask::StoreError,
    state::{Answered, Polling, Trust},
};
use crate::answer::BoxFuture;

/// A process's copy of what a store holds.
pub(crate) trait Polled: Send + Sync + Sized + 'static {
    /// Where the copy stands in the store's feed.
    type Place: Default + Send + 'static;
    /// What an answered poll says beside the changes.
    type Answer: Send + Sync + 'static;
    /// What a trusted copy tells with its trust.
    type Now: Copy + Send;
    type Error: StoreError;

    fn polling(&self) -> &Polling<Self::Place, Self::Answer, Self::Error>;

    /// How far the copy can be trusted now.
    fn trust(&self) -> Trust<Self::Now>;

    /// Completes when the store may have a change.
    fn hint(&self) -> BoxFuture<()>;

    /// Reads the changes, for the task of a turn.
    fn read(
        &self,
        turn: u64,
    ) -> impl Future<Output = Result<Answered<Self::Answer>, Self::Error>> + Send;

    /// Takes over that a poll was answered. Answers whether the store's clock was set: it shows another
    /// time than was to be expected.
    fn answered(&self, answered: Answered<Self::Answer>) -> bool;

    /// Takes over that a poll failed or timed out.
    fn failed(&self, error: &Self::Error);

    /// The end of a poll, after those who waited for it were woken.
    fn settle(&self, has_jumped: bool) -> impl Future<Output = ()> + Send;
}
