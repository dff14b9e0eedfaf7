//! Servers that say what no server says.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::{Duration, Instant},
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};
use tower_auth::shared::{Once, SharedState};

use crate::common::{PATIENCE, admit, count, reason, refusal, state};

/// A server that answers the first lines as a good one does, and then what it is told.
async fn server(greeting: &'static [&'static [u8]], then: &'static [u8]) -> String {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let url = format!("redis://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((mut client, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut bytes = vec![0; 65_536];
                let mut answers = greeting.iter();
                while let Ok(1..) = client.read(&mut bytes).await {
                    let answer = answers.next().copied().unwrap_or(then);
                    if client.write_all(answer).await.is_err() {
                        return;
                    }
                }
            });
        }
    });
    url
}

const HELLO: &[u8] = b"%1\r\n+proto\r\n:3\r\n";
const INFO: &[u8] = b"$61\r\nredis_version:7.2.0\r\nmaxmemory_policy:noeviction\r\nrole:master\r\n";

const GARBAGE: [&[u8]; 20] = [
    b"\0\0\0\0\0\0\0\0",
    b"HTTP/1.1 400 Bad Request\r\n\r\n",
    b"\xff\xfe\r\n",
    b"*-7\r\n",
    b"*9223372036854775807\r\n",
    b"*1000000000\r\n",
    b"%9223372036854775807\r\n",
    b"~2000000000\r\n:1\r\n",
    b">3000000000\r\n+message\r\n",
    b"|1\r\n+a\r\n+b\r\n",
    b"$9223372036854775807\r\n",
    b"$-5\r\n",
    b"=3\r\nabc\r\n",
    b":12345678901234567890123\r\n",
    b",nan\r\n",
    b"(99999999999999999999999999\r\n",
    b"+OK\r\n",
    b"_\r\n",
    b"*3\r\n:1\r\n:-5\r\n:0\r\n",
    b"*3\r\n:1\r\n:0\r\n:1000000000\r\n",
];

#[tokio::test(flavor = "multi_thread")]
async fn what_greets_with_garbage_is_no_server() {
    for garbage in GARBAGE {
        let url = server(&[], garbage).await;
        let before = Instant::now();
        let told = refusal(&url).await;
        assert!(before.elapsed() < PATIENCE / 2);
        assert!(
            told.starts_with("what answers is no Redis server")
                || told.starts_with("the server did not answer in time")
                || told.starts_with("the connection to the server ended")
                || told.starts_with("the server does not say whether it forgets"),
            "{:?}: {told}",
            String::from_utf8_lossy(garbage)
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_is_garbage_is_an_error_and_admits_nobody() {
    for garbage in GARBAGE {
        let url = server(&[HELLO, INFO], garbage).await;
        let shared = state(&url)
            .await
            .with_wait_limit(Duration::from_millis(300));
        let told = admit(&shared, count("ada", "1 per hour")).await;
        assert!(
            told.is_err(),
            "{:?}: {told:?}",
            String::from_utf8_lossy(garbage)
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_is_garbage_begins_nothing() {
    for garbage in GARBAGE {
        // Nothing, in the words of an older protocol and of this one, is the answer that begins.
        if garbage == b"_\r\n" || garbage == b"$-5\r\n" || garbage == b"*-7\r\n" {
            continue;
        }
        let url = server(&[HELLO, INFO], garbage).await;
        let shared = state(&url)
            .await
            .with_wait_limit(Duration::from_millis(300));
        let once = Once::new("test", b"x");
        let begun = shared.begin(&once, PATIENCE).await;
        assert!(
            begun.is_err(),
            "{:?}: {begun:?}",
            String::from_utf8_lossy(garbage)
        );
        let finished = shared.finish(&once, PATIENCE).await;
        if garbage != b"+OK\r\n" {
            assert!(finished.is_err(), "{:?}", String::from_utf8_lossy(garbage));
        }
    }
}

#[tokio::test]
async fn what_a_server_says_of_an_error_reaches_no_log() {
    let said = b"-ERR canary-value\x1b[31m of somebody\r\n";
    let url = server(&[HELLO, INFO], said).await;
    let shared = state(&url).await;
    let error = shared
        .admit(&[count("ada", "1 per hour")])
        .await
        .unwrap_err();
    let told = format!("{error} {error:?} {}", reason(&error));
    assert!(!told.contains("canary") && !told.contains('\x1b'), "{told}");
    let url = server(&[HELLO, INFO], b"-WEIRD\x1b[0mLOOK canary\r\n").await;
    let shared = state(&url).await;
    let error = shared
        .admit(&[count("ada", "1 per hour")])
        .await
        .unwrap_err();
    let told = format!("{error} {error:?} {}", reason(&error));
    assert!(
        told.contains("WEIRDLOOK") && !told.contains('\x1b'),
        "{told}"
    );
}

#[tokio::test]
async fn a_server_that_is_too_old_is_said() {
    const OLD: &[u8] = b"$45\r\nredis_version:6.2.7\r\nmaxmemory_policy:noevict\r\n";
    let said = "the server is older than Redis 7: install Redis 7 or later, or Valkey";
    assert_eq!(refusal(&server(&[HELLO], OLD).await).await, said);
    let unknown = b"-ERR unknown command `HELLO`, with args beginning with: `3`, \r\n";
    assert_eq!(refusal(&server(&[], unknown).await).await, said);
}

#[tokio::test]
async fn a_server_of_a_cluster_is_said() {
    let url = server(&[HELLO, INFO], b"-MOVED 3999 127.0.0.1:6381\r\n").await;
    let told = admit(&state(&url).await, count("ada", "1 per hour")).await;
    let told = told.unwrap_err();
    assert!(told.starts_with("the server is one of a cluster"), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_ends_every_connection_is_not_asked_for_one_after_the_other() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let url = format!("redis://{}", listener.local_addr().unwrap());
    let connections = Arc::new(AtomicU32::new(0));
    let counter = Arc::clone(&connections);
    tokio::spawn(async move {
        while let Ok((mut client, _)) = listener.accept().await {
            counter.fetch_add(1, Ordering::SeqCst);
            let mut bytes = vec![0; 65_536];
            for answer in [HELLO, INFO, b"garbage\r\n"] {
                let Ok(1..) = client.read(&mut bytes).await else {
                    break;
                };
                client.write_all(answer).await.unwrap();
            }
        }
    });
    let shared = state(&url).await;
    let before = Instant::now();
    for _ in 0..2_000 {
        let told = admit(&shared, count("ada", "1 per hour")).await;
        told.unwrap_err();
    }
    // One for each pause of at least 50 ms, and a few more.
    let most = u32::try_from(before.elapsed().as_millis() / 50).unwrap() + 3;
    let made = connections.load(Ordering::SeqCst);
    assert!(made <= most, "{made} in {:?}", before.elapsed());
}
