//! What opens key stores, by scheme.

use std::{error::Error, sync::Arc};

use tower_auth::{
    ConfigErrorKind,
    keys::{KeyStore, KeyStoreError, KeyStoreFuture, KeyStoreUrl, KeyStores, MemoryKeyStore},
};

fn memory(_: KeyStoreUrl) -> KeyStoreFuture<Arc<dyn KeyStore>> {
    Box::pin(async { Ok(Arc::new(MemoryKeyStore::new()?) as Arc<dyn KeyStore>) })
}

fn broken(_: KeyStoreUrl) -> KeyStoreFuture<Arc<dyn KeyStore>> {
    Box::pin(async { Err(KeyStoreError::unavailable("broken")) })
}

fn url(text: &str) -> KeyStoreUrl {
    KeyStoreUrl::parse(text).unwrap()
}

#[tokio::test]
async fn a_store_is_opened_by_what_its_scheme_was_registered_with() {
    let stores = KeyStores::new()
        .register("memory", broken)
        .register("Memory", memory);
    assert!(stores.check(&url("MEMORY:")).is_ok());
    assert!(stores.open(url("memory:x")).await.is_ok());
}

#[tokio::test]
async fn a_scheme_that_nobody_registered_names_the_crate_to_add() {
    let one = KeyStores::new().register("memory", memory);
    for (stores, text, expected) in [
        (
            KeyStores::new(),
            "sqlite:a",
            "add the crate `tower-auth-sqlite`, and register",
        ),
        (
            one.clone(),
            "postgres://a",
            "add the crate `tower-auth-postgres`, and register",
        ),
        (
            one.clone(),
            "postgresql://a",
            "`tower_auth_postgres::open_url`",
        ),
        (
            one,
            "etcd://a",
            "`etcd:`: write one of `memory:`, or register what opens it",
        ),
        (
            KeyStores::new(),
            "etcd://a",
            "`etcd:`: register what opens it",
        ),
    ] {
        let error = stores.check(&url(text)).unwrap_err();
        assert_eq!(error.kind(), ConfigErrorKind::Unknown);
        assert!(error.to_string().contains(expected), "{error}");
        let opened = stores.open(url(text)).await.err().unwrap();
        let cause = opened.source().unwrap().to_string();
        assert_eq!(cause, error.to_string());
    }
}

#[test]
fn a_registry_shows_its_schemes() {
    let stores = KeyStores::new().register("memory", memory);
    assert_eq!(format!("{stores:?}"), r#"KeyStores(["memory"])"#);
}
