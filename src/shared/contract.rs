//! The contract of a state that several processes share.

use std::{error::Error, fmt, sync::Arc, time::Duration};

use super::Count;
use crate::answer::Answer;

/// What several processes of one service count together.
///
/// [`MemorySharedState`](super::MemorySharedState) counts in one process. An implementation that asks
/// another server answers with [`Answer::pending`]; one that panics, or fails, could not count.
///
/// `testing::shared_state` (feature `test-util`) holds an implementation against all that is promised.
///
/// # Example
///
/// ```
/// use tower_auth::shared::{Admission, Count, MemorySharedState, SharedState};
///
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let state: &dyn SharedState = &MemorySharedState::new();
/// let ada = Count::new("caller", "ada", "2 per minute".parse()?);
/// for remaining in [1, 0] {
///     let admitted = state.admit(&[ada]).await?;
///     assert_eq!(admitted, Admission::Admitted { tightest: 0, remaining });
/// }
/// let Admission::Refused { longest: 0, retry_after } = state.admit(&[ada]).await? else {
///     panic!("there is nothing left");
/// };
/// assert!(retry_after.as_secs() < 30);
///
/// // One request turns out to have been none, and another to have cost five.
/// state.give_back(&[ada]).await?;
/// state.charge(&[ada.with_units(5)]).await?;
/// assert!(matches!(state.admit(&[ada]).await?, Admission::Refused { .. }));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
pub trait SharedState: Send + Sync + 'static {
    /// Takes the units of every count from its bucket, or of none where one has not enough: in one
    /// step, whatever others take at the same time.
    ///
    /// At most [`MOST_COUNTS`](super::MOST_COUNTS) are given; more is an error.
    fn admit(&self, counts: &[Count]) -> Answer<Result<Admission, SharedStateError>>;

    /// Takes units after the fact, those that a bucket does not have included: later requests are
    /// refused until they have come back.
    fn charge(&self, counts: &[Count]) -> Answer<Result<(), SharedStateError>>;

    /// Gives back what was taken for a request that turned out not to count. No bucket becomes more
    /// than full.
    fn give_back(&self, counts: &[Count]) -> Answer<Result<(), SharedStateError>>;
}

/// Whether a request is within its limits. Counts are numbered as they were given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Admission {
    /// Every count was taken.
    Admitted {
        /// The count that has the least left, measured by its burst.
        tightest: usize,
        /// The whole units that are left of it.
        remaining: u32,
    },
    /// No count was taken, because one had not enough left.
    Refused {
        /// The count that takes the longest to come back.
        longest: usize,
        /// The time until it will have enough, if nobody else takes any.
        retry_after: Duration,
    },
}

/// The reason why a shared state could not count.
#[derive(Clone, Debug)]
pub struct SharedStateError(Arc<dyn Error + Send + Sync>);

impl SharedStateError {
    /// Makes an error of what occurred.
    ///
    /// # Example
    ///
    /// ```
    /// use std::error::Error;
    /// use tower_auth::shared::SharedStateError;
    ///
    /// let error = SharedStateError::new("connection refused");
    /// assert_eq!(error.source().unwrap().to_string(), "connection refused");
    /// ```
    pub fn new(source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self(Arc::from(source.into()))
    }
}

impl fmt::Display for SharedStateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the shared state could not count")
    }
}

impl Error for SharedStateError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&*self.0)
    }
}
