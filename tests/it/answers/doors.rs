//! axum's doors, and layers around layers.

use crate::common;

use axum::{
    Extension, Router,
    body::Body,
    response::{IntoResponse, Response},
    routing::{any, get},
};
use bytes::Bytes;
use common::{
    answer::{guarded, request, run, send},
    log::Log,
};
use http::{HeaderValue, header};
use tower_auth::{
    Access, AuthContext, AuthError, AuthLayer,
    provider::{ApiKeyAuth, ApiKeyRecord},
};
use tower_http::cors::CorsLayer;
use tracing::Level;

const SHOWN: &[(&str, &[u8])] = &[("x-api-key", b"sk-live-9f")];

#[tokio::test]
async fn a_handler_takes_the_context_in_three_ways() {
    async fn plain(caller: AuthContext) -> String {
        caller.user_id().to_owned()
    }
    async fn optional(caller: Option<AuthContext>) -> String {
        caller.map_or("nobody".into(), |caller| caller.user_id().to_owned())
    }
    async fn extension(Extension(caller): Extension<AuthContext>) -> String {
        caller.user_id().to_owned()
    }
    let app = Router::new()
        .route("/plain", get(plain))
        .route("/maybe", get(optional))
        .route("/extension", get(extension))
        .route("/public", get(optional))
        .layer(
            AuthLayer::new(keys())
                .public("/public")
                .access("/maybe", Access::Optional),
        );
    for (path, headers, said) in [
        ("/plain", SHOWN, "ada"),
        ("/extension", SHOWN, "ada"),
        ("/maybe", SHOWN, "ada"),
        ("/maybe", &[], "nobody"),
        ("/public", SHOWN, "nobody"),
        ("/public", &[], "nobody"),
    ] {
        let answer = send(&app, request("GET", path, headers)).await;
        assert_eq!(
            (answer.status.as_u16(), &*answer.body),
            (200, said.as_bytes()),
            "{path}"
        );
    }
}

#[tokio::test]
async fn a_missing_context_is_401_and_an_error_in_the_log_that_names_both_causes() {
    let log = Log::start();
    let app = Router::new()
        .route("/public/{id}", get(whoami))
        .layer(AuthLayer::new(keys()).public("/public/{id}"))
        .route("/late", get(whoami));
    for (path, template) in [("/late", "/late"), ("/public/s3cret", "/public/{id}")] {
        let answer = send(&app, request("GET", path, SHOWN)).await;
        answer.refused_with(401, "missing_credential");
        assert_eq!(answer.challenges(), ["Bearer realm=\"api\""]);
        let error = log
            .events()
            .into_iter()
            .rfind(|event| event.level == Level::ERROR)
            .unwrap();
        let text = error.field("message").unwrap();
        assert!(text.contains("no AuthLayer is around this route"), "{text}");
        assert!(text.contains("public or optional"), "{text}");
        assert_eq!(error.field("path"), Some(template));
    }
    assert!(!log.text().contains("s3cret"));
}

#[tokio::test]
async fn the_outer_layer_words_what_an_inner_service_refused() {
    let app = Router::new()
        .route("/run", any(forbidding))
        .layer(worded("outer"));
    let answer = run(&app, SHOWN).await;
    answer.refused_with(403, "insufficient_scope");
    let challenge = answer.header("www-authenticate");
    assert!(challenge.starts_with("Bearer realm=\"outer\", error=\"insufficient_scope\""));
    assert!(challenge.ends_with("scope=\"admin\""), "{challenge}");
    assert_eq!(answer.header("x-worded-by"), "outer");
    assert_eq!(
        answer.extensions.get::<AuthError>().unwrap().scopes(),
        Some("admin")
    );
}

#[tokio::test]
async fn the_closure_replaces_an_inner_services_refusal_too() {
    let layer = AuthLayer::new(keys()).with_refusal(|error, _, response| {
        response.map(|_| Bytes::from(format!("replaced {}", error.code())))
    });
    let app = Router::new().route("/run", any(forbidding)).layer(layer);
    let answer = run(&app, SHOWN).await;
    assert_eq!(
        (answer.status.as_u16(), &*answer.body),
        (403, &b"replaced insufficient_scope"[..])
    );
}

#[tokio::test]
async fn a_public_paths_refusal_is_worded_by_the_layer_around_it() {
    let app = Router::new()
        .route("/run", any(forbidding))
        .layer(worded("outer").public("/run"));
    let answer = run(&app, &[]).await;
    assert_eq!(answer.header("x-worded-by"), "outer");
}

#[tokio::test]
async fn an_inner_layers_own_wording_is_left_alone() {
    let inner = Router::new()
        .route("/run", any(whoami))
        .layer(AuthLayer::new(other_keys()).with_realm("inner").unwrap());
    let app = inner.layer(worded("outer"));
    let answer = run(&app, SHOWN).await;
    answer.refused_with(401, "invalid_credential");
    assert!(
        answer
            .header("www-authenticate")
            .contains("realm=\"inner\"")
    );
    assert!(!answer.headers.contains_key("x-worded-by"));
}

#[tokio::test]
async fn a_layer_trusts_no_context_of_a_layer_around_it() {
    let inner = Router::new()
        .route("/run", any(whoami))
        .layer(AuthLayer::new(other_keys()).access("/run", Access::Optional));
    let app = inner.layer(AuthLayer::disabled());
    let answer = run(&app, &[]).await;
    answer.refused_with(401, "missing_credential");
}

#[tokio::test]
async fn headers_that_layers_in_between_added_survive() {
    async fn refuse() -> Response {
        let headers = [
            (header::CONTENT_LENGTH, "999"),
            (header::CONTENT_ENCODING, "gzip"),
            (header::WWW_AUTHENTICATE, "Basic"),
            (header::RETRY_AFTER, "999"),
            (header::SET_COOKIE, "a=1"),
        ];
        let mut response = AuthError::insufficient_scope("admin").into_response();
        for (name, value) in headers {
            response
                .headers_mut()
                .append(name, HeaderValue::from_static(value));
        }
        let second = HeaderValue::from_static("b=2");
        response.headers_mut().append(header::SET_COOKIE, second);
        response
    }
    let app = Router::new()
        .route("/run", any(refuse))
        .layer(CorsLayer::permissive())
        .layer(worded("outer"));
    let headers = [SHOWN, &[("origin", b"https://app.example")]].concat();
    let answer = run(&app, &headers).await;
    answer.refused_with(403, "insufficient_scope");
    assert_eq!(answer.header("access-control-allow-origin"), "*");
    let cookies: Vec<_> = answer.headers.get_all(header::SET_COOKIE).iter().collect();
    assert_eq!(cookies, ["a=1", "b=2"]);
    assert!(!answer.headers.contains_key("content-encoding"));
    assert!(!answer.headers.contains_key("retry-after"));
    assert!(
        answer
            .header("www-authenticate")
            .contains("realm=\"outer\"")
    );
    let length = answer.headers.get(header::CONTENT_LENGTH);
    assert!(length.is_none_or(|length| *length == *answer.body.len().to_string()));
}

#[tokio::test]
async fn an_error_without_a_layer_around_it_is_an_answer_of_its_own() {
    let app = Router::new().route("/run", any(forbidding));
    let answer = run(&app, &[]).await;
    answer.refused_with(403, "insufficient_scope");
    assert!(
        answer
            .header("www-authenticate")
            .starts_with("Bearer realm=\"api\"")
    );
}

#[tokio::test]
async fn an_ordinary_refusal_of_the_inner_service_is_passed_on_untouched() {
    async fn teapot() -> Response {
        Response::builder()
            .status(401)
            .header("www-authenticate", "Basic realm=\"theirs\"")
            .body(Body::from("theirs"))
            .unwrap()
    }
    let app = Router::new()
        .route("/run", any(teapot))
        .layer(worded("outer"));
    let answer = run(&app, SHOWN).await;
    assert_eq!(
        (answer.status.as_u16(), &*answer.body),
        (401, &b"theirs"[..])
    );
    assert_eq!(answer.header("www-authenticate"), "Basic realm=\"theirs\"");
}

#[tokio::test]
async fn a_disabled_layer_lets_everybody_in_and_warns_once() {
    let log = Log::start();
    let app = guarded(AuthLayer::disabled());
    let warning = log.only();
    assert_eq!(warning.level, Level::WARN);
    assert!(
        warning
            .field("message")
            .unwrap()
            .contains("authentication is disabled")
    );
    for headers in [&[][..], SHOWN, &[("authorization", &b"Bearer x"[..])]] {
        let answer = run(&app, headers).await;
        answer.accepted_as("anonymous");
        let context = answer.seen().context.as_ref().unwrap();
        assert!(context.scopes().is_all());
        assert_eq!(context.method(), "anonymous");
    }
    assert!(log.events().iter().all(|event| event.level > Level::WARN));
}

fn keys() -> ApiKeyAuth {
    ApiKeyAuth::new([ApiKeyRecord::new("ada", "sk-live-9f").unwrap()]).unwrap()
}

fn other_keys() -> ApiKeyAuth {
    ApiKeyAuth::new(["sk-other"]).unwrap()
}

async fn whoami(caller: AuthContext) -> String {
    caller.user_id().to_owned()
}

async fn forbidding() -> AuthError {
    AuthError::insufficient_scope("admin")
}

/// A layer that leaves its mark on what it words.
fn worded(realm: &'static str) -> AuthLayer {
    AuthLayer::new(keys())
        .with_realm(realm)
        .unwrap()
        .with_refusal(move |_, _, mut response| {
            let mark = HeaderValue::from_static(realm);
            response.headers_mut().insert("x-worded-by", mark);
            response
        })
}
