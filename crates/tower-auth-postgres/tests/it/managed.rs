//! Managed keys over one database: from the request to the server.

use std::{
    convert::Infallible,
    env, future,
    process::Stdio,
    time::{Duration, Instant},
};

use http::{Request, Response, StatusCode};
use tower::{Layer, ServiceExt, service_fn};
use tower_auth::{
    AuthContext, AuthLayer,
    keys::{KeyRequest, KeyStore, MadeKey, ManagedKeys},
};
use tower_auth_servers::{Pooler, Postgres};

use crate::{
    common::{PATIENCE, child_command, store},
    follower::Follower,
    processes::said,
};

pub(crate) async fn keys(url: &str) -> ManagedKeys {
    let keys = ManagedKeys::new(store(url).await, "sk_test").unwrap();
    keys.open().await.unwrap();
    keys
}

pub(crate) fn secret(key: &MadeKey) -> String {
    key.secret().unwrap().expose().to_owned()
}

pub(crate) async fn ask(keys: &ManagedKeys, secret: &str) -> StatusCode {
    let handler = service_fn(|request: Request<()>| {
        assert!(request.extensions().get::<AuthContext>().is_some());
        future::ready(Ok::<_, Infallible>(Response::new(())))
    });
    let service = AuthLayer::new(keys.clone()).layer(handler);
    let request = Request::builder().uri("/run").header("x-api-key", secret);
    let answer = service.oneshot(request.body(()).unwrap()).await;
    answer.unwrap().status()
}

/// How long it takes until a key is answered so.
pub(crate) async fn until(keys: &ManagedKeys, secret: &str, status: StatusCode) -> Duration {
    let before = Instant::now();
    while ask(keys, secret).await != status {
        assert!(before.elapsed() < PATIENCE, "it is never {status}");
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    before.elapsed()
}

/// How long each of so many changes takes from one process to another.
async fn changes_are_seen(here: &ManagedKeys, there: &ManagedKeys, rounds: usize) -> Vec<Duration> {
    let admin = here.as_operator("ada");
    let mut took = Vec::new();
    for round in 0..rounds {
        let made = admin.create(KeyRequest::new(format!("key {round}"))).await;
        let made = made.unwrap();
        took.push(until(there, &secret(&made), StatusCode::OK).await);
        let id = made.key().record().id();
        admin.revoke(id, "lost").await.unwrap();
        assert_eq!(ask(here, &secret(&made)).await, StatusCode::UNAUTHORIZED);
        took.push(until(there, &secret(&made), StatusCode::UNAUTHORIZED).await);
    }
    took.sort();
    took
}

#[tokio::test(flavor = "multi_thread")]
async fn what_one_process_changes_another_one_holds_within_a_second() {
    let Some(server) = Postgres::shared() else {
        return;
    };
    let url = server.database().await.url();
    let here = keys(&url).await;
    let admin = here.as_operator("ada");
    let mut there = Follower::start(&url);
    let rounds = env::var("CHANGES").map_or(10, |rounds| rounds.parse().unwrap());
    let mut took = Vec::new();
    for round in 0..rounds {
        let made = admin.create(KeyRequest::new(format!("key {round}"))).await;
        let made = made.unwrap();
        took.push(there.until(&secret(&made), StatusCode::OK));
        let revoked = admin.revoke(made.key().record().id(), "lost").await;
        revoked.unwrap();
        took.push(there.until(&secret(&made), StatusCode::UNAUTHORIZED));
    }
    there.end();
    took.sort();
    println!(
        "{} changes seen, half of them within {:?}, the last after {:?}",
        took.len(),
        took[took.len() / 2],
        took[took.len() - 1]
    );
    // A machine that has other things to do may be late once.
    // On a busy machine some are late.
    assert!(took[took.len() / 2] < Duration::from_secs(1), "{took:?}");
}

/// Behind a pooler no hint comes: another session listens.
#[tokio::test(flavor = "multi_thread")]
async fn behind_a_pooler_a_change_is_seen_within_a_second_too() {
    let Some(server) = Postgres::shared() else {
        return;
    };
    let Some(pooler) = Pooler::start(server) else {
        return;
    };
    let database = server.database().await;
    let url = pooler.url(&database.name);
    let (here, there) = (keys(&url).await, keys(&url).await);
    let took = changes_are_seen(&here, &there, 10).await;
    println!("behind a pooler: {took:?}");
    assert!(took[took.len() - 2] < Duration::from_secs(1), "{took:?}");
    // Nobody listens in a session that is somebody else's afterwards.
    assert_eq!(pooler.strays(), 0);

    let admin = here.as_operator("ada");
    let made = admin
        .create(KeyRequest::new("metered").with_credits(3))
        .await;
    let made = made.unwrap();
    until(&there, &secret(&made), StatusCode::OK).await;
    for status in [
        StatusCode::OK,
        StatusCode::OK,
        StatusCode::TOO_MANY_REQUESTS,
    ] {
        assert_eq!(ask(&here, &secret(&made)).await, status);
    }
}

/// A server that tells nobody, as one behind a pooler or a firewall.
#[tokio::test(flavor = "multi_thread")]
async fn without_hints_a_change_is_seen_within_a_second() {
    let Some(server) = Postgres::shared() else {
        return;
    };
    let database = server.database().await;
    let (here, there) = (keys(&database.url()).await, keys(&database.url()).await);
    let client = database.client().await;
    // Those who listen are sent away before each change.
    let sql = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
        WHERE datname = current_database() AND query LIKE 'LISTEN %'";
    let admin = here.as_operator("ada");
    let listening = "SELECT 1 FROM pg_stat_activity
        WHERE datname = current_database() AND query LIKE 'LISTEN %'";
    while client.query(listening, &[]).await.unwrap().len() < 2 {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let mut took = Vec::new();
    for round in 0..5 {
        client.batch_execute(sql).await.unwrap();
        let made = admin.create(KeyRequest::new(format!("key {round}"))).await;
        took.push(until(&there, &secret(&made.unwrap()), StatusCode::OK).await);
    }
    took.sort();
    assert!(took[took.len() - 2] < Duration::from_secs(1), "{took:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn three_processes_accept_exactly_as_many_requests_as_a_key_has_credits() {
    let Some(server) = Postgres::shared() else {
        return;
    };
    let url = server.database().await.url();
    let admin = keys(&url).await.as_operator("ada");
    let made = admin.create(KeyRequest::new("metered").with_credits(2_000));
    let made = made.await.unwrap();
    let children: Vec<_> = (0..3)
        .map(|_| {
            let mut command = child_command("ask", &url);
            command.env("SECRET", secret(&made)).stdout(Stdio::piped());
            command.spawn().unwrap()
        })
        .collect();
    let accepted: Vec<u32> = children
        .into_iter()
        .map(|child| said(child).parse().unwrap())
        .collect();
    assert_eq!(accepted.iter().sum::<u32>(), 2_000, "{accepted:?}");
    let left = admin.get(made.key().record().id()).await.unwrap().credits();
    assert_eq!(left, Some(0));
}

/// The part of a process that asks, eight requests at a time, until no credit is left.
pub(crate) async fn spend(url: &str) -> String {
    let secret = env::var("SECRET").unwrap();
    let keys = keys(url).await;
    let callers = (0..8).map(|_| {
        let (keys, secret) = (keys.clone(), secret.clone());
        tokio::spawn(async move {
            let mut accepted = 0;
            loop {
                match ask(&keys, &secret).await {
                    StatusCode::OK => accepted += 1,
                    StatusCode::TOO_MANY_REQUESTS => return accepted,
                    other => panic!("{other}"),
                }
            }
        })
    });
    let mut accepted = 0;
    for caller in callers.collect::<Vec<_>>() {
        accepted += caller.await.unwrap();
    }
    accepted.to_string()
}

/// As when a backup is restored under processes that serve: another history, which has less in it.
#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_a_restored_backup_does_not_have_is_refused() {
    let Some(server) = Postgres::shared() else {
        return;
    };
    let database = server.database().await;
    let (here, there) = (keys(&database.url()).await, keys(&database.url()).await);
    let admin = here.as_operator("ada");
    let kept = secret(&admin.create(KeyRequest::new("kept")).await.unwrap());
    let lost = secret(&admin.create(KeyRequest::new("lost")).await.unwrap());
    until(&there, &lost, StatusCode::OK).await;
    let sql = "DELETE FROM tower_auth.keys WHERE revision = 2;
        DELETE FROM tower_auth.audit WHERE revision = 2;
        UPDATE tower_auth.store SET revision = 1";
    database.client().await.batch_execute(sql).await.unwrap();
    store(&database.url()).await.renew_epoch().await.unwrap();
    for keys in [&here, &there] {
        until(keys, &lost, StatusCode::UNAUTHORIZED).await;
        assert_eq!(ask(keys, &kept).await, StatusCode::OK);
    }
}

/// Of rotations at once one gives the key its successor; the others are refused.
#[tokio::test(flavor = "multi_thread")]
async fn of_rotations_at_once_one_succeeds() {
    let Some(server) = Postgres::shared() else {
        return;
    };
    let url = server.database().await.url();
    let replicas = [keys(&url).await, keys(&url).await, keys(&url).await];
    let made = replicas[0]
        .as_operator("ada")
        .create(KeyRequest::new("ci"))
        .await;
    let made = made.unwrap();
    let id = made.key().record().id().clone();
    let rotations: Vec<_> = (0..9)
        .map(|number| {
            let (keys, id) = (replicas[number % 3].clone(), id.clone());
            tokio::spawn(async move {
                let admin = keys.as_operator("ada");
                admin.rotate(&id, Duration::from_secs(60)).await
            })
        })
        .collect();
    let mut rotated = 0;
    for rotation in rotations {
        rotated += u32::from(rotation.await.unwrap().is_ok());
    }
    assert_eq!(rotated, 1);
    let list = replicas[1].as_operator("ada").list(None, 10).await;
    assert_eq!(list.unwrap().items.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn old_audit_records_may_be_deleted_while_processes_serve() {
    let Some(server) = Postgres::shared() else {
        return;
    };
    let database = server.database().await;
    let (here, there) = (keys(&database.url()).await, keys(&database.url()).await);
    let admin = here.as_operator("ada");
    let kept = admin.create(KeyRequest::new("kept")).await.unwrap();
    let ended = admin.create(KeyRequest::new("ended")).await.unwrap();
    let sql = "DELETE FROM tower_auth.audit WHERE revision < 2";
    database.client().await.batch_execute(sql).await.unwrap();
    admin.revoke(ended.key().record().id(), "").await.unwrap();
    until(&there, &secret(&ended), StatusCode::UNAUTHORIZED).await;
    until(&there, &secret(&kept), StatusCode::OK).await;
    let left = admin.audit(None, None, 10).await.unwrap().items;
    let left: Vec<_> = left
        .iter()
        .map(|record| record.revision().as_u64())
        .collect();
    assert_eq!(left, [3, 2]);
}
