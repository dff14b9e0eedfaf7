//! The checks of `rmcp` beside those of the layers: `Host`, behind a proxy too, and `Origin`. [15.1] [15.2]

use http::{Method, StatusCode, header};
use rmcp::transport::streamable_http_server::StreamableHttpServerConfig;

use super::tools::{app, ask, initialize, layer, lone_call, lone_headers, request, settings, text};

const METADATA: &str = "/.well-known/oauth-protected-resource/mcp";
const PAGE: &str = "https://app.example.com";

/// The status of a call with these headers too.
async fn status(app: &axum::Router, headers: &[(&str, &str)]) -> StatusCode {
    let headers = [&lone_headers("whoami")[..], headers].concat();
    let sent = request("POST", "ada", &headers, &lone_call("whoami"));
    ask(app, sent).await.status()
}

#[tokio::test]
async fn a_host_that_rmcp_does_not_allow_is_refused_to_a_known_caller_only() {
    let app = app(layer(), settings());
    assert_eq!(status(&app, &[]).await, StatusCode::OK);
    let other = [("host", "attacker.example")];
    assert_eq!(status(&app, &other).await, StatusCode::FORBIDDEN);
    // Asked first who is calling: a stranger learns nothing about the server's names.
    let answer = ask(&app, request("POST", "", &other, &initialize("2025-11-25"))).await;
    assert_eq!(answer.status(), StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn behind_a_proxy_the_server_allows_the_name_that_the_proxy_sends() {
    let of_the_server = "10.0.0.5:8020";
    // As the proxy passes it on, or as it names the server itself.
    for host in ["api.example.com", of_the_server] {
        let strict = app(layer(), settings());
        let is_public = host == "api.example.com";
        let expected = match is_public {
            true => StatusCode::OK,
            false => StatusCode::FORBIDDEN,
        };
        assert_eq!(status(&strict, &[("host", host)]).await, expected);
        let both = settings().with_allowed_hosts(["api.example.com", of_the_server]);
        assert_eq!(
            status(&app(layer(), both), &[("host", host)]).await,
            StatusCode::OK
        );
    }
}

#[tokio::test]
async fn the_metadata_and_the_challenge_name_the_public_address_whatever_the_host() {
    let app = app(layer(), settings());
    for host in [
        "api.example.com",
        "10.0.0.5:8020",
        "attacker.example",
        "localhost",
    ] {
        let mut sent = request("GET", "", &[("host", host)], "");
        *sent.uri_mut() = METADATA.parse().unwrap();
        let answer = ask(&app, sent).await;
        assert_eq!(answer.status(), StatusCode::OK, "{host}");
        let document: serde_json::Value = serde_json::from_str(&text(answer).await).unwrap();
        assert_eq!(document["resource"], "https://api.example.com/mcp");

        let answer = ask(&app, request("POST", "", &[("host", host)], "")).await;
        let challenge = answer.headers()[header::WWW_AUTHENTICATE].to_str().unwrap();
        let url = "resource_metadata=\"https://api.example.com/.well-known";
        assert!(challenge.contains(url), "{challenge}");
    }
}

/// Each check alone refuses the page, and both together let the listed one in.
#[tokio::test]
async fn a_page_reaches_the_server_where_both_list_its_origin() {
    let listed = || layer().with_origins([PAGE]);
    let rmcp_lists = || settings().with_allowed_origins([format!("{PAGE}:443")]);
    let rmcp_lists_none = || settings().enforce_origin_validation();
    let cases: [(_, StreamableHttpServerConfig, _); 5] = [
        (listed(), rmcp_lists(), StatusCode::OK),
        (listed(), settings(), StatusCode::OK), // rmcp checks none unless told to
        (listed(), rmcp_lists_none(), StatusCode::FORBIDDEN),
        (layer(), rmcp_lists(), StatusCode::FORBIDDEN),
        (layer(), settings(), StatusCode::FORBIDDEN),
    ];
    for (number, (layer, settings, expected)) in cases.into_iter().enumerate() {
        let app = app(layer, settings);
        let origin = [("origin", PAGE)];
        assert_eq!(status(&app, &origin).await, expected, "case {number}");
        // Programs send no origin.
        assert_eq!(status(&app, &[]).await, StatusCode::OK, "case {number}");
        for other in ["null", "https://attacker.example", "http://app.example.com"] {
            let origin = [("origin", other)];
            assert_eq!(
                status(&app, &origin).await,
                StatusCode::FORBIDDEN,
                "{other}"
            );
        }
    }
}

#[tokio::test]
async fn a_method_that_rmcp_does_not_serve_is_still_its_to_answer() {
    let app = app(layer(), settings());
    let mut sent = request("GET", "ada", &[], "");
    *sent.method_mut() = Method::HEAD;
    let status = ask(&app, sent).await.status();
    assert_eq!(status, StatusCode::METHOD_NOT_ALLOWED);
}
