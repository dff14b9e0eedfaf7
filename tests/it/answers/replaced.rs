//! A closure that replaces refusals sees the head of the request, without credentials [2.4].

use crate::common;

use axum::{Router, routing::any};
use bytes::Bytes;
use common::answer::{Answer, request, send, witness};
use http::{HeaderValue, Response, StatusCode, header};
use tower_auth::{
    Access, AuthContext, AuthError, AuthErrorKind, AuthLayer, AuthRequest, CredentialSource,
    authorize::RequireScopes,
    provider::{ApiKeyAuth, ApiKeyRecord, async_provider_fn},
};

const KEY: &str = "sk-live-9f3a51d8c702";

fn keys() -> ApiKeyAuth {
    let ada = ApiKeyRecord::new("ada", KEY).unwrap().with_scopes(["read"]);
    let query = CredentialSource::insecure_query("key").fallback();
    let cookie = CredentialSource::cookie("session");
    ApiKeyAuth::new([ada]).unwrap().with_credentials([
        CredentialSource::header(http::HeaderName::from_static("x-api-key")),
        CredentialSource::bearer().fallback(),
        query,
        cookie,
    ])
}

/// Tells in the body what was seen of the request.
fn telling(error: &AuthError, request: &AuthRequest<'_>, _: Response<Bytes>) -> Response<Bytes> {
    let caller = request.extension::<AuthContext>();
    let told = format!(
        "{} {:?} {:?} {:?} {:?} {:?}",
        error.code(),
        request.method(),
        request.uri(),
        request.header("accept"),
        caller.map(AuthContext::user_id),
        request.headers(),
    );
    Response::new(told.into())
}

async fn forbids() -> AuthError {
    AuthError::forbidden("no")
}

fn app(layer: AuthLayer) -> Router {
    let scoped = any(witness).layer(RequireScopes::all(["write"]).unwrap());
    Router::new()
        .route("/run", any(witness))
        .route("/scoped", scoped)
        .route("/handler", any(forbids))
        .layer(layer)
}

async fn ask(app: &Router, uri: &str, headers: &[(&str, &str)]) -> Answer {
    let headers: Vec<(&str, &[u8])> = headers.iter().map(|(n, v)| (*n, v.as_bytes())).collect();
    send(app, request("POST", uri, &headers)).await
}

fn text(answer: &Answer) -> &str {
    std::str::from_utf8(&answer.body).unwrap()
}

#[tokio::test]
async fn a_refusal_of_the_layer_itself_is_seen_with_its_head() {
    let app = app(AuthLayer::new(keys()).with_refusal(telling));
    let answer = ask(&app, "/run?page=2", &[("accept", "text/html")]).await;
    let told = text(&answer);
    assert!(
        told.starts_with(
            "missing_credential Some(POST) Some(/run?page=2) Some(\"text/html\") None"
        ),
        "{told}"
    );
}

#[tokio::test]
async fn a_refusal_after_a_wait_is_seen_with_its_head() {
    let later = async_provider_fn(async |_| Err(AuthError::invalid_credential("no")));
    let app = app(AuthLayer::new(later).with_refusal(telling));
    let answer = ask(&app, "/run", &[("accept", "text/html")]).await;
    let told = text(&answer);
    assert!(
        told.starts_with("invalid_credential Some(POST) Some(/run) Some(\"text/html\")"),
        "{told}"
    );
}

#[tokio::test]
async fn a_refusal_inside_is_seen_with_its_head_and_the_caller() {
    let app = app(AuthLayer::new(keys()).with_refusal(telling));
    let shown = [("x-api-key", KEY), ("accept", "text/html")];
    for (path, code) in [("/scoped", "insufficient_scope"), ("/handler", "forbidden")] {
        let answer = ask(&app, path, &shown).await;
        let told = text(&answer);
        let wanted = format!("{code} Some(POST) Some({path}) Some(\"text/html\") Some(\"ada\")");
        assert!(told.starts_with(&wanted), "{told}");
    }
}

#[tokio::test]
async fn a_refusal_inside_of_a_public_path_is_seen_with_its_head() {
    let layer = AuthLayer::new(keys())
        .access("/handler", Access::Public)
        .with_refusal(telling);
    let answer = ask(&app(layer), "/handler", &[]).await;
    let told = text(&answer);
    assert!(
        told.starts_with("forbidden Some(POST) Some(/handler) None None"),
        "{told}"
    );
}

#[tokio::test]
async fn no_credential_is_in_the_head_wherever_it_was_shown() {
    let app = app(AuthLayer::new(keys()).with_refusal(telling));
    let bearer = format!("Bearer {KEY}");
    let token = format!("Token {KEY}");
    let cookie = format!("a=1; session={KEY}");
    let query = format!("?key={KEY}&page=2");
    for path in ["/run", "/scoped", "/handler"] {
        for (query, headers) in [
            (
                "",
                vec![("x-api-key", KEY), ("authorization", "Bearer wrong")],
            ),
            ("", vec![("authorization", &*bearer)]),
            ("", vec![("authorization", KEY)]),
            ("", vec![("authorization", &*token)]),
            ("", vec![("cookie", &*cookie)]),
            (&*query, vec![]),
            (&*query, vec![("x-api-key", "wrong")]),
        ] {
            let answer = ask(&app, &format!("{path}{query}"), &headers).await;
            assert!(!text(&answer).contains(KEY), "{}", text(&answer));
            assert!(!text(&answer).contains("wrong"), "{}", text(&answer));
        }
    }
}

#[tokio::test]
async fn the_inner_service_sees_the_request_as_without_a_closure() {
    let shown = [("x-api-key", KEY), ("accept", "text/html")];
    let plain = ask(&app(AuthLayer::new(keys())), "/run?page=2", &shown).await;
    let layer = AuthLayer::new(keys()).with_refusal(telling);
    let replaced = ask(&app(layer), "/run?page=2", &shown).await;
    replaced.accepted_as("ada");
    assert_eq!(replaced.seen().headers, plain.seen().headers);
    assert_eq!(replaced.seen().uri, plain.seen().uri);
}

#[tokio::test]
async fn a_browser_is_redirected_to_log_in_and_a_program_is_not() {
    let layer = AuthLayer::new(keys()).with_refusal(|error, request, response| {
        let accepted = request.header("accept").unwrap_or_default();
        if error.kind() != AuthErrorKind::MissingCredential || !accepted.contains("text/html") {
            return response;
        }
        let mut login = Response::default();
        *login.status_mut() = StatusCode::SEE_OTHER;
        let page = HeaderValue::from_static("/login");
        login.headers_mut().insert(header::LOCATION, page);
        login
    });
    let app = app(layer);
    let browser = ask(&app, "/run", &[("accept", "text/html,*/*;q=0.8")]).await;
    assert_eq!(browser.status, 303);
    assert_eq!(browser.header("location"), "/login");
    let program = ask(&app, "/run", &[("accept", "application/json")]).await;
    program.refused_with(401, "missing_credential");
}
