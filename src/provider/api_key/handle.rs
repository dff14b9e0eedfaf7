//! A handle that changes the keys while serving.

use std::{convert::Infallible, fmt, sync::Arc};

use super::{
    into_keys::IntoApiKeys,
    keys::SharedKeys,
    record::{ApiKeyRecord, warn_of_short},
    table::{self, KeyTable},
};
use crate::error::{ConfigError, ConfigErrorKind};

/// Adds, replaces, revokes and removes the keys of an [`ApiKeyAuth`](super::ApiKeyAuth) while it
/// serves. A change counts from the next request on.
///
/// Each change makes a new table beside the old one, so that readers never wait. With a thousand keys
/// it takes a tenth of a millisecond, with a million a third of a second: an async task should then
/// use a thread that may block. [`replace_all`](Self::replace_all) makes several changes at once.
///
/// # Example
///
/// ```
/// use tower_auth::provider::{ApiKeyAuth, ApiKeyRecord};
///
/// let keys = ApiKeyAuth::new(["sk-live-9f"])?;
/// let handle = keys.handle();
/// handle.add(ApiKeyRecord::new("partner", "sk-live-4c")?)?;
/// handle.revoke("partner")?;
/// handle.remove("partner")?;
/// # Ok::<(), tower_auth::ConfigError>(())
/// ```
#[derive(Clone)]
pub struct ApiKeyHandle {
    keys: Arc<SharedKeys>,
}

impl ApiKeyHandle {
    pub(super) fn new(keys: Arc<SharedKeys>) -> Self {
        Self { keys }
    }

    /// Adds a key.
    ///
    /// # Errors
    ///
    /// Its name or its key is taken.
    pub fn add(&self, record: ApiKeyRecord) -> Result<(), ConfigError> {
        warn_of_short([&record]);
        self.keys.change(|table| {
            if table.named(record.name()).is_some() {
                return Err(table::duplicate_name(record.name()));
            }
            table.with(record)
        })
    }

    /// Replaces the key with the name of this record, or adds it.
    ///
    /// # Errors
    ///
    /// The key is taken by another name.
    pub fn replace(&self, record: ApiKeyRecord) -> Result<(), ConfigError> {
        warn_of_short([&record]);
        self.keys.change(|table| table.with(record))
    }

    /// Removes all keys, so that every key is unknown. It is no error if there are none.
    ///
    /// # Example
    ///
    /// ```
    /// use tower_auth::provider::ApiKeyAuth;
    ///
    /// let keys = ApiKeyAuth::new(["sk-live-9f"])?;
    /// keys.handle().remove_all();
    /// # Ok::<(), tower_auth::ConfigError>(())
    /// ```
    pub fn remove_all(&self) {
        let Ok(()) = self
            .keys
            .change::<Infallible>(|table| Ok(KeyTable::default().labelled(table.label().cloned())));
    }

    /// Replaces all keys. With an empty list, every key is unknown.
    ///
    /// # Errors
    ///
    /// A key is empty or blank, or two share a key or a name. The old keys then stay.
    pub fn replace_all<Form>(&self, keys: impl IntoApiKeys<Form>) -> Result<(), ConfigError> {
        let fresh = KeyTable::of(keys.into_api_keys()?.into_iter().map(Ok))?;
        warn_of_short(fresh.iter());
        self.keys
            .change(|table| Ok(fresh.labelled(table.label().cloned())))
    }

    /// Revokes the key of that name: the log then says `api_key_revoked` instead of `api_key_unknown`.
    ///
    /// # Errors
    ///
    /// No key has that name.
    pub fn revoke(&self, name: &str) -> Result<(), ConfigError> {
        self.keys.change(|table| {
            let record = ApiKeyRecord::clone(table.named(name).ok_or_else(|| no_key(name))?);
            table.with(record.with_revoked(true))
        })
    }

    /// Removes the key of that name. After the last one is removed, every key is unknown.
    ///
    /// # Errors
    ///
    /// No key has that name.
    pub fn remove(&self, name: &str) -> Result<(), ConfigError> {
        self.keys.change(|table| {
            table.named(name).ok_or_else(|| no_key(name))?;
            Ok(table.without(name))
        })
    }

    /// The names of the keys, in no particular order.
    pub fn names(&self) -> Vec<String> {
        self.keys.load().names().map(str::to_owned).collect()
    }
}

impl fmt::Debug for ApiKeyHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ApiKeyHandle")
            .field("keys", &self.keys.load().len())
            .finish()
    }
}

fn no_key(name: &str) -> ConfigError {
    ConfigError::new(
        ConfigErrorKind::Unknown,
        format!("no API key has the name {name:?}: names() lists the names"),
    )
}
