//! The realm of a protected resource.

use std::sync::Arc;

use super::challenge::Realm;

impl Realm {
    /// The realm as that of a resource: its Bearer challenges say where its metadata is, and which scopes
    /// to ask for at first.
    #[must_use]
    pub(crate) fn of_resource(mut self, metadata: Arc<str>, scopes: Option<Arc<str>>) -> Self {
        self.metadata = Some(metadata);
        self.scopes = scopes;
        self
    }
}
