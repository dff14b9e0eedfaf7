//! The settings of a layer for those who are told of decisions.

use std::sync::Arc;

use super::layer::AuthLayer;
use crate::observe::{Decision, Observers};

impl AuthLayer {
    /// Adds a closure that is told of every decision of this layer, and of the layers of this crate inside of it:
    /// who was accepted, who was refused and why, what could not be checked, where nobody was asked.
    ///
    /// It runs on the request's way, so it must not block. It cannot change a decision: where it panics, the log
    /// says so, and the request goes on as it was decided. See [`observe`](crate::observe).
    ///
    /// # Example
    ///
    /// ```
    /// use std::sync::{Arc, atomic::{AtomicU64, Ordering}};
    /// use tower_auth::{AuthLayer, provider::ApiKeyAuth};
    ///
    /// let refused = Arc::new(AtomicU64::new(0));
    /// let count = Arc::clone(&refused);
    /// let layer = AuthLayer::new(ApiKeyAuth::new(["sk-live-9f"])?).on_decision(move |decision| {
    ///     if decision.error().is_some() {
    ///         count.fetch_add(1, Ordering::Relaxed);
    ///     }
    /// });
    /// # let _ = layer;
    /// # Ok::<(), tower_auth::ConfigError>(())
    /// ```
    #[must_use]
    pub fn on_decision(self, told: impl for<'a> Fn(&Decision<'a>) + Send + Sync + 'static) -> Self {
        self.observers(Observers::new().on_decision(told))
    }

    /// Adds observers, who are told of every decision of this layer, and of the layers of this crate inside of it.
    ///
    /// # Example
    ///
    /// ```
    /// use tower_auth::{AuthLayer, observe::Observers, provider::ApiKeyAuth};
    ///
    /// let observers = Observers::new().record_spans().on_decision(|decision| println!("{decision:?}"));
    /// let layer = AuthLayer::new(ApiKeyAuth::new(["sk-live-9f"])?).observers(observers);
    /// # let _ = layer;
    /// # Ok::<(), tower_auth::ConfigError>(())
    /// ```
    #[must_use]
    pub fn observers(self, observers: Observers) -> Self {
        self.edit(|core| {
            let others = core.observers.take();
            let all = match &others {
                Some(others) => others.as_ref().clone().and(&observers),
                None => observers,
            };
            core.observers = Some(Arc::new(all));
        })
    }
}
