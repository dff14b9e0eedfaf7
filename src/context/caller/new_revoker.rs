//! Making what revokes callers, and asking it.

use std::sync::Arc;

use super::{
    AuthContext,
    revoker::{Revoker, Revokes},
};

impl Revoker {
    pub(crate) fn new(list: impl Revokes + 'static) -> Self {
        Self(Box::new(list))
    }
}

impl AuthContext {
    /// The list that the caller's layer holds its callers to.
    pub(crate) fn revoker(&self) -> Option<&Arc<Revoker>> {
        self.revoker.as_ref()
    }
}
