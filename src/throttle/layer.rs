//! The layer that limits the requests to a part of the routes.

use tower_layer::Layer;

use super::gate::{ThrottleGate, ThrottleService};
use crate::requests::Requests;

/// Limits the requests to what is inside: a route, or a router.
///
/// It goes inside of an [`AuthLayer`](crate::AuthLayer), which says who is calling. For limits of a whole
/// program, [`AuthLayer::throttle_requests`](crate::AuthLayer::throttle_requests) is enough.
///
/// The services that one layer makes count together, and so do clones of its [`Requests`].
///
/// # Example
///
/// ```
/// use axum::{Router, routing::{get, post}};
/// use tower_auth::{AuthLayer, provider::ApiKeyAuth, throttle::{Limit, Requests, ThrottleLayer}};
///
/// let runs = Requests::new([Limit::by_caller("60 per hour".parse()?)])?.with_max_running(4);
/// let app: Router = Router::new()
///     .route("/run", post(|| async { "ran" }).layer(ThrottleLayer::new(runs)))
///     .route("/whoami", get(|| async { "you" }))
///     .layer(AuthLayer::new(ApiKeyAuth::new(["sk-live-9f"])?)); // outside, so it runs first
/// # let _ = app;
/// # Ok::<(), tower_auth::ConfigError>(())
/// ```
///
/// # Credits
///
/// A managed key with credits has paid when a request comes here. What is refused here is paid for; what
/// `AuthLayer::throttle_requests` refuses is not.
#[derive(Clone, Debug)]
pub struct ThrottleLayer(Requests);

impl ThrottleLayer {
    /// Makes a layer with these limits.
    pub fn new(requests: Requests) -> Self {
        Self(requests)
    }
}

impl<S> Layer<S> for ThrottleLayer {
    type Service = ThrottleService<S>;

    fn layer(&self, inner: S) -> ThrottleService<S> {
        ThrottleGate::service(inner, self.0.clone())
    }
}
