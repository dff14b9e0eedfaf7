//! Users who may do no more than they need.

use std::{sync::Arc, time::Duration};

use tower_auth::{
    keys::Revision,
    revocations::{RevocationStore, RevocationStoreError},
    shared::SharedState,
    testing,
};
use tower_auth_redis::RedisRevocationStore;
use tower_auth_servers::Redis;

use crate::common::{admit, count, refusal, state};

/// As the README lists them.
const NEEDED: &str = "+hello +ping +select +info +get +set +del +time +evalsha +script|load \
                      ~{test-acl}:* &{test-acl}:*";

/// And these for revocations.
const NEEDED_TOO: &str = "+hget +hset +hsetnx +hdel +hlen +hexists +hgetall +zadd +zrange +zrem +zcard \
                          +publish +subscribe";

fn url(server: &Redis) -> String {
    let port = server.port();
    format!("redis://app:app-pw@127.0.0.1:{port}/0?namespace=test-acl")
}

fn server(rights: &str) -> Option<Redis> {
    let server = Redis::start(&[])?;
    let rights = rights.split_whitespace().collect::<Vec<_>>().join(" ");
    server.run::<String>(&format!(
        "ACL SETUSER app on >app-pw resetkeys resetchannels -@all {rights}"
    ));
    Some(server)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_readme_lists_is_enough_also_where_config_is_forbidden() {
    let Some(server) = server(NEEDED) else {
        return;
    };
    let readme = include_str!("../../README.md");
    for right in NEEDED.split(' ').chain(NEEDED_TOO.split(' ')) {
        assert!(!right.starts_with('+') || readme.contains(right), "{right}");
    }
    let url = url(&server);
    testing::shared_state(async || {
        server.run::<String>("FLUSHALL");
        let handles = [state(&url).await, state(&url).await];
        let handles = handles.map(|state| Arc::new(state) as Arc<dyn SharedState>);
        let pass = async |by| tokio::time::sleep(by + Duration::from_millis(20)).await;
        (handles, pass)
    })
    .await;
    server.run::<String>("CONFIG SET maxmemory-policy allkeys-lru");
    assert!(refusal(&url).await.contains("it is allkeys-lru"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_readme_lists_is_enough_for_revocations() {
    for rights in [
        format!("{NEEDED} {NEEDED_TOO}"),
        // Without hints it is asked by the clock alone.
        format!("{NEEDED} {NEEDED_TOO} -subscribe -publish"),
    ] {
        let Some(server) = server(&rights) else {
            return;
        };
        let url = url(&server);
        testing::revocation_store(async || {
            server.run::<String>("FLUSHALL");
            let handles = [open(&url).await, open(&url).await];
            handles[0].restore(Vec::new()).await.unwrap();
            handles.map(|store| Arc::new(store) as Arc<dyn RevocationStore>)
        })
        .await;
    }
}

async fn open(url: &str) -> RedisRevocationStore {
    RedisRevocationStore::open(url).await.unwrap()
}

/// Its run is hidden with it: each connection is a history of its own, so that nothing is missed.
#[tokio::test(flavor = "multi_thread")]
async fn revocations_are_read_anew_on_each_connection_where_info_is_forbidden() {
    let Some(server) = server(&format!("{NEEDED} {NEEDED_TOO} -info +config|get")) else {
        return;
    };
    let store = open(&url(&server)).await;
    store.restore(Vec::new()).await.unwrap();
    let epoch = async || {
        store
            .changes(Revision::ZERO, 1)
            .await
            .map(|page| page.value.epoch)
    };
    let first = epoch().await.unwrap();
    assert_eq!(epoch().await.unwrap(), first);
    server.run::<i64>("CLIENT KILL USER app");
    let second = loop {
        match epoch().await {
            Ok(epoch) => break epoch,
            Err(error) => assert!(!matches!(error, RevocationStoreError::Lost)),
        }
    };
    assert_ne!(first, second);
}

#[tokio::test]
async fn the_policy_is_read_from_config_where_info_is_forbidden() {
    let rights = format!("{NEEDED} -info +config|get");
    let Some(server) = server(&rights) else {
        return;
    };
    state(&url(&server)).await;
    server.run::<String>("CONFIG SET maxmemory-policy volatile-ttl");
    assert!(refusal(&url(&server)).await.contains("it is volatile-ttl"));
}

#[tokio::test]
async fn a_policy_that_nobody_may_read_is_refused() {
    let rights = format!("{NEEDED} -info");
    let Some(server) = server(&rights) else {
        return;
    };
    assert_eq!(
        refusal(&url(&server)).await,
        "the server does not say whether it forgets what must be remembered: grant the user +info, or \
         +config|get"
    );
}

#[tokio::test]
async fn a_missing_right_is_said() {
    for (rights, said) in [
        (format!("{NEEDED} -evalsha"), "the user lacks a permission"),
        (format!("{NEEDED} -set"), "the user lacks a permission"),
        (
            format!("{NEEDED} resetkeys ~other:*"),
            "the user lacks a permission",
        ),
    ] {
        let Some(server) = server(&rights) else {
            return;
        };
        let shared = state(&url(&server)).await;
        let told = admit(&shared, count("ada", "1 per hour"))
            .await
            .unwrap_err();
        assert!(told.contains(said), "{rights}: {told}");
    }
}

#[tokio::test]
async fn a_wrong_password_and_a_missing_one_are_said() {
    let Some(server) = Redis::shared() else {
        return;
    };
    let port = server.port();
    for (user, said) in [
        (":wrong@", "the server refuses the user"),
        ("nobody:wrong@", "the server refuses the user"),
        ("", "the server asks for a password"),
    ] {
        let told = refusal(&format!("redis://{user}127.0.0.1:{port}")).await;
        assert!(told.starts_with(said), "{user}: {told}");
    }
}
