//! A service that rewrites paths between the client and the layer opens nothing.

use crate::common;

use std::convert::Infallible;

use axum::{
    Router,
    body::Body,
    extract::Request,
    response::{IntoResponse, Response},
    routing::any_service,
};
use common::runs::{Runs, auth};
use http::{StatusCode, Uri};
use tower::{Layer, Service, ServiceBuilder, ServiceExt, service_fn, util::BoxCloneSyncService};
use tower_auth::AuthLayer;

type App = BoxCloneSyncService<Request, Response, Infallible>;

#[tokio::test]
async fn a_fallback_that_rewrites_to_a_protected_route_opens_nothing() {
    for (wiring, inner) in inner_apps(&["/health", "/open"]) {
        let runs = Runs::default();
        let outer = Router::new().fallback_service(rewrite("/run", inner(&runs)));
        for target in ["/health", "/open", "/run", "/x/run"] {
            refused(wiring, boxed(outer.clone()), target, &runs).await;
        }
    }
}

#[tokio::test]
async fn a_public_route_that_rewrites_to_a_protected_one_opens_nothing() {
    for (wiring, inner) in inner_apps(&["/open"]) {
        for rewritten in ["/run", "/", "/openrun", "/x/y"] {
            let runs = Runs::default();
            let rewriting = rewrite(rewritten, inner(&runs));
            let outer = Router::new()
                .route_service("/health", rewriting.clone())
                .route_service("/open", rewriting);
            for target in ["/health", "/open"] {
                let case = format!("{wiring}, rewritten to {rewritten}");
                refused(&case, boxed(outer.clone()), target, &runs).await;
            }
        }
    }
}

#[tokio::test]
async fn a_nested_public_route_that_rewrites_to_the_root_opens_nothing() {
    for (wiring, inner) in inner_apps(&["/v1/open"]) {
        let runs = Runs::default();
        let rewriting = rewrite("/", inner(&runs));
        let nested = Router::new().route_service("/open", rewriting);
        let outer = Router::new().nest("/v1", nested);
        refused(wiring, boxed(outer), "/v1/open", &runs).await;
    }
}

#[tokio::test]
async fn a_rewrite_to_a_public_path_opens_nothing() {
    for (wiring, inner) in inner_apps(&["/open"]) {
        let runs = Runs::default();
        let outer = Router::new().fallback_service(rewrite("/open", inner(&runs)));
        for target in ["/run", "/x/../open", "//open", "/open/"] {
            refused(wiring, boxed(outer.clone()), target, &runs).await;
        }
    }
}

#[tokio::test]
async fn a_service_that_resolves_dot_segments_opens_nothing() {
    for (wiring, inner) in inner_apps(&["/assets/{*rest}"]) {
        let runs = Runs::default();
        let resolving = rewrite("/run", inner(&runs));
        let fallback = Router::new().fallback_service(resolving.clone());
        let route = Router::new().route_service("/assets/{*rest}", resolving);
        for target in [
            "/assets/../run",
            "/assets/x/../../run",
            "/assets/%2e%2e/run",
            "/assets/.%2E/run",
            "/assets/x/.././run",
            "/assets//run",
        ] {
            refused(wiring, boxed(fallback.clone()), target, &runs).await;
            refused(wiring, boxed(route.clone()), target, &runs).await;
        }
    }
}

/// Template of the outer route and of the inner one are then joined, with a catch-all in between.
#[tokio::test]
async fn a_router_behind_a_catch_all_route_keeps_its_literal_routes_protected() {
    let runs = Runs::default();
    let inner = Router::new()
        .route("/hooks/{source}", runs.route("hook"))
        .route("/hooks/partner", runs.route("partner"))
        .layer(auth().public("/hooks/{source}"));
    let outer = Router::new().route("/{*path}", any_service(inner));
    refused("any_service", boxed(outer), "/hooks/partner", &runs).await;
}

#[tokio::test]
async fn a_rewrite_around_everything_is_judged_by_the_path_that_axum_routes() {
    let runs = Runs::default();
    let app = Router::new()
        .route("/health", runs.route("health"))
        .route("/run", runs.route("run"))
        .layer(auth());
    let to_run = boxed(rewrite("/run", boxed(app.clone())));
    refused("to /run", to_run, "/health", &runs).await;
    let to_health = rewrite("/health", boxed(app));
    assert_eq!(ask(to_health, "/run").await, StatusCode::OK);
    assert_eq!(runs.take(), ["GET health"]);
}

#[tokio::test]
async fn a_prefix_taken_away_before_the_layer_keeps_public_paths_reachable() {
    let runs = Runs::default();
    let inner = Router::new()
        .fallback(runs.handler("open"))
        .layer(auth().public("/v1/open"));
    let outer = Router::new().fallback_service(rewrite("/open", boxed(inner)));
    assert_eq!(ask(boxed(outer), "/v1/open").await, StatusCode::OK);
    assert_eq!(runs.take(), ["GET open"]);
}

type Inner = Box<dyn Fn(&Runs) -> App>;

/// Apps whose every handler is protected, by what the layer stands around.
fn inner_apps(public: &'static [&'static str]) -> Vec<(&'static str, Inner)> {
    let routes = |runs: &Runs| {
        Router::new()
            .route("/", runs.route("root"))
            .route("/run", runs.route("run"))
            .route("/openrun", runs.route("openrun"))
            .route("/open", runs.route("open"))
            .route("/x/{*rest}", runs.route("below x"))
    };
    vec![
        (
            "layer",
            Box::new(move |runs| boxed(routes(runs).layer(layer(public)))),
        ),
        (
            "route_layer",
            Box::new(move |runs| boxed(routes(runs).route_layer(layer(public)))),
        ),
        (
            "wrapped",
            Box::new(move |runs| {
                boxed(
                    ServiceBuilder::new()
                        .layer(layer(public))
                        .service(routes(runs)),
                )
            }),
        ),
        (
            "fallback",
            Box::new(move |runs| {
                boxed(
                    Router::new()
                        .fallback(runs.handler("fallback"))
                        .layer(layer(public)),
                )
            }),
        ),
        (
            "plain service",
            Box::new(move |runs| {
                let handler = runs.handler("plain");
                let plain = service_fn(move |request: Request| {
                    let answer = handler(request);
                    async move { Ok::<_, Infallible>(answer.await) }
                });
                boxed(layer(public).layer(plain))
            }),
        ),
    ]
}

fn layer(public: &[&str]) -> AuthLayer {
    public
        .iter()
        .filter(|path| **path != "/health")
        .fold(auth(), |layer, path| layer.public(*path))
}

fn rewrite(path: &'static str, inner: App) -> App {
    BoxCloneSyncService::new(inner.map_request(move |mut request: Request| {
        *request.uri_mut() = Uri::from_static(path);
        request
    }))
}

fn boxed<S>(service: S) -> App
where
    S: Service<Request, Error = Infallible> + Clone + Send + Sync + 'static,
    S::Response: IntoResponse,
    S::Future: Send + 'static,
{
    BoxCloneSyncService::new(service.map_response(IntoResponse::into_response))
}

async fn refused(case: &str, app: App, target: &str, runs: &Runs) {
    let status = ask(app, target).await;
    let ran = runs.take();
    assert!(ran.is_empty(), "{case}: {target}: {ran:?} ran");
    assert_eq!(status, StatusCode::UNAUTHORIZED, "{case}: {target}");
}

async fn ask(app: App, target: &str) -> StatusCode {
    let request = Request::builder().uri(target).body(Body::empty()).unwrap();
    app.oneshot(request).await.unwrap().status()
}
