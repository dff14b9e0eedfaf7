//! An opened store, and who administers it.

use std::{env, sync::Arc};

use tower_auth::keys::{
    KeyAdmin, KeyId, KeyLookup, KeyRecord, KeyStore, KeyStoreUrl, ManagedKeys, Timestamp,
};

use crate::{arguments::Keys, engines, fault::Fault};

/// A store that an operator opened.
pub(crate) struct Administration {
    store: Arc<dyn KeyStore>,
    operator: String,
}

/// What becomes of a command whose store is not there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Missing {
    Fails,
    IsMade,
    /// It looks at an empty one.
    IsEmpty,
}

impl Administration {
    /// Opens the store that the command line or the environment names.
    pub(crate) async fn open(keys: &Keys, missing: Missing) -> Result<Self, Fault> {
        Self::open_at(keys.store.as_deref(), keys.operator.as_deref(), missing).await
    }

    /// Opens the store of a URL.
    pub(crate) async fn open_at(
        store: Option<&str>,
        named: Option<&str>,
        missing: Missing,
    ) -> Result<Self, Fault> {
        let operator = operator(named)?;
        let url = url(store)?;
        let store = match missing {
            Missing::Fails => engines::open(url).await?,
            Missing::IsMade => engines::open(url.creating()).await?,
            Missing::IsEmpty => engines::open_or_empty(url).await?,
        };
        Ok(Self { store, operator })
    }

    /// The administrator, where no key is made.
    pub(crate) fn admin(&self) -> Result<KeyAdmin, Fault> {
        self.admin_for(NEW_PREFIX)
    }

    /// The administrator, who makes keys with a prefix.
    pub(crate) fn admin_for(&self, prefix: &str) -> Result<KeyAdmin, Fault> {
        Ok(self.keys_for(prefix)?.as_operator(&self.operator))
    }

    /// The keys, where none is made.
    pub(crate) fn keys(&self) -> Result<ManagedKeys, Fault> {
        self.keys_for(NEW_PREFIX)
    }

    fn keys_for(&self, prefix: &str) -> Result<ManagedKeys, Fault> {
        let keys = ManagedKeys::of(Arc::clone(&self.store), prefix);
        keys.map_err(|error| Fault::usage(error.to_string()))
    }

    /// The name of the operator.
    pub(crate) fn operator(&self) -> &str {
        &self.operator
    }

    pub(crate) fn store(&self) -> &dyn KeyStore {
        &*self.store
    }

    /// The store's time: a key ends by that clock.
    pub(crate) async fn now(&self) -> Result<Timestamp, Fault> {
        // No key has this id; every answer carries the time.
        let nobody = KeyLookup::Id(KeyId::new(""));
        Ok(self.store.find(nobody).await?.now)
    }

    /// What new keys begin with. A server accepts one prefix, so that the live keys of a store keep the
    /// one that they have.
    pub(crate) async fn prefix(&self, wanted: Option<&str>) -> Result<String, Fault> {
        let Some(found) = self.prefix_in_use().await? else {
            return Ok(wanted.unwrap_or(NEW_PREFIX).to_owned());
        };
        match wanted {
            Some(wanted) if wanted != found => Err(Fault::failed(format!(
                "the live keys of this store begin with {found}_, and a server accepts one prefix: \
                 leave --prefix out, or give the other keys a store of their own"
            ))),
            _ => Ok(found),
        }
    }

    async fn prefix_in_use(&self) -> Result<Option<String>, Fault> {
        let now = self.now().await?;
        let admin = self.admin()?;
        let mut after = None;
        loop {
            let page = admin.list(after, PAGE).await?;
            let live = page.items.iter().filter(|key| key.record().is_live(now));
            if let Some(prefix) = live.filter_map(|key| prefix_of(key.record())).next() {
                return Ok(Some(prefix.to_owned()));
            }
            after = page.items.last().map(|key| key.record().id().clone());
            if !page.has_more || after.is_none() {
                return Ok(None);
            }
        }
    }
}

/// The prefix of a key, by its start: that is the prefix, `_` and four characters. An imported key has
/// none.
pub(crate) fn prefix_of(record: &KeyRecord) -> Option<&str> {
    let start = record.start();
    let with_line = start.get(..start.len().checked_sub(4)?)?;
    with_line
        .strip_suffix('_')
        .filter(|prefix| !prefix.is_empty())
}

fn url(store: Option<&str>) -> Result<KeyStoreUrl, Fault> {
    let Some(url) = store.filter(|url| !url.is_empty()) else {
        return Err(Fault::usage(
            "no key store is named: write --store sqlite:keys.db, or put such a URL into \
             TOWER_AUTH_KEY_STORE",
        ));
    };
    KeyStoreUrl::parse(url).map_err(|error| Fault::usage(format!("--store: {error}")))
}

/// The name in the audit records: what the command line says, else the account.
pub(crate) fn operator(named: Option<&str>) -> Result<String, Fault> {
    let of_account = || {
        ["USER", "LOGNAME", "USERNAME"]
            .into_iter()
            .find_map(named_by)
    };
    match named {
        Some(named) if is_name(named) => Ok(named.to_owned()),
        Some(_) => Err(Fault::usage(
            "--as is no name: write 1 to 128 characters, none of them a control character",
        )),
        None => Ok(of_account().unwrap_or_else(number_of_account)),
    }
}

fn named_by(variable: &str) -> Option<String> {
    env::var(variable).ok().filter(|name| is_name(name))
}

fn is_name(name: &str) -> bool {
    let is_plain = !name.trim().is_empty() && !name.chars().any(char::is_control);
    is_plain && name.chars().count() <= 128
}

/// An account without a name, as in a container.
#[cfg(unix)]
fn number_of_account() -> String {
    use std::os::unix::fs::MetadataExt;

    match std::fs::metadata("/proc/self") {
        Ok(own) => format!("uid {}", own.uid()),
        Err(_) => UNKNOWN.to_owned(),
    }
}

#[cfg(not(unix))]
fn number_of_account() -> String {
    UNKNOWN.to_owned()
}

/// The keys that are read at once.
pub(crate) const PAGE: usize = 1_000;
const NEW_PREFIX: &str = "sk";
const UNKNOWN: &str = "unknown";
