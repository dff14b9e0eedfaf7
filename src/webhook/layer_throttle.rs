//! The settings of a layer for wrong signatures.

use super::layer::WebhookLayer;
use crate::{attempts::Attempts, proxies::TrustedProxies};

impl WebhookLayer {
    /// Limits the wrong signatures that a client address may send: see [`Attempts`].
    ///
    /// An address that sent too many gets 429 before a byte of a body is read; platforms send again. A
    /// signature is another one each time, so a good delivery from that address waits too: behind a
    /// proxy, name it with [`with_trusted_proxies`](Self::with_trusted_proxies), so that nobody else
    /// has the platform's address.
    ///
    /// # Example
    ///
    /// ```
    /// use tower_auth::{throttle::{Attempts, TrustedProxies}, webhook::WebhookLayer};
    ///
    /// let layer = WebhookLayer::github("It's a Secret to Everybody")?
    ///     .throttle_attempts(Attempts::new("30 per minute".parse()?))
    ///     .with_trusted_proxies(TrustedProxies::new(["10.0.0.0/8"])?); // only behind a proxy
    /// # let _ = layer;
    /// # Ok::<(), tower_auth::ConfigError>(())
    /// ```
    #[must_use]
    pub fn throttle_attempts(self, attempts: Attempts) -> Self {
        self.edit(|core| core.attempts = Some(attempts))
    }

    /// Replaces the proxies whose word about a client's address counts; none unless set.
    #[must_use]
    pub fn with_trusted_proxies(self, proxies: TrustedProxies) -> Self {
        self.edit(|core| core.proxies = Some(proxies))
    }
}
