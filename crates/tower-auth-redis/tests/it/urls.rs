//! Which URLs are taken, and what is said of others.

use tower_auth_servers::{ESCAPED_PASSWORD, Redis};

use crate::common::{admit, count, refusal, state};

#[tokio::test]
async fn what_a_url_says_is_heeded() {
    let Some(server) = Redis::shared() else {
        return;
    };
    let (port, folder) = (server.port(), server.folder().display());
    let pw = ESCAPED_PASSWORD;
    for url in [
        format!("redis://:{pw}@127.0.0.1:{port}"),
        format!("redis://default:{pw}@localhost:{port}/"),
        format!("REDIS://:{pw}@127.0.0.1:{port}/3?namespace=test-url"),
        format!("valkey://:{pw}@127.0.0.1:{port}?db=3&namespace=test-url"),
        format!("redis+unix://:{pw}@{folder}/socket?db=3&namespace=test-url"),
        format!("unix://default:{pw}@{folder}/socket?db=3&namespace=test-url"),
        format!("redis://:{pw}@127.0.0.1:{port}?insecure_plaintext=true"),
    ] {
        let left = admit(&state(&url).await, count("url", "99 per hour")).await;
        assert!(left.is_ok(), "{url}: {left:?}");
    }
    // Three databases and two namespaces: the fourth request of one of them.
    let url = format!("redis://:{pw}@127.0.0.1:{port}/3?namespace=test-url");
    let left = admit(&state(&url).await, count("url", "99 per hour")).await;
    assert_eq!(left, Ok(Some(94)));
}

#[tokio::test]
async fn a_url_that_cannot_be_used_says_what_to_write() {
    for (url, said) in [
        ("", "write rediss://USER"),
        ("postgres://db.example", "write rediss://USER"),
        ("redis.example:6379", "write rediss://USER"),
        ("redis://", "names no host"),
        ("redis:///0", "names no host"),
        ("redis+unix://socket", "names no host"),
        ("redis+unix://host/socket", "malformed"),
        ("redis://[::1", "malformed"),
        ("redis://ada@127.0.0.1", "malformed"),
        ("redis://:pw#1@127.0.0.1", "malformed"),
        ("redis://127.0.0.1#x", "malformed"),
        ("redis://127.0.0.1:99999", "malformed"),
        ("redis://127.0.0.1/one", "database is no number"),
        ("redis://127.0.0.1/-1", "database is no number"),
        ("redis://127.0.0.1/1/2", "database is no number"),
        ("redis://127.0.0.1/1?db=1", "database is no number"),
        (
            "redis://127.0.0.1?protocol=resp2",
            "option that is not known",
        ),
        ("redis://127.0.0.1?insecure", "option that is not known"),
        (
            "redis://127.0.0.1?insecure_plaintext=yes",
            "option that is not known",
        ),
        ("redis://127.0.0.1?namespace=", "namespace is not"),
        ("redis://127.0.0.1?namespace=a*b", "namespace is not"),
        ("redis://127.0.0.1?namespace=%7Ba%7D", "namespace is not"),
        ("redis://127.0.0.1?cacert=/x", "asks for no TLS"),
        ("redis+unix:///socket?cacert=/x", "asks for no TLS"),
        (
            "redis://redis.example",
            "write rediss://, or add insecure_plaintext=true",
        ),
        (
            "redis://10.0.0.7/0",
            "write rediss://, or add insecure_plaintext=true",
        ),
        (
            "redis://127.0.0.1.example",
            "write rediss://, or add insecure_plaintext=true",
        ),
        (
            "redis://localhost.example",
            "write rediss://, or add insecure_plaintext=true",
        ),
        (
            "redis://[::ffff:10.0.0.7]",
            "write rediss://, or add insecure_plaintext=true",
        ),
        (
            "rediss://127.0.0.1?cacert=/no/such%0Afile",
            "\"/no/such\\nfile\" of cacert cannot be read",
        ),
        (
            "redis://no-such-host.invalid?insecure_plaintext=true",
            "the host of the URL has no address",
        ),
    ] {
        let told = refusal(url).await;
        assert!(told.contains(said), "{url}: {told}");
    }
}
