//! The end of a credential: by its expiry, or before it where a source says so.
//!
//! Whoever waits leaves a waker: by the time of the expiry in the clock, and in the [`End`] of the
//! credential, which all who wait for that credential share. Nothing runs until one of the two happens.

mod end;
mod future;
#[cfg(feature = "keys")]
mod made;

pub(crate) use self::end::{End, EndSource};
pub use self::future::Ended;
pub(crate) use self::future::{Expiry, NEVER};
