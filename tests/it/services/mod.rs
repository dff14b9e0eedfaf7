//! The services that the layer goes around: plain ones, tonic's, hyper's, axum's.

mod bodies;
mod grpc;
mod plain;
mod routers;
mod without_axum;

use tower_auth::{AuthLayer, provider::ApiKeyAuth};

fn layer() -> AuthLayer {
    AuthLayer::new(ApiKeyAuth::new([KEY]).unwrap())
}

const KEY: &str = "sk-live-9f";
mod requests;
