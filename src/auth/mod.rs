//! The layer that authenticates.
//!
//! [`AuthLayer`](crate::AuthLayer) wraps a service in an [`AuthService`]: the
//! [`GateService`](crate::gate::GateService) of an [`AuthGate`], whose future is a
//! [`ResponseFuture`] and whose response body a [`ResponseBody`](crate::ResponseBody): nothing is
//! boxed but what has to wait, and both body types stay the inner service's own.

mod after;
mod core;
mod core_source;
mod described;
mod gate;
mod held;
mod judged;
pub(crate) mod layer;
mod layer_observers;
#[cfg(feature = "mcp")]
mod layer_resource;
mod layer_responses;
#[cfg(feature = "keys")]
mod layer_revocations;
mod layer_throttle;
mod no_caller;
mod pending;
mod places;
#[cfg(feature = "config")]
mod replaceable;
mod resource;
mod response;
mod resume;
mod revoked;
#[cfg(feature = "config")]
mod rewording;
mod screened;
mod unread;

pub use self::gate::{AuthGate, AuthService, ResponseFuture};
#[cfg(feature = "config")]
pub(crate) use self::replaceable::ReplaceableCore;
