//! What is promised of every store.

use std::{sync::Arc, time::Instant};

use tower_auth::{
    keys::KeyStore,
    revocations::{KeyStoreRevocations, RevocationStore},
    testing,
};
use tower_auth_servers::{Pooler, Postgres};

use crate::common::store;

#[tokio::test(flavor = "multi_thread")]
async fn all_that_a_key_store_promises_holds_over_two_stores_of_one_database() {
    let Some(server) = Postgres::shared() else {
        return;
    };
    let database = server.database().await;
    let before = Instant::now();
    testing::key_store(async || {
        database.empty().await;
        let url = database.url();
        [store(&url).await, store(&url).await].map(|store| Arc::new(store) as Arc<dyn KeyStore>)
    })
    .await;
    println!("all claims: {:?}", before.elapsed());
}

#[tokio::test(flavor = "multi_thread")]
async fn all_that_a_key_store_promises_holds_behind_a_pooler_in_transaction_mode() {
    let Some(server) = Postgres::shared() else {
        return;
    };
    let Some(pooler) = Pooler::start(server) else {
        return;
    };
    let database = server.database().await;
    let before = Instant::now();
    testing::key_store(async || {
        database.empty().await;
        let url = pooler.url(&database.name);
        [store(&url).await, store(&url).await].map(|store| Arc::new(store) as Arc<dyn KeyStore>)
    })
    .await;
    println!("all claims behind a pooler: {:?}", before.elapsed());
}

#[tokio::test(flavor = "multi_thread")]
async fn all_that_a_store_of_revocations_promises_holds_over_two_stores_of_one_database() {
    let Some(server) = Postgres::shared() else {
        return;
    };
    let database = server.database().await;
    testing::revocation_store(async || {
        database.empty().await;
        let url = database.url();
        [store(&url).await, store(&url).await].map(|store| {
            Arc::new(KeyStoreRevocations::new(Arc::new(store))) as Arc<dyn RevocationStore>
        })
    })
    .await;
}
