//! Nobody is let in where nobody has been asked, and the log says what stands in the wrong place.

use axum::Router;
use http::Method;
use tower::ServiceBuilder;
use tower_auth::{
    Access, AuthContext, AuthLayer,
    authorize::{AuthorizeLayer, Policy, RequireScopes},
    provider::ApiKeyAuth,
};
use tracing::Level;

use crate::authorize::{
    apps::{Asked, Told, ada, get, run, signed_in},
    common::{
        answer::{Answer, request, send},
        log::Log,
    },
};

fn scopes() -> RequireScopes {
    RequireScopes::all(["a"]).unwrap()
}

fn authorize() -> AuthorizeLayer {
    AuthorizeLayer::new(Told::Allow.at_once(), "graph", "invoke").unwrap()
}

fn policy() -> Policy {
    Policy::new(Told::Allow.at_once()).rule("/run", "graph", "invoke")
}

/// Each layer on a router, `outside` around it.
fn with_each(outside: impl Fn(Router) -> Router) -> [(&'static str, Router); 3] {
    [
        ("RequireScopes", outside(run().layer(scopes()))),
        ("AuthorizeLayer", outside(run().layer(authorize()))),
        ("Policy", outside(run().layer(policy()))),
    ]
}

#[track_caller]
fn explained(answer: &Answer, log: &Log, layer: &str) {
    answer.refused_with(401, "missing_credential");
    let event = log.events().pop().unwrap();
    assert_eq!(event.level, Level::ERROR);
    assert_eq!(event.field("reason"), Some("no_context"));
    assert_eq!(event.field("path"), Some("/run"));
    let message = event.field("message").unwrap();
    assert!(
        message.starts_with(layer) && message.contains("AuthLayer"),
        "{message}"
    );
}

#[tokio::test]
async fn without_an_auth_layer_it_is_refused_and_explained() {
    for (name, app) in with_each(|app| app) {
        let log = Log::start();
        let answer = get(&app, "/run").await;
        explained(&answer, &log, name);
        assert_eq!(answer.challenges(), [r#"Bearer realm="api""#]);
    }
}

#[tokio::test]
async fn outside_of_the_auth_layer_it_is_refused_and_explained() {
    let auth = || signed_in(&ada(&["*"]));
    for (name, app) in [
        ("RequireScopes", run().layer(auth()).layer(scopes())),
        ("AuthorizeLayer", run().layer(auth()).layer(authorize())),
        ("Policy", run().layer(auth()).layer(policy())),
        (
            "RequireScopes",
            run().layer(ServiceBuilder::new().layer(scopes()).layer(auth())),
        ),
        ("RequireScopes", run().route_layer(auth()).layer(scopes())),
    ] {
        let log = Log::start();
        let answer = get(&app, "/run").await;
        explained(&answer, &log, name);
    }
}

#[tokio::test]
async fn inside_of_the_auth_layer_it_passes_however_that_is_written() {
    let auth = || signed_in(&ada(&["*"]));
    for app in [
        run().layer(scopes()).layer(auth()),
        run().route_layer(scopes()).route_layer(auth()),
        run().layer(ServiceBuilder::new().layer(auth()).layer(scopes())),
        Router::new().merge(run().layer(scopes())).layer(auth()),
        Router::new()
            .route(
                "/run",
                axum::routing::any(crate::common::answer::witness).layer(scopes()),
            )
            .layer(auth()),
    ] {
        get(&app, "/run").await.accepted_as("ada");
    }
}

#[tokio::test]
async fn on_a_public_or_optional_path_nobody_is_let_in_without_a_caller() {
    let keys = || AuthLayer::new(ApiKeyAuth::new(["sk-live-9f"]).unwrap());
    for access in [Access::Public, Access::Optional] {
        for (name, app) in with_each(|app| app.layer(keys().access("/run", access.clone()))) {
            let log = Log::start();
            let answer = get(&app, "/run").await;
            explained(&answer, &log, name);
        }
    }
}

#[tokio::test]
async fn the_authorizer_is_not_asked_about_nobody() {
    let asked = Asked::default();
    let app = run().layer(AuthorizeLayer::new(asked.authorizer(), "graph", "invoke").unwrap());
    get(&app, "/run").await;
    assert!(asked.take().is_empty());
}

#[tokio::test]
async fn a_context_that_did_not_come_from_the_layer_is_taken_away_before_anybody_decides() {
    let forged = axum::Extension(AuthContext::new("root").with_scopes(["*"]));
    let app = run()
        .layer(scopes())
        .layer(AuthLayer::new(ApiKeyAuth::new(["sk-live-9f"]).unwrap()))
        .layer(forged);
    get(&app, "/run")
        .await
        .refused_with(401, "missing_credential");
}

#[tokio::test]
async fn who_is_not_known_is_refused_before_what_may_be_done_is_looked_at() {
    let asked = Asked::default();
    let app = run()
        .layer(AuthorizeLayer::new(asked.authorizer(), "graph", "invoke").unwrap())
        .layer(AuthLayer::new(ApiKeyAuth::new(["sk-live-9f"]).unwrap()));
    let wrong = request(Method::GET.as_str(), "/run", &[("x-api-key", b"wrong")]);
    send(&app, wrong)
        .await
        .refused_with(401, "invalid_credential");
    assert!(asked.take().is_empty());
}
