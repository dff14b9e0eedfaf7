//! Revisions are in the order of commits, whatever holds a commit up.

use std::time::{Duration, Instant};

use tower_auth::{
    keys::{KeyChange, KeyLookup, KeyStore, Revision},
    testing,
};
use tower_auth_postgres::PostgresKeyStore;
use tower_auth_servers::Postgres;

use crate::{
    common::{PATIENCE, reason, store},
    proxy::{Commit, Proxy},
};

async fn revisions(store: &PostgresKeyStore, after: Revision) -> Vec<u64> {
    let page = store.changes(after, 10).await.unwrap().value;
    let revisions = page.changes.iter().map(KeyChange::revision);
    revisions.map(Revision::as_u64).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_that_arrives_late_is_passed_by_no_reader() {
    let Some(server) = Postgres::shared() else {
        return;
    };
    let database = server.database().await;
    let proxy = Proxy::start(&database, Commit::Waits).await;
    let (late, other) = (store(&proxy.url()).await, store(&database.url()).await);
    proxy.arm();
    let first = tokio::spawn(late.write(testing::key_store_create(1)));
    proxy.arrived().await;
    // The first change has its revision, and is not committed.
    let second = tokio::spawn(other.write(testing::key_store_create(2)));
    for _ in 0..20 {
        assert!(revisions(&other, Revision::ZERO).await.is_empty());
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert!(
        !second.is_finished(),
        "it has a revision that a reader passes"
    );
    proxy.release();
    first.await.unwrap().unwrap();
    second.await.unwrap().unwrap();
    assert_eq!(revisions(&other, Revision::ZERO).await, [1, 2]);
}

/// As if the process were stopped, or its machine gone without a word.
#[tokio::test(flavor = "multi_thread")]
async fn a_process_that_stops_before_its_commit_holds_others_up_for_its_wait_limit_only() {
    let Some(server) = Postgres::shared() else {
        return;
    };
    let database = server.database().await;
    let proxy = Proxy::start(&database, Commit::Waits).await;
    let limit = Duration::from_secs(2);
    let stopped = store(&proxy.url()).await.with_wait_limit(limit);
    let other = store(&database.url()).await;
    proxy.arm();
    let first = tokio::spawn(stopped.write(testing::key_store_create(1)));
    proxy.arrived().await;
    let written = other.write(testing::key_store_create(2));
    tokio::time::timeout(PATIENCE / 4, written)
        .await
        .unwrap()
        .unwrap();
    let error = first.await.unwrap().unwrap_err();
    assert!(reason(&error).contains("in time"), "{}", reason(&error));
    // Its commit comes when nobody wants it any more.
    proxy.release();
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert_eq!(revisions(&other, Revision::ZERO).await, [1]);
    let first = other.find(KeyLookup::Id(testing::key_store_id(1))).await;
    assert_eq!(first.unwrap().value, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_whose_answer_is_lost_is_no_success() {
    let Some(server) = Postgres::shared() else {
        return;
    };
    let database = server.database().await;
    let proxy = Proxy::start(&database, Commit::IsNotAnswered).await;
    let (store, other) = (store(&proxy.url()).await, store(&database.url()).await);
    proxy.arm();
    let error = store.write(testing::key_store_create(1)).await.unwrap_err();
    assert!(error.is_unavailable(), "{error:?}");
    proxy.release();
    // It was carried out, and whoever asks again learns it.
    let seen = async {
        while revisions(&other, Revision::ZERO).await.is_empty() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(PATIENCE, seen).await.unwrap();
    let again = store.find(KeyLookup::Id(testing::key_store_id(1))).await;
    assert!(again.unwrap().value.is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_does_not_answer_is_unavailable_in_time() {
    let Some(server) = Postgres::shared() else {
        return;
    };
    let database = server.database().await;
    let proxy = Proxy::start(&database, Commit::Waits).await;
    let patient = store(&proxy.url()).await;
    let store = patient.clone().with_wait_limit(Duration::from_millis(500));
    let before = Instant::now();
    let ask = async |which| match which {
        0 => store.changes(Revision::ZERO, 1).await.map(drop),
        1 => store.spend(testing::key_store_id(1)).await.map(drop),
        _ => store.touch(Vec::new()).await,
    };
    for which in 0..3 {
        // On new connections it goes on: the feed has one of its own.
        patient.changes(Revision::ZERO, 1).await.unwrap();
        patient.spend(testing::key_store_id(1)).await.unwrap();
        proxy.silence();
        let error = ask(which).await.unwrap_err();
        assert_eq!(
            reason(&error),
            "the database did not answer in time: look for what keeps it busy, or raise the wait limit"
        );
    }
    assert!(before.elapsed() < PATIENCE / 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_that_is_dropped_before_its_commit_is_not_done() {
    let Some(server) = Postgres::shared() else {
        return;
    };
    let database = server.database().await;
    let proxy = Proxy::start(&database, Commit::Waits).await;
    let store = store(&proxy.url()).await.with_connections(1);
    proxy.arm();
    let write = tokio::spawn(store.write(testing::key_store_create(1)));
    proxy.arrived().await;
    write.abort();
    assert!(write.await.unwrap_err().is_cancelled());
    proxy.release();
    // Its connection was not given to the next call.
    store.write(testing::key_store_create(2)).await.unwrap();
    let seen = revisions(&store, Revision::ZERO).await;
    let first = store.find(KeyLookup::Id(testing::key_store_id(1))).await;
    match first.unwrap().value {
        // The server read the commit that waited on its way before it read the end.
        Some(_) => assert_eq!(seen, [1, 2]),
        None => assert_eq!(seen, [1]),
    }
}
