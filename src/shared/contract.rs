//! The contract of a state that several processes share.

use std::{error::Error, fmt, sync::Arc, time::Duration};

use super::{
    Count,
    admission::Admission,
    once::{Begun, Once},
};
use crate::answer::Answer;

/// What several processes of one service count together, and what only one of them does, once.
///
/// [`MemorySharedState`](super::MemorySharedState) is for one process. An implementation that asks another
/// server answers with [`Answer::pending`], within a time limit of its own; one that panics, or fails,
/// gave no answer. A future that is dropped may have been carried out or not.
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
///
/// What is done once:
///
/// ```
/// use std::time::Duration;
/// use tower_auth::shared::{Begun, MemorySharedState, Once, SharedState};
///
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// const MINUTE: Duration = Duration::from_secs(60);
///
/// let state: &dyn SharedState = &MemorySharedState::new();
/// let (mine, yours) = (Once::new("mail", b"42"), Once::new("mail", b"42"));
/// assert_eq!(state.begin(&mine, MINUTE).await?, Begun::New);
/// assert_eq!(state.begin(&yours, MINUTE).await?, Begun::InProgress);
/// // It failed, so somebody else may do it.
/// state.abandon(&mine).await?;
/// assert_eq!(state.begin(&yours, MINUTE).await?, Begun::New);
/// assert!(state.renew(&yours, MINUTE).await?); // it takes longer
/// assert!(!state.renew(&mine, MINUTE).await?);
/// state.finish(&yours, 60 * MINUTE).await?;
/// assert_eq!(state.begin(&Once::new("mail", b"42"), MINUTE).await?, Begun::Done);
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

    /// Begins what is done once. Of all attempts at one name, whatever the process, one alone is answered
    /// [`Begun::New`]; until it has been [abandoned](Self::abandon), or the lease is over and it has not
    /// been [finished](Self::finish).
    ///
    /// The lease is for a process that dies in between: work that takes longer [renews](Self::renew) it.
    /// Where the state cannot remember one name more, it is an error, and nothing is forgotten instead.
    fn begin(&self, once: &Once, lease: Duration) -> Answer<Result<Begun, SharedStateError>>;

    /// Begins the lease of this attempt anew, from now on. Answers whether this attempt is at it still:
    /// where its lease was over, another one began, or it is done or abandoned, nothing changes.
    fn renew(&self, once: &Once, lease: Duration) -> Answer<Result<bool, SharedStateError>>;

    /// Remembers as done, from now on for the time given, whoever began it.
    fn finish(&self, once: &Once, ttl: Duration) -> Answer<Result<(), SharedStateError>>;

    /// Forgets that this attempt began, as if it never had. What another attempt began since, and what is
    /// done, stays.
    fn abandon(&self, once: &Once) -> Answer<Result<(), SharedStateError>>;
}

/// The reason why a shared state gave no answer.
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
        f.write_str("the shared state gave no answer")
    }
}

impl Error for SharedStateError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&*self.0)
    }
}
