//! The store of managed keys, as one process uses it.

use std::{
    fmt,
    sync::{Arc, OnceLock},
};

use arc_swap::ArcSwap;

use super::{KeyStore, replica::Replica, settings::Settings};

/// A store, the program's settings for its keys, and this process's copy of them.
///
/// The copy is made when it is first needed. Clones share it.
#[derive(Clone)]
pub(super) struct Backend {
    store: Arc<dyn KeyStore>,
    pub(super) settings: Arc<Settings>,
    pub(super) shared: Arc<Shared>,
}

/// The parts that clones share.
pub(super) struct Shared {
    replica: OnceLock<Arc<Replica>>,
    /// The settings that are in force: a reload may have replaced those of a clone.
    pub(super) current: Arc<ArcSwap<Settings>>,
}

impl Backend {
    pub(super) fn new(store: Arc<dyn KeyStore>, settings: Settings) -> Self {
        let settings = Arc::new(settings);
        Self {
            store,
            shared: Shared::of(&settings),
            settings,
        }
    }

    /// Changes the settings, of this value alone: earlier clones keep theirs, and their copy.
    pub(super) fn with(mut self, change: impl FnOnce(&mut Settings)) -> Self {
        change(Arc::make_mut(&mut self.settings));
        self.shared = Shared::of(&self.settings);
        self
    }

    /// A clone with the settings that are in force.
    pub(super) fn current(&self) -> Self {
        self.with_same_copy(self.shared.current.load_full())
    }

    /// A clone with other settings, which shares the copy of the keys all the same.
    pub(super) fn with_same_copy(&self, settings: Arc<Settings>) -> Self {
        Self {
            settings,
            ..self.clone()
        }
    }

    pub(super) fn store(&self) -> &Arc<dyn KeyStore> {
        &self.store
    }

    /// The address of the store: clones of a provider, with other settings too, are of one store.
    pub(super) fn store_address(&self) -> usize {
        Arc::as_ptr(&self.store).addr()
    }

    pub(super) fn settings(&self) -> &Settings {
        &self.settings
    }

    pub(super) fn replica(&self) -> &Arc<Replica> {
        self.shared.replica.get_or_init(|| {
            let settings = Settings::clone(&self.settings);
            let current = Arc::clone(&self.shared.current);
            Replica::new(Arc::clone(&self.store), settings, current).shared()
        })
    }

    /// A value that clones share, and nothing else does.
    pub(super) fn identity(&self) -> &Shared {
        &self.shared
    }
}

impl Shared {
    fn of(settings: &Arc<Settings>) -> Arc<Self> {
        Arc::new(Self {
            replica: OnceLock::new(),
            current: Arc::new(ArcSwap::new(Arc::clone(settings))),
        })
    }
}

impl fmt::Debug for Backend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Backend")
            .field("format", &self.settings.format)
            .field("sources", &self.settings.sources)
            .finish_non_exhaustive()
    }
}
