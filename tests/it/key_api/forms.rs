//! Requests of the wrong form: each is a problem that says what to write, and repeats nothing.

use std::{convert::Infallible, time::Duration};

use axum::body::{Body, Bytes};
use serde_json::{Value, json};

use super::kit::{Admin, Server, at};
use crate::common::answer::Answer;

const JSON: (&str, &str) = ("content-type", "application/json");

async fn send(admin: &Admin, text: &str) -> Answer {
    let body = Body::from(text.to_owned());
    admin.send("POST", "/keys", &[JSON], body).await
}

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
        send(&root, text).await.refused_with(400, "invalid_request");
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
        send(&root, text).await.refused_with(400, "invalid_request");
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

#[tokio::test]
async fn what_a_form_of_a_web_page_can_send_is_refused() {
    let server = Server::new();
    let root = server.root().await;
    let key = root.creates_named("x").await;
    let paths = ["/keys".to_owned(), format!("{}/revoke", at(&key))];
    for path in paths {
        for headers in [
            &[][..],
            &[("content-type", "text/plain")],
            &[("content-type", "application/x-www-form-urlencoded")],
            &[("content-type", "multipart/form-data; boundary=x")],
            &[("content-type", "text/plain; application/json")],
            &[
                ("content-type", "application/json"),
                ("content-type", "text/plain"),
            ],
            &[("content-type", "application/json, text/plain")],
            &[("content-type", "application/jsonp")],
            &[
                ("content-type", "application/json"),
                ("content-encoding", "gzip"),
            ],
        ] {
            let body = Body::from(r#"{"name": "x"}"#);
            let answer = root.send("POST", &path, headers, body).await;
            answer.refused_with(415, "unsupported_media_type");
            assert_eq!(answer.header("accept"), "application/json");
        }
    }
    let empty = root
        .send("POST", &format!("{}/revoke", at(&key)), &[], Body::empty())
        .await;
    empty.refused_with(415, "unsupported_media_type");
    assert_eq!(
        super::kit::body(&root.get(&at(&key)).await)["revoked"],
        Value::Null
    );
}

#[tokio::test]
async fn a_content_type_may_name_its_charset() {
    let server = Server::new();
    let root = server.root().await;
    let headers = [("content-type", "Application/JSON; charset=utf-8")];
    let body = Body::from(r#"{"name": "x"}"#);
    assert_eq!(root.send("POST", "/keys", &headers, body).await.status, 201);
}

#[tokio::test]
async fn a_long_body_is_refused_announced_or_not() {
    let server = Server::new();
    let root = server.root().await;
    let long = format!(r#"{{"name": "{}"}}"#, "x".repeat(64 * 1024));
    send(&root, &long)
        .await
        .refused_with(413, "payload_too_large");

    let chunk = Bytes::from(vec![b' '; 1024]);
    let endless = futures_util::stream::repeat_with(move || Ok::<_, Infallible>(chunk.clone()));
    let answer = root
        .send("POST", "/keys", &[JSON], Body::from_stream(endless))
        .await;
    answer.refused_with(413, "payload_too_large");

    let padded = format!(r#"{{"name": "x"}}{}"#, " ".repeat(64 * 1024 - 13));
    assert_eq!(padded.len(), 64 * 1024);
    assert_eq!(send(&root, &padded).await.status, 201);
}

#[tokio::test(start_paused = true)]
async fn a_body_that_does_not_come_is_refused_after_ten_seconds() {
    let server = Server::new();
    let root = server.root().await;
    let started = tokio::time::Instant::now();
    let never = Body::from_stream(futures_util::stream::pending::<Result<Bytes, Infallible>>());
    let answer = root.send("POST", "/keys", &[JSON], never).await;
    answer.refused_with(408, "request_timeout");
    let took = started.elapsed();
    assert!(
        (Duration::from_secs(10)..Duration::from_secs(11)).contains(&took),
        "{took:?}"
    );
}

#[tokio::test]
async fn a_body_that_breaks_off_is_refused() {
    let server = Server::new();
    let root = server.root().await;
    let broken = futures_util::stream::iter([
        Ok(Bytes::from_static(b"{\"name\": \"x\"}")),
        Err(std::io::Error::other("broken")),
    ]);
    let answer = root
        .send("POST", "/keys", &[JSON], Body::from_stream(broken))
        .await;
    answer.refused_with(400, "invalid_request");
}

#[tokio::test]
async fn another_method_is_refused_and_the_right_ones_are_named() {
    let server = Server::new();
    let root = server.root().await;
    for (method, path, allowed) in [
        ("PUT", "/keys", "GET,HEAD,POST"),
        ("DELETE", "/keys", "GET,HEAD,POST"),
        ("GET", "/keys/import", "POST"),
        ("POST", "/keys/audit", "GET,HEAD"),
        ("POST", "/keys/key_1", "GET,HEAD,PATCH,DELETE"),
        ("GET", "/keys/key_1/rotate", "POST"),
        ("GET", "/keys/key_1/revoke", "POST"),
        ("OPTIONS", "/keys", "GET,HEAD,POST"),
    ] {
        let answer = root.send(method, path, &[], Body::empty()).await;
        answer.refused_with(405, "method_not_allowed");
        assert_eq!(answer.header("allow"), allowed, "{method} {path}");
    }
}

#[tokio::test]
async fn another_path_below_is_a_problem_too() {
    let server = Server::new();
    let root = server.root().await;
    for path in ["/keys/key_1/x", "/keys/key_1/rotate/x", "/keys/key_1/"] {
        root.get(path).await.refused_with(404, "not_found");
    }
}

#[tokio::test]
async fn an_id_of_any_form_that_is_no_key_is_unknown() {
    let server = Server::new();
    let root = server.root().await;
    for id in [
        "x",
        "%ff",
        "%00",
        "..%2f..",
        "key_1;x",
        "%F0%9F%94%91",
        &"k".repeat(4_000),
    ] {
        root.get(&format!("/keys/{id}"))
            .await
            .refused_with(404, "not_found");
    }
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
        let answer = send(&root, &text).await;
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
