//! Limits that several processes count together.

use super::settings::Requests;
use crate::shared::SharedCounts;

impl Requests {
    /// Counts together with every process that has these limits on the same state. All counts are
    /// forgotten.
    ///
    /// A request that a limit counts waits for the state, at most 5 milliseconds; while the state is away,
    /// each process goes on with its own counts. See [`SharedCounts`] for what holds then.
    ///
    /// Sets of limits on one state count together where their limits have the same name, subject and
    /// quota. Where two layers are to count apart, give their limits other
    /// [names](crate::throttle::Limit::with_name). How many requests of a caller
    /// [run](Self::with_max_running) is each process's own: one that ends without a word would leave its
    /// places taken.
    ///
    /// # Example
    ///
    /// ```
    /// use std::sync::Arc;
    /// use tower_auth::{shared::{MemorySharedState, SharedCounts}, throttle::{Limit, Requests}};
    ///
    /// let shared = SharedCounts::new(Arc::new(MemorySharedState::new())); // yours is a server
    /// let requests = Requests::new([Limit::by_caller("60 per minute".parse()?)])?
    ///     .with_shared(shared);
    /// # let _ = requests;
    /// # Ok::<(), tower_auth::ConfigError>(())
    /// ```
    #[must_use]
    pub fn with_shared(self, shared: SharedCounts) -> Self {
        self.edit(|plan| plan.shared = Some(shared))
    }
}
