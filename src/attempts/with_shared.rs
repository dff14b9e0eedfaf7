//! Attempts that several processes count together.

use super::settings::Attempts;
use crate::shared::SharedCounts;

impl Attempts {
    /// Counts together with every process that has this limit on the same state. It holds no counts
    /// then.
    ///
    /// A credential that was not accepted from its address within the last hour waits for the state, at
    /// most 5 milliseconds; one that was waits for nobody. An address whose attempts are used up in this
    /// process is refused here, without a question. While the state is away, each process goes on with
    /// its own counts. See [`SharedCounts`] for what holds then.
    ///
    /// Which credentials were accepted from an address is known to the process that accepted them.
    ///
    /// # Example
    ///
    /// ```
    /// use std::sync::Arc;
    /// use tower_auth::{shared::{MemorySharedState, SharedCounts}, throttle::Attempts};
    ///
    /// let shared = SharedCounts::new(Arc::new(MemorySharedState::new())); // yours is a server
    /// let attempts = Attempts::new("30 per minute".parse()?).with_shared(shared);
    /// # let _ = attempts;
    /// # Ok::<(), tower_auth::ConfigError>(())
    /// ```
    #[must_use]
    pub fn with_shared(self, shared: SharedCounts) -> Self {
        self.edit(|plan| plan.shared = Some(shared))
    }
}
