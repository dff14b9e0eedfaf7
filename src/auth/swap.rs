//! A layer's knowledge that can be replaced between two requests, and how requests hold on to it.

use std::sync::Arc;

use arc_swap::ArcSwap;
use http::HeaderName;

use super::{
    core::Core,
    gate::{AuthGate, AuthService},
};

/// What a service asks for its core.
#[derive(Clone)]
pub(super) enum Cores {
    Fixed(Arc<Core>),
    #[cfg_attr(not(feature = "config"), allow(dead_code))]
    Live(Arc<ArcSwap<Core>>),
}

impl Cores {
    /// The core for one request, which keeps it to its end.
    #[inline]
    pub(super) fn load(&self) -> Arc<Core> {
        match self {
            Self::Fixed(core) => Arc::clone(core),
            Self::Live(place) => place.load_full(),
        }
    }
}

/// One place from which all services of a layer take their core.
#[derive(Clone)]
#[cfg_attr(not(feature = "config"), allow(dead_code))]
pub(crate) struct Swap(Arc<ArcSwap<Core>>);

#[cfg_attr(not(feature = "config"), allow(dead_code))]
impl Swap {
    pub(super) fn new(core: Arc<Core>) -> Self {
        Self(Arc::new(ArcSwap::new(core)))
    }

    /// Puts another core in the place: it holds from the next request.
    pub(super) fn put(&self, core: Arc<Core>) {
        self.0.store(core);
    }

    pub(crate) fn service<S>(&self, inner: S) -> AuthService<S> {
        AuthService::new(inner, AuthGate::new(Cores::Live(Arc::clone(&self.0))))
    }

    pub(crate) fn credential_headers(&self) -> Arc<[HeaderName]> {
        Arc::clone(self.0.load().places.headers())
    }
}
