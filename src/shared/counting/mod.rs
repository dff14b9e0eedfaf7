//! Limits that count with other processes: twins, since a time limit needs tokio's timers.

#[cfg(feature = "shared")]
mod asking;
#[cfg(feature = "shared")]
mod background;
#[cfg(feature = "shared")]
mod circuit;
#[cfg(feature = "shared")]
mod client;
#[cfg(not(feature = "shared"))]
mod nobody;
#[cfg(feature = "shared")]
mod report;

#[cfg(feature = "shared")]
pub use self::client::SharedCounts;
#[cfg(feature = "shared")]
pub(crate) use self::client::{Asked, Asking};
#[cfg(not(feature = "shared"))]
pub(crate) use self::nobody::{Asked, Asking, SharedCounts};
