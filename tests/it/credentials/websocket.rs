//! A token among the protocols that a WebSocket client offers.

use crate::common;

use axum::{
    Router,
    extract::{Request, WebSocketUpgrade},
    response::Response,
    routing::any,
};
use common::answer::{Answer, exchange, guarded, request, run, send, serve, witness};
use http::{HeaderName, StatusCode};
use tower_auth::{
    AuthContext, AuthLayer, CredentialSource,
    provider::{ApiKeyAuth, ApiKeyRecord},
};

#[tokio::test]
async fn reads_the_token_that_follows_bearer() {
    for offer in [
        "bearer, sk-live-9f",
        "bearer,sk-live-9f",
        "bearer ,\tsk-live-9f ",
        "chat.v2, bearer, sk-live-9f, chat.v1",
        // Empty members of a list count for nothing (RFC 9110 §5.6.1.2).
        ",bearer,, sk-live-9f,",
    ] {
        offered(&[offer]).await.accepted_as("ada");
    }
    offered(&["bearer", "sk-live-9f"]).await.accepted_as("ada");
    offered(&["chat.v2", "bearer, sk-live-9f", "chat.v1"])
        .await
        .accepted_as("ada");
}

#[tokio::test]
async fn no_token_after_bearer_shows_nothing() {
    for offer in [
        "",
        ",",
        "bearer",
        "chat.v2, bearer",
        "bearer,",
        "bearer, ,",
        "sk-live-9f",
    ] {
        offered(&[offer])
            .await
            .refused_with(401, "missing_credential");
    }
}

#[tokio::test]
async fn a_protocols_name_is_compared_with_case() {
    for offer in [
        "Bearer, sk-live-9f",
        "bearer2, sk-live-9f",
        "xbearer, sk-live-9f",
    ] {
        offered(&[offer])
            .await
            .refused_with(401, "missing_credential");
    }
}

#[tokio::test]
async fn two_bearers_are_refused() {
    let doubles: &[&[&str]] = &[
        &["bearer, sk-live-9f, bearer, sk-live-9f"],
        &["bearer, sk-live-9f, bearer"],
        &["bearer, bearer, bearer"],
        &["bearer, sk-live-9f", "bearer, other"],
    ];
    for offers in doubles {
        offered(offers).await.refused_with(400, "invalid_request");
    }
}

#[tokio::test]
async fn a_token_named_bearer_is_a_wrong_token() {
    offered(&["bearer, bearer"])
        .await
        .refused_with(401, "invalid_credential");
}

#[tokio::test]
async fn a_token_beside_a_header_is_refused() {
    let headers: &[(&str, &[u8])] = &[
        ("x-api-key", b"sk-live-9f"),
        ("sec-websocket-protocol", b"bearer, sk-live-9f"),
    ];
    run(&app(), headers)
        .await
        .refused_with(400, "invalid_request");
}

#[tokio::test]
async fn the_inner_service_sees_the_offer_without_the_token() {
    for (offers, left) in [
        (&["bearer, sk-live-9f"][..], "bearer"),
        (
            &["chat.v2, bearer, sk-live-9f, chat.v1"],
            "chat.v2, bearer, chat.v1",
        ),
        (&["a", "bearer, sk-live-9f", "b"], "a, bearer, b"),
        (&["bearer,,sk-live-9f"], "bearer"),
    ] {
        let answer = offered(offers).await;
        let seen: Vec<_> = answer
            .seen()
            .headers
            .get_all("sec-websocket-protocol")
            .iter()
            .collect();
        assert_eq!(seen, [left]);
    }
}

#[tokio::test]
async fn a_public_path_does_not_see_the_token_either() {
    let app = guarded(AuthLayer::new(keys()).public("/public"));
    for offer in [
        &b"bearer, canary"[..],
        b"bearer, canary, bearer, canary",
        b"bearer,,canary",
        b"x, bearer,\tcanary",
    ] {
        let headers = [("sec-websocket-protocol", offer)];
        let answer = send(&app, request("GET", "/public", &headers)).await;
        let seen = answer.seen().headers["sec-websocket-protocol"]
            .to_str()
            .unwrap();
        assert!(
            seen.contains("bearer") && !seen.contains("canary"),
            "{seen}"
        );
    }
}

#[tokio::test]
async fn an_offer_is_left_alone_where_no_provider_reads_it() {
    let keys = ApiKeyAuth::new(["sk-live-9f"]).unwrap();
    let app = guarded(AuthLayer::new(keys).public("/public"));
    let headers: [(&str, &[u8]); 1] = [("sec-websocket-protocol", b"bearer, x")];
    let answer = send(&app, request("GET", "/public", &headers)).await;
    assert_eq!(answer.seen().headers["sec-websocket-protocol"], "bearer, x");
    assert!(!answer.headers.contains_key("sec-websocket-protocol"));
}

#[tokio::test]
async fn selects_bearer_only_in_a_101_that_selects_nothing() {
    for (method, status, chosen, selected) in [
        ("GET", 101, None, Some("bearer")),
        ("GET", 101, Some("chat.v2"), Some("chat.v2")),
        ("GET", 200, None, None),
        ("GET", 400, None, None),
        // A WebSocket over HTTP/2 is a CONNECT whose success is a 200 (RFC 8441 §5).
        ("CONNECT", 200, None, Some("bearer")),
        ("CONNECT", 200, Some("chat.v2"), Some("chat.v2")),
        ("CONNECT", 404, None, None),
    ] {
        let app = answering(status, chosen);
        let headers: [(&str, &[u8]); 1] =
            [("sec-websocket-protocol", b"chat.v2, bearer, sk-live-9f")];
        let answer = send(&app, request(method, "/run", &headers)).await;
        let header = answer.headers.get("sec-websocket-protocol");
        let shown = header.map(|value| value.to_str().unwrap());
        assert_eq!(shown, selected, "{method} {status} {chosen:?}");
    }
}

#[tokio::test]
async fn selects_nothing_where_bearer_was_not_offered() {
    let headers: &[(&str, &[u8])] = &[
        ("x-api-key", b"sk-live-9f"),
        ("sec-websocket-protocol", b"chat.v2"),
    ];
    let answer = run(&answering(101, None), headers).await;
    assert_eq!(answer.status, 101);
    assert!(!answer.headers.contains_key("sec-websocket-protocol"));
}

#[tokio::test]
async fn upgrades_a_real_connection_with_bearer_selected() {
    async fn chat(caller: AuthContext, upgrade: WebSocketUpgrade) -> Response {
        assert_eq!(caller.user_id(), "ada");
        upgrade.on_upgrade(async |_| {})
    }
    let app = Router::new()
        .route("/chat", any(chat))
        .layer(AuthLayer::new(keys()));
    let address = serve(app).await;
    for (offer, status) in [
        ("bearer, sk-live-9f", "HTTP/1.1 101 Switching Protocols"),
        ("bearer, wrong", "HTTP/1.1 401 Unauthorized"),
        ("chat", "HTTP/1.1 401 Unauthorized"),
    ] {
        let connection = match status.contains("101") {
            true => "Upgrade",
            false => "Upgrade, close",
        };
        let request = format!(
            "GET /chat HTTP/1.1\r\nHost: a\r\nConnection: {connection}\r\nUpgrade: websocket\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
             Sec-WebSocket-Protocol: {offer}\r\n\r\n"
        );
        let (head, _) = exchange(address, request.as_bytes()).await;
        assert_eq!(head[0], status, "{offer}");
        let selects = head
            .iter()
            .any(|line| line.eq_ignore_ascii_case("sec-websocket-protocol: bearer"));
        assert_eq!(selects, status.contains("101"), "{head:?}");
    }
}

fn keys() -> ApiKeyAuth {
    ApiKeyAuth::new([ApiKeyRecord::new("ada", "sk-live-9f").unwrap()])
        .unwrap()
        .with_credentials([
            CredentialSource::header(HeaderName::from_static("x-api-key")),
            CredentialSource::websocket_protocol(),
        ])
}

fn app() -> Router {
    guarded(AuthLayer::new(keys()))
}

/// A router whose `/run` answers with that status and protocol.
fn answering(status: u16, protocol: Option<&'static str>) -> Router {
    let handler = move |request: Request| async move {
        let mut response = witness(request).await;
        *response.status_mut() = StatusCode::from_u16(status).unwrap();
        if let Some(protocol) = protocol {
            let value = http::HeaderValue::from_static(protocol);
            response
                .headers_mut()
                .insert("sec-websocket-protocol", value);
        }
        response
    };
    Router::new()
        .route("/run", any(handler))
        .layer(AuthLayer::new(keys()))
}

async fn offered(offers: &[&str]) -> Answer {
    let headers: Vec<_> = offers
        .iter()
        .map(|offer| ("sec-websocket-protocol", offer.as_bytes()))
        .collect();
    run(&app(), &headers).await
}
