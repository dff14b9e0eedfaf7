//! Managed keys.

mod format;
mod store;
