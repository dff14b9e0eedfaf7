//! From a new key to a deleted one.

use serde_json::{Value, json};
use tower_auth::{
    keys::{ManagedKeys, MemoryKeyStore},
    testing::ManualClock,
};

use super::kit::{Server, at, body, text};

#[tokio::test]
async fn a_key_is_made_used_rotated_and_revoked() {
    let server = Server::new();
    let root = server.root().await;
    let answer = root
        .post("/keys", json!({"name": "ci", "scopes": ["a"]}))
        .await;
    assert_eq!(answer.status, 201);
    let made = body(&answer);
    assert_eq!(answer.header("location"), at(&made));
    let first = text(&made, "key").to_owned();
    assert!(first.starts_with(text(&made, "start")));
    assert_eq!(server.run(&first).await, 200);

    let rotated = root
        .post(&format!("{}/rotate", at(&made)), json!({"overlap": "1h"}))
        .await;
    assert_eq!(rotated.status, 201);
    let next = body(&rotated);
    assert_eq!(rotated.header("location"), at(&next));
    assert_eq!(next["old"]["id"], made["id"]);
    assert!(text(&next["old"], "expires_at").ends_with('Z'));
    let second = text(&next, "key").to_owned();
    assert_eq!(server.run(&first).await, 200);
    assert_eq!(server.run(&second).await, 200);

    let revoked = root
        .post(
            &format!("{}/revoke", at(&made)),
            json!({"reason": "leaked"}),
        )
        .await;
    assert_eq!(revoked.status, 200);
    assert_eq!(body(&revoked)["revoked"]["reason"], "leaked");
    assert_eq!(server.run(&first).await, 401);
    assert_eq!(server.run(&second).await, 200);
}

#[tokio::test]
async fn an_overlap_of_nothing_ends_the_old_key_at_once() {
    let server = Server::new();
    let root = server.root().await;
    let made = root.creates_named("ci").await;
    let answer = root
        .post(&format!("{}/rotate", at(&made)), json!({"overlap": "0s"}))
        .await;
    let next = body(&answer);
    assert_eq!(server.run(text(&made, "key")).await, 401);
    assert_eq!(server.run(text(&next, "key")).await, 200);
}

#[tokio::test]
async fn everything_that_a_key_may_have_is_given_and_shown() {
    let server = Server::new();
    let request = json!({
        "name": "billing robot",
        "owner": "robot-7",
        "tenant": "acme",
        "scopes": ["invoices:read"],
        "metadata": {"plan": "gold"},
        "limit": {"requests": 600, "seconds": 60},
        "credits": 9_007_199_254_740_991_u64,
        "expires_at": "2099-01-31T01:00:00+01:00",
    });
    let made = server.root().await.creates(request.clone()).await;
    for member in [
        "name", "owner", "tenant", "scopes", "metadata", "limit", "credits",
    ] {
        assert_eq!(made[member], request[member], "{member}");
    }
    assert_eq!(made["expires_at"], "2099-01-31T00:00:00.000Z");
    assert_eq!(made["account"], made["id"]);
    assert_eq!(made["metered"], true);
    assert_eq!(
        made["created_by"]["caller"]["principal"]["method"],
        "api_key"
    );
}

#[tokio::test]
async fn an_owner_may_be_a_caller_of_another_provider() {
    let server = Server::new();
    let owner = json!({"method": "oauth2", "issuer": "https://id.example", "user_id": "ada"});
    let root = server.root().await;
    let made = root.creates(json!({"name": "x", "owner": owner})).await;
    assert_eq!(made["owner"], owner);
    let without = json!({"method": "jwt", "user_id": "ada"});
    let made = root.creates(json!({"name": "x", "owner": without})).await;
    assert_eq!(made["owner"]["issuer"], Value::Null);
}

#[tokio::test]
async fn expires_in_counts_from_now_by_the_stores_clock() {
    let clock = ManualClock::at_unix(2_000_000_000);
    let store = MemoryKeyStore::new().unwrap().with_clock(clock.clock());
    let server = Server::of(ManagedKeys::new(store, "sk").unwrap());
    let root = server.root().await;
    let request = json!({"name": "x", "expires_in": "1h"});
    let made = root.creates(request).await;
    assert_eq!(text(&made, "created_at"), "2033-05-18T03:33:20.000Z");
    assert_eq!(text(&made, "expires_at"), "2033-05-18T04:33:20.000Z");
    let answer = root.patch(&at(&made), json!({"expires_in": "2h"})).await;
    assert_eq!(
        text(&body(&answer), "expires_at"),
        "2033-05-18T05:33:20.000Z"
    );
}

#[tokio::test]
async fn a_patch_changes_what_it_names_and_removes_what_it_nulls() {
    let server = Server::new();
    let root = server.root().await;
    let request = json!({
        "name": "ci", "tenant": "acme", "scopes": ["a"], "credits": 5,
        "limit": {"requests": 1, "seconds": 1}, "expires_in": "1h",
    });
    let made = root.creates(request).await;
    let changed = root
        .patch(
            &at(&made),
            json!({"name": "robot", "credits": 7, "scopes": ["b"]}),
        )
        .await;
    assert_eq!(changed.status, 200);
    let changed = body(&changed);
    assert_eq!(
        (text(&changed, "name"), &changed["credits"]),
        ("robot", &json!(7))
    );
    assert_eq!(changed["scopes"], json!(["b"]));
    assert_eq!(changed["tenant"], "acme");
    assert_eq!(changed["expires_at"], made["expires_at"]);

    let nulls = json!({"tenant": null, "limit": null, "expires_at": null});
    let changed = body(&root.patch(&at(&made), nulls).await);
    for member in ["tenant", "limit", "expires_at"] {
        assert_eq!(changed[member], Value::Null, "{member}");
    }
    let answer = root.patch(&at(&made), json!({"expires_in": "90d"})).await;
    assert_ne!(body(&answer)["expires_at"], Value::Null);
    let answer = root.patch(&at(&made), json!({})).await;
    assert_eq!(answer.status, 200);
}

#[tokio::test]
async fn a_revoked_key_is_made_valid_again() {
    let server = Server::new();
    let root = server.root().await;
    let made = root.creates_named("ci").await;
    root.post(&format!("{}/revoke", at(&made)), json!({})).await;
    assert_eq!(server.run(text(&made, "key")).await, 401);
    let answer = root
        .post(&format!("{}/unrevoke", at(&made)), json!({}))
        .await;
    assert_eq!(answer.status, 200);
    assert_eq!(body(&answer)["revoked"], Value::Null);
    assert_eq!(server.run(text(&made, "key")).await, 200);
}

#[tokio::test]
async fn a_deleted_key_is_gone_and_its_records_stay() {
    let server = Server::new();
    let root = server.root().await;
    let made = root.creates_named("ci").await;
    let answer = root.delete(&at(&made)).await;
    assert_eq!((answer.status.as_u16(), answer.body.len()), (204, 0));
    assert_eq!(server.run(text(&made, "key")).await, 401);
    root.get(&at(&made)).await.refused_with(404, "not_found");
    root.delete(&at(&made)).await.refused_with(404, "not_found");
    let audit = body(&root.get(&format!("{}/audit", at(&made))).await);
    let actions: Vec<_> = audit["audit"].as_array().unwrap().iter().collect();
    assert_eq!(actions[0]["action"], "delete");
    assert_eq!(actions[0]["after"], Value::Null);
    assert_eq!(actions[1]["action"], "create");
}

#[tokio::test]
async fn a_digest_is_imported_and_its_key_accepted() {
    let server = Server::new();
    let root = server.root().await;
    let digest = tower_auth::keys::KeyDigest::of_key(b"legacy-key-4711");
    let hex: String = digest
        .as_bytes()
        .iter()
        .map(|byte| format!("{byte:02X}"))
        .collect();
    let answer = root
        .post("/keys/import", json!({"name": "old", "digest": hex}))
        .await;
    assert_eq!(answer.status, 201);
    let made = body(&answer);
    assert_eq!(answer.header("location"), at(&made));
    assert_eq!(
        (text(&made, "start"), &made["imported"]),
        ("", &json!(true))
    );
    assert!(made.get("key").is_none());
    assert_eq!(server.run("legacy-key-4711").await, 200);
    root.post("/keys/import", json!({"name": "old", "digest": hex}))
        .await
        .refused_with(409, "conflict");
}

#[tokio::test]
async fn at_another_place_the_address_of_a_key_is_below_it() {
    use axum::Router;
    use tower_auth::{AuthLayer, key_api::KeyApi};

    let mut server = Server::new();
    let api = KeyApi::new(server.keys.clone()).into_router();
    let inner = Router::new().nest("/keys", api);
    server.app = Router::new()
        .nest("/v1/{tenant}", inner)
        .layer(AuthLayer::new(server.keys.clone()));
    let root = server.root().await;
    let answer = root.post("/v1/acme/keys", json!({"name": "x"})).await;
    let made = body(&answer);
    let place = format!("/v1/acme/keys/{}", text(&made, "id"));
    assert_eq!(answer.header("location"), place);
    assert_eq!(root.get(&place).await.status, 200);
    let answer = root
        .post(&format!("{place}/rotate"), json!({"overlap": "1h"}))
        .await;
    let next = format!("/v1/acme/keys/{}", text(&body(&answer), "id"));
    assert_eq!(answer.header("location"), next);
}
