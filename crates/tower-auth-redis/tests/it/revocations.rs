//! Revocations in a server that dies, comes back empty, or with a part [13.1].

use std::{error::Error, sync::Arc, time::Duration};

use tower_auth::{
    AuthContext,
    keys::{Revision, Revocation, RevocationEntry},
    revocations::{RevocationStore, RevocationStoreError, Revocations},
    testing,
};
use tower_auth_redis::RedisRevocationStore;
use tower_auth_servers::{REDIS_ENGINES, Redis};

use crate::common::PATIENCE;

async fn store(url: &str) -> RedisRevocationStore {
    match RedisRevocationStore::open(url).await {
        Ok(store) => store.with_wait_limit(PATIENCE),
        Err(error) => panic!("{error}: {:?}", error.source()),
    }
}

/// A store with a history.
async fn begun(url: &str) -> RedisRevocationStore {
    let store = store(url).await;
    store.restore(Vec::new()).await.unwrap();
    store
}

/// An entry of a token.
fn entry(number: u32) -> RevocationEntry {
    let json = format!(r#"{{"token": "{number:064x}", "until": 99999999999999}}"#);
    serde_json::from_str(&json).unwrap()
}

/// The numbers of all entries, in their order.
async fn all(store: &RedisRevocationStore) -> Vec<u8> {
    let page = store.changes(Revision::ZERO, 1_000).await.unwrap().value;
    let last = page.changes.iter().map(|stored| stored.entry.id()[31]);
    let mut all: Vec<_> = last.collect();
    all.sort_unstable();
    all
}

#[track_caller]
fn is_lost<T: std::fmt::Debug>(answer: Result<T, RevocationStoreError>) {
    assert!(
        matches!(answer, Err(RevocationStoreError::Lost)),
        "{answer:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn all_that_a_store_of_revocations_promises_holds_over_two_stores_of_one_server() {
    for engine in REDIS_ENGINES {
        let Some(server) = Redis::shared_of(engine) else {
            continue;
        };
        testing::revocation_store(async || {
            let url = server.url();
            let handles = [begun(&url).await, store(&url).await];
            handles.map(|store| Arc::new(store) as Arc<dyn RevocationStore>)
        })
        .await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_new_or_comes_back_empty_has_no_list_until_somebody_writes_one() {
    let Some(server) = Redis::start(&[]) else {
        return;
    };
    let url = server.url();
    let store = store(&url).await;
    is_lost(store.changes(Revision::ZERO, 10).await);
    store.restore(vec![entry(1), entry(2)]).await.unwrap();
    let first = store.changes(Revision::ZERO, 10).await.unwrap().value;
    assert_eq!(all(&store).await, [1, 2]);
    server.run::<String>("FLUSHALL");
    is_lost(store.changes(first.latest, 10).await);
    store.restore(vec![entry(1)]).await.unwrap();
    let second = store.changes(Revision::ZERO, 10).await.unwrap().value;
    assert_ne!(first.epoch, second.epoch);
    // Another process that holds more adds it, in this history.
    store.restore(vec![entry(2), entry(1)]).await.unwrap();
    assert_eq!(all(&store).await, [1, 2]);
    let third = store.changes(Revision::ZERO, 10).await.unwrap().value;
    assert_eq!(second.epoch, third.epoch);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_lost_a_part_has_lost_the_list_and_what_is_left_is_kept() {
    let Some(server) = Redis::shared() else {
        return;
    };
    for (lost, left) in [
        ("entries", &[][..]),
        ("feed", &[1, 2, 3]),
        ("ends", &[1, 2, 3]),
        ("state", &[1, 2, 3]),
    ] {
        let namespace = format!("test-part-{lost}");
        let store = begun(&server.url_of(&namespace)).await;
        store
            .restore(vec![entry(1), entry(2), entry(3)])
            .await
            .unwrap();
        let before = store.changes(Revision::ZERO, 10).await.unwrap().value;
        server.run::<i64>(&format!("DEL {{{namespace}}}:revoked:{lost}"));
        is_lost(store.changes(before.latest, 10).await);
        store.restore(Vec::new()).await.unwrap();
        assert_eq!(all(&store).await, left, "{lost}");
        let after = store.changes(Revision::ZERO, 10).await.unwrap().value;
        assert_ne!(before.epoch, after.epoch, "{lost}");
        store.restore(vec![entry(2), entry(4)]).await.unwrap();
        assert!(all(&store).await.ends_with(&[4]), "{lost}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn processes_that_write_back_at_the_same_time_lose_nothing() {
    let Some(server) = Redis::shared() else {
        return;
    };
    let url = server.url();
    let tasks: Vec<_> = (0..6)
        .map(|process| {
            let url = url.clone();
            tokio::spawn(async move {
                let store = store(&url).await;
                let held = (process * 20..process * 20 + 60).map(entry).collect();
                store.restore(held).await.unwrap();
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    let all = all(&store(&url).await).await;
    assert_eq!(all, (0..160).collect::<Vec<u8>>());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_longer_than_a_page_is_written_back_and_read() {
    let Some(server) = Redis::shared() else {
        return;
    };
    let store = store(&server.url()).await;
    store
        .restore((0..2_500).map(entry).collect())
        .await
        .unwrap();
    let (mut at, mut read) = (Revision::ZERO, 0);
    loop {
        let page = store.changes(at, 10_000).await.unwrap().value;
        read += page.changes.len();
        match page.changes.last() {
            Some(last) => at = last.revision,
            None => break,
        }
        if page.is_complete {
            break;
        }
    }
    assert_eq!(read, 2_500);
}

/// A server whose disk lacks what came last, and one that takes over, have the marker all the same.
#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_starts_again_has_another_history_and_gives_no_revision_twice() {
    let Some(mut server) = Redis::start(&[]) else {
        return;
    };
    let store = begun(&server.url()).await;
    store.restore(vec![entry(1)]).await.unwrap();
    server.run::<String>("SAVE");
    store.restore(vec![entry(2)]).await.unwrap();
    let before = store.changes(Revision::ZERO, 10).await.unwrap().value;
    server.kill();
    store.changes(Revision::ZERO, 10).await.unwrap_err();
    server.start_again();
    let after = loop {
        match store.changes(Revision::ZERO, 10).await {
            Ok(page) => break page.value,
            Err(RevocationStoreError::Unavailable(_)) => {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            Err(error) => panic!("{error}"),
        }
    };
    assert_eq!(all(&store).await, [1]);
    assert_ne!(before.epoch, after.epoch);
    store.restore(vec![entry(3)]).await.unwrap();
    let later = store.changes(Revision::ZERO, 10).await.unwrap().value;
    assert!(later.latest > before.latest);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_is_told_to_other_processes_also_on_a_new_connection() {
    let Some(server) = Redis::start(&[]) else {
        return;
    };
    let url = server.url();
    let (one, other) = (begun(&url).await, store(&url).await);
    for number in 1..4 {
        let told = tokio::spawn(other.changed());
        // It listens from when it is asked.
        while !told.is_finished() {
            one.restore(vec![entry(number)]).await.unwrap();
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        told.await.unwrap();
        server.run::<i64>("CLIENT KILL TYPE pubsub");
        // Both listen, so both lost their connection. The next question makes one, which listens again.
        reached(&one).await;
        reached(&other).await;
    }
}

/// Asks until the store answers.
async fn reached(store: &RedisRevocationStore) {
    let before = std::time::Instant::now();
    while let Err(error) = store.changes(Revision::ZERO, 1).await {
        assert!(before.elapsed() < PATIENCE, "{error}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn namespaces_have_lists_of_their_own() {
    let Some(server) = Redis::shared() else {
        return;
    };
    let (one, other) = (begun(&server.url()).await, begun(&server.url()).await);
    one.restore(vec![entry(1)]).await.unwrap();
    assert_eq!((all(&one).await, all(&other).await), (vec![1], vec![]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_without_memory_is_read_and_takes_nothing() {
    let Some(server) = Redis::start(&[]) else {
        return;
    };
    let store = begun(&server.url()).await;
    store.restore(vec![entry(1)]).await.unwrap();
    server.run::<String>("CONFIG SET maxmemory 1");
    assert_eq!(all(&store).await, [1]);
    let error = store.restore(vec![entry(2)]).await.unwrap_err();
    let reason = error.source().unwrap().to_string();
    assert!(
        reason.starts_with("the server has no memory left"),
        "{reason}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn another_programs_values_are_no_list() {
    let Some(server) = Redis::shared() else {
        return;
    };
    let name = |kind: &str| format!("{{test-values}}:revoked:{kind}");
    let store = begun(&server.url_of("test-values")).await;
    store.restore(vec![entry(1)]).await.unwrap();
    let id = format!("{:064x}", 1);
    for value in [
        "nonsense",
        "1 2 {}",
        "x 2 {\"token\":\"00\",\"until\":1}",
        "1",
    ] {
        let mut client = server.client().unwrap();
        redis::cmd("HSET")
            .arg(name("entries"))
            .arg(&id)
            .arg(value)
            .query::<i64>(&mut client)
            .unwrap();
        let error = store.changes(Revision::ZERO, 10).await.unwrap_err();
        let reason = error.source().unwrap().to_string();
        assert!(reason.contains("namespace of its own"), "{value}: {reason}");
    }
    server.run::<i64>(&format!("DEL {}", name("state")));
    server.run::<String>(&format!("SET {} x", name("state")));
    let error = store.changes(Revision::ZERO, 10).await.unwrap_err();
    assert!(
        matches!(error, RevocationStoreError::Unavailable(_)),
        "{error}"
    );
}

fn caller(user: &str) -> AuthContext {
    AuthContext::new(user).with_method("sessions")
}

/// Whether a caller is let in: 200, 401 or 503.
async fn ask(revocations: &Revocations, user: &str) -> u16 {
    match revocations.check(&caller(user)).await {
        Ok(()) => 200,
        Err(error) => error.status().as_u16(),
    }
}

async fn until(revocations: &Revocations, user: &str, status: u16) {
    let before = std::time::Instant::now();
    while ask(revocations, user).await != status {
        assert!(before.elapsed() < PATIENCE, "{user} is never {status}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

async fn replica(url: &str) -> Revocations {
    let store = RedisRevocationStore::open(url).await.unwrap();
    Revocations::new(store)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_restarts_empty_loses_no_revocation() {
    let Some(mut server) = Redis::start(&[]) else {
        return;
    };
    let url = server.url();
    let (one, other) = (replica(&url).await, replica(&url).await);
    one.begin().await.unwrap();
    for replica in [&one, &other] {
        replica.open().await.unwrap();
    }
    let revoke = async |replica: &Revocations, user: &str| {
        let everything = Revocation::principal(caller(user).principal().into_owned());
        let operator = replica.as_operator("root");
        operator.revoke(everything.because("lost")).await.unwrap();
    };
    revoke(&one, "ada").await;
    until(&other, "ada", 401).await;
    assert_eq!(ask(&other, "bob").await, 200);
    server.kill();
    // Nothing was saved.
    server.start_again();
    let late = replica(&url).await;
    // It never read a complete list: it lets nobody in before it has.
    loop {
        match ask(&late, "ada").await {
            401 => break,
            503 => tokio::time::sleep(Duration::from_millis(10)).await,
            other => panic!("{other}"),
        }
        for replica in [&one, &other] {
            assert_eq!(ask(replica, "ada").await, 401);
        }
    }
    revoke(&other, "bob").await;
    for replica in [&one, &other, &late] {
        until(replica, "bob", 401).await;
        assert_eq!(ask(replica, "ada").await, 401);
        assert_eq!(ask(replica, "eve").await, 200);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn where_the_server_cannot_be_asked_a_new_replica_lets_nobody_in() {
    let Some(server) = Redis::start(&[]) else {
        return;
    };
    let url = server.url();
    let known = replica(&url).await.with_stale_limit(Duration::from_secs(1));
    known.begin().await.unwrap();
    assert_eq!(ask(&known, "ada").await, 200);
    let new = replica(&url).await;
    server.hang();
    assert_eq!(ask(&new, "ada").await, 503);
    until(&known, "ada", 503).await;
    server.go_on();
    until(&known, "ada", 200).await;
    until(&new, "ada", 200).await;
}
