//! The layer that decides who is calling.
//!
//! [`AuthLayer`](crate::AuthLayer) wraps a service in an [`AuthService`], whose future is a
//! [`ResponseFuture`] and whose response body a [`ResponseBody`]: nothing is boxed, and both body
//! types stay the inner service's own.

mod body;
mod core;
mod event;
mod future;
mod gate;
pub(crate) mod layer;
mod places;
mod service;

pub use self::{body::ResponseBody, future::ResponseFuture, service::AuthService};
