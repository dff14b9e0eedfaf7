//! What layers in between make of answers.

use crate::common;

use axum::{middleware::map_response, response::Response};
use common::answer::{guarded, request, send};
use http::StatusCode;
use tower_auth::{
    AuthError, AuthLayer,
    authorize::{AuthorizeLayer, authorizer_fn},
    provider::ApiKeyAuth,
};

#[tokio::test]
async fn a_layer_in_between_that_hides_a_refusal_is_not_undone() {
    let keys = || ApiKeyAuth::new(["sk-live-9f"]).unwrap();
    let deny = authorizer_fn(|_, _, _| Err(AuthError::forbidden("no")));
    let app = guarded(AuthLayer::new(keys()))
        .layer(AuthorizeLayer::new(deny, "graph", "read").unwrap())
        .layer(map_response(async |mut response: Response| {
            if response.status() == StatusCode::FORBIDDEN {
                *response.status_mut() = StatusCode::NOT_FOUND;
            }
            response
        }))
        .layer(AuthLayer::new(keys()));
    let answer = send(
        &app,
        request("GET", "/run", &[("x-api-key", b"sk-live-9f")]),
    )
    .await;
    assert_eq!(answer.status, 404);
}
