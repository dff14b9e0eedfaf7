//! The end of a credential before its time, which a source of credentials tells.
//!
//! Whoever waits leaves a waker in the [`End`] of the credential, which all who wait for that credential
//! share. Nothing runs until it comes.

mod end;
#[cfg(feature = "keys")]
mod made;

#[cfg(feature = "keys")]
pub(crate) use self::end::End;
pub(crate) use self::end::{EndSource, Wait};

/// The time of a credential that does not expire.
pub(crate) const NEVER: u64 = u64::MAX;
