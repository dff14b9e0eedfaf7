//! Hot reload: replaces a running layer's rules between two requests.

use std::sync::Arc;

use arc_swap::ArcSwap;

use crate::auth::core::Core;

/// The source from which a service takes its core.
#[derive(Clone)]
pub(in crate::auth) enum CoreSource {
    Fixed(Arc<Core>),
    Live(Arc<ArcSwap<Core>>),
}

impl CoreSource {
    pub(in crate::auth) fn fixed(core: Arc<Core>) -> Self {
        Self::Fixed(core)
    }

    /// The core for one request, which keeps it to its end.
    #[inline]
    pub(in crate::auth) fn load(&self) -> Arc<Core> {
        match self {
            Self::Fixed(core) => Arc::clone(core),
            Self::Live(place) => place.load_full(),
        }
    }
}
