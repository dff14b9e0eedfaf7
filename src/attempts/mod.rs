//! Wrong credentials, counted by the address that they come from.

mod attempt;
mod settings;
mod unit;
mod waiting;
mod watch;
#[cfg(feature = "shared")]
mod with_shared;

pub use self::settings::Attempts;
pub(crate) use self::{
    attempt::{Attempt, Counting, CredentialDigest},
    waiting::{Stopped, Waiting},
};
