//! Cross-origin requests: `CorsLayer` outside, or preflights let through.

use axum::{Router, body::Body, routing::post};
use http::{HeaderMap, HeaderName, Method, Request, StatusCode, header};
use tower::ServiceExt;
use tower_auth::{AuthLayer, provider::ApiKeyAuth};
use tower_http::cors::CorsLayer;

fn cors() -> CorsLayer {
    CorsLayer::new()
        .allow_origin(["https://app.example".parse().unwrap()])
        .allow_methods([Method::POST])
        .allow_headers([HeaderName::from_static("x-api-key")])
}

fn auth() -> AuthLayer {
    AuthLayer::new(ApiKeyAuth::new([KEY]).unwrap())
}

fn routes() -> Router {
    Router::new().route("/run", post(async || "ran"))
}

fn cors_outside() -> Router {
    routes().layer(auth()).layer(cors())
}

async fn send(app: Router, request: http::request::Builder) -> (StatusCode, HeaderMap) {
    let response = app.oneshot(request.body(Body::empty()).unwrap()).await;
    let (parts, _) = response.unwrap().into_parts();
    (parts.status, parts.headers)
}

fn from_app(method: Method) -> http::request::Builder {
    let request = Request::builder().method(method).uri("/run");
    request.header(header::ORIGIN, "https://app.example")
}

fn preflight() -> http::request::Builder {
    from_app(Method::OPTIONS)
        .header(header::ACCESS_CONTROL_REQUEST_METHOD, "POST")
        .header(header::ACCESS_CONTROL_REQUEST_HEADERS, "x-api-key")
}

#[tokio::test]
async fn a_preflight_is_answered_without_a_credential() {
    let (status, headers) = send(cors_outside(), preflight()).await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(headers[header::ACCESS_CONTROL_ALLOW_HEADERS], "x-api-key");
    assert_eq!(
        headers[header::ACCESS_CONTROL_ALLOW_ORIGIN],
        "https://app.example"
    );
}

#[tokio::test]
async fn refusals_carry_cors_headers_so_that_a_page_can_read_them() {
    for request in [
        from_app(Method::POST),
        from_app(Method::POST).header("x-api-key", "other"),
        from_app(Method::POST)
            .header("x-api-key", "one")
            .header("x-api-key", "two"),
    ] {
        let (status, headers) = send(cors_outside(), request).await;
        assert!(status.is_client_error(), "{status}");
        assert_eq!(
            headers[header::ACCESS_CONTROL_ALLOW_ORIGIN],
            "https://app.example"
        );
        assert_eq!(headers[header::CONTENT_TYPE], "application/problem+json");
    }
}

#[tokio::test]
async fn an_accepted_request_carries_cors_headers() {
    let request = from_app(Method::POST).header("x-api-key", KEY);
    let (status, headers) = send(cors_outside(), request).await;
    assert_eq!(status, StatusCode::OK);
    assert!(headers.contains_key(header::ACCESS_CONTROL_ALLOW_ORIGIN));
}

#[tokio::test]
async fn with_cors_inside_a_preflight_is_refused_unless_it_is_let_through() {
    let app = |auth: AuthLayer| routes().layer(cors()).layer(auth);
    let (status, _) = send(app(auth()), preflight()).await;
    assert_eq!(status, StatusCode::UNAUTHORIZED);
    let (status, headers) = send(app(auth().pass_preflight(true)), preflight()).await;
    assert_eq!(status, StatusCode::OK);
    assert!(headers.contains_key(header::ACCESS_CONTROL_ALLOW_ORIGIN));
}

#[tokio::test]
async fn what_is_no_true_preflight_is_not_let_through() {
    for request in [
        from_app(Method::OPTIONS),
        Request::options("/run"),
        Request::options("/run").header(header::ACCESS_CONTROL_REQUEST_METHOD, "POST"),
        from_app(Method::POST).header(header::ACCESS_CONTROL_REQUEST_METHOD, "POST"),
        from_app(Method::POST)
            .header(header::ACCESS_CONTROL_REQUEST_METHOD, "POST")
            .header("x-http-method-override", "OPTIONS"),
    ] {
        let app = routes().layer(cors()).layer(auth().pass_preflight(true));
        let (status, _) = send(app, request).await;
        assert_eq!(status, StatusCode::UNAUTHORIZED);
    }
}

#[tokio::test]
async fn a_preflight_that_is_let_through_runs_no_handler_of_another_method() {
    let app = routes().layer(auth().pass_preflight(true));
    let (status, _) = send(app, preflight()).await;
    assert_eq!(status, StatusCode::METHOD_NOT_ALLOWED);
}

const KEY: &str = "sk-live-9f";
