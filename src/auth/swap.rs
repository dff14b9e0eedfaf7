//! A layer's knowledge that can be replaced between two requests, and how requests hold on to it.

use std::{ops::Deref, sync::Arc};

use arc_swap::ArcSwap;
use http::HeaderName;

use super::{AuthService, core::Core};
use crate::per_thread::PerThread;

/// What a service asks for its core.
#[derive(Clone)]
pub(super) enum Cores {
    Fixed(Arc<Shares>),
    #[cfg_attr(not(feature = "config"), allow(dead_code))]
    Live(Arc<ArcSwap<Shares>>),
}

impl Cores {
    /// The core for one request, which keeps it to its end.
    #[inline]
    pub(super) fn load(&self) -> Arc<Share> {
        match self {
            Self::Fixed(shares) => shares.mine(),
            Self::Live(shares) => shares.load().mine(),
        }
    }
}

/// One core, with a reference count for each of several threads.
pub(super) struct Shares(PerThread<Arc<Share>>);

/// A core, alone on its lines of the processor's caches.
#[repr(align(128))]
pub(super) struct Share(Arc<Core>);

impl Shares {
    pub(super) fn of(core: &Arc<Core>) -> Arc<Self> {
        let share = |core: &_| Arc::new(Share(Arc::clone(core)));
        Arc::new(Self(PerThread::copied(share(core), |first| {
            share(&first.0)
        })))
    }

    /// The share of the thread that asks.
    #[inline]
    fn mine(&self) -> Arc<Share> {
        Arc::clone(self.0.mine())
    }
}

impl Deref for Share {
    type Target = Core;

    #[inline]
    fn deref(&self) -> &Core {
        &self.0
    }
}

/// One place from which all services of a layer take their core.
#[derive(Clone)]
#[cfg_attr(not(feature = "config"), allow(dead_code))]
pub(crate) struct Swap(Arc<ArcSwap<Shares>>);

#[cfg_attr(not(feature = "config"), allow(dead_code))]
impl Swap {
    pub(super) fn new(core: &Arc<Core>) -> Self {
        Self(Arc::new(ArcSwap::new(Shares::of(core))))
    }

    /// Puts another core in the place: it holds from the next request.
    pub(super) fn put(&self, core: &Arc<Core>) {
        self.0.store(Shares::of(core));
    }

    pub(crate) fn service<S>(&self, inner: S) -> AuthService<S> {
        AuthService::new(inner, Cores::Live(Arc::clone(&self.0)))
    }

    pub(crate) fn credential_headers(&self) -> Arc<[HeaderName]> {
        Arc::clone(self.0.load().0.first().places.headers())
    }
}
