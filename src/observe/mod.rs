//! Being told of decisions: by closures, in an audit file, on the spans of `tracing`.
//!
//! The log tells of each decision always; see the crate's page. Observers are told of the same decisions, as
//! values: [`AuthLayer::on_decision`](crate::AuthLayer::on_decision) for a closure,
//! [`AuthLayer::observers`](crate::AuthLayer::observers) for all there is, and [`ObserveLayer`] around layers
//! that stand outside of an [`AuthLayer`](crate::AuthLayer), such as webhooks.
//!
//! Observers are told of everything that these layers decide: that a caller was accepted or refused, that it
//! could not be checked, that nobody was asked (a public path). One request may be decided about more than once:
//! a caller is accepted, and then may not do what it asks for; and where a webhook stands within an
//! [`AuthLayer`](crate::AuthLayer), or one such layer within another, each of them tells of whom it has accepted. Count
//! requests by one layer's `provider`. The checks that a handler makes itself
//! (`require_scopes`) are in the log alone: a handler has no request any more.
//!
//! A decision costs nothing more where no layer of the process has an observer.
//!
//! # Example
//!
//! ```
//! use axum::{Router, routing::post};
//! use tower_auth::{AuthLayer, observe::Outcome, provider::ApiKeyAuth};
//!
//! let auth = AuthLayer::new(ApiKeyAuth::new(["sk-live-9f"])?).on_decision(|decision| {
//!     if decision.outcome() == Outcome::Refused {
//!         println!("{:?} {:?}", decision.code(), decision.path());
//!     }
//! });
//! let app: Router = Router::new().route("/run", post(|| async { "ran" })).layer(auth);
//! # let _ = app;
//! # Ok::<(), tower_auth::ConfigError>(())
//! ```

mod about;
mod contract;
mod decision;
mod ids;
mod layer;
mod observers;
mod outcome;
mod spans;

#[cfg(feature = "audit")]
pub(crate) use self::contract::Observer;
#[cfg(feature = "jwt")]
pub(crate) use self::observers::is_any;
pub(crate) use self::{about::About, decision::Told, observers::tell};
pub use self::{
    decision::Decision,
    layer::{ObserveGate, ObserveLayer, ObserveService},
    observers::Observers,
    outcome::Outcome,
};
