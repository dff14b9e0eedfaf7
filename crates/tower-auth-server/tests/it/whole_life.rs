//! From nothing to a revoked key, with a server beside it that accepts and refuses.

use std::time::Instant;

use axum::{Router, body::Body, routing::get};
use http::Request;
use tower::ServiceExt;
use tower_auth::{
    AuthContext, AuthLayer,
    keys::{KeyStoreUrl, KeyStores, ManagedKeys},
};
use tower_auth_servers::Postgres;

use crate::common::{Folder, PATIENCE, text};

/// A server with the keys of a store.
pub(crate) struct Server(Router);

impl Server {
    pub(crate) async fn with(url: &str) -> Self {
        let url = KeyStoreUrl::parse(url).unwrap();
        let stores = KeyStores::new()
            .register("sqlite", tower_auth_sqlite::open_url)
            .register("postgres", tower_auth_postgres::open_url);
        let store = stores.open(url).await.unwrap();
        let keys = ManagedKeys::of(store, "sk_live").unwrap();
        keys.open().await.unwrap();
        async fn who(caller: AuthContext) -> String {
            caller.user_id().to_owned()
        }
        Self(
            Router::new()
                .route("/", get(who))
                .layer(AuthLayer::new(keys)),
        )
    }

    async fn status(&self, key: &str) -> u16 {
        let request = Request::get("/").header("x-api-key", key);
        let request = request.body(Body::empty()).unwrap();
        self.0
            .clone()
            .oneshot(request)
            .await
            .unwrap()
            .status()
            .as_u16()
    }

    /// Waits for a change that another process made: it holds within a second.
    pub(crate) async fn comes_to(&self, key: &str, status: u16) {
        let since = Instant::now();
        while self.status(key).await != status {
            assert!(since.elapsed() < PATIENCE, "{status} never comes");
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    }
}

#[tokio::test]
async fn from_nothing_to_a_revoked_key() {
    let folder = Folder::new();
    let file = folder.file();
    assert!(!file.exists());
    live(&folder, &format!("sqlite:{}", file.display())).await;
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
    let make = [
        "--prefix",
        "sk_live",
        "--owner",
        "team-7",
        "--scope",
        "invoices:read",
    ];
    let first = folder.make("billing robot", &make);
    let server = Server::with(url).await;
    server.comes_to(text(&first, "key"), 200).await;

    // Both work until the overlap is over.
    let next = folder.json(&["keys", "rotate", text(&first, "id"), "--overlap", "2s"]);
    server.comes_to(text(&next, "key"), 200).await;
    assert_eq!(server.status(text(&first, "key")).await, 200);
    server.comes_to(text(&first, "key"), 401).await;
    assert_eq!(server.status(text(&next, "key")).await, 200);
    assert_eq!(text(&next["old"], "id"), text(&first, "id"));
    let shown = folder.json(&["keys", "show", text(&first, "id")]);
    assert_eq!(shown["expires_at"], next["old"]["expires_at"]);
    assert_eq!(
        (text(&shown, "state"), text(&shown, "successor")),
        ("expired", text(&next, "id"))
    );

    let said = folder.good(&[
        "keys",
        "revoke",
        text(&next, "id"),
        "--reason",
        "it was in a log",
    ]);
    assert!(
        said.contains("every server that reaches the store refuses it within a second"),
        "{said}"
    );
    server.comes_to(text(&next, "key"), 401).await;
    let shown = folder.json(&["keys", "show", text(&next, "id")]);
    assert_eq!(text(&shown["revoked"], "reason"), "it was in a log");

    // A revocation can be taken back.
    folder.good(&["keys", "update", text(&next, "id"), "--unrevoke"]);
    server.comes_to(text(&next, "key"), 200).await;
}

#[tokio::test]
async fn an_imported_digest_is_accepted() {
    let folder = Folder::new();
    // `printf %s old-key-of-another-system | sha256sum`
    let digest = "37bd6a254955febf5ef7955d4d8dd1c1094b037a50d3d9a01f2f143aac403337";
    folder.write("keys.csv", &format!("digest,name\n{digest},an old key\n"));
    folder.good(&["keys", "import", "keys.csv"]);
    let server = Server::with(&format!("sqlite:{}", folder.file().display())).await;
    server.comes_to("old-key-of-another-system", 200).await;
    server.comes_to("another-key", 401).await;
}

/// A restored backup has other keys than the servers know.
#[tokio::test]
async fn a_new_epoch_lets_every_server_read_everything_anew() {
    let folder = Folder::new();
    let url = format!("sqlite:{}", folder.file().display());
    let made = folder.make("a", &["--prefix", "sk_live"]);
    let server = Server::with(&url).await;
    server.comes_to(text(&made, "key"), 200).await;
    assert_eq!(
        folder.good(&["keys", "renew-epoch"]),
        "the store has a new epoch: every server reads all keys anew\n"
    );
    folder.good(&["keys", "revoke", text(&made, "id")]);
    server.comes_to(text(&made, "key"), 401).await;
}
