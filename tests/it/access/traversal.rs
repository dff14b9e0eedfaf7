//! A rule with a parameter never covers what somebody behind the layer could read as a step up.

use crate::common;

use axum::Router;
use common::{
    oneshot::{app, ask, bare, ran, status},
    runs::{KEY, auth},
};
use http::{Method, StatusCode};
use tower::ServiceBuilder;
use tower_auth::{Access, AuthLayer, provider::ApiKeyAuth};

const PARTNER_KEY: &str = "sk-partner-1";

/// Segments that a proxy, a Java server, a file server or a URL parser does not read byte for byte.
const STEPS: &[&str] = &[
    ".",
    "..",
    "...",
    "%2e%2e",
    ".%2E",
    "%252e%252e",
    "%25252e.",
    "%%32%65.",
    "..;",
    "..;x=1",
    "..%3bx",
    "..%253b",
    ".;",
    ";x",
    "..%2fx",
    "a%2Fb",
    "%252f",
    "..\\x",
    "a\\b",
    "a%5cb",
    "%255C",
    "a%00",
    "..%2500",
    ".%09.",
    "..%0a",
    "..%0d",
    "..%20",
    "..%3fx",
    "..%23x",
    "%c0%ae%c0%ae",
    "%e0%80%ae.",
    "%u002e.",
    "%c0%af",
    "．．",
    "%ef%bc%8e.",
];

/// Segments that honest clients send.
const ORDINARY: &[&str] = &[
    "app.js",
    ".well-known",
    "..a",
    "a..",
    "a%20b",
    "a;v=1",
    "%61",
    "%2561",
    "caf%C3%A9",
    "%",
    "100%",
    "a%3Fb",
    "a+b",
    "報告／案",
    "~",
    "@me",
    "a:b",
];

#[tokio::test]
async fn a_catch_all_leaves_a_step_protected() {
    each_step(
        auth().public("/assets/{*rest}"),
        &["/assets/{}", "/assets/x/{}/admin", "/assets/{}/"],
    )
    .await;
}

#[tokio::test]
async fn a_parameter_leaves_a_step_protected() {
    let layer = auth().public("/hooks/{source}").public("/{team}/feed");
    each_step(layer, &["/hooks/{}", "/{}/feed"]).await;
}

#[tokio::test]
async fn a_parameter_for_one_method_leaves_a_step_protected() {
    each_step(
        auth().public((Method::GET, "/hooks/{source}")),
        &["/hooks/{}"],
    )
    .await;
}

#[tokio::test]
async fn the_development_docs_leave_a_step_protected() {
    each_step(auth().dev_docs(true), &["/docs/{}", "/docs/{}/admin"]).await;
}

#[tokio::test]
async fn an_optional_path_with_a_parameter_is_required_at_a_step() {
    let layer = auth().access("/feed/{*rest}", Access::Optional);
    each_step(layer, &["/feed/{}", "/feed/{}/admin"]).await;
}

#[tokio::test]
async fn a_step_asks_the_layers_provider_and_not_the_paths_own() {
    let own = ApiKeyAuth::new([PARTNER_KEY])
        .and_then(|keys| keys.with_source("partners"))
        .unwrap();
    let layer = auth().access("/partner/{*rest}", Access::provider(own));
    for app in apps(&layer) {
        for step in STEPS {
            let line = format!("GET /partner/{step}/admin");
            let shown = |key| [("x-api-key", key)];
            let refused = ask(&app, &line, &shown(PARTNER_KEY)).await;
            assert_eq!(refused.status(), StatusCode::UNAUTHORIZED, "{line}");
            let accepted = ask(&app, &line, &shown(KEY)).await;
            assert_eq!(accepted.status(), StatusCode::OK, "{line}");
        }
        let ordinary = ask(&app, "GET /partner/x", &[("x-api-key", PARTNER_KEY)]).await;
        assert_eq!(ordinary.status(), StatusCode::OK);
    }
}

#[tokio::test]
async fn a_step_is_reached_with_a_credential() {
    for app in apps(&auth().public("/assets/{*rest}")) {
        let shown = [("x-api-key", KEY)];
        let ran = ran(&app, "GET /assets/../admin", &shown).await;
        assert!(ran.contains(" as apikey_"), "{ran}");
    }
}

#[tokio::test]
async fn an_ordinary_segment_stays_public() {
    let layer = auth()
        .public("/assets/{*rest}")
        .public("/hooks/{source}")
        .dev_docs(true);
    for app in apps(&layer) {
        for segment in ORDINARY {
            for path in [
                format!("/assets/{segment}"),
                format!("/assets/x/{segment}/y"),
                format!("/assets//{segment}/"),
                format!("/hooks/{segment}"),
                format!("/docs/{segment}"),
            ] {
                assert_eq!(status(&app, &format!("GET {path}")).await, 200, "{path}");
            }
        }
    }
}

/// Whoever writes a plain path means that path and no other.
#[tokio::test]
async fn a_plain_rule_opens_its_path_as_it_is_written() {
    for app in apps(&auth().public("/a%2fb/../feed;v=1")) {
        assert_eq!(status(&app, "GET /a%2fb/../feed;v=1").await, 200);
        assert_eq!(status(&app, "GET /a%2Fb/../feed;v=1").await, 401);
    }
}

#[tokio::test]
async fn a_step_in_the_plain_text_of_a_rule_with_a_parameter_opens_nothing() {
    for app in apps(&auth().public("/a%2fb/{id}")) {
        assert_eq!(status(&app, "GET /a%2fb/1").await, 401);
    }
}

/// A nest takes a prefix away; the step may stand in what is left or in what was taken.
#[tokio::test]
async fn a_step_inside_a_nest_is_protected() {
    let nested = app(
        ["/{*path}"],
        auth().public("/v1/assets/{*rest}").public("/{tenant}/feed"),
    );
    let plain = Router::new().nest("/v1", nested.clone());
    let tenants = Router::new().nest("/{tenant}", nested);
    assert_eq!(status(&plain, "GET /v1/assets/x").await, 200);
    assert_eq!(status(&tenants, "GET /acme/feed").await, 200);
    for step in STEPS {
        let line = format!("GET /v1/assets/{step}/admin");
        assert_eq!(status(&plain, &line).await, 401, "{line}");
        let line = format!("GET /{step}/feed");
        assert_eq!(status(&tenants, &line).await, 401, "{line}");
    }
}

/// A parameter is never empty, so the narrower rule says nothing of such a path.
#[tokio::test]
async fn a_narrower_rule_does_not_hide_a_wider_one_where_its_parameter_would_be_empty() {
    let layer = auth()
        .public("/{*rest}")
        .access("/files/{user}/keys", Access::Required);
    let app = app(["/{*path}"], layer);
    assert_eq!(status(&app, "GET /files//keys").await, 200);
    assert_eq!(status(&app, "GET /files/ada/keys").await, 401);
}

async fn each_step(layer: AuthLayer, paths: &[&str]) {
    for app in apps(&layer) {
        for path in paths {
            let ordinary = format!("GET {}", path.replace("{}", "x"));
            assert_eq!(status(&app, &ordinary).await, 200, "{ordinary}");
            for step in STEPS {
                let line = format!("GET {}", path.replace("{}", step));
                assert_eq!(status(&app, &line).await, 401, "{line}");
            }
        }
    }
}

/// The ways in which a forwarder stands behind a layer.
fn apps(layer: &AuthLayer) -> [Router; 3] {
    let around = ServiceBuilder::new()
        .layer(layer.clone())
        .service(bare(["/{*path}"]));
    [
        app(["/{*path}"], layer.clone()),
        Router::new()
            .fallback_service(bare(["/{*path}"]))
            .layer(layer.clone()),
        Router::new().fallback_service(around),
    ]
}
