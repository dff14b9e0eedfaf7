//! Hints that something changed, and uses that several processes note at once.

use std::time::Duration;

use tower_auth::{
    keys::{KeyStore, KeyUse, Revision, Timestamp},
    testing,
};
use tower_auth_postgres::PostgresKeyStore;
use tower_auth_servers::Postgres;

use crate::{
    common::{PATIENCE, store},
    proxy::{Commit, Proxy},
};

/// Whether a store hears of what another one changes.
async fn hears(listener: &PostgresKeyStore, other: &PostgresKeyStore) -> bool {
    let hint = tokio::spawn(listener.changed());
    // The hint has to be waited for before it comes.
    tokio::time::sleep(Duration::from_millis(50)).await;
    if other.renew_epoch().await.is_err() {
        // Its own connection may be one that was cut, and the next call makes another.
        return false;
    }
    tokio::time::timeout(Duration::from_millis(500), hint)
        .await
        .is_ok()
}

async fn hears_in_the_end(listener: &PostgresKeyStore, other: &PostgresKeyStore) {
    let heard = async { while !hears(listener, other).await {} };
    tokio::time::timeout(PATIENCE, heard).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_is_told_to_other_stores_also_after_a_connection_was_lost() {
    let Some(server) = Postgres::shared() else {
        return;
    };
    let database = server.database().await;
    let (listener, other) = (store(&database.url()).await, store(&database.url()).await);
    hears_in_the_end(&listener, &other).await;
    let sql = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
        WHERE datname = current_database() AND pid <> pg_backend_pid()";
    database.client().await.batch_execute(sql).await.unwrap();
    hears_in_the_end(&listener, &other).await;
}

/// No end of the connection is seen: only that nothing comes.
#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_fell_silent_is_found_by_its_heartbeat() {
    let Some(server) = Postgres::shared() else {
        return;
    };
    let database = server.database().await;
    let proxy = Proxy::start(&database, Commit::Waits).await;
    let (listener, other) = (store(&proxy.url()).await, store(&database.url()).await);
    hears_in_the_end(&listener, &other).await;
    proxy.silence();
    assert!(!hears(&listener, &other).await);
    hears_in_the_end(&listener, &other).await;
    // The calls found out by themselves.
    let impatient = listener.with_wait_limit(Duration::from_secs(2));
    let mut failed = 0;
    while impatient.changes(Revision::ZERO, 1).await.is_err() {
        failed += 1;
    }
    assert!(failed <= 1, "each connection was tried in turn: {failed}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_is_dropped_leaves_no_connection() {
    let Some(server) = Postgres::shared() else {
        return;
    };
    let database = server.database().await;
    let store = store(&database.url()).await;
    let clone = store.clone();
    clone.renew_epoch().await.unwrap();
    drop((store, clone));
    let client = database.client().await;
    let sql = "SELECT 1 FROM pg_stat_activity
        WHERE datname = current_database() AND application_name = 'tower-auth'";
    let gone = async {
        while !client.query(sql, &[]).await.unwrap().is_empty() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(PATIENCE, gone).await.unwrap();
}

/// Rows that two transactions lock in different orders make each wait for the other.
#[tokio::test(flavor = "multi_thread")]
async fn uses_that_several_processes_note_at_once_do_not_wait_in_a_circle() {
    let Some(server) = Postgres::shared() else {
        return;
    };
    let url = server.database().await.url();
    let stores = [store(&url).await, store(&url).await];
    for number in 0..30 {
        let write = testing::key_store_create(number);
        stores[0].write(write).await.unwrap();
    }
    let noting = stores.into_iter().enumerate().map(|(place, store)| {
        tokio::spawn(async move {
            for round in 1..40 {
                let mut uses: Vec<_> = (0..30)
                    .map(|number| KeyUse {
                        key: testing::key_store_id(number),
                        at: Timestamp::from_unix_millis(round * 1_000),
                    })
                    .collect();
                if place == 1 {
                    uses.reverse();
                }
                store.touch(uses).await.unwrap();
            }
        })
    });
    for noted in noting.collect::<Vec<_>>() {
        noted.await.unwrap();
    }
}
