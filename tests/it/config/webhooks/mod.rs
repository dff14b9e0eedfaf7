//! Webhooks that a file names.

mod closed;
mod kit;
mod let_in;
mod placed;
mod reload;
mod schemes;
