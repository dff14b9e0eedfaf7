//! Limits: of wrong credentials for each client address, and of requests for each caller.
//!
//! - [`AuthLayer::throttle_attempts`](crate::AuthLayer::throttle_attempts) stops guesses before anybody
//!   judges them: [`Attempts`].
//! - [`AuthLayer::throttle_requests`](crate::AuthLayer::throttle_requests) holds callers, keys, tenants
//!   and routes to their [`Limit`]s, and bounds how many requests of a caller run at the same time:
//!   [`Requests`]. A [`ThrottleLayer`] does so for a part of the routes.
//! - A managed key has a limit of its own
//!   ([`KeyRequest::with_limit`](../keys/struct.KeyRequest.html#method.with_limit)): its `AuthLayer`
//!   counts it.
//! - [`ClientAddressLayer`] finds out whom a proxy of yours had a request from: [`TrustedProxies`].
//!
//! `docs/throttling.md` in the repository tells what is bounded and what is not, behind which proxy.
//!
//! # What callers are told
//!
//! A refusal is a 429 with `Retry-After` in whole seconds. It and every request that a limit counted
//! carry two fields of draft-ietf-httpapi-ratelimit-headers-10:
//!
//! ```text
//! RateLimit: "caller";r=57;t=1
//! RateLimit-Policy: "caller";q=60;w=60
//! ```
//!
//! Of 60 requests in 60 seconds, 57 are left, and at most one second passes until there is one more; of
//! several limits, `RateLimit` shows the one that has the least left. On a 429 `t` is what `Retry-After`
//! says. Pages of another origin can read them where the `CorsLayer` exposes [`EXPOSED_HEADERS`].
//!
//! # Example
//!
//! ```
//! use axum::{Router, routing::post};
//! use tower_auth::{
//!     AuthContext, AuthLayer,
//!     provider::ApiKeyAuth,
//!     throttle::{Attempts, Limit, Requests},
//! };
//!
//! async fn run(caller: AuthContext) -> &'static str {
//!     caller.charge(4); // it turned out to be work for five
//!     "ran"
//! }
//!
//! let requests = Requests::new([
//!     Limit::by_caller("60 per minute, burst 10".parse()?),
//!     Limit::by_tenant("10000 per day".parse()?),
//! ])?;
//! let auth = AuthLayer::new(ApiKeyAuth::new(["sk-live-9f"])?)
//!     .throttle_attempts(Attempts::new("30 per minute".parse()?))
//!     .throttle_requests(requests);
//! let app: Router = Router::new().route("/run", post(run)).layer(auth);
//! # let _ = app;
//! # Ok::<(), tower_auth::ConfigError>(())
//! ```

mod client;
mod gate;
mod layer;

pub use self::{
    client::{ClientAddressGate, ClientAddressLayer, ClientAddressService},
    gate::{ResponseFuture, ThrottleGate, ThrottleService},
    layer::ThrottleLayer,
};
pub use crate::{
    attempts::Attempts,
    proxies::TrustedProxies,
    quota::Quota,
    requests::{EXPOSED_HEADERS, Limit, Requests, RunPermit},
};
