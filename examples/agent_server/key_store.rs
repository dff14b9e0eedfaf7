//! Keys in a store: administrators make and revoke them while it serves, over `/keys`.

use std::{error::Error, sync::Arc};

use tower_auth::{
    audit::AuditSink,
    config::{AuthConfig, ConfigSummary},
    key_api::KeyApi,
    keys::{
        KeyAdminError, KeyRequest, KeyStore, KeyStoreFuture, KeyStoreUrl, KeyStores, MadeKey,
        ManagedKeys,
    },
};

use crate::permissions::INVOKE;

/// The keys of a store.
pub(crate) struct Managed {
    pub(crate) keys: ManagedKeys,
    /// Whether a store that nobody can administer gets a first administrator.
    makes_first: bool,
    /// The URL of the store, without a password.
    pub(crate) url: String,
}

impl Managed {
    /// Opens a store, and makes one that is not there.
    pub(crate) async fn open(url: &KeyStoreUrl, audit: Option<&AuditSink>) -> Result<Self, String> {
        let stores = ENGINES
            .iter()
            .fold(KeyStores::new(), |stores, (scheme, open)| {
                stores.register(scheme, open)
            });
        stores
            .check(url)
            .map_err(|error| format!("--key-store: {error}"))?;
        let fault = |error: &dyn Error| format!("--key-store {url}: {}", causes(error));
        let store = stores.open(url.clone().creating()).await;
        let store = store.map_err(|error| fault(&error))?;
        let keys = ManagedKeys::of(Arc::clone(&store), PREFIX);
        let keys = keys.map_err(|error| fault(&error))?;
        let prefix = prefix_in_use(&keys).await.map_err(|error| fault(&error))?;
        // A static key named as an owner of this store would be the same caller.
        let keys = ManagedKeys::of(store, &prefix).and_then(|keys| keys.with_source("key store"));
        let mut keys = keys.map_err(|error| fault(&error))?;
        if let Some(audit) = audit {
            keys = keys.with_audit(audit);
        }
        keys.open().await.map_err(|error| fault(&error))?;
        Ok(Self {
            keys,
            makes_first: true,
            url: url.to_string(),
        })
    }

    /// The keys of the store that a file names.
    pub(crate) fn of_file(keys: ManagedKeys, summary: &ConfigSummary) -> Self {
        let mut providers = summary.providers().iter();
        let url = providers.find_map(|shown| shown.strip_prefix("key_store (")?.strip_suffix(')'));
        Self {
            keys,
            makes_first: false,
            url: url.unwrap_or("URL").to_owned(),
        }
    }

    pub(crate) fn api(&self) -> KeyApi {
        KeyApi::new(self.keys.clone())
    }

    /// Where no live key holds `keys:write`, the key of an administrator, who can make all others. Of
    /// two servers that start at once, one makes it. Nobody else has it, so it is made last, and shown
    /// at once.
    pub(crate) async fn first_key(&self) -> Result<Option<MadeKey>, KeyAdminError> {
        if !self.makes_first {
            return Ok(None);
        }
        // Nobody gives a scope that they lack, so this key has those of the keys that it will make.
        let request = KeyRequest::new("first administrator").with_scopes(FIRST_SCOPES);
        let operator = self.keys.as_operator(OPERATOR);
        match operator.create_first_admin(request).await {
            Ok(made) => Ok(Some(made)),
            Err(KeyAdminError::Conflict(_)) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The command that makes such a key where no live key holds `keys:write`, and the store too.
    pub(crate) fn first_key_command(&self) -> String {
        let url = self.url.replace('\'', r"'\''");
        let scopes: String = FIRST_SCOPES
            .map(|scope| format!(" --scope {scope}"))
            .concat();
        format!(
            "tower-auth keys create --first-admin --store '{url}' --prefix {} --name admin{scopes}",
            self.keys.prefix()
        )
    }

    /// Takes a first key back that nobody has seen, so that the next start makes another one.
    pub(crate) async fn take_back(&self, key: &MadeKey) -> Result<(), KeyAdminError> {
        let operator = self.keys.as_operator(OPERATOR);
        operator.delete(key.key().record().id()).await
    }
}

/// What the live keys of the store begin with: a server accepts one prefix.
async fn prefix_in_use(keys: &ManagedKeys) -> Result<String, KeyAdminError> {
    let newest = keys.as_operator(OPERATOR).list(None, 1_000).await?;
    let mut starts = newest.items.iter().rev().filter_map(|key| {
        let record = key.record();
        let start = record.start().get(..record.start().len().checked_sub(4)?)?;
        let is_live = record.revoked().is_none();
        start
            .strip_suffix('_')
            .filter(|prefix| is_live && !prefix.is_empty())
    });
    Ok(starts.next().unwrap_or(PREFIX).to_owned())
}

/// Lets a file name a store of any kind that the option can name.
pub(crate) fn register(config: AuthConfig) -> AuthConfig {
    ENGINES.iter().fold(config, |config, (scheme, open)| {
        config.register_key_store(scheme, open)
    })
}

/// Why it failed, in one line: the causes, for the error itself says no more than that it did.
fn causes(error: &dyn Error) -> String {
    let mut causes = vec![];
    let mut next = error.source();
    while let Some(cause) = next {
        causes.push(cause.to_string());
        next = cause.source();
    }
    match causes.is_empty() {
        true => error.to_string(),
        false => causes.join(": "),
    }
}

type Open = fn(KeyStoreUrl) -> KeyStoreFuture<Arc<dyn KeyStore>>;

/// What opens a store, by the scheme of its URL.
const ENGINES: [(&str, Open); 3] = [
    ("sqlite", tower_auth_sqlite::open_url),
    ("postgres", tower_auth_postgres::open_url),
    ("postgresql", tower_auth_postgres::open_url),
];
/// Who makes the first key, in the audit records.
const OPERATOR: &str = "agent_server";
/// As `tower-auth keys create` makes them.
const PREFIX: &str = "sk";
pub(crate) const FIRST_SCOPES: [&str; 4] = ["keys:read", "keys:write", "keys:admin", INVOKE];
