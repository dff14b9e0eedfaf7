//! Administrators who show a managed key.

use serde_json::json;
use tower_auth::keys::{KeyLimit, KeyRequest};

use super::{
    Server, changed_in_every_way, forbidden,
    kit::{at, text},
};
use std::time::{Duration, SystemTime};

fn own(name: &str) -> KeyRequest {
    KeyRequest::new(name)
        .with_owner("eve")
        .with_scopes(["keys:read", "keys:write", "a"])
}

#[tokio::test]
async fn a_key_that_ends_makes_none_that_ends_later() {
    let server = Server::new();
    let end = SystemTime::now() + Duration::from_secs(3_600);
    let eve = server.key(own("own").with_expires_at(end)).await;
    forbidden(
        &eve.post("/keys", json!({"name": "x", "expires_in": "2h"}))
            .await,
    );
    let made = eve.creates(json!({"name": "x"})).await;
    assert_ne!(made["expires_at"], json!(null));
    let path = at(&made);
    forbidden(&eve.patch(&path, json!({"expires_in": "2h"})).await);
    let answer = eve.patch(&path, json!({"expires_at": null})).await;
    assert!(answer.status == 403 || super::kit::body(&answer)["expires_at"] == made["expires_at"]);
}

#[tokio::test]
async fn a_limited_key_makes_none_beyond_its_limit() {
    let server = Server::new();
    let eve = server
        .key(own("own").with_limit(KeyLimit::new(10, 60)))
        .await;
    let wider = json!({"requests": 11, "seconds": 60});
    forbidden(
        &eve.post("/keys", json!({"name": "x", "limit": wider}))
            .await,
    );
    let made = eve.creates(json!({"name": "x"})).await;
    assert_eq!(made["limit"], json!({"requests": 10, "seconds": 60}));
    assert_ne!(made["account"], made["id"]);
    forbidden(&eve.patch(&at(&made), json!({"limit": null})).await);
    forbidden(&eve.patch(&at(&made), json!({"limit": wider})).await);
}

#[tokio::test]
async fn a_metered_key_gives_no_credits() {
    let server = Server::new();
    let eve = server.key(own("own").with_credits(100)).await;
    forbidden(&eve.post("/keys", json!({"name": "x", "credits": 5})).await);
    let made = eve.creates(json!({"name": "x"})).await;
    assert_eq!(made["metered"], true);
    forbidden(&eve.patch(&at(&made), json!({"credits": 1_000})).await);
}

#[tokio::test]
async fn a_key_gives_itself_nothing() {
    let server = Server::new();
    let eve = server.key(own("own")).await;
    let list = super::kit::body(&eve.get("/keys").await);
    let own = &list["keys"][0];
    for update in [
        json!({"scopes": ["*"]}),
        json!({"scopes": ["keys:read", "keys:write", "keys:admin"]}),
        json!({"owner": "root"}),
        json!({"tenant": "acme"}),
        json!({"metadata": {"roles": ["admin"]}}),
    ] {
        forbidden(&eve.patch(&at(own), update).await);
    }
}

#[tokio::test]
async fn a_key_of_an_administrator_is_not_rotated_into_ones_own_hands() {
    let server = Server::new();
    let root = server
        .made(KeyRequest::new("root").with_owner("eve").with_scopes(["*"]))
        .await;
    let eve = server.key(own("own")).await;
    let key = json!({"id": root.key().record().id()});
    for answer in changed_in_every_way(&eve, &key, json!({"name": "y"})).await {
        forbidden(&answer);
    }
    assert_eq!(server.run(root.secret().unwrap().expose()).await, 200);
}

#[tokio::test]
async fn a_key_that_was_revoked_administers_nothing_more() {
    let server = Server::new();
    let eve = server.key(own("own")).await;
    let list = super::kit::body(&eve.get("/keys").await);
    let path = at(&list["keys"][0]);
    assert_eq!(
        eve.post(&format!("{path}/revoke"), json!({})).await.status,
        200
    );
    let answer = eve.post(&format!("{path}/unrevoke"), json!({})).await;
    answer.refused_with(401, "invalid_credential");
}

#[tokio::test]
async fn a_rotated_key_gives_its_overlap_to_nobody() {
    let server = Server::new();
    let end = SystemTime::now() + Duration::from_secs(60);
    let eve = server.key(own("own").with_expires_at(end)).await;
    let list = super::kit::body(&eve.get("/keys").await);
    let own = &list["keys"][0];
    let path = format!("{}/rotate", at(own));
    let next = super::kit::body(&eve.post(&path, json!({"overlap": "3650d"})).await);
    assert_eq!(next["old"]["expires_at"], own["expires_at"]);
    assert!(text(&next, "expires_at") <= text(own, "expires_at"));
}
