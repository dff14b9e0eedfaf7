//! The engines that keep keys: one row for each scheme of a URL.

use std::{path::Path, sync::Arc};

use tower_auth::{
    config::AuthConfig,
    keys::{KeyStore, KeyStoreFuture, KeyStoreUrl},
};

use crate::fault::Fault;

type Opener = fn(KeyStoreUrl) -> KeyStoreFuture<Arc<dyn KeyStore>>;

struct Engine {
    scheme: &'static str,
    open: Opener,
    /// What can be said of a store before it is opened.
    look: fn(&KeyStoreUrl) -> Result<(), Fault>,
}

const ENGINES: [Engine; 3] = [
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

/// Lets a configuration name every store that this program opens.
pub(crate) fn register(config: AuthConfig) -> AuthConfig {
    ENGINES.iter().fold(config, |config, engine| {
        config.register_key_store(engine.scheme, engine.open)
    })
}

/// Opens a store. It has to be there, unless the URL says that it may be made.
pub(crate) async fn open(url: KeyStoreUrl) -> Result<Arc<dyn KeyStore>, Fault> {
    let Some(engine) = ENGINES.iter().find(|engine| engine.scheme == url.scheme()) else {
        let schemes: Vec<_> = ENGINES
            .iter()
            .map(|engine| format!("{}:", engine.scheme))
            .collect();
        return Err(Fault::usage(format!(
            "there is no key store with the scheme {}: write a URL that begins with one of {}",
            url.scheme(),
            schemes.join(", "),
        )));
    };
    (engine.look)(&url)?;
    let place = url.to_string();
    (engine.open)(url).await.map_err(|error| {
        let fault = Fault::from(error);
        match fault.says("open_or_create") {
            // The engine's words about tables that are not there are for programs.
            true => fault.and("`tower-auth keys create` does that"),
            false => fault.and(format!("the store is {place}")),
        }
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
        return Err(Fault::failed(format!(
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
