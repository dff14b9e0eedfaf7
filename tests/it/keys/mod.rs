//! Managed keys.

mod bounded;
mod credits;
mod escalation;
mod feed;
mod format;
mod hidden;
mod history;
mod interleavings;
pub mod kit;
mod lifecycle;
mod many;
mod outage;
mod provider;
mod runtimes;
pub mod scripted;
mod store;
mod stores;
mod url;
