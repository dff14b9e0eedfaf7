//! Managed keys over one file: from the request to the disk.

use std::{
    convert::Infallible,
    env, fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use http::{Request, Response, StatusCode};
use tower::{Layer, ServiceExt, service_fn};
use tower_auth::{
    AuthContext, AuthLayer,
    keys::{KeyRequest, MadeKey, ManagedKeys},
};

use crate::{
    common::{Folder, PATIENCE, child_command},
    processes::{said, store},
};

pub(crate) async fn keys(file: &Path) -> ManagedKeys {
    let keys = ManagedKeys::new(store(file.to_owned()).await, "sk_test").unwrap();
    keys.open().await.unwrap();
    keys
}

pub(crate) fn secret(key: &MadeKey) -> String {
    key.secret().unwrap().expose().to_owned()
}

pub(crate) async fn ask(keys: &ManagedKeys, secret: &str) -> StatusCode {
    let service = AuthLayer::new(keys.clone()).layer(service_fn(async |request: Request<()>| {
        assert!(request.extensions().get::<AuthContext>().is_some());
        Ok::<_, Infallible>(Response::new(()))
    }));
    let request = Request::builder().uri("/run").header("x-api-key", secret);
    let answer = service.oneshot(request.body(()).unwrap()).await;
    answer.unwrap().status()
}

/// How long it takes until a key is answered so.
async fn until(keys: &ManagedKeys, secret: &str, status: StatusCode) -> Duration {
    let before = Instant::now();
    while ask(keys, secret).await != status {
        assert!(before.elapsed() < PATIENCE, "it is never {status}");
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    before.elapsed()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_one_store_changes_another_one_of_the_file_holds_within_a_second() {
    let folder = Folder::new();
    let (here, there) = (keys(&folder.file()).await, keys(&folder.file()).await);
    let admin = here.as_operator("ada");
    let mut took = Vec::new();
    for round in 0..5 {
        let made = admin.create(KeyRequest::new(format!("key {round}"))).await;
        let made = made.unwrap();
        assert_eq!(ask(&here, &secret(&made)).await, StatusCode::OK);
        took.push(until(&there, &secret(&made), StatusCode::OK).await);
        let revoked = admin.revoke(made.key().record().id(), "lost").await;
        revoked.unwrap();
        assert_eq!(ask(&here, &secret(&made)).await, StatusCode::UNAUTHORIZED);
        took.push(until(&there, &secret(&made), StatusCode::UNAUTHORIZED).await);
    }
    // A machine that has other things to do may be late once.
    took.sort();
    assert!(took[took.len() - 2] < Duration::from_secs(1), "{took:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn three_processes_accept_exactly_as_many_requests_as_a_key_has_credits() {
    let folder = Folder::new();
    let admin = keys(&folder.file()).await.as_operator("ada");
    let made = admin.create(KeyRequest::new("metered").with_credits(2_000));
    let made = made.await.unwrap();
    let children: Vec<_> = (0..3)
        .map(|_| {
            let mut command = child_command("ask", &folder);
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
pub(crate) async fn spend(file: PathBuf) -> String {
    let secret = env::var("SECRET").unwrap();
    let keys = keys(&file).await;
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

#[tokio::test(flavor = "multi_thread")]
async fn no_file_ever_holds_a_key() {
    let folder = Folder::new();
    let keys = keys(&folder.file()).await;
    let admin = keys.as_operator("ada");
    let first = admin.create(KeyRequest::new("first")).await.unwrap();
    assert_eq!(ask(&keys, &secret(&first)).await, StatusCode::OK);
    let id = first.key().record().id();
    let next = admin.rotate(id, Duration::from_secs(60)).await.unwrap();
    admin.revoke(id, "lost").await.unwrap();
    admin.delete(id).await.unwrap();

    let mut read = 0;
    for entry in fs::read_dir(folder.path()).unwrap() {
        // By another process: this one would lose its locks with the file that it closes.
        let output = Command::new("cat").arg(entry.unwrap().path()).output();
        let bytes = output.unwrap().stdout;
        read += bytes.len();
        for made in [&first, &next] {
            let secret = secret(made);
            // Neither the key nor its random part; its first characters are kept to know it again.
            let random = &secret["sk_test_".len() + 4..][..28];
            let found = bytes.windows(28).any(|bytes| bytes == random.as_bytes());
            assert!(!found, "{secret} is in a file");
        }
    }
    assert!(read > 10_000, "{read}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_taken_away_becomes_a_503_and_no_401() {
    let folder = Folder::new();
    let keys = keys(&folder.file()).await.with_stale_limit(Duration::ZERO);
    let made = keys.as_operator("ada").create(KeyRequest::new("ci")).await;
    let secret = secret(&made.unwrap());
    assert_eq!(ask(&keys, &secret).await, StatusCode::OK);
    fs::remove_file(folder.file()).unwrap();
    until(&keys, &secret, StatusCode::SERVICE_UNAVAILABLE).await;
    assert_eq!(ask(&keys, &secret).await, StatusCode::SERVICE_UNAVAILABLE);
}

#[tokio::test(flavor = "multi_thread")]
async fn old_audit_records_may_be_deleted_while_processes_serve() {
    let folder = Folder::new();
    let (here, there) = (keys(&folder.file()).await, keys(&folder.file()).await);
    let admin = here.as_operator("ada");
    let kept = admin.create(KeyRequest::new("kept")).await.unwrap();
    let ended = admin.create(KeyRequest::new("ended")).await.unwrap();
    let sql = "DELETE FROM audit WHERE revision < 2";
    assert_eq!(folder.connection().execute(sql, []).unwrap(), 1);
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
