//! The limits of requests, and their counts.

mod admitted;
mod core;
mod counted;
mod fields;
mod limit;
mod plan;
mod running;
mod settings;
mod subject;
mod waiting;
#[cfg(feature = "shared")]
mod with_shared;

pub(crate) use self::{
    admitted::Admitted,
    waiting::{Stopped, Waiting},
};
pub use self::{fields::EXPOSED_HEADERS, limit::Limit, running::RunPermit, settings::Requests};
