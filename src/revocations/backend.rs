//! The store of revocations, as one process uses it.

use std::{
    fmt,
    sync::{Arc, OnceLock},
};

use super::{RevocationStore, replica::Replica, settings::Settings};
use crate::keys::ManagedKeys;

/// A store, the program's settings, and this process's copy. The copy is made when it is first needed, and
/// clones share it.
#[derive(Clone)]
pub(super) struct Backend {
    pub(super) store: Arc<dyn RevocationStore>,
    /// The keys whose store keeps the list, and which end with their principal.
    pub(super) keys: Option<ManagedKeys>,
    /// Further keys that end with their principal.
    pub(super) further: Vec<ManagedKeys>,
    pub(super) settings: Settings,
    replica: Arc<OnceLock<Arc<Replica>>>,
}

impl Backend {
    pub(super) fn new(store: Arc<dyn RevocationStore>, keys: Option<ManagedKeys>) -> Self {
        Self {
            store,
            keys,
            further: Vec::new(),
            settings: Settings::default(),
            replica: Arc::default(),
        }
    }

    /// Changes the settings, of this value alone: earlier clones keep theirs, and their copy.
    pub(super) fn with(mut self, change: impl FnOnce(&mut Settings)) -> Self {
        change(&mut self.settings);
        self.replica = Arc::default();
        self
    }

    pub(super) fn replica(&self) -> &Arc<Replica> {
        self.replica.get_or_init(|| {
            let store = Arc::clone(&self.store);
            let key_store = self.keys.as_ref().map(ManagedKeys::store_address);
            Arc::new(Replica::new(store, key_store, self.settings.clone()))
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
