//! Callers whose response headers were added by another layer.

use super::AuthContext;

impl AuthContext {
    /// The caller without response headers, for code that has added them to a response already.
    pub(crate) fn without_response_headers(mut self) -> Self {
        if self.response_headers().is_some() {
            self.edit_rare().response_headers = None;
        }
        self
    }
}
