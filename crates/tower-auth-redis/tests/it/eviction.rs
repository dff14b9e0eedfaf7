//! Servers that cannot keep what must be remembered.

use std::time::Duration;

use tower_auth::shared::{Once, SharedState};
use tower_auth_servers::Redis;

use crate::common::{admit, count, reason, refusal, state};

#[tokio::test]
async fn a_server_that_may_forget_is_refused() {
    let policies = [
        "allkeys-lru",
        "allkeys-lfu",
        "allkeys-random",
        "volatile-lru",
        "volatile-lfu",
        "volatile-random",
        "volatile-ttl",
    ];
    let Some(server) = Redis::start(&[]) else {
        return;
    };
    for policy in policies {
        server.run::<String>(&format!("CONFIG SET maxmemory-policy {policy}"));
        let told = refusal(&server.url()).await;
        assert_eq!(
            told,
            format!(
                "where its memory is short, the server forgets what must be remembered: set \
                 maxmemory-policy to noeviction (it is {policy}), or name a server of its own"
            )
        );
    }
    server.run::<String>("CONFIG SET maxmemory-policy noeviction");
    state(&server.url()).await;
}

#[tokio::test]
async fn a_server_that_is_a_replica_is_refused_and_so_is_one_that_becomes_one() {
    let Some(primary) = Redis::start(&[]) else {
        return;
    };
    let Some(server) = Redis::start(&[]) else {
        return;
    };
    let shared = state(&server.url()).await;
    let ada = count("ada", "9 per hour");
    admit(&shared, ada).await.unwrap();
    server.run::<String>(&format!("REPLICAOF 127.0.0.1 {}", primary.port()));
    let said = "the server is a replica, which may be behind: name the primary in the URL";
    assert_eq!(refusal(&server.url()).await, said);
    for _ in 0..2 {
        let told = admit(&shared, ada).await.unwrap_err();
        assert!(told.starts_with(said), "{told}");
    }
    server.run::<String>("REPLICAOF NO ONE");
    crate::common::until_it_answers(&shared).await;
}

#[tokio::test]
async fn a_server_without_memory_is_an_error_and_forgets_nothing() {
    let Some(server) = Redis::start(&[]) else {
        return;
    };
    let shared = state(&server.url_of("test-full")).await;
    let ada = count("ada", "2 per hour");
    let (running, done) = (Once::new("test", b"running"), Once::new("test", b"done"));
    let hour = Duration::from_secs(3_600);
    shared.begin(&running, hour).await.unwrap();
    shared.finish(&done, hour).await.unwrap();
    admit(&shared, ada).await.unwrap();
    server.run::<String>("CONFIG SET maxmemory 1");
    let said = "the server has no memory left: raise its maxmemory, or give it less to keep (OOM)";
    assert_eq!(admit(&shared, ada).await.unwrap_err(), said);
    let other = Once::new("test", b"other");
    let error = shared.begin(&other, hour).await.unwrap_err();
    assert_eq!(reason(&error), said);
    assert_eq!(server.names("test-full").len(), 3);
    // What is over can be forgotten all the same.
    shared.abandon(&running).await.unwrap();
    assert_eq!(server.names("test-full").len(), 2);
}
