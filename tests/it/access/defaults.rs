//! What is public without a rule: `/health`, the documentation where it is opened, and everything
//! where authentication is switched off.

use crate::common;

use std::{
    io,
    sync::{Arc, Mutex},
};

use axum::Router;
use common::{
    oneshot::{app, ask, ran, status},
    runs::auth,
};
use http::{Method, StatusCode};
use tower_auth::{Access, AuthContext, AuthLayer, provider::ApiKeyAuth};

const DOCS: [&str; 5] = [
    "/docs",
    "/docs/",
    "/docs/{*file}",
    "/redoc",
    "/openapi.json",
];
const DOC_PATHS: [&str; 6] = [
    "/docs",
    "/docs/",
    "/docs/index.html",
    "/docs/a/b",
    "/redoc",
    "/openapi.json",
];

#[tokio::test]
async fn health_is_public_for_get_and_head_only() {
    let app = app(["/health"], auth());
    assert_eq!(status(&app, "GET /health").await, 200);
    assert_eq!(status(&app, "HEAD /health").await, 200);
    for closed in [
        "POST /health",
        "OPTIONS /health",
        "PUT /health",
        "get /health",
    ] {
        assert_eq!(status(&app, closed).await, 401, "{closed}");
    }
}

#[tokio::test]
async fn a_rule_can_close_health() {
    let app = app(["/health"], auth().access("/health", Access::Required));
    assert_eq!(status(&app, "GET /health").await, 401);
    assert_eq!(status(&app, "HEAD /health").await, 401);
}

#[tokio::test]
async fn a_rule_for_get_closes_head_of_health_too() {
    let layer = auth().access((Method::GET, "/health"), Access::Required);
    let app = app(["/health"], layer);
    assert_eq!(status(&app, "GET /health").await, 401);
    assert_eq!(status(&app, "HEAD /health").await, 401);
}

#[tokio::test]
async fn a_rule_for_another_method_leaves_health_public() {
    let app = app(["/health"], auth().public((Method::POST, "/health")));
    for open in ["GET /health", "HEAD /health", "POST /health"] {
        assert_eq!(status(&app, open).await, 200, "{open}");
    }
    assert_eq!(status(&app, "PUT /health").await, 401);
}

#[tokio::test]
async fn a_wider_rule_does_not_close_health() {
    let layer = auth().access("/{*rest}", Access::Required);
    assert_eq!(status(&app(["/health"], layer), "GET /health").await, 200);
}

#[tokio::test]
async fn health_is_public_only_at_the_root() {
    let app = app(["/api/health", "/health/live"], auth());
    assert_eq!(status(&app, "GET /api/health").await, 401);
    assert_eq!(status(&app, "GET /health/live").await, 401);
}

#[tokio::test]
async fn health_is_public_behind_a_catch_all_route() {
    let app = app(["/{*path}"], auth());
    assert_eq!(status(&app, "GET /health").await, 200);
    assert_eq!(status(&app, "GET /health/").await, 401);
}

#[tokio::test]
async fn docs_are_protected_unless_opened() {
    let closed_again = auth().dev_docs(true).dev_docs(false);
    for layer in [auth(), auth().dev_docs(false), closed_again] {
        let app = app(DOCS, layer);
        for path in DOC_PATHS {
            assert_eq!(status(&app, &format!("GET {path}")).await, 401, "{path}");
        }
    }
}

#[tokio::test]
async fn opened_docs_are_public_for_get_and_head_only() {
    let app = app(DOCS, auth().dev_docs(true));
    for path in DOC_PATHS {
        for (method, expected) in [("GET", 200), ("HEAD", 200), ("POST", 401), ("PUT", 401)] {
            let line = format!("{method} {path}");
            assert_eq!(status(&app, &line).await, expected, "{line}");
        }
    }
}

#[tokio::test]
async fn opened_docs_open_nothing_beside_them() {
    let beside = [
        "/docs.json",
        "/redoc/",
        "/openapi.json/",
        "/openapi.yaml",
        "/docsx",
        "/{*all}",
    ];
    let app = app(beside, auth().dev_docs(true));
    for path in [
        "/docs.json",
        "/redoc/",
        "/openapi.json/",
        "/openapi.yaml",
        "/docsx",
        "//docs",
    ] {
        assert_eq!(status(&app, &format!("GET {path}")).await, 401, "{path}");
    }
}

#[tokio::test]
async fn a_rule_can_close_a_page_of_opened_docs_in_either_order() {
    let before = auth().access("/redoc", Access::Required).dev_docs(true);
    let after = auth().dev_docs(true).access("/redoc", Access::Required);
    for layer in [before, after] {
        let app = app(DOCS, layer);
        assert_eq!(status(&app, "GET /redoc").await, 401);
        assert_eq!(status(&app, "GET /docs").await, 200);
    }
}

#[tokio::test]
async fn a_rule_can_close_one_asset_of_opened_docs() {
    let layer = auth()
        .dev_docs(true)
        .access("/docs/private", Access::Required);
    let app = app(DOCS, layer);
    assert_eq!(status(&app, "GET /docs/private").await, 401);
    assert_eq!(status(&app, "GET /docs/a").await, 200);
}

/// A rule that the built-in one cannot stand beside wins, and nothing opens by itself.
#[tokio::test]
async fn opened_docs_give_way_to_a_rule_that_overlaps_them() {
    let layer = auth()
        .dev_docs(true)
        .access("/docs/{page}", Access::Required);
    let app = app(DOCS, layer);
    for closed in ["GET /docs/a", "GET /docs/a/b"] {
        assert_eq!(status(&app, closed).await, 401, "{closed}");
    }
    assert_eq!(status(&app, "GET /docs").await, 200);
}

#[tokio::test]
async fn a_disabled_layer_accepts_everything_as_anonymous_with_every_scope() {
    let app = app(["/run", "/whoami"], AuthLayer::disabled());
    assert_eq!(ran(&app, "POST /run", &[]).await, "POST /run as anonymous");
    let shown = [("x-api-key", "sk-wrong"), ("x-api-key", "sk-wrong")];
    assert_eq!(ran(&app, "GET /run", &shown).await, "GET /run as anonymous");
}

#[tokio::test]
async fn a_disabled_layer_asks_no_path_s_own_provider_either() {
    let partner = ApiKeyAuth::new(["sk-partner"]).unwrap();
    let layer = AuthLayer::disabled()
        .access("/run", Access::provider(partner))
        .access("/whoami", Access::Required)
        .public("/hook");
    let app = app(["/run", "/whoami", "/hook"], layer);
    for path in ["/run", "/whoami", "/hook"] {
        let expected = format!("POST {path} as anonymous");
        assert_eq!(ran(&app, &format!("POST {path}"), &[]).await, expected);
    }
}

#[tokio::test]
async fn the_anonymous_context_may_do_anything() {
    let whoami = async |caller: AuthContext| {
        assert!(caller.scopes().contains("*"));
        assert_eq!(caller.method(), "anonymous");
    };
    let app = Router::new()
        .route("/whoami", axum::routing::get(whoami))
        .layer(AuthLayer::disabled());
    assert_eq!(ask(&app, "GET /whoami", &[]).await.status(), StatusCode::OK);
}

#[tokio::test]
async fn a_disabled_layer_warns_once_however_often_it_is_used() {
    let log = Log::default();
    let _guard = log.listen();
    let app = app(
        ["/run"],
        AuthLayer::disabled().public("/open").dev_docs(true),
    );
    for _ in 0..3 {
        assert_eq!(status(&app, "POST /run").await, 200);
    }
    assert_eq!(log.text().matches("authentication is disabled").count(), 1);
}

#[tokio::test]
async fn an_ordinary_layer_warns_of_nothing() {
    let log = Log::default();
    let _guard = log.listen();
    let keys = ApiKeyAuth::new(["sk-of-sixteen-or-more"]).unwrap();
    let app = app(["/run"], AuthLayer::new(keys).public("/open"));
    assert_eq!(status(&app, "POST /run").await, 401);
    assert!(!log.text().contains("WARN"), "{}", log.text());
}

/// The log of this thread.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    fn listen(&self) -> tracing::subscriber::DefaultGuard {
        let log = self.clone();
        let subscriber = tracing_subscriber::fmt()
            .with_ansi(false)
            .with_max_level(tracing::Level::TRACE)
            .with_writer(move || log.clone())
            .finish();
        tracing::subscriber::set_default(subscriber)
    }

    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
