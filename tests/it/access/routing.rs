//! What a layer covers, by axum's own rules: what it answers on unknown paths, and what it leaves
//! out.

use crate::common;

use axum::{
    Router,
    extract::WebSocketUpgrade,
    response::Response,
    routing::{any, get},
};
use common::{
    oneshot::{ask, status},
    runs::{KEY, Runs, auth},
    wire::Server,
};
use http::StatusCode;
use tower_auth::AuthLayer;

#[tokio::test]
async fn unknown_paths_are_refused_under_layer() {
    let app = routes(&Runs::default()).layer(auth());
    for unknown in ["GET /nowhere", "POST /", "GET /run/", "OPTIONS *"] {
        assert_eq!(status(&app, unknown).await, 401, "{unknown}");
    }
}

#[tokio::test]
async fn unknown_paths_are_not_found_with_a_key_under_layer() {
    let app = routes(&Runs::default()).layer(auth());
    let answer = ask(&app, "GET /nowhere", &[("x-api-key", KEY)]).await;
    assert_eq!(answer.status(), StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn unknown_paths_are_not_found_under_route_layer() {
    let app = routes(&Runs::default()).route_layer(auth());
    assert_eq!(status(&app, "GET /nowhere").await, 404);
    assert_eq!(status(&app, "POST /run").await, 401);
}

#[tokio::test]
async fn a_method_that_a_route_lacks_is_refused_before_it_is_not_allowed() {
    let app = Router::new().route("/run", get(async || "ran"));
    for app in [app.clone().layer(auth()), app.route_layer(auth())] {
        assert_eq!(status(&app, "POST /run").await, 401);
    }
}

#[tokio::test]
async fn a_fallback_is_covered_by_layer_and_not_by_route_layer() {
    let runs = Runs::default();
    let app = routes(&runs).fallback(runs.handler("fallback"));
    assert_eq!(
        status(&app.clone().layer(auth()), "GET /nowhere").await,
        401
    );
    assert!(runs.take().is_empty());
    assert_eq!(status(&app.route_layer(auth()), "GET /nowhere").await, 200);
    assert_eq!(runs.take(), ["GET fallback"]);
}

#[tokio::test]
async fn a_router_nested_before_the_layer_is_covered_with_its_unknown_paths() {
    let runs = Runs::default();
    let app = Router::new().nest("/v1", routes(&runs)).layer(auth());
    for covered in ["POST /v1/run", "GET /v1/nowhere", "GET /nowhere", "GET /v1"] {
        assert_eq!(status(&app, covered).await, 401, "{covered}");
    }
    assert!(runs.take().is_empty());
}

#[tokio::test]
async fn a_router_nested_after_the_layer_is_not_covered() {
    let runs = Runs::default();
    let app = routes(&runs).layer(auth()).nest("/v1", routes(&runs));
    assert_eq!(status(&app, "POST /run").await, 401);
    assert_eq!(status(&app, "POST /v1/run").await, 200);
    assert_eq!(runs.take(), ["POST run"]);
}

/// Its own fallback is axum's default one, which nesting leaves behind with the layer on it.
#[tokio::test]
async fn unknown_paths_of_a_nested_layered_router_are_not_found_in_an_unlayered_one() {
    let runs = Runs::default();
    let app = Router::new().nest("/v1", routes(&runs).layer(auth()));
    assert_eq!(status(&app, "POST /v1/run").await, 401);
    assert_eq!(status(&app, "GET /v1/nowhere").await, 404);
    assert_eq!(status(&app, "GET /nowhere").await, 404);
    assert!(runs.take().is_empty());
}

#[tokio::test]
async fn a_router_merged_before_the_layer_is_covered() {
    let runs = Runs::default();
    let app = Router::new().merge(routes(&runs)).layer(auth());
    assert_eq!(status(&app, "POST /run").await, 401);
    assert_eq!(status(&app, "GET /nowhere").await, 401);
    assert!(runs.take().is_empty());
}

#[tokio::test]
async fn a_merged_layered_router_keeps_its_layer_to_itself() {
    let runs = Runs::default();
    let app = Router::new()
        .route("/beside", runs.route("beside"))
        .merge(routes(&runs).route_layer(auth()));
    assert_eq!(status(&app, "POST /run").await, 401);
    assert_eq!(status(&app, "GET /beside").await, 200);
    assert_eq!(status(&app, "GET /nowhere").await, 404);
    assert_eq!(runs.take(), ["GET beside"]);
}

#[tokio::test]
async fn a_router_merged_after_the_layer_is_not_covered() {
    let runs = Runs::default();
    let late = Router::new().route("/late", runs.route("late"));
    let app = routes(&runs).layer(auth()).merge(late);
    assert_eq!(status(&app, "POST /run").await, 401);
    assert_eq!(status(&app, "POST /late").await, 200);
    assert_eq!(runs.take(), ["POST late"]);
}

/// axum keeps the default fallback of the router that was merged in, layered or not.
#[tokio::test]
async fn the_router_merged_last_decides_about_unknown_paths() {
    let runs = Runs::default();
    let plain = || Router::new().route("/plain", runs.route("plain"));
    let layered = || routes(&runs).layer(auth());
    assert_eq!(status(&layered().merge(plain()), "GET /nowhere").await, 404);
    assert_eq!(status(&plain().merge(layered()), "GET /nowhere").await, 401);
}

#[tokio::test]
async fn unknown_paths_below_an_unlayered_nest_are_the_outer_routers() {
    let runs = Runs::default();
    let app = routes(&runs).layer(auth()).nest("/v1", routes(&runs));
    assert_eq!(status(&app, "GET /v1/nowhere").await, 401);
    let own_fallback = routes(&runs).fallback(async || StatusCode::NOT_FOUND);
    let app = routes(&runs).layer(auth()).nest("/v1", own_fallback);
    assert_eq!(status(&app, "GET /v1/nowhere").await, 404);
    assert_eq!(status(&app, "GET /nowhere").await, 401);
}

#[tokio::test]
async fn unknown_paths_of_an_unlayered_nested_service_are_not_found() {
    let runs = Runs::default();
    let app = routes(&runs)
        .layer(auth())
        .nest_service("/v1", routes(&runs));
    assert_eq!(status(&app, "GET /v1/nowhere").await, 404);
    assert_eq!(status(&app, "GET /nowhere").await, 401);
}

#[tokio::test]
async fn a_route_added_after_the_layer_is_not_covered() {
    let runs = Runs::default();
    for app in [
        routes(&runs).layer(auth()),
        routes(&runs).route_layer(auth()),
    ] {
        let app = app.route("/late", runs.route("late"));
        assert_eq!(status(&app, "POST /run").await, 401);
        assert_eq!(status(&app, "POST /late").await, 200);
        assert_eq!(runs.take(), ["POST late"]);
    }
}

#[tokio::test]
async fn a_method_added_to_a_route_after_the_layer_is_not_covered() {
    let runs = Runs::default();
    let app = Router::new()
        .route("/run", get(runs.handler("read")))
        .layer(auth())
        .route("/run", axum::routing::post(runs.handler("write")));
    assert_eq!(status(&app, "GET /run").await, 401);
    assert_eq!(status(&app, "POST /run").await, 200);
    assert_eq!(runs.take(), ["POST write"]);
}

#[tokio::test]
async fn rules_of_a_nested_layer_name_the_whole_path() {
    let runs = Runs::default();
    let nested = |layer: AuthLayer| Router::new().nest("/v1", routes(&runs).layer(layer));
    let whole = nested(auth().public("/v1/run"));
    assert_eq!(status(&whole, "POST /v1/run").await, 200);
    let inner = nested(auth().public("/run"));
    assert_eq!(status(&inner, "POST /v1/run").await, 401);
}

#[tokio::test]
async fn the_root_of_a_nested_router_can_be_public() {
    let runs = Runs::default();
    let root = Router::new().route("/", runs.route("root"));
    let app = Router::new().nest("/v1", root.layer(auth().public("/v1")));
    assert_eq!(status(&app, "GET /v1").await, 200);
    assert_eq!(runs.take(), ["GET root"]);
}

#[tokio::test]
async fn the_root_of_a_nested_service_can_be_public() {
    let runs = Runs::default();
    let service = Router::new().fallback(runs.handler("all"));
    let layered = tower::ServiceBuilder::new()
        .layer(auth().public("/v1").public("/v1/"))
        .service(service);
    let app = Router::new().nest_service("/v1", layered);
    for (line, expected) in [("GET /v1", 200), ("GET /v1/", 200), ("GET /v1/x", 401)] {
        assert_eq!(status(&app, line).await, expected, "{line}");
    }
}

#[tokio::test]
async fn a_websocket_upgrade_without_a_credential_is_refused() {
    let server = Server::start(websocket()).await;
    for headers in [
        UPGRADE.to_owned(),
        format!("{UPGRADE}X-API-Key: sk-wrong\r\n"),
    ] {
        let head = server.head(&upgrade("/ws", &headers)).await;
        assert!(head.starts_with("HTTP/1.1 401 "), "{head}");
    }
}

#[tokio::test]
async fn a_websocket_upgrade_with_a_credential_is_made() {
    let server = Server::start(websocket()).await;
    let headers = format!("{UPGRADE}X-API-Key: {KEY}\r\n");
    let head = server.head(&upgrade("/ws", &headers)).await;
    assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
    // RFC 6455 §1.3: what this key must be answered with.
    assert!(head.contains("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="), "{head}");
}

#[tokio::test]
async fn a_websocket_upgrade_of_a_public_path_is_made() {
    let server = Server::start(websocket()).await;
    let head = server.head(&upgrade("/open", UPGRADE)).await;
    assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
}

const UPGRADE: &str = "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n\
                       Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";

fn upgrade(target: &str, headers: &str) -> Vec<u8> {
    format!("GET {target} HTTP/1.1\r\nHost: 127.0.0.1\r\n{headers}\r\n").into_bytes()
}

fn websocket() -> Router {
    let open = async |upgrade: WebSocketUpgrade| -> Response { upgrade.on_upgrade(async |_| {}) };
    Router::new()
        .route("/ws", any(open))
        .route("/open", any(open))
        .layer(auth().public("/open"))
}

fn routes(runs: &Runs) -> Router {
    Router::new().route("/run", runs.route("run"))
}
