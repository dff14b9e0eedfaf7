//! Callers whose response headers another layer has added already.

use super::AuthContext;

impl AuthContext {
    /// The caller without response headers: for whoever has added them to a response already.
    pub(crate) fn without_response_headers(mut self) -> Self {
        if self.response_headers().is_some() {
            self.edit_rare().response_headers = None;
        }
        self
    }
}
