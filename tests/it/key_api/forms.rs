//! Requests of the wrong form: each is a problem that says what to write, and repeats nothing.

use axum::body::Body;
use serde_json::{Value, json};

use super::kit::{JSON, Server, at};
use crate::common::answer::Answer;

/// The faults of the answer: pointer and detail.
fn faults(answer: &Answer) -> Vec<(String, String)> {
    let problem = answer.problem();
    let errors = problem["errors"].as_array().unwrap();
    let text = |fault: &Value, name: &str| fault[name].as_str().unwrap().to_owned();
    errors
        .iter()
        .map(|fault| (text(fault, "pointer"), text(fault, "detail")))
        .collect()
}

#[tokio::test]
async fn what_is_no_json_object_is_refused() {
    let server = Server::new();
    let root = server.root().await;
    let deep = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
    for text in [
        "",
        "{",
        "null",
        "[]",
        "\"x\"",
        "7",
        "{} {}",
        "{\"name\": \"x\",}",
        "{\"name\": 1e999}",
        "\u{feff}{}",
        "{'name': 'x'}",
        &deep,
    ] {
        root.post_text("/keys", text)
            .await
            .refused_with(400, "invalid_request");
    }
    let bytes = Body::from(&b"{\"name\": \"\xff\"}"[..]);
    let answer = root.send("POST", "/keys", &[JSON], bytes).await;
    answer.refused_with(400, "invalid_request");
}

#[tokio::test]
async fn a_member_that_is_there_twice_is_refused_at_every_depth() {
    let server = Server::new();
    let root = server.root().await;
    for text in [
        r#"{"name": "x", "scopes": [], "scopes": ["*"]}"#,
        r#"{"name": "x", "n\u0061me": "y"}"#,
        r#"{"name": "x", "metadata": {"plan": "free", "plan": "gold"}}"#,
        r#"{"name": "x", "owner": {"method": "jwt", "user_id": "a", "user_id": "b"}}"#,
    ] {
        root.post_text("/keys", text)
            .await
            .refused_with(400, "invalid_request");
    }
}

#[tokio::test]
async fn all_faults_are_told_at_once_each_with_its_place() {
    let server = Server::new();
    let root = server.root().await;
    let request = json!({"scopes": "a", "credits": -1, "expires_at": "soon", "nmae": "x"});
    let answer = root.post("/keys", request).await;
    answer.refused_with(400, "invalid_request");
    let faults = faults(&answer);
    let pointers: Vec<_> = faults.iter().map(|(pointer, _)| &**pointer).collect();
    assert_eq!(
        pointers,
        ["/name", "/scopes", "/credits", "/expires_at", "/nmae"]
    );
    assert_eq!(faults[0].1, "name is missing");
    assert_eq!(
        faults[3].1,
        "expires_at is no date and time with its offset: write it as 2027-01-31T00:00:00Z"
    );
    assert!(
        faults[4]
            .1
            .starts_with("this request has no such member: it has name, owner")
    );
}

#[tokio::test]
async fn one_fault_is_the_detail() {
    let server = Server::new();
    let root = server.root().await;
    for (request, detail) in [
        (json!({}), "name is missing"),
        (json!({"name": 7}), "name is no text"),
        (json!({"name": null}), "name is null: leave it out"),
        (
            json!({"name": ""}),
            "the name is blank, has control characters, or has more than 128 characters",
        ),
        (
            json!({"name": "x", "scopes": null}),
            "scopes is null: leave it out",
        ),
        (
            json!({"name": "x", "scopes": ["a", 7]}),
            "scopes is no list of texts: write [\"invoices:read\"], or [] for none",
        ),
        (
            json!({"name": "x", "limit": {"requests": 5}}),
            "limit is no limit: write {\"requests\": 600, \"seconds\": 60}",
        ),
        (
            json!({"name": "x", "limit": {"requests": 5, "seconds": 0}}),
            "limit is no limit: write {\"requests\": 600, \"seconds\": 60}",
        ),
        (
            json!({"name": "x", "limit": {"requests": 5, "seconds": 60, "burst": 7}}),
            "limit is no limit: write {\"requests\": 600, \"seconds\": 60}",
        ),
        (
            json!({"name": "x", "credits": 9_007_199_254_740_992_u64}),
            "credits is no whole number from 0 to 9007199254740991",
        ),
        (
            json!({"name": "x", "credits": 1.5}),
            "credits is no whole number from 0 to 9007199254740991",
        ),
        (
            json!({"name": "x", "owner": {"user_id": "a"}}),
            "owner is neither a user id nor {\"method\", \"issuer\", \"user_id\"}",
        ),
        (
            json!({"name": "x", "expires_in": 90}),
            "expires_in is no duration: write a number with s, m, h or d, such as 24h",
        ),
        (
            json!({"name": "x", "expires_in": "1h", "expires_at": "2099-01-01T00:00:00Z"}),
            "expires_in is beside expires_at: write one of them",
        ),
        (
            json!({"name": "x", "metadata": []}),
            "metadata is no JSON object",
        ),
    ] {
        let answer = root.post("/keys", request.clone()).await;
        answer.refused_with(400, "invalid_request");
        assert_eq!(answer.problem()["detail"], detail, "{request}");
    }
}

#[tokio::test]
async fn every_request_with_a_body_has_no_unknown_member() {
    let server = Server::new();
    let root = server.root().await;
    let key = root.creates_named("x").await;
    let at = at(&key);
    for (method, path) in [
        ("POST", "/keys".to_owned()),
        ("POST", "/keys/import".to_owned()),
        ("PATCH", at.clone()),
        ("POST", format!("{at}/rotate")),
        ("POST", format!("{at}/revoke")),
        ("POST", format!("{at}/unrevoke")),
    ] {
        let answer = root.json(method, &path, &[], json!({"unknown": 1})).await;
        answer.refused_with(400, "invalid_request");
        assert!(
            faults(&answer)
                .iter()
                .any(|(pointer, _)| pointer == "/unknown")
        );
    }
    // What a key is made with, and never gets later.
    for member in [
        "id",
        "key",
        "start",
        "account",
        "revoked",
        "metered",
        "imported",
        "created_by",
    ] {
        let answer = root.patch(&at, json!({member: "x"})).await;
        answer.refused_with(400, "invalid_request");
        let mut request = json!({"name": "x"});
        request[member] = json!("x");
        root.post("/keys", request)
            .await
            .refused_with(400, "invalid_request");
    }
}

#[tokio::test]
async fn null_is_refused_where_it_removes_nothing() {
    let server = Server::new();
    let root = server.root().await;
    let key = root.creates_named("x").await;
    let members = [
        "name",
        "owner",
        "tenant",
        "scopes",
        "metadata",
        "limit",
        "credits",
        "expires_at",
        "expires_in",
    ];
    for member in members {
        let mut request = json!({"name": "x"});
        request[member] = Value::Null;
        root.post("/keys", request)
            .await
            .refused_with(400, "invalid_request");
    }
    for member in [
        "name",
        "owner",
        "scopes",
        "metadata",
        "credits",
        "expires_in",
    ] {
        let answer = root.patch(&at(&key), json!({member: null})).await;
        answer.refused_with(400, "invalid_request");
    }
    let both = json!({"expires_at": null, "expires_in": "1h"});
    root.patch(&at(&key), both)
        .await
        .refused_with(400, "invalid_request");
}

/// What is no text of the request is no part of the answer: it may be a key.
#[tokio::test]
async fn no_refusal_repeats_what_was_sent() {
    let server = Server::new();
    let root = server.root().await;
    let secret = "sk_Canary0000000000000000000000000000000000";
    for text in [
        json!({"name": "x", secret: 1}).to_string(),
        json!({"name": [secret]}).to_string(),
        json!({"name": "x", "scopes": secret}).to_string(),
        json!({"name": "x", "expires_at": secret}).to_string(),
        json!({"name": "x", "owner": {secret: secret}}).to_string(),
        json!({"name": secret, "credits": secret}).to_string(),
        format!("{{\"name\": {secret}}}"),
        json!({"name": "x", "scopes": [format!("{secret} ")]}).to_string(),
        json!({"name": format!("{secret}\u{0}")}).to_string(),
        json!({"name": "x", "metadata": {"tenant": secret}}).to_string(),
    ] {
        let answer = root.post_text("/keys", &text).await;
        assert_eq!(answer.status, 400, "{text}");
        assert!(
            !String::from_utf8_lossy(&answer.body).contains("Canary"),
            "{answer:?}"
        );
    }
    let import = json!({"name": "x", "digest": secret});
    let answer = root.post("/keys/import", import).await;
    answer.refused_with(400, "invalid_request");
    assert_eq!(
        answer.problem()["detail"],
        "digest is no SHA-256 of 64 hex digits; never send the key itself"
    );
    for path in [
        format!("/keys/{secret}"),
        format!("/keys/{secret}/x"),
        format!("/keys?{secret}=1"),
    ] {
        let answer = root.get(&path).await;
        assert!(answer.status.is_client_error());
        assert!(
            !String::from_utf8_lossy(&answer.body).contains("Canary"),
            "{answer:?}"
        );
    }
}
