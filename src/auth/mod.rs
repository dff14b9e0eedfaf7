//! The layer that decides who is calling.
//!
//! [`AuthLayer`](crate::AuthLayer) wraps a service in an [`AuthService`], whose future is a
//! [`ResponseFuture`] and whose response body a [`ResponseBody`](crate::ResponseBody): nothing is
//! boxed but what has to wait, and both body types stay the inner service's own.

mod core;
mod future;
mod gate;
pub(crate) mod layer;
mod places;
mod service;
mod swap;

#[cfg(feature = "config")]
pub(crate) use self::swap::Swap;
pub use self::{future::ResponseFuture, service::AuthService};
