//! The one service that every layer of this crate makes.
//!
//! A gate decides about a request before the inner service runs: it lets it in, refuses it, or has
//! to wait first. [`AuthService`](crate::auth::AuthService),
//! [`AuthorizeService`](crate::authorize::AuthorizeService) and the service of a webhook are this
//! [`GateService`] with a gate of their own, and their futures this [`ResponseFuture`]. [`Gate`] is sealed: a check of your own is
//! an [`AuthProvider`](crate::provider::AuthProvider) or an
//! [`Authorizer`](crate::authorize::Authorizer).
//!
//! Nothing is boxed but what has to wait. While a request waits, it holds the inner service that was
//! ready for it; a refusal gives that back at once, and with it what it had reserved (a permit of a
//! `ConcurrencyLimit`, say).
//!
//! # Example
//!
//! A struct that keeps such a service names it without naming what it is made of:
//!
//! ```
//! use std::convert::Infallible;
//! use http::{Request, Response};
//! use tower_layer::Layer;
//! use tower_service::Service;
//! use tower_auth::{AuthLayer, ResponseBody, auth::{self, AuthGate, AuthService}, provider::ApiKeyAuth};
//! use tower_auth::gate::{Gate, GateService, ResponseFuture};
//!
//! struct Server<S> {
//!     callers: AuthService<S>,
//! }
//!
//! impl<S> Server<S>
//! where
//!     S: Service<Request<String>, Response = Response<String>, Error = Infallible> + Clone,
//! {
//!     fn run(&mut self, request: Request<String>) -> auth::ResponseFuture<S, String> {
//!         self.callers.call(request)
//!     }
//!
//!     async fn answer(&mut self, request: Request<String>) -> Response<ResponseBody<String>> {
//!         self.run(request).await.unwrap_or_else(|never| match never {})
//!     }
//! }
//!
//! // What is common to all gates:
//! fn inside<S, G: Gate<String>>(service: &GateService<S, G>) -> &S {
//!     service.inner()
//! }
//! fn is_future<S, G>(future: &ResponseFuture<S, G, String>)
//! where
//!     G: Gate<String>,
//!     S: Service<Request<G::Forwarded>>,
//! {
//!     println!("{future:?}");
//! }
//!
//! let layer = AuthLayer::new(ApiKeyAuth::new(["sk-live-9f"])?);
//! let service: GateService<&str, AuthGate> = layer.layer("the inner service");
//! assert_eq!(*inside(&service), "the inner service");
//! # Ok::<(), tower_auth::ConfigError>(())
//! ```

mod contract;
mod future;
mod service;

pub(crate) use self::contract::{Entered, Entry, Named, Step};
pub use self::{contract::Gate, future::ResponseFuture, service::GateService};
