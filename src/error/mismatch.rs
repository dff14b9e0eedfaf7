//! A required issuer or audience, and the one in the credential.

use std::fmt;

use crate::log::{Clean, Own};

/// An issuer or an audience other than the required one: only for the log.
#[derive(Clone, Debug)]
pub(crate) struct Mismatch {
    pub(super) wanted: Box<str>,
    pub(super) came: Option<Box<str>>,
    /// Whether `came` is verified: everyone can write text that no signature covers.
    pub(crate) is_verified: bool,
}

impl Mismatch {
    pub(crate) fn wanted(&self) -> impl fmt::Display + '_ {
        Own(&self.wanted)
    }

    pub(crate) fn came(&self) -> Option<impl fmt::Display + '_> {
        self.came.as_deref().map(Clean)
    }
}
