//! What was wanted of a credential and what it had instead.

use std::fmt;

use crate::log::{Clean, Own};

/// An issuer or an audience that is not the one that was wanted: for the log alone.
#[derive(Clone, Debug)]
pub(crate) struct Mismatch {
    wanted: Box<str>,
    came: Option<Box<str>>,
    /// Whether `came` can be relied on: anybody may write what no signature covers.
    pub(crate) is_verified: bool,
}

impl Mismatch {
    /// `came` is what stands in a credential whose signature verified, or what an issuer said of it.
    #[cfg(feature = "jwt")]
    pub(crate) fn new(wanted: String, came: Option<&str>) -> Self {
        Self {
            wanted: wanted.into_boxed_str(),
            // The log shows no more of it, and an error may be kept.
            came: came.map(|came| came.chars().take(Clean::LONGEST + 1).collect()),
            is_verified: true,
        }
    }

    pub(crate) fn wanted(&self) -> impl fmt::Display + '_ {
        Own(&self.wanted)
    }

    pub(crate) fn came(&self) -> Option<impl fmt::Display + '_> {
        self.came.as_deref().map(Clean)
    }
}
