//! The source of a core that nothing can replace.

use std::sync::Arc;

use crate::auth::core::Core;

/// The source from which a service takes its core.
#[derive(Clone)]
pub(in crate::auth) struct CoreSource(Arc<Core>);

impl CoreSource {
    pub(in crate::auth) fn fixed(core: Arc<Core>) -> Self {
        Self(core)
    }

    /// The core for one request, which keeps it to its end.
    #[inline]
    pub(in crate::auth) fn load(&self) -> Arc<Core> {
        Arc::clone(&self.0)
    }
}
