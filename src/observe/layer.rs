//! The layer that lets observers see the layers inside.

use std::{convert::Infallible, fmt, future::Pending, sync::Arc};

use http::Request;
use tower_layer::Layer;

use super::observers::Observers;
use crate::gate::{Entry, Gate, GateService, Named, Step};

/// Tells observers of the decisions of all layers of this crate inside: of webhooks, of limits, of permissions.
///
/// It decides nothing itself. For an [`AuthLayer`](crate::AuthLayer) and what is inside of it
/// [`AuthLayer::observers`](crate::AuthLayer::observers) is enough.
///
/// # Example
///
/// ```
/// use axum::{Router, routing::post};
/// use tower_auth::observe::{ObserveLayer, Observers};
/// use tower_auth::throttle::{Limit, Requests, ThrottleLayer};
///
/// let limits = Requests::new([Limit::by_address("60 per minute".parse()?)])?;
/// let observers = Observers::new().on_decision(|decision| println!("{decision:?}"));
/// let app: Router = Router::new()
///     .route("/run", post(|| async { "ran" }))
///     .layer(ThrottleLayer::new(limits))
///     .layer(ObserveLayer::new(observers)); // outside
/// # let _ = app;
/// # Ok::<(), tower_auth::ConfigError>(())
/// ```
#[derive(Clone, Debug)]
pub struct ObserveLayer(Arc<Observers>);

impl ObserveLayer {
    /// Makes a layer for these observers.
    pub fn new(observers: Observers) -> Self {
        Self(Arc::new(observers))
    }
}

impl<S> Layer<S> for ObserveLayer {
    type Service = ObserveService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        GateService::new(inner, ObserveGate(Arc::clone(&self.0)))
    }
}

/// Notes who is told of decisions: the service of an [`ObserveLayer`], and its gate's.
///
/// # Example
///
/// ```
/// use tower_auth::{gate::GateService, observe::{ObserveGate, ObserveService}};
///
/// fn inside<S>(service: &ObserveService<S>) -> &S {
///     let service: &GateService<S, ObserveGate> = service;
///     service.inner()
/// }
/// # let _ = inside::<()>;
/// ```
pub type ObserveService<S> = GateService<S, ObserveGate>;

/// The gate of an [`ObserveService`], which lets every request in.
#[derive(Clone)]
pub struct ObserveGate(Arc<Observers>);

impl fmt::Debug for ObserveGate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ObserveGate").finish_non_exhaustive()
    }
}

impl Named for ObserveGate {
    const SERVICE: &'static str = "ObserveService";
}

impl<B> Gate<B> for ObserveGate {
    type Forwarded = B;
    type Passed = ();
    type Entered = ();
    type Pending = Infallible;
    type Waiting = Pending<Entry<B, ()>>;

    fn decide(&self, request: &mut Request<B>) -> Step<(), Infallible> {
        Observers::watch(&self.0, request);
        Step::Pass(())
    }

    #[inline]
    fn forward(request: Request<B>, (): &()) -> Request<B> {
        request
    }

    fn wait(pending: Infallible, _: Request<B>) -> Self::Waiting {
        match pending {}
    }
}
