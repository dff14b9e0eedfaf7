//! Callers in a table of many.

use std::sync::Arc;

use super::{AuthContext, Charge, Inner};
use crate::clock::Clock;

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
            revoker: None,
        }
    }

    /// The time at which the credential ends, if nothing else tells.
    pub(super) fn ends_at(&self) -> u64 {
        self.0.ends_at()
    }

    /// The clock by which it ends then.
    pub(super) fn clock(&self) -> &Clock {
        self.0.clock()
    }

    pub(super) fn charge(&self) -> Option<&Arc<dyn Charge>> {
        self.0.rare.as_ref()?.charge.as_ref()
    }
}

impl From<AuthContext> for RestingContext {
    fn from(context: AuthContext) -> Self {
        Self(context.inner)
    }
}
