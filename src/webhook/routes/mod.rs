//! Many webhooks behind one layer, which closes what is none of them.
//!
//! The layer goes outside. It proves a delivery and marks the request; a rule of the layer inside
//! that asks who is calling can ask for the mark. Whoever leaves it out opens nothing.

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
