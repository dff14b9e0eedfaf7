//! The engines that keep keys and what replicas share: one row for each scheme of a URL.

use std::{future::ready, path::Path, sync::Arc};

use tower_auth::{
    config::AuthConfig,
    keys::{KeyStore, KeyStoreFuture, KeyStoreUrl, MemoryKeyStore},
    revocations::{RevocationStore, RevocationStoreFuture},
    shared::{MemorySharedState, SharedState, SharedUrl},
};

use crate::{
    fault::{Fault, with_causes},
    looked_at::LookedAt,
};

type Opener = fn(KeyStoreUrl) -> KeyStoreFuture<Arc<dyn KeyStore>>;

struct Engine {
    scheme: &'static str,
    open: Opener,
    /// What can be said of a store before it is opened.
    look: fn(&KeyStoreUrl) -> Result<(), Fault>,
}

static ENGINES: [Engine; 3] = [
    Engine {
        scheme: "sqlite",
        open: tower_auth_sqlite::open_url,
        look: look_for_file,
    },
    Engine {
        scheme: "postgres",
        open: tower_auth_postgres::open_url,
        look: |_| Ok(()),
    },
    Engine {
        scheme: "postgresql",
        open: tower_auth_postgres::open_url,
        look: |_| Ok(()),
    },
];

/// The schemes of what replicas share.
static SHARED: [&str; 8] = [
    "redis",
    "rediss",
    "redis+unix",
    "valkey",
    "valkey+unix",
    "valkeys",
    "postgres",
    "postgresql",
];

type RevocationsOpener = fn(SharedUrl) -> RevocationStoreFuture<Arc<dyn RevocationStore>>;

/// What keeps revocations without keys, by scheme.
static REVOCATIONS: [(&str, RevocationsOpener); 6] = [
    ("redis", tower_auth_redis::open_revocations_url),
    ("rediss", tower_auth_redis::open_revocations_url),
    ("redis+unix", tower_auth_redis::open_revocations_url),
    ("valkey", tower_auth_redis::open_revocations_url),
    ("valkey+unix", tower_auth_redis::open_revocations_url),
    ("valkeys", tower_auth_redis::open_revocations_url),
];

/// Lets a configuration that is only looked at name every store and every shared state: no key of a store
/// is used, and what servers count together stays as it is.
pub(crate) fn register_to_look(config: AuthConfig) -> AuthConfig {
    let config = ENGINES.iter().fold(config, |config, engine| {
        config.register_key_store(engine.scheme, |url| {
            let opening = (engine.open)(url);
            Box::pin(async { Ok(Arc::new(LookedAt::new(opening.await?)) as Arc<dyn KeyStore>) })
        })
    });
    let config = SHARED.iter().fold(config, |config, scheme| {
        config.register_shared(scheme, |_| {
            let nobody_elses = MemorySharedState::new();
            Box::pin(ready(Ok(Arc::new(nobody_elses) as Arc<dyn SharedState>)))
        })
    });
    REVOCATIONS.iter().fold(config, |config, (scheme, open)| {
        config.register_revocations(scheme, *open)
    })
}

/// Opens the revocations on a server that keeps no keys; `None` where the URL is of no such server.
pub(crate) async fn open_revocations(url: &str) -> Option<Result<Arc<dyn RevocationStore>, Fault>> {
    let (scheme, _) = url.split_once(':')?;
    let mut servers = REVOCATIONS.iter();
    let (_, open) = servers.find(|(known, _)| scheme.eq_ignore_ascii_case(known))?;
    let url = match SharedUrl::parse(url) {
        Ok(url) => url,
        Err(error) => return Some(Err(Fault::usage(format!("--store: {error}")))),
    };
    let place = url.to_string();
    let opened = open(url).await;
    Some(
        opened.map_err(|error| {
            Fault::failed(format!("{}; the store is {place}", with_causes(&error)))
        }),
    )
}

/// Opens a store. It has to be there, unless the URL says that it may be made.
pub(crate) async fn open(url: KeyStoreUrl) -> Result<Arc<dyn KeyStore>, Fault> {
    let engine = engine(&url)?;
    (engine.look)(&url)?;
    let place = url.to_string();
    (engine.open)(url).await.map_err(|error| {
        let text = with_causes(&error);
        // The engine's words about tables that are not there are for programs.
        match text.contains("open_or_create") {
            true => Fault::NoStore(format!("{text}; `tower-auth keys create` does that")),
            false => Fault::failed(format!("{text}; the store is {place}")),
        }
    })
}

/// Opens a store to look at it; one that could be made is an empty one.
pub(crate) async fn open_or_empty(url: KeyStoreUrl) -> Result<Arc<dyn KeyStore>, Fault> {
    match open(url.clone()).await {
        Err(Fault::NoStore(_)) => {
            (engine(&url)?.look)(&url.creating())?;
            Ok(Arc::new(MemoryKeyStore::new()?))
        }
        opened => opened,
    }
}

fn engine(url: &KeyStoreUrl) -> Result<&'static Engine, Fault> {
    let found = ENGINES.iter().find(|engine| engine.scheme == url.scheme());
    found.ok_or_else(|| {
        let schemes = ENGINES.iter().map(|engine| format!("{}:", engine.scheme));
        Fault::usage(format!(
            "there is no key store with the scheme {}: write a URL that begins with one of {}",
            url.scheme(),
            schemes.collect::<Vec<_>>().join(", "),
        ))
    })
}

/// The engine's words about a file that is not there are for programs.
fn look_for_file(url: &KeyStoreUrl) -> Result<(), Fault> {
    let path = Path::new(url.after_scheme());
    // `Err` is "cannot be known": opening it finds out.
    if !matches!(path.try_exists(), Ok(false)) {
        return Ok(());
    }
    if !url.creates() {
        return Err(Fault::NoStore(format!(
            "there is no key store in the file {path:?}: name another one with --store, or make it with \
             `tower-auth keys create`"
        )));
    }
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    match folder.try_exists() {
        Ok(false) => Err(Fault::failed(format!(
            "there is no folder {folder:?} for the key store: make it, or name another one with --store"
        ))),
        _ => Ok(()),
    }
}
