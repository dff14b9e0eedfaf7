//! Managed keys.

mod credits;
mod escalation;
mod feed;
mod format;
mod hidden;
pub mod kit;
mod lifecycle;
mod outage;
mod provider;
mod store;
mod stores;
mod url;
