//! Limits of requests.

mod client;

pub use self::client::{ClientAddressGate, ClientAddressLayer, ClientAddressService};
pub use crate::{attempts::Attempts, proxies::TrustedProxies, quota::Quota};
