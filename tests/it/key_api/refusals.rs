//! Who is refused, and how.

use axum::{Router, body::Body};
use serde_json::{Value, json};
use tower_auth::{
    AuthLayer,
    key_api::KeyApi,
    keys::{KeyRequest, ManagedKeys},
};

use super::kit::{Admin, Server, at, body};
use crate::{
    common::{
        answer::{self, Answer},
        log::Log,
    },
    keys::kit::{Mood, Stopped, keys},
};

/// Every request of the API, for a key.
fn requests(id: &str) -> Vec<(&'static str, String, Option<Value>, &'static str)> {
    let at = format!("/keys/{id}");
    let digest = "00".repeat(32);
    vec![
        ("GET", "/keys".into(), None, "keys:read"),
        (
            "POST",
            "/keys".into(),
            Some(json!({"name": "x"})),
            "keys:write",
        ),
        (
            "POST",
            "/keys/import".into(),
            Some(json!({"name": "x", "digest": digest})),
            "keys:write keys:admin",
        ),
        ("GET", "/keys/audit".into(), None, "keys:read keys:admin"),
        ("GET", at.clone(), None, "keys:read"),
        (
            "PATCH",
            at.clone(),
            Some(json!({"name": "y"})),
            "keys:write",
        ),
        ("GET", format!("{at}/audit"), None, "keys:read"),
        (
            "POST",
            format!("{at}/rotate"),
            Some(json!({"overlap": "1h"})),
            "keys:write",
        ),
        (
            "POST",
            format!("{at}/revoke"),
            Some(json!({})),
            "keys:write",
        ),
        (
            "POST",
            format!("{at}/unrevoke"),
            Some(json!({})),
            "keys:write",
        ),
        ("DELETE", at, None, "keys:write"),
    ]
}

async fn send(admin: &Admin, request: &(&str, String, Option<Value>, &str)) -> Answer {
    let (method, path, json, _) = request;
    match json {
        Some(json) => admin.json(method, path, &[], json.clone()).await,
        None => admin.send(method, path, &[], Body::empty()).await,
    }
}

#[tokio::test]
async fn who_shows_nothing_gets_a_401_with_a_challenge() {
    let server = Server::new();
    for request in requests("key_1") {
        let answer = send(&server.showing("x-none", String::new()), &request).await;
        answer.refused_with(401, "missing_credential");
        assert_eq!(answer.challenges(), ["Bearer realm=\"api\""]);
    }
}

#[tokio::test]
async fn without_a_layer_around_everybody_is_refused() {
    let keys = keys();
    let app: Router = Router::new().nest("/keys", KeyApi::new(keys).into_router());
    let mut server = Server::new();
    server.app = app;
    let log = Log::start();
    for request in requests("key_1") {
        let answer = send(&server.root().await, &request).await;
        answer.refused_with(401, "missing_credential");
    }
    let is_error = |event: &crate::common::log::Event| event.level == tracing::Level::ERROR;
    assert!(log.events().iter().any(is_error));
}

#[tokio::test]
async fn while_authentication_is_off_nobody_administers_keys() {
    let mut server = Server::new();
    let api = KeyApi::new(server.keys.clone()).with_openapi_route();
    server.app = Router::new()
        .nest("/keys", api.into_router())
        .layer(AuthLayer::disabled());
    let anybody = server.showing("x-none", String::new());
    for request in requests("key_1") {
        send(&anybody, &request)
            .await
            .refused_with(403, "forbidden");
    }
    anybody
        .get("/keys/openapi.json")
        .await
        .refused_with(403, "forbidden");
    assert_eq!(server.keys.known(), 0);
}

#[tokio::test]
async fn a_public_path_opens_nothing() {
    let mut server = Server::new();
    server.app = Router::new()
        .nest("/keys", KeyApi::new(server.keys.clone()).into_router())
        .layer(
            AuthLayer::new(server.keys.clone())
                .public("/keys")
                .public("/keys/{*rest}"),
        );
    for request in requests("key_1") {
        let answer = send(&server.root().await, &request).await;
        answer.refused_with(401, "missing_credential");
    }
}

#[tokio::test]
async fn a_caller_without_the_scope_learns_which_one_is_needed() {
    let server = Server::new();
    let key = server.made(KeyRequest::new("x")).await;
    let nobody = server.admin(&["keys:reader", "a"]).await;
    for request in requests(key.key().record().id().as_str()) {
        let answer = send(&nobody, &request).await;
        answer.refused_with(403, "insufficient_scope");
        assert_eq!(answer.problem()["scope"], request.3, "{request:?}");
        assert!(answer.challenges()[0].contains(&format!("scope=\"{}\"", request.3)));
    }
}

#[tokio::test]
async fn the_scope_comes_before_the_body() {
    let server = Server::new();
    let nobody = server.admin(&["a"]).await;
    let never = futures_util::stream::pending::<Result<Vec<u8>, std::convert::Infallible>>();
    let answer = nobody
        .send(
            "POST",
            "/keys",
            &[("content-type", "application/json")],
            Body::from_stream(never),
        )
        .await;
    answer.refused_with(403, "insufficient_scope");
}

#[tokio::test]
async fn somebody_elses_key_is_answered_as_no_key_byte_for_byte() {
    let server = Server::new();
    let other = server
        .made(KeyRequest::new("other").with_owner("bob"))
        .await;
    let eve = server.token("keys:read keys:write");
    let there = requests(other.key().record().id().as_str());
    let not_there = requests("key_00000000000000000000000000");
    let of_one_key = |request: &&(&str, String, _, _)| request.1.contains("/key_");
    for (there, not_there) in there
        .iter()
        .zip(&not_there)
        .filter(|(one, _)| of_one_key(one))
    {
        let (one, other) = (send(&eve, there).await, send(&eve, not_there).await);
        one.refused_with(404, "not_found");
        assert_eq!(one.body, other.body);
        assert_eq!(one.headers, other.headers);
    }
    let list = body(&eve.get("/keys").await);
    assert_eq!(list, json!({"keys": [], "next": null}));
}

#[tokio::test]
async fn a_store_that_is_away_is_a_503_and_changes_nothing() {
    let store = Stopped::new();
    let server = Server::of(ManagedKeys::new(store.clone(), "sk").unwrap());
    let key = server.made(KeyRequest::new("x")).await;
    let eve = server.token("keys:read keys:write keys:admin");
    for mood in [Mood::Failing, Mood::Panicking] {
        store.is(mood);
        for request in requests(key.key().record().id().as_str()) {
            let answer = send(&eve, &request).await;
            answer.refused_with(503, "unavailable");
            assert_eq!(answer.header("retry-after"), "5");
        }
    }
    store.is(Mood::Well);
    assert_eq!(server.keys.known(), 1);
}

#[tokio::test]
async fn a_conflict_says_how_to_go_on() {
    let server = Server::new();
    let root = server.root().await;
    let key = root.creates_named("x").await;
    let rotate = format!("{}/rotate", at(&key));
    root.post(&rotate, json!({"overlap": "1h"})).await;
    let answer = root.post(&rotate, json!({"overlap": "1h"})).await;
    answer.refused_with(409, "conflict");
    assert_eq!(
        answer.problem()["detail"],
        "the key has a successor: rotate that one"
    );
    let answer = root.patch(&at(&key), json!({"credits": 7})).await;
    answer.refused_with(409, "conflict");
}

#[tokio::test]
async fn no_answer_is_stored_by_a_cache() {
    let server = Server::new();
    let root = server.root().await;
    let key = root.creates_named("x").await;
    for request in requests(key["id"].as_str().unwrap()) {
        let answer = send(&root, &request).await;
        assert_eq!(answer.header("cache-control"), "no-store", "{request:?}");
    }
    for path in ["/keys/x/y", "/keys/none", "/keys?x"] {
        let answer = root.get(path).await;
        assert_eq!(answer.header("cache-control"), "no-store", "{path}");
    }
    let nobody = server.admin(&["a"]).await;
    assert_eq!(
        nobody.get("/keys").await.header("cache-control"),
        "no-store"
    );
}

#[tokio::test]
async fn the_layer_around_words_refusals_in_its_realm() {
    let mut server = Server::new();
    server.app = Router::new()
        .nest("/keys", KeyApi::new(server.keys.clone()).into_router())
        .layer(
            AuthLayer::new(server.keys.clone())
                .with_realm("agents")
                .unwrap(),
        );
    let nobody = server.admin(&["a"]).await;
    let challenges = nobody.get("/keys").await;
    assert!(challenges.challenges()[0].starts_with("Bearer realm=\"agents\""));
}

#[tokio::test]
async fn refusals_are_logged_with_the_reason() {
    let server = Server::new();
    let eve = server.token("keys:read keys:write");
    let log = Log::start();
    eve.post("/keys", json!({"name": "x", "scopes": ["b"]}))
        .await;
    let events = log.events();
    let refused: Vec<_> = events
        .iter()
        .filter(|event| event.field("outcome") == Some("refused"))
        .collect();
    assert_eq!(refused.len(), 1, "{events:?}");
    assert_eq!(refused[0].field("reason"), Some("key_escalation"));
    assert_eq!(refused[0].field("user_id"), Some("eve"));
}

#[tokio::test]
async fn it_can_be_nested_into_a_router_with_state() {
    #[derive(Clone)]
    struct State;
    let keys = keys();
    let app: Router<State> = Router::new().nest("/keys", KeyApi::new(keys).into_router());
    let app: Router = app.with_state(State);
    let answer = answer::send(&app, answer::request("GET", "/keys", &[])).await;
    answer.refused_with(401, "missing_credential");
}
