//! The checks behind the fuzz targets.

pub mod checks;
pub mod key_api;
pub mod keys;
pub mod mcp;
pub mod proxies;
pub mod webhooks;
