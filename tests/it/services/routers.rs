//! Around axum's routers: each way in which one can be put together.

use axum::{Extension, Router, body::Body, extract::State, routing::get};
use http::{Request, StatusCode};
use http_body_util::BodyExt;
use tower::{Layer, ServiceExt};
use tower_auth::AuthContext;

use crate::services::{KEY, layer};

async fn run(caller: AuthContext) -> String {
    caller.method().to_owned()
}

async fn status(app: &Router, path: &str, key: Option<&str>) -> u16 {
    let mut request = Request::get(path);
    if let Some(key) = key {
        request = request.header("x-api-key", key);
    }
    let request = request.body(Body::empty()).unwrap();
    app.clone()
        .oneshot(request)
        .await
        .unwrap()
        .status()
        .as_u16()
}

/// The statuses of a path without a key, with a wrong one and with the right one.
async fn statuses(app: &Router, path: &str) -> [u16; 3] {
    [
        status(app, path, None).await,
        status(app, path, Some("other")).await,
        status(app, path, Some(KEY)).await,
    ]
}

const GUARDED: [u16; 3] = [401, 401, 200];
const UNKNOWN: [u16; 3] = [404, 404, 404];
const HIDDEN: [u16; 3] = [401, 401, 404];
const OPEN: [u16; 3] = [200, 200, 200];

#[tokio::test]
async fn layer_guards_routes_and_hides_which_paths_exist() {
    let app = Router::new().route("/run", get(run)).layer(layer());
    assert_eq!(statuses(&app, "/run").await, GUARDED);
    assert_eq!(statuses(&app, "/nothing").await, HIDDEN);
}

#[tokio::test]
async fn route_layer_guards_routes_and_leaves_unknown_paths_404() {
    let app = Router::new().route("/run", get(run)).route_layer(layer());
    assert_eq!(statuses(&app, "/run").await, GUARDED);
    assert_eq!(statuses(&app, "/nothing").await, UNKNOWN);
}

#[tokio::test]
async fn a_nested_router_is_guarded_by_its_own_layer() {
    let api = Router::new().route("/run", get(run)).layer(layer());
    let app = Router::new()
        .nest("/api", api)
        .route("/open", get(async || "ok"));
    assert_eq!(statuses(&app, "/api/run").await, GUARDED);
    assert_eq!(statuses(&app, "/open").await, OPEN);
}

#[tokio::test]
async fn a_layer_outside_guards_what_is_nested_and_merged() {
    let app = Router::new()
        .nest("/api", Router::new().route("/run", get(run)))
        .merge(Router::new().route("/merged", get(run)))
        .layer(layer());
    assert_eq!(statuses(&app, "/api/run").await, GUARDED);
    assert_eq!(statuses(&app, "/merged").await, GUARDED);
}

#[tokio::test]
async fn a_merged_router_keeps_its_guard_and_lends_it_to_nobody() {
    let guarded = Router::new().route("/run", get(run)).layer(layer());
    let app = guarded.merge(Router::new().route("/open", get(async || "ok")));
    assert_eq!(statuses(&app, "/run").await, GUARDED);
    assert_eq!(statuses(&app, "/open").await, OPEN);
}

#[tokio::test]
async fn a_nested_service_is_guarded_within_and_without() {
    let inner = Router::new().route("/run", get(run));
    let within = Router::new().nest_service("/api", layer().layer(inner.clone()));
    assert_eq!(statuses(&within, "/api/run").await, GUARDED);
    let without = Router::new().nest_service("/api", inner).layer(layer());
    assert_eq!(statuses(&without, "/api/run").await, GUARDED);
}

#[tokio::test]
async fn a_fallback_is_guarded() {
    let app = Router::new().fallback(run).layer(layer());
    assert_eq!(statuses(&app, "/anything").await, GUARDED);
    let app = Router::new().fallback_service(layer().layer(Router::new().fallback(run)));
    assert_eq!(statuses(&app, "/anything").await, GUARDED);
}

#[tokio::test]
async fn a_layer_around_one_route_guards_that_route() {
    let app = Router::new()
        .route("/run", get(run).layer(layer()))
        .route("/open", get(async || "ok"));
    assert_eq!(statuses(&app, "/run").await, GUARDED);
    assert_eq!(statuses(&app, "/open").await, OPEN);
}

#[tokio::test]
async fn a_layer_around_the_whole_router_guards_it() {
    let app = Router::new().route("/run", get(run));
    let service = layer().layer(app);
    for (key, status) in [("other", 401), (KEY, 200)] {
        let request = Request::get("/run").header("x-api-key", key);
        let request = request.body(Body::empty()).unwrap();
        let response = service.clone().oneshot(request).await.unwrap();
        assert_eq!(response.status(), status);
    }
}

#[tokio::test]
async fn a_router_with_state_and_the_raw_extension_works() {
    async fn handler(
        State(prefix): State<&'static str>,
        Extension(caller): Extension<AuthContext>,
    ) -> String {
        format!("{prefix} {}", caller.method())
    }
    let app = Router::new()
        .route("/run", get(handler))
        .layer(layer())
        .with_state("hello");
    let request = Request::get("/run").header("x-api-key", KEY);
    let response = app
        .oneshot(request.body(Body::empty()).unwrap())
        .await
        .unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    let body = response.into_body().collect().await.unwrap().to_bytes();
    assert_eq!(body, "hello api_key");
}
