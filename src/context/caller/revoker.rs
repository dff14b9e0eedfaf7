//! What revokes callers whose requests are under way.

use std::{fmt, sync::Arc, task::Waker};

use super::{AuthContext, RestingContext, confirms::Confirms};

/// A list of what was revoked.
pub(crate) trait Revokes: Confirms + Send + Sync {
    /// Changes whenever somebody may have ended.
    fn turn(&self) -> u32;

    /// Whether the caller was revoked, as far as is known, or whether nobody can tell any more.
    fn has_ended(&self, caller: &AuthContext) -> bool;

    /// Leaves a waker for the end of a caller, in that place or in a new one; answers where.
    fn leave(&self, caller: &RestingContext, waker: &Waker, place: Option<u32>) -> Option<u32>;

    fn give_back(&self, place: u32);
}

/// The list that a layer holds its callers to.
pub(crate) struct Revoker(pub(super) Box<dyn Revokes>);

impl Revoker {
    pub(crate) fn list(&self) -> &dyn Revokes {
        &*self.0
    }
}

impl fmt::Debug for Revoker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Revoker(…)")
    }
}

impl AuthContext {
    pub(crate) fn set_revoker(&mut self, revoker: Option<&Arc<Revoker>>) {
        self.revoker = revoker.cloned();
    }
}
