//! What a layer outside learns from the response: who was accepted, or why nobody was [2.1].

use crate::common;

use axum::{Extension, Router, routing::any};
use common::answer::{Answer, exchange, guarded, request, run, send, serve};
use tower_auth::{
    Access, AuthContext, AuthError, AuthLayer,
    authorize::RequireScopes,
    provider::{ApiKeyAuth, ApiKeyRecord, async_provider_fn},
};

const KEY: &str = "sk-live-9f3a51d8c702";
const SHOWN: &[(&str, &[u8])] = &[("x-api-key", KEY.as_bytes())];

fn keys() -> ApiKeyAuth {
    let ada = ApiKeyRecord::new("ada", KEY).unwrap().with_scopes(["read"]);
    ApiKeyAuth::new([ada]).unwrap()
}

fn reporting() -> AuthLayer {
    AuthLayer::new(keys()).report_caller(true)
}

fn reported(answer: &Answer) -> Option<&str> {
    answer
        .extensions
        .get::<AuthContext>()
        .map(AuthContext::user_id)
}

fn refused(answer: &Answer) -> Option<&str> {
    answer.extensions.get::<AuthError>().map(AuthError::reason)
}

#[tokio::test]
async fn the_accepted_caller_is_among_the_responses_extensions_if_that_is_wanted() {
    let answer = run(&guarded(reporting()), SHOWN).await;
    answer.accepted_as("ada");
    assert_eq!((reported(&answer), refused(&answer)), (Some("ada"), None));

    let later = async_provider_fn(async |_| Ok(Some(AuthContext::new("eve"))));
    let answer = run(&guarded(AuthLayer::new(later).report_caller(true)), &[]).await;
    assert_eq!(reported(&answer), Some("eve"));
}

#[tokio::test]
async fn nobody_is_reported_unless_that_is_wanted() {
    let answer = run(&guarded(AuthLayer::new(keys())), SHOWN).await;
    answer.accepted_as("ada");
    assert_eq!(reported(&answer), None);
}

#[tokio::test]
async fn nobody_is_reported_where_nobody_was_accepted() {
    let layer = reporting()
        .public("/public")
        .access("/optional", Access::Optional);
    let app = guarded(layer);
    for path in ["/public", "/optional", "/health", "/run"] {
        let answer = send(&app, request("GET", path, &[])).await;
        assert_eq!(reported(&answer), None, "{path}");
    }
}

#[tokio::test]
async fn a_refused_callers_error_is_among_the_responses_extensions() {
    let app = guarded(reporting());
    let wrong = run(&app, &[("x-api-key", b"wrong")]).await;
    assert_eq!(
        (reported(&wrong), refused(&wrong)),
        (None, Some("api_key_unknown"))
    );
    let nothing = run(&app, &[]).await;
    assert_eq!(refused(&nothing), Some("missing_credential"));
}

#[tokio::test]
async fn a_known_caller_who_may_not_is_reported_with_the_error() {
    let app = Router::new()
        .route("/run", any(|| async {}))
        .layer(RequireScopes::all(["write"]).unwrap())
        .layer(reporting());
    let answer = run(&app, SHOWN).await;
    assert_eq!(answer.status, 403);
    assert_eq!(
        (reported(&answer), refused(&answer)),
        (Some("ada"), Some("insufficient_scope"))
    );
}

#[tokio::test]
async fn the_layers_caller_takes_the_place_of_one_that_an_inner_service_reports() {
    let forging = any(async || Extension(AuthContext::new("root")));
    let app = Router::new().route("/run", forging).layer(reporting());
    assert_eq!(reported(&run(&app, SHOWN).await), Some("ada"));
}

#[tokio::test]
async fn neither_the_caller_nor_the_reason_is_sent_to_the_client() {
    let app = Router::new()
        .route("/run", any(|| async { "ran" }))
        .layer(reporting());
    let address = serve(app).await;
    for (key, status) in [(KEY, "200"), ("wrong-key", "401")] {
        let head = format!(
            "GET /run HTTP/1.1\r\nhost: a\r\nx-api-key: {key}\r\nconnection: close\r\n\r\n"
        );
        let (head, body) = exchange(address, head.as_bytes()).await;
        let text = format!("{head:?} {}", String::from_utf8_lossy(&body));
        assert!(head[0].contains(status), "{text}");
        assert!(
            !text.contains("ada") && !text.contains("api_key_unknown"),
            "{text}"
        );
    }
}
