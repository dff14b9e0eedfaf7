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

mod contract;
mod future;
mod service;

pub(crate) use self::contract::{Entered, Entry, Named, Step};
pub use self::{contract::Gate, future::ResponseFuture, service::GateService};
