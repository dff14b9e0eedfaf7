//! Deliveries of the webhooks that a file names: proven around the [`AuthLayer`](crate::AuthLayer),
//! which lets in what was proven and nothing else.
//!
//! The layer for them goes outside, and the rule for their paths inside asks for its mark. Without
//! the layer, or with it in the wrong place, those paths let nobody in.

mod body;
mod gate;
mod layer;
mod proof;
mod table;

pub use self::{
    body::WebhooksBody,
    gate::{WebhooksFuture, WebhooksGate, WebhooksService},
    layer::WebhooksLayer,
};
pub(super) use self::{
    proof::{Origin, Proof},
    table::{Hook, Table},
};
