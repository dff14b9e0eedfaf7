//! Revoking tokens over HTTP.

use axum::Router;
use serde_json::{Value, json};
use tower_auth::{
    AuthLayer,
    key_api::KeyApi,
    provider::{CompositeAuth, JwtAuth},
    revocations::Revocations,
};

use super::kit::{Admin, Server, body, text};
use crate::{
    common::answer::guarded,
    keys::kit::{self, JWT_SECRET},
};

/// A server whose API revokes, and whose `/run` is held to it.
fn server() -> (Server, Revocations) {
    let keys = kit::keys();
    let revocations = Revocations::of_keys(&keys);
    let layer = || {
        let tokens = JwtAuth::hs256(JWT_SECRET).unwrap();
        let chain = CompositeAuth::new(keys.clone()).or(tokens);
        AuthLayer::new(chain).revocations(&revocations)
    };
    let api = KeyApi::new(keys.clone()).with_revocations(&revocations);
    let api = api.with_openapi_route().into_router();
    let app = Router::new().nest("/keys", api).layer(layer());
    let app = app.merge(guarded(layer()));
    (Server { keys, app }, revocations)
}

async fn revoke(admin: &Admin, request: Value) -> (u16, Value) {
    let answer = admin.post("/keys/revocations", request).await;
    (answer.status.as_u16(), body(&answer))
}

#[tokio::test]
async fn everything_of_a_principal_is_revoked_with_its_keys() {
    let (server, _) = server();
    let root = server.root().await;
    let eve = server.token("a");
    assert_eq!(eve.get("/run").await.status, 200);
    let who = json!({"method": "jwt", "user_id": "eve"});
    let request = json!({"name": "of eve", "owner": who});
    let key = root.creates(request).await;
    let (status, revoked) = revoke(&root, json!({"principal": who, "reason": "gone"})).await;
    assert_eq!(
        (status, &revoked["revoked_keys"]),
        (200, &json!([key["id"]]))
    );
    assert!(text(&revoked, "before").ends_with('Z') && text(&revoked, "until").ends_with('Z'));
    assert_eq!(eve.get("/run").await.status, 401);
    assert_eq!(server.run(text(&key, "key")).await, 401);
    let audit = body(&root.get("/keys/audit").await);
    let told = audit["audit"].as_array().unwrap().iter();
    let told: Vec<_> = told
        .filter(|record| record["action"] == "revoke_tokens")
        .collect();
    assert_eq!(told[0]["revocation"]["principal"]["user_id"], "eve");
    assert_eq!(told[0]["revocation"]["reason"], "gone");
}

#[tokio::test]
async fn everything_of_a_user_is_revoked_whatever_claim_the_user_id_is_from() {
    let (server, _) = server();
    let root = server.root().await;
    let eve = server.token("a");
    let by_claim = json!({"method": "jwt", "issuer": "#user_id", "user_id": "eve"});
    let key = root
        .creates(json!({"name": "of eve", "owner": by_claim}))
        .await;
    assert_eq!(server.run(text(&key, "key")).await, 200);
    let (status, revoked) = revoke(&root, json!({"user_id": "eve", "reason": "gone"})).await;
    assert_eq!(
        (status, &revoked["revoked_keys"]),
        (200, &json!([key["id"]]))
    );
    assert_eq!(eve.get("/run").await.status, 401);
    assert_eq!(server.run(text(&key, "key")).await, 401);
    let audit = body(&root.get("/keys/audit").await);
    let mut told = audit["audit"].as_array().unwrap().iter();
    let told = told
        .find(|record| record["action"] == "revoke_tokens")
        .unwrap();
    assert_eq!(told["revocation"]["user_id"], "eve");
    assert_eq!(told["revocation"]["principal"], Value::Null);
}

#[tokio::test]
async fn a_token_is_revoked_by_its_id() {
    let (server, revocations) = server();
    let root = server.root().await;
    let request =
        json!({"jti": "t-1", "issuer": "https://i.example", "expires_at": "2100-01-31T00:00:00Z"});
    let (status, revoked) = revoke(&root, request).await;
    assert_eq!(status, 200);
    assert_eq!(text(&revoked, "until"), "2100-01-31T00:00:00.000Z");
    assert_eq!(revoked["before"], Value::Null);
    assert_eq!(revocations.known(), 1);
}

#[tokio::test]
async fn a_caller_ends_their_own_sessions_and_nobody_else_s() {
    let (server, _) = server();
    let eve = server.token("keys:write");
    let other = json!({"principal": {"method": "jwt", "user_id": "ada"}});
    let (status, problem) = revoke(&eve, other).await;
    assert_eq!(status, 403, "{problem}");
    assert_eq!(revoke(&eve, json!({"jti": "t-1"})).await.0, 403);
    assert_eq!(revoke(&eve, json!({"user_id": "eve"})).await.0, 403);
    let own = json!({"principal": {"method": "jwt", "user_id": "eve"}});
    assert_eq!(revoke(&server.token("keys:read"), own.clone()).await.0, 403);
    assert_eq!(revoke(&eve, own).await.0, 200);
    assert_eq!(eve.get("/run").await.status, 401);
}

#[tokio::test]
async fn what_is_not_of_the_right_form_is_said_all_at_once() {
    let (server, revocations) = server();
    let root = server.root().await;
    let who = json!({"method": "jwt", "user_id": "eve"});
    for (request, pointer) in [
        (json!({}), "/jti"),
        (json!({"jti": 7}), "/jti"),
        (json!({"jti": "a", "principal": who}), "/principal"),
        (
            json!({"jti": "a", "before": "2026-01-31T00:00:00Z"}),
            "/before",
        ),
        (json!({"jti": "a", "tenant": "acme"}), "/tenant"),
        (json!({"principal": who, "issuer": "i"}), "/issuer"),
        (json!({"principal": who, "user_id": "eve"}), "/principal"),
        (json!({"jti": "a", "user_id": "eve"}), "/user_id"),
        (json!({"user_id": "eve", "method": "jwt"}), "/method"),
        (json!({"principal": "eve"}), "/principal"),
        (json!({"principal": who, "before": "yesterday"}), "/before"),
        (json!({"principal": who, "jtl": "a"}), "/jtl"),
        (json!({"jti": "a", "reason": null}), "/reason"),
        (json!({"jti": ""}), "/jti"),
        (json!({"jti": "a", "issuer": " "}), "/issuer"),
        (json!({"jti": "a", "method": ""}), "/method"),
        (json!({"user_id": " ", "issuer": "i"}), "/user_id"),
        (
            json!({"principal": {"method": "jwt", "user_id": ""}}),
            "/principal",
        ),
    ] {
        let (status, problem) = revoke(&root, request.clone()).await;
        assert_eq!(status, 400, "{request}");
        let pointers = problem["errors"].as_array().unwrap().iter();
        let pointers: Vec<_> = pointers.map(|fault| text(fault, "pointer")).collect();
        assert!(pointers.contains(&pointer), "{request}: {problem}");
    }
    let future = json!({"principal": who, "before": "2100-01-31T00:00:00Z"});
    assert_eq!(revoke(&root, future).await.0, 400);
    assert_eq!(revocations.known(), 0);
}

#[tokio::test]
async fn the_path_is_there_only_where_revocations_are() {
    let (server, _) = server();
    let root = server.root().await;
    let document = body(&root.get("/keys/openapi.json").await);
    assert!(document["paths"]["/keys/revocations"]["post"].is_object());
    let without = Server::new();
    let root = without.root().await;
    let answer = root.post("/keys/revocations", json!({"jti": "a"})).await;
    assert_eq!(answer.status, 405);
}
