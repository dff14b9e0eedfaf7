//! Requests that hold only under a condition: idempotency keys, entity tags.

use serde_json::{Value, json};

use super::kit::{Admin, Server, at, body, text};
use crate::common::answer::Answer;

async fn create(admin: &Admin, idempotency_key: &str, name: &str) -> Answer {
    let headers = [("idempotency-key", idempotency_key)];
    admin
        .json("POST", "/keys", &headers, json!({"name": name}))
        .await
}

#[tokio::test]
async fn a_repeated_request_makes_no_second_key_and_shows_none() {
    let server = Server::new();
    let root = server.root().await;
    let first = create(&root, "\"order-1\"", "x").await;
    assert_eq!(first.status, 201);
    // In quotes or not, it is one text.
    for key in ["\"order-1\"", "order-1"] {
        let again = create(&root, key, "another").await;
        assert_eq!(again.status, 200);
        assert_eq!(body(&again)["id"], body(&first)["id"]);
        assert!(body(&again).get("key").is_none());
        assert_eq!(text(&body(&again), "name"), "x");
    }
    assert_eq!(create(&root, "order-2", "x").await.status, 201);
}

#[tokio::test]
async fn a_malformed_idempotency_key_is_refused() {
    let server = Server::new();
    let root = server.root().await;
    let long = "a".repeat(129);
    for key in ["", "\"", "\"\"", "\"a", "a b", "a,b", "\"a\";b", "ä", &long] {
        create(&root, key, "x")
            .await
            .refused_with(400, "invalid_request");
    }
    let twice = [("idempotency-key", "a"), ("idempotency-key", "b")];
    root.json("POST", "/keys", &twice, json!({"name": "x"}))
        .await
        .refused_with(400, "invalid_request");
}

#[tokio::test]
async fn a_change_under_a_stale_tag_changes_nothing() {
    let server = Server::new();
    let root = server.root().await;
    let made = root.creates_named("x").await;
    let stale = root.get(&at(&made)).await.header("etag").to_owned();
    root.patch(&at(&made), json!({"name": "y"})).await;
    let before = body(&root.get(&at(&made)).await);
    for (method, path, request) in changes(&made) {
        let headers = [("if-match", &*stale)];
        root.json(method, &path, &headers, request)
            .await
            .refused_with(412, "precondition_failed");
    }
    assert_eq!(body(&root.get(&at(&made)).await), before);
}

#[tokio::test]
async fn a_change_under_the_present_tag_is_carried_out() {
    let server = Server::new();
    let root = server.root().await;
    for place in 0..changes(&json!({"id": ""})).len() {
        let made = root.creates_named("x").await;
        let tag = root.get(&at(&made)).await.header("etag").to_owned();
        let (method, path, request) = changes(&made).swap_remove(place);
        let answer = root
            .json(method, &path, &[("if-match", &tag)], request)
            .await;
        assert!(
            answer.status.is_success(),
            "{method} {path} {:?}",
            answer.body
        );
    }
}

#[tokio::test]
async fn a_malformed_tag_is_refused() {
    let server = Server::new();
    let root = server.root().await;
    let made = root.creates_named("x").await;
    for tag in [
        "7",
        "W/\"7\"",
        "\"7\", \"8\"",
        "\"a\"",
        "\"\"",
        "\"+7\"",
        "",
    ] {
        root.json("PATCH", &at(&made), &[("if-match", tag)], json!({}))
            .await
            .refused_with(400, "invalid_request");
    }
    let any = [("if-match", "*")];
    let answer = root.json("PATCH", &at(&made), &any, json!({})).await;
    assert_eq!(answer.status, 200);
}

fn changes(key: &Value) -> Vec<(&'static str, String, Value)> {
    let at = at(key);
    vec![
        ("PATCH", at.clone(), json!({"name": "z"})),
        ("POST", format!("{at}/rotate"), json!({"overlap": "1h"})),
        ("POST", format!("{at}/revoke"), json!({})),
        ("POST", format!("{at}/unrevoke"), json!({})),
        ("DELETE", at, json!({})),
    ]
}

#[tokio::test]
async fn a_repeated_import_answers_the_record_and_makes_nothing() {
    let server = Server::new();
    let root = server.root().await;
    let digest = "4a".repeat(32);
    let import = async || {
        let body = json!({"name": "old", "digest": digest});
        let headers = [("idempotency-key", "order-1")];
        root.json("POST", "/keys/import", &headers, body).await
    };
    let (first, second) = (import().await, import().await);
    assert_eq!((first.status.as_u16(), second.status.as_u16()), (201, 200));
    assert_eq!(body(&first), body(&second));
}
