//! The settings of a layer for limits.

use super::layer::AuthLayer;
use crate::{attempts::Attempts, proxies::TrustedProxies, requests::Requests};

impl AuthLayer {
    /// Limits the wrong credentials that a client address may show.
    ///
    /// An address that showed too many gets 429 before a provider is asked, whatever it shows next,
    /// except a credential that was accepted from there within the last hour: see [`Attempts`]. Public
    /// paths ask nobody, so nothing counts there.
    ///
    /// # Example
    ///
    /// ```
    /// use axum::{Router, routing::post};
    /// use tower_auth::{AuthLayer, provider::ApiKeyAuth};
    /// use tower_auth::throttle::{Attempts, TrustedProxies};
    ///
    /// let auth = AuthLayer::new(ApiKeyAuth::new(["sk-live-9f"])?)
    ///     .throttle_attempts(Attempts::new("30 per minute".parse()?))
    ///     .with_trusted_proxies(TrustedProxies::new(["10.0.0.0/8"])?); // only behind a proxy
    /// let app: Router = Router::new().route("/run", post(|| async { "ran" })).layer(auth);
    /// # let _ = app;
    /// # Ok::<(), tower_auth::ConfigError>(())
    /// ```
    ///
    /// The addresses are known where the server notes them:
    ///
    /// ```no_run
    /// # async fn serve(app: axum::Router, listener: tokio::net::TcpListener) -> std::io::Result<()> {
    /// use std::net::SocketAddr;
    ///
    /// axum::serve(listener, app.into_make_service_with_connect_info::<SocketAddr>()).await
    /// # }
    /// ```
    #[must_use]
    pub fn throttle_attempts(self, attempts: Attempts) -> Self {
        self.edit(|core| core.attempts = Some(attempts))
    }

    /// Limits the requests that callers make, and how many of them run at the same time: see
    /// [`Requests`].
    ///
    /// A caller is counted as soon as it is known, before a managed key pays its credit. On a public
    /// path only limits by address and for everybody count.
    ///
    /// # Example
    ///
    /// ```
    /// use tower_auth::{AuthLayer, provider::ApiKeyAuth, throttle::{Limit, Requests}};
    ///
    /// let requests = Requests::new([Limit::by_caller("100 per minute, burst 20".parse()?)])?;
    /// let layer = AuthLayer::new(ApiKeyAuth::new(["sk-live-9f"])?).throttle_requests(requests);
    /// # let _ = layer;
    /// # Ok::<(), tower_auth::ConfigError>(())
    /// ```
    #[must_use]
    pub fn throttle_requests(self, requests: Requests) -> Self {
        self.edit(|core| core.requests = Some(requests))
    }

    /// Replaces the proxies whose word about a client's address counts; none unless set.
    ///
    /// Where an outer layer counts by address too, put a
    /// [`ClientAddressLayer`](crate::throttle::ClientAddressLayer) around both instead.
    #[must_use]
    pub fn with_trusted_proxies(self, proxies: TrustedProxies) -> Self {
        self.edit(|core| core.proxies = Some(proxies))
    }
}
