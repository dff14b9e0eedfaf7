//! Deliveries of the webhooks that a file names: proven around the [`AuthLayer`](crate::AuthLayer),
//! which lets in what was proven and nothing else.
//!
//! The layer for them goes outside, and the rule for their paths inside asks for its mark. Without
//! the layer, or with it in the wrong place, those paths let nobody in.

mod body;
mod future;
mod layer;
mod marking;
mod proof;
mod service;
mod table;

pub use self::{
    body::WebhooksBody, future::WebhooksFuture, layer::WebhooksLayer, service::WebhooksService,
};
pub(super) use self::{
    proof::{Origin, Proof},
    table::{Hook, Table},
};
