//! The wanted issuer or audience, and the one that a credential has instead.

use std::fmt;

use crate::log::{Clean, Own};

/// An issuer or an audience that is not the one that was wanted: for the log alone.
#[derive(Clone, Debug)]
pub(crate) struct Mismatch {
    pub(super) wanted: Box<str>,
    pub(super) came: Option<Box<str>>,
    /// Whether `came` can be relied on: anybody may write text that no signature covers.
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
