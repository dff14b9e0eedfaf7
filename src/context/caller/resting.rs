//! Callers in a table of many.

use std::sync::Arc;

use super::{AuthContext, Inner};

/// A caller between its requests: without what belongs to one of them, so at the size of a pointer.
#[derive(Clone)]
pub(crate) struct RestingContext(Arc<Inner>);

impl RestingContext {
    /// The caller for one request.
    #[inline]
    pub(crate) fn to_context(&self) -> AuthContext {
        AuthContext {
            inner: Arc::clone(&self.0),
            meter: None,
        }
    }
}

impl From<AuthContext> for RestingContext {
    fn from(context: AuthContext) -> Self {
        Self(context.inner)
    }
}
