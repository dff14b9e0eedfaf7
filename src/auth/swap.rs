//! A layer's knowledge that can be replaced between two requests, and how requests hold on to it.

use std::{
    cell::Cell,
    ops::Deref,
    sync::{
        Arc, LazyLock,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use arc_swap::ArcSwap;
use http::HeaderName;

use super::{AuthService, core::Core};

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

/// One core, with a reference count for each of several threads: those that answer requests at the
/// same time would otherwise pass a single count to and fro between their processors.
pub(super) struct Shares {
    first: Arc<Share>,
    /// All of them, the first one too. INVARIANT: their number is a power of two.
    all: Box<[Arc<Share>]>,
}

/// A core, alone on its lines of the processor's caches.
#[repr(align(128))]
pub(super) struct Share(Arc<Core>);

impl Shares {
    pub(super) fn of(core: &Arc<Core>) -> Arc<Self> {
        static THREADS: LazyLock<usize> =
            LazyLock::new(|| thread::available_parallelism().map_or(1, usize::from));
        let first = Arc::new(Share(Arc::clone(core)));
        let others = 1..THREADS.next_power_of_two().min(MOST);
        let others = others.map(|_| Arc::new(Share(Arc::clone(core))));
        Arc::new(Self {
            all: std::iter::once(Arc::clone(&first)).chain(others).collect(),
            first,
        })
    }

    /// The share of the thread that asks.
    #[inline]
    fn mine(&self) -> Arc<Share> {
        // The remainder by their number, which is quicker to have so than by a division.
        let at = thread_number() & self.all.len().wrapping_sub(1);
        Arc::clone(self.all.get(at).unwrap_or(&self.first))
    }
}

impl Deref for Share {
    type Target = Core;

    #[inline]
    fn deref(&self) -> &Core {
        &self.0
    }
}

/// Threads are numbered as they come.
fn thread_number() -> usize {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    thread_local! {
        static NUMBER: Cell<Option<usize>> = const { Cell::new(None) };
    }
    // A thread that is about to end has no number any more, and any share will do.
    NUMBER
        .try_with(|number| {
            number.get().unwrap_or_else(|| {
                let new = NEXT.fetch_add(1, Ordering::Relaxed);
                number.set(Some(new));
                new
            })
        })
        .unwrap_or_default()
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
        Arc::clone(self.0.load().first.places.headers())
    }
}

/// Enough for the threads of most servers; more of them share a count by turns. A power of two.
const MOST: usize = 16;
