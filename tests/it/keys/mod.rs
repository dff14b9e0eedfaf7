//! Managed keys.

mod credits;
mod escalation;
mod feed;
mod format;
mod hidden;
mod kit;
mod lifecycle;
mod outage;
mod provider;
mod store;
mod stores;
mod url;
