//! Changing the keys while serving.

use std::{fmt, sync::Arc};

use super::{
    ApiKeyRecord,
    keys::Keys,
    table::{self, Table},
    warn_of_short,
};
use crate::error::{ConfigError, ConfigErrorKind};

/// Adds, replaces, revokes and removes the keys of an [`ApiKeyAuth`](super::ApiKeyAuth) while it
/// serves. What it did holds from the next request.
///
/// Each change makes a new table beside the old one, so that readers never wait: with a thousand keys
/// it takes a tenth of a millisecond, with a million a third of a second, for which an async task had
/// better use a thread where it may block. Several changes at once are one
/// [`replace_all`](Self::replace_all).
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
    keys: Arc<Keys>,
}

impl ApiKeyHandle {
    pub(super) fn new(keys: Arc<Keys>) -> Self {
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

    /// Puts a key in the place of the one with the same name, or adds it.
    ///
    /// # Errors
    ///
    /// The key is taken by another name.
    pub fn replace(&self, record: ApiKeyRecord) -> Result<(), ConfigError> {
        warn_of_short([&record]);
        self.keys.change(|table| table.with(record))
    }

    /// Puts a whole new set of keys in the place of the old one. With none, every key is unknown.
    ///
    /// # Errors
    ///
    /// A key is empty or blank, or two share a key or a name; the old set then stays.
    pub fn replace_all<K>(&self, keys: impl IntoIterator<Item = K>) -> Result<(), ConfigError>
    where
        K: TryInto<ApiKeyRecord, Error: Into<ConfigError>>,
    {
        let records = keys
            .into_iter()
            .map(|key| key.try_into().map_err(Into::into));
        let fresh = Table::of(records)?;
        warn_of_short(fresh.iter());
        self.keys
            .change(|table| Ok(fresh.labelled(table.label().cloned())))
    }

    /// Revokes the key of that name; the log then says `api_key_revoked` instead of unknown.
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

    /// Removes the key of that name. The last one may go too: then every key is unknown.
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

    /// The names of the keys, in no order.
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
        format!("no API key is named {name:?}: names() lists those there are"),
    )
}
