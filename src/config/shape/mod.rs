//! What a file may say: the two shapes, and the webhooks in one of them.

pub(super) mod agent;
pub(super) mod gateway;
pub(super) mod tokens;
pub(super) mod webhook;
