//! Callers of whose roles only some count.

use super::AuthContext;

impl AuthContext {
    /// Whether only some roles count.
    pub(crate) fn has_role_limit(&self) -> bool {
        self.role_limit().is_some()
    }
}
