//! The store of revocations, as one process uses it.

use std::{
    fmt,
    sync::{Arc, OnceLock},
};

use arc_swap::ArcSwap;

use super::{RevocationStore, replica::Replica, settings::Settings};
use crate::keys::ManagedKeys;

/// A store, the program's settings, and this process's copy. The copy is made when it is first needed, and
/// clones share it.
#[derive(Clone)]
pub(super) struct Backend {
    pub(super) store: Arc<dyn RevocationStore>,
    /// The keys whose store keeps the list, and which end with their principal.
    pub(super) keys: Option<ManagedKeys>,
    pub(super) settings: Arc<Settings>,
    pub(super) shared: Arc<Shared>,
}

/// The parts that clones share.
pub(super) struct Shared {
    pub(super) replica: OnceLock<Arc<Replica>>,
    /// The settings that are in force: a reload may have replaced those of a clone.
    pub(super) current: Arc<ArcSwap<Settings>>,
}

impl Backend {
    pub(super) fn new(store: Arc<dyn RevocationStore>, keys: Option<ManagedKeys>) -> Self {
        let settings = Arc::new(Settings::default());
        Self {
            store,
            keys,
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

    /// A clone with other settings, which shares the copy all the same.
    pub(super) fn with_same_copy(&self, settings: Arc<Settings>) -> Self {
        Self {
            settings,
            ..self.clone()
        }
    }

    pub(super) fn replica(&self) -> &Arc<Replica> {
        self.shared.replica.get_or_init(|| {
            let store = Arc::clone(&self.store);
            let key_store = self.keys.as_ref().map(ManagedKeys::store_address);
            Arc::new(Replica::new(store, key_store, &self.shared.current))
        })
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
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}
