//! The routes that a changed file puts in the place of those before.

use super::WebhookRoutes;

impl WebhookRoutes {
    /// Routes without a webhook. What they prove counts where the proof of these is asked for.
    pub(crate) fn successor(&self) -> Self {
        Self {
            origin: self.origin.clone(),
            ..Self::anywhere()
        }
    }
}
