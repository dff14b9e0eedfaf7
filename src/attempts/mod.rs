//! Wrong credentials, counted by the address that they come from.

mod attempt;
mod settings;
mod watch;

pub(crate) use self::attempt::{Attempt, Counting, CredentialDigest};
pub use self::settings::Attempts;
