//! A block that one file leaves out and a later one has again, or for the first time.

use std::time::Duration;

use axum::body::Body;
use http::{Request, header::CONTENT_TYPE};
use tower_auth::{
    AuthContext,
    keys::{KeyRequest, MadeKey},
};

use super::served::{Served, store};
use crate::{common::answer, keys::kit::Mood};

const WITHOUT: &str = "auth: {custom: sessions}";

/// A server whose file had the block, did not have it, and has it again, with a key that may do
/// everything.
async fn added_again(name: &str, members: &str) -> (Served, MadeKey) {
    let served = Served::new(name, &store(""));
    let root = make(&served, KeyRequest::new("root").with_scopes(["*"])).await;
    assert_eq!(served.status(secret(&root)).await, 200);
    served.reload(WITHOUT).unwrap();
    assert_eq!(served.status(secret(&root)).await, 401);
    // Another file without it changes nothing.
    let still_without = "auth: {custom: sessions, public_paths: [/x]}";
    served.reload(still_without).unwrap();
    served.reload(&store(members)).unwrap();
    (served, root)
}

async fn make(served: &Served, request: KeyRequest) -> MadeKey {
    let admin = served.keys.as_ref().unwrap().as_operator("ada");
    admin.create(request).await.unwrap()
}

fn secret(key: &MadeKey) -> &str {
    key.secret().unwrap().expose()
}

#[tokio::test]
async fn a_key_that_is_revoked_then_is_refused_at_once() {
    let (served, root) = added_again("again-revoked", "").await;
    assert_eq!(served.status(secret(&root)).await, 200);
    let admin = served.keys.as_ref().unwrap().as_operator("ada");
    admin.revoke(root.key().record().id(), "").await.unwrap();
    assert_eq!(served.status(secret(&root)).await, 401);
}

#[tokio::test]
async fn an_administrator_with_a_managed_key_administers_the_keys_as_before() {
    let (served, root) = added_again("again-own-key", "").await;
    let request = Request::post("/keys")
        .header("x-api-key", secret(&root))
        .header(CONTENT_TYPE, "application/json")
        .body(Body::from(r#"{"name": "ci"}"#))
        .unwrap();
    let answer = answer::send(&served.app, request).await;
    assert_eq!(answer.status, 201, "{:?}", answer.body);
}

#[tokio::test]
async fn an_administrator_is_bound_by_the_file_that_has_the_block_again() {
    let (served, _) = added_again("again-bound", ", max_lifetime_seconds: 60").await;
    let caller = AuthContext::new("ada").with_scopes(["keys:write", "keys:admin"]);
    let admin = served.keys.as_ref().unwrap().as_caller(&caller);
    let made = admin.create(KeyRequest::new("ci")).await.unwrap();
    assert!(made.key().record().expires_at().is_some());
}

#[tokio::test]
async fn the_keys_are_read_already() {
    let served = Served::new("again-read", &store(""));
    let key = served.outside.key("sk").await;
    assert_eq!(served.status(&key).await, 200);
    served.reload(WITHOUT).unwrap();
    served.outside.store.is(Mood::Failing);
    served.reload(&store("")).unwrap();
    assert_eq!(served.status(&key).await, 200);
    assert_eq!(served.outside.attempts(), 1);
}

#[tokio::test]
async fn who_the_callers_are_takes_a_restart_then_too() {
    let served = Served::new("again-callers", &store(", source: a"));
    served.reload(WITHOUT).unwrap();
    let told = served.reload(&store(", source: b")).unwrap_err();
    assert!(told.contains("takes a restart"), "{told}");
    served.reload(&store(", source: a")).unwrap();
}

#[tokio::test]
async fn a_block_that_is_added_while_serving_has_an_administrator() {
    let served = Served::new("added-administrator", WITHOUT);
    assert!(served.keys.is_none() && served.handle.managed_keys().is_none());
    served.reload(&store("")).unwrap();
    let keys = served.handle.managed_keys().unwrap();
    let admin = keys.as_operator("ada");
    let made = admin.create(KeyRequest::new("ci")).await.unwrap();
    assert_eq!(served.status(secret(&made)).await, 200);
    admin.revoke(made.key().record().id(), "").await.unwrap();
    assert_eq!(served.status(secret(&made)).await, 401);

    served.reload(WITHOUT).unwrap();
    assert!(served.handle.managed_keys().is_none());
    served.reload(&store(", max_lifetime_seconds: 60")).unwrap();
    served.clock.advance(Duration::from_secs(2));
    let caller = AuthContext::new("ada").with_scopes(["keys:write", "keys:admin"]);
    let made = keys.as_caller(&caller).create(KeyRequest::new("ci")).await;
    let made = made.unwrap();
    assert!(made.key().record().expires_at().is_some());
    assert_eq!(served.status(secret(&made)).await, 200);
}

#[tokio::test]
async fn the_document_of_the_http_api_names_the_header_that_holds_now() {
    let served = Served::new("openapi-header", &store(""));
    let api = tower_auth::key_api::KeyApi::new(served.keys.clone().unwrap());
    let root = make(&served, KeyRequest::new("root").with_scopes(["*"])).await;
    let header = |document: &serde_json::Value| {
        let scheme = &document["components"]["securitySchemes"]["api_key"];
        scheme["name"].as_str().map(ToOwned::to_owned)
    };
    for (members, name) in [("", "x-api-key"), (", header: X-Other", "x-other")] {
        served.reload(&store(members)).unwrap();
        let shown = [(name, secret(&root).as_bytes())];
        let request = answer::request("GET", "/keys/openapi.json", &shown);
        let answer = answer::send(&served.app, request).await;
        assert_eq!(answer.status, 200, "{:?}", answer.body);
        let document = serde_json::from_slice(&answer.body).unwrap();
        assert_eq!(header(&document).as_deref(), Some(name));
        assert_eq!(header(&api.openapi("/keys")).as_deref(), Some(name));
    }
}
