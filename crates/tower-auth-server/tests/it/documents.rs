//! The documents are those of the HTTP API: a script reads either.

use axum::{Router, body::Body};
use http::Request;
use serde_json::Value;
use tower::ServiceExt;
use tower_auth::{AuthLayer, key_api::KeyApi, keys::ManagedKeys};
use tower_auth_sqlite::SqliteKeyStore;

use crate::common::{Folder, text};

#[tokio::test]
async fn a_key_and_its_records_read_as_they_do_over_http() {
    let folder = Folder::new();
    let admin = folder.make("first", &["--first-admin", "--scope", "*"]);
    let made = folder.make(
        "robot",
        &[
            "--owner",
            "team-7",
            "--tenant",
            "acme",
            "--scope",
            "a",
            "--expires",
            "90d",
            "--credits",
            "5",
            "--metadata",
            r#"{"plan": "gold"}"#,
        ],
    );
    let id = text(&made, "id");
    let next = folder.json(&["keys", "rotate", id]);
    folder.good(&["keys", "revoke", id, "--reason", "lost"]);

    let store = SqliteKeyStore::open(folder.file()).await.unwrap();
    let keys = ManagedKeys::new(store, "sk").unwrap();
    keys.open().await.unwrap();
    let api = KeyApi::new(keys.clone()).into_router();
    let app = Router::new().nest("/keys", api).layer(AuthLayer::new(keys));
    let get = async |path: &str| {
        let request = Request::get(path).header("x-api-key", text(&admin, "key"));
        let answer = app
            .clone()
            .oneshot(request.body(Body::empty()).unwrap())
            .await
            .unwrap();
        assert_eq!(answer.status(), 200, "{path}");
        let body = axum::body::to_bytes(answer.into_body(), usize::MAX)
            .await
            .unwrap();
        serde_json::from_slice::<Value>(&body).unwrap()
    };
    for id in [id, text(&next, "id")] {
        let shown = folder.json(&["keys", "show", id]);
        assert_eq!(without_state(shown), get(&format!("/keys/{id}")).await);
    }
    let listed = folder.json(&["keys", "list", "--all"]);
    assert_eq!(without_state(listed), get("/keys").await["keys"]);
    let audit = folder.json(&["audit"]);
    assert_eq!(without_state(audit), get("/keys/audit").await["audit"]);
}

/// What the command line adds: the API's clients have a clock of their own.
fn without_state(mut document: Value) -> Value {
    match &mut document {
        Value::Array(all) => all
            .iter_mut()
            .for_each(|one| *one = without_state(one.take())),
        Value::Object(members) => {
            let is_key = members.contains_key("start");
            assert_eq!(members.remove("state").is_some(), is_key);
            for name in ["before", "after"] {
                if let Some(key) = members.get_mut(name) {
                    *key = without_state(key.take());
                }
            }
        }
        _ => {}
    }
    document
}
