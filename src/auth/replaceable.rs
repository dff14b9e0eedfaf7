//! A layer whose rules a configuration replaces between two requests.

use std::sync::Arc;

use arc_swap::ArcSwap;
use http::HeaderName;

use super::{
    core::Core,
    core_source::CoreSource,
    gate::{AuthGate, AuthService},
    layer::AuthLayer,
};

/// One place from which all services of a layer take their core.
#[derive(Clone)]
pub(crate) struct ReplaceableCore(Arc<ArcSwap<Core>>);

impl ReplaceableCore {
    fn new(core: Arc<Core>) -> Self {
        Self(Arc::new(ArcSwap::new(core)))
    }

    /// Puts another core in the place: it holds from the next request.
    fn put(&self, core: Arc<Core>) {
        self.0.store(core);
    }

    pub(crate) fn service<S>(&self, inner: S) -> AuthService<S> {
        AuthService::new(inner, AuthGate::new(CoreSource::Live(Arc::clone(&self.0))))
    }

    /// The layer with what is in force now.
    pub(crate) fn layer(&self) -> AuthLayer {
        AuthLayer {
            core: self.0.load_full(),
        }
    }

    pub(crate) fn credential_headers(&self) -> Arc<[HeaderName]> {
        Arc::clone(self.0.load().places.headers())
    }
}

impl AuthLayer {
    /// A place for what this layer knows, in which it can be replaced.
    pub(crate) fn into_replaceable(self) -> ReplaceableCore {
        ReplaceableCore::new(self.core)
    }

    /// Puts what this layer knows into that place.
    pub(crate) fn replace_in(self, swap: &ReplaceableCore) {
        swap.put(self.core);
    }
}
