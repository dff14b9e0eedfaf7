//! The store of managed keys, as one process uses it.

use std::{
    fmt,
    sync::{Arc, OnceLock},
};

use super::{KeyStore, replica::Replica, settings::Settings};

/// A store, the program's settings for its keys, and this process's copy of them.
///
/// The copy is made when it is first needed. Clones share it.
#[derive(Clone)]
pub(super) struct Backend {
    store: Arc<dyn KeyStore>,
    settings: Arc<Settings>,
    replica: Arc<OnceLock<Arc<Replica>>>,
}

impl Backend {
    pub(super) fn new(store: Arc<dyn KeyStore>, settings: Settings) -> Self {
        Self {
            store,
            settings: Arc::new(settings),
            replica: Arc::default(),
        }
    }

    /// Changes the settings, of this value alone: earlier clones keep theirs, and their copy.
    pub(super) fn with(mut self, change: impl FnOnce(&mut Settings)) -> Self {
        change(Arc::make_mut(&mut self.settings));
        self.replica = Arc::default();
        self
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
        self.replica.get_or_init(|| {
            let settings = Settings::clone(&self.settings);
            Arc::new(Replica::new(Arc::clone(&self.store), settings))
        })
    }

    /// A value that clones share, and nothing else does.
    pub(super) fn identity(&self) -> &OnceLock<Arc<Replica>> {
        &self.replica
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
