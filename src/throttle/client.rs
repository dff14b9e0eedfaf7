//! The layer that finds out whom a proxy had a request from.

use std::{convert::Infallible, fmt, future::Pending};

use http::Request;
use tower_layer::Layer;

use crate::{
    gate::{Entry, Gate, GateService, Named, Step},
    proxies::TrustedProxies,
};

/// Notes the client of each request behind [`TrustedProxies`], for every limit that counts by client
/// address.
///
/// It goes outside of the layers that count. What it notes is the
/// [`ClientAddress`](crate::ClientAddress) among the request's extensions; what an outer layer has put
/// there stays.
///
/// # Example
///
/// ```
/// use axum::{Router, routing::post};
/// use tower_auth::{AuthLayer, provider::ApiKeyAuth};
/// use tower_auth::throttle::{ClientAddressLayer, TrustedProxies};
///
/// let app: Router = Router::new()
///     .route("/run", post(|| async { "ran" }))
///     .layer(AuthLayer::new(ApiKeyAuth::new(["sk-live-9f"])?))
///     .layer(ClientAddressLayer::new(TrustedProxies::new(["10.0.0.0/8"])?)); // outside
/// # let _ = app;
/// # Ok::<(), tower_auth::ConfigError>(())
/// ```
#[derive(Clone, Debug)]
pub struct ClientAddressLayer(TrustedProxies);

impl ClientAddressLayer {
    /// Makes a layer for these proxies.
    pub fn new(proxies: TrustedProxies) -> Self {
        Self(proxies)
    }
}

impl<S> Layer<S> for ClientAddressLayer {
    type Service = ClientAddressService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        GateService::new(inner, ClientAddressGate(self.0.clone()))
    }
}

/// Notes the client of each request: the service of a [`ClientAddressLayer`], and its gate's.
///
/// # Example
///
/// ```
/// use tower_auth::{gate::GateService, throttle::{ClientAddressGate, ClientAddressService}};
///
/// fn inside<S>(service: &ClientAddressService<S>) -> &S {
///     let service: &GateService<S, ClientAddressGate> = service;
///     service.inner()
/// }
/// # let _ = inside::<()>;
/// ```
pub type ClientAddressService<S> = GateService<S, ClientAddressGate>;

/// The gate of a [`ClientAddressService`], which lets every request in.
#[derive(Clone)]
pub struct ClientAddressGate(TrustedProxies);

impl fmt::Debug for ClientAddressGate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientAddressGate").finish_non_exhaustive()
    }
}

impl Named for ClientAddressGate {
    const SERVICE: &'static str = "ClientAddressService";
}

impl<B> Gate<B> for ClientAddressGate {
    type Forwarded = B;
    type Passed = ();
    type Entered = ();
    type Pending = Infallible;
    type Waiting = Pending<Entry<B, ()>>;

    fn decide(&self, request: &mut Request<B>) -> Step<(), Infallible> {
        self.0.note(request);
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
