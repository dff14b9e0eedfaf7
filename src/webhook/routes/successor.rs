//! The routes that replace others after a file has changed.

use super::WebhookRoutes;

impl WebhookRoutes {
    /// Routes without a webhook. The proof of these routes accepts their deliveries.
    pub(crate) fn successor(&self) -> Self {
        Self {
            origin: self.origin.clone(),
            ..Self::anywhere()
        }
    }
}
