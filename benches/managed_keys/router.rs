//! The server of all measurements: an axum `Router` behind one layer.

use axum::{Router, body::Body, routing::post};
use http::{Request, StatusCode};
use tower::ServiceExt;
use tower_auth::{AuthContext, AuthLayer, provider::AuthProvider};

pub(crate) fn router(provider: impl AuthProvider) -> Router {
    let run = async |caller: AuthContext| match caller.user_id().is_empty() {
        true => StatusCode::INTERNAL_SERVER_ERROR,
        false => StatusCode::OK,
    };
    Router::new()
        .route("/run", post(run))
        .layer(AuthLayer::new(provider))
}

pub(crate) fn request(key: &str) -> Request<Body> {
    Request::post("/run")
        .header("host", "agent.example")
        .header("user-agent", "bench/1.0")
        .header("accept", "application/json")
        .header("content-type", "application/json")
        .header("x-api-key", key)
        .body(Body::empty())
        .unwrap()
}

pub(crate) async fn status(router: &Router, key: &str) -> StatusCode {
    let answer = router.clone().oneshot(request(key)).await;
    answer.unwrap().status()
}
