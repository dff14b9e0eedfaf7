//! The layers wherever axum lets one stand, and around services that know nothing of axum.

use std::convert::Infallible;

use axum::{Router, routing::any};
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use tower::{Layer, ServiceBuilder, ServiceExt, service_fn};
use tower_auth::{
    AuthContext, ResponseBody,
    authorize::{AuthorizeLayer, AuthorizeService, RequireScopes, by_scope},
};

use crate::authorize::{
    apps::{Told, ada, get, signed_in},
    common::answer::witness,
};

fn wanted() -> AuthorizeLayer {
    AuthorizeLayer::new(by_scope(), "agent:{id}", "read").unwrap()
}

fn agents() -> Router {
    Router::new().route("/agents/{id}", any(witness))
}

/// Every way to put the layer around a route, and the path of agent 7 there.
fn mounted() -> Vec<(&'static str, Router, &'static str)> {
    let method_router = || axum::routing::get(witness);
    vec![
        ("Router::layer", agents().layer(wanted()), "/agents/7"),
        (
            "Router::route_layer",
            agents().route_layer(wanted()),
            "/agents/7",
        ),
        (
            "MethodRouter::layer",
            Router::new().route("/agents/{id}", method_router().layer(wanted())),
            "/agents/7",
        ),
        (
            "MethodRouter::route_layer",
            Router::new().route("/agents/{id}", method_router().route_layer(wanted())),
            "/agents/7",
        ),
        (
            "a handler's layer",
            Router::new().route(
                "/agents/{id}",
                axum::routing::get(axum::handler::Handler::layer(witness, wanted())),
            ),
            "/agents/7",
        ),
        (
            "merge",
            Router::new().merge(agents().layer(wanted())),
            "/agents/7",
        ),
        (
            "nest, inside",
            Router::new().nest("/v1", agents().layer(wanted())),
            "/v1/agents/7",
        ),
        (
            "nest, outside",
            Router::new().nest("/v1", agents()).layer(wanted()),
            "/v1/agents/7",
        ),
        (
            "nest in a nest",
            Router::new().nest(
                "/t/{tenant}",
                Router::new().nest("/v1", agents().route_layer(wanted())),
            ),
            "/t/acme/v1/agents/7",
        ),
        (
            "nest below the parameter",
            Router::new().nest(
                "/agents/{id}",
                Router::new()
                    .route("/runs/{run}", any(witness))
                    .layer(wanted()),
            ),
            "/agents/7/runs/9",
        ),
        (
            "nest_service",
            Router::new().nest_service("/v1", agents().layer(wanted())),
            "/v1/agents/7",
        ),
        (
            "fallback_service",
            Router::new().fallback_service(agents().layer(wanted())),
            "/agents/7",
        ),
    ]
}

#[tokio::test]
async fn the_layer_asks_for_the_agent_in_the_path_wherever_it_stands() {
    for (name, app, path) in mounted() {
        let held = app.clone().layer(signed_in(&ada(&["agent:7:read"])));
        assert_eq!(get(&held, path).await.status, 200, "{name}");
        let other = app.layer(signed_in(&ada(&["agent:8:read"])));
        let answer = get(&other, path).await;
        assert_eq!(answer.status, 403, "{name}");
        assert!(
            answer.challenges()[0].contains(r#"scope="agent:7:read""#),
            "{name}"
        );
    }
}

#[tokio::test]
async fn a_route_layer_leaves_unknown_paths_to_the_router() {
    let app = agents().route_layer(RequireScopes::all(["a"]).unwrap());
    let app = app.layer(signed_in(&ada(&[])));
    assert_eq!(get(&app, "/nowhere").await.status, 404);
}

#[tokio::test]
async fn routes_that_are_added_after_the_layer_are_not_covered_by_it() {
    let app = agents()
        .route_layer(RequireScopes::all(["a"]).unwrap())
        .route("/later", any(witness))
        .layer(signed_in(&ada(&[])));
    assert_eq!(get(&app, "/agents/7").await.status, 403);
    assert_eq!(get(&app, "/later").await.status, 200);
}

async fn echo(request: Request<Full<Bytes>>) -> Result<Response<Full<Bytes>>, Infallible> {
    Ok(Response::new(request.into_body()))
}

fn plain(body: &'static str) -> Request<Full<Bytes>> {
    Request::post("/anywhere").body(Full::from(body)).unwrap()
}

#[tokio::test]
async fn a_plain_service_with_bodies_of_its_own_is_guarded_alike() {
    for (scopes, status) in [(&["graph:invoke"][..], 200), (&[], 403)] {
        let service = ServiceBuilder::new()
            .layer(signed_in(&ada(scopes)))
            .layer(RequireScopes::all(["graph:invoke"]).unwrap())
            .layer(AuthorizeLayer::new(by_scope(), "graph", "invoke").unwrap())
            .service(service_fn(echo));
        let response = service.oneshot(plain("hello")).await.unwrap();
        assert_eq!(response.status(), status);
        let body = response.into_body().collect().await.unwrap().to_bytes();
        assert_eq!(body == "hello", status == 200);
    }
}

#[tokio::test]
async fn a_pending_answer_hands_the_body_on() {
    let service = ServiceBuilder::new()
        .layer(signed_in(&ada(&[])))
        .layer(AuthorizeLayer::new(Told::Allow.later(), "graph", "invoke").unwrap())
        .service(service_fn(echo));
    let response = service.oneshot(plain("hello")).await.unwrap();
    let body = response.into_body().collect().await.unwrap().to_bytes();
    assert_eq!(body, "hello");
}

#[tokio::test]
async fn an_error_of_the_service_is_handed_on() {
    let failing =
        service_fn(async |_: Request<Full<Bytes>>| Err::<Response<Full<Bytes>>, _>("broken"));
    let service = ServiceBuilder::new()
        .layer(signed_in(&ada(&["a"])))
        .layer(RequireScopes::all(["a"]).unwrap())
        .service(failing);
    assert_eq!(service.oneshot(plain("")).await.unwrap_err(), "broken");
}

#[test]
fn the_service_and_its_future_can_be_shared_and_named() {
    fn is<T: Send + Sync + Clone + 'static>(_: &T) {}
    fn moves<T: Send>(_: &T) {}
    type Answered = Result<Response<ResponseBody<Full<Bytes>>>, Infallible>;

    let handler = service_fn(|request: Request<Full<Bytes>>| {
        std::future::ready(Ok::<_, Infallible>(Response::new(request.into_body())))
    });
    let mut service: AuthorizeService<_> = RequireScopes::all(["a"]).unwrap().layer(handler);
    is(&service);
    let mut request = plain("");
    request.extensions_mut().insert(AuthContext::new("ada"));
    let future = tower::Service::call(&mut service, request);
    moves(&future);
    assert!(format!("{future:?}").contains("refused"));
    fn answers<F: Future<Output = Answered>>(_: F) {}
    answers(future);
}
