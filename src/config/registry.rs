//! The program's own providers and authorizers by name, and what opens key stores, shared states and stores
//! of revocations.

use std::{collections::BTreeMap, fmt, sync::Arc};

use super::suggest;
use crate::{
    authorize::Authorizer, keys::KeyStores, provider::AuthProvider, revocations::RevocationStores,
    shared::SharedStates,
};

/// The program's own providers and authorizers, and what opens key stores, shared states and stores of
/// revocations.
#[derive(Clone, Default)]
pub(super) struct Registry {
    pub(super) providers: ByName<dyn AuthProvider>,
    pub(super) authorizers: ByName<dyn Authorizer>,
    pub(super) key_stores: KeyStores,
    pub(super) shared_states: SharedStates,
    pub(super) revocation_stores: RevocationStores,
}

pub(super) struct ByName<T: ?Sized>(BTreeMap<Box<str>, Arc<T>>);

impl<T: ?Sized> ByName<T> {
    pub(super) fn put(&mut self, name: impl Into<String>, one: Arc<T>) {
        self.0.insert(name.into().into_boxed_str(), one);
    }

    /// The entry of that name, or what to write instead.
    pub(super) fn find(&self, name: &str, what: &str) -> Result<Arc<T>, String> {
        if let Some(found) = self.0.get(name) {
            return Ok(Arc::clone(found));
        }
        let names = || self.0.keys().map(|name| &**name);
        let there = match self.0.is_empty() {
            true => format!("the program registers none: add it with `with_{what}`"),
            false => format!(
                "{}write one of {}, or register it with `with_{what}`",
                suggest::hint(name, names()),
                suggest::list(names())
            ),
        };
        Err(format!("no {what} is registered under this name: {there}"))
    }
}

impl<T: ?Sized> Clone for ByName<T> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<T: ?Sized> Default for ByName<T> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

impl fmt::Debug for Registry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Registry")
            .field("providers", &self.providers.0.keys())
            .field("authorizers", &self.authorizers.0.keys())
            .field("key_stores", &self.key_stores)
            .field("shared_states", &self.shared_states)
            .field("revocation_stores", &self.revocation_stores)
            .finish()
    }
}
