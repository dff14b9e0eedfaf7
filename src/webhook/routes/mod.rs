//! Many webhooks behind one layer, which closes every other path below its prefix.
//!
//! The layer goes outside. It verifies a delivery and marks the request; a rule of the inner
//! `AuthLayer` can require the mark. A program that leaves the layer out opens nothing.

mod gate;
mod layer;
mod proof;
#[cfg(feature = "config")]
mod successor;
mod table;

pub use self::{
    gate::{WebhookRoutesBody, WebhookRoutesFuture, WebhookRoutesGate, WebhookRoutesService},
    layer::WebhookRoutes,
};
