//! Making what revokes callers.

use super::revoker::{Revoker, Revokes};

impl Revoker {
    pub(crate) fn new(list: impl Revokes + 'static) -> Self {
        Self(Box::new(list))
    }
}
