//! The limits of requests, and their counts.

mod core;
mod counted;
mod fields;
mod limit;
mod running;
mod settings;
mod subject;

pub(crate) use self::core::Admitted;
pub use self::{fields::EXPOSED_HEADERS, limit::Limit, running::RunPermit, settings::Requests};
