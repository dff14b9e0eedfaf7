//! The HTTP API, with a first key from the command line.

use axum::{
    Router,
    body::{Body, to_bytes},
};
use http::Request;
use serde_json::{Value, json};
use tower::ServiceExt;
use tower_auth::{
    AuthLayer,
    key_api::KeyApi,
    keys::{KeyStoreUrl, KeyStores, ManagedKeys},
};
use tower_auth_servers::Postgres;

use crate::{
    common::{Folder, text},
    whole_life::Server,
};

/// A server with the API, and an administrator's key.
struct Api {
    app: Router,
    key: String,
}

impl Api {
    async fn with(url: &str, key: &str) -> Self {
        let stores = KeyStores::new()
            .register("sqlite", tower_auth_sqlite::open_url)
            .register("postgres", tower_auth_postgres::open_url);
        let store = stores.open(KeyStoreUrl::parse(url).unwrap()).await.unwrap();
        let keys = ManagedKeys::of(store, "sk_live").unwrap();
        keys.open().await.unwrap();
        let app = Router::new()
            .nest("/keys", KeyApi::new(keys.clone()).into_router())
            .layer(AuthLayer::new(keys));
        Self {
            app,
            key: key.to_owned(),
        }
    }

    async fn send(&self, method: &str, path: &str, body: Value) -> (u16, Value) {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header("x-api-key", &self.key)
            .header("content-type", "application/json")
            .body(Body::from(body.to_string()))
            .unwrap();
        let answer = self.app.clone().oneshot(request).await.unwrap();
        let status = answer.status().as_u16();
        let body = to_bytes(answer.into_body(), usize::MAX).await.unwrap();
        (status, serde_json::from_slice(&body).unwrap_or_default())
    }
}

#[tokio::test]
async fn from_nothing_to_a_revoked_key() {
    let folder = Folder::new();
    live(&folder, &format!("sqlite:{}", folder.file().display())).await;
}

#[tokio::test]
async fn from_nothing_to_a_revoked_key_on_postgres() {
    let Some(server) = Postgres::shared() else {
        return;
    };
    let url = server.database().await.url();
    live(&Folder::with_store(&url), &url).await;
}

async fn live(folder: &Folder, url: &str) {
    let make = "--prefix sk_live --first-admin --scope invoices:read";
    let make: Vec<_> = make.split(' ').collect();
    let first = folder.make("first", &make);
    let api = Api::with(url, text(&first, "key")).await;
    let elsewhere = Server::with(url).await;

    let request =
        json!({"name": "billing robot", "scopes": ["invoices:read"], "expires_in": "90d"});
    let (status, made) = api.send("POST", "/keys", request).await;
    assert_eq!(status, 201, "{made}");
    let at = format!("/keys/{}", text(&made, "id"));
    elsewhere.comes_to(text(&made, "key"), 200).await;

    let rotate = json!({"overlap": "1h"});
    let (status, next) = api
        .send("POST", &format!("{at}/rotate"), rotate.clone())
        .await;
    assert_eq!(status, 201, "{next}");
    assert_eq!(next["old"]["id"], made["id"]);
    elsewhere.comes_to(text(&next, "key"), 200).await;
    elsewhere.comes_to(text(&made, "key"), 200).await;

    let reason = json!({"reason": "it was in a log"});
    let (status, revoked) = api.send("POST", &format!("{at}/revoke"), reason).await;
    assert_eq!(
        (status, text(&revoked["revoked"], "reason")),
        (200, "it was in a log")
    );
    elsewhere.comes_to(text(&made, "key"), 401).await;
    elsewhere.comes_to(text(&next, "key"), 200).await;

    // Nobody gives what they lack, whatever the engine.
    let wider = json!({"name": "x", "scopes": ["*"]});
    assert_eq!(api.send("POST", "/keys", wider).await.0, 403);
    let (status, _) = api.send("POST", &format!("{at}/rotate"), rotate).await;
    assert_eq!(status, 409);

    let (status, page) = api.send("GET", "/keys?limit=2", Value::Null).await;
    assert_eq!((status, page["keys"].as_array().unwrap().len()), (200, 2));
    let rest = format!("/keys?after={}", text(&page, "next"));
    let (_, page) = api.send("GET", &rest, Value::Null).await;
    assert_eq!(page["keys"][0]["id"], next["id"]);

    // What the API did stands where the command line looks.
    let audit = folder.json(&["audit"]);
    let actions: Vec<_> = audit
        .as_array()
        .unwrap()
        .iter()
        .map(|one| text(one, "action"))
        .collect();
    assert_eq!(actions, ["revoke", "create", "rotate", "create", "create"]);
    assert_eq!(audit[0]["by"]["caller"]["key"], first["id"]);
    let (status, _) = api.send("DELETE", &at, Value::Null).await;
    assert_eq!(status, 204);
}
